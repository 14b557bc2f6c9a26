//! `on_error:`: what happens to a row that a step could not handle, by the class of the fault.

use super::{Budget, RetryPolicy};
use crate::fields::{Fields, read_word};
use crate::out::{Out, word};
use crate::word::{Word, words};
use crate::{Data, Node, Placed};

words! {
    /// What happens to a row that could not be handled.
    pub enum Policy {
        /// It becomes a dead letter, which can be sent in again.
        DeadLetter = "dead_letter",
        /// It is dropped and counted.
        Drop = "drop",
        /// The flow stops.
        Stop = "stop",
        /// It is tried again as `retry:` says.
        Retry = "retry",
    }
}

words! {
    /// What happens while a connector is at fault and not the row.
    pub enum Unavailable {
        /// Its batches wait until it is back.
        Wait = "wait",
        /// The flow stops.
        Stop = "stop",
    }
}

/// What happens to a row that a step could not handle.
#[derive(Clone, Debug, PartialEq)]
pub struct OnError {
    /// The row cannot be read.
    pub decode: Policy,
    /// The business says no.
    pub reject: Policy,
    /// The call may succeed later.
    pub retry: RetryPolicy,
    /// The connector is at fault.
    pub unavailable: Unavailable,
    /// The function panicked.
    pub panic: Policy,
    /// The call took too long.
    pub timeout: Policy,
    /// The function says that going on makes no sense.
    pub fatal: Policy,
    /// When faults are too many to be the rows' own; nothing turns it off.
    pub budget: Option<Budget>,
    /// What happens for single error codes, before the class is looked at.
    pub by_variant: Vec<(Placed<String>, Placed<Policy>)>,
}

impl Default for OnError {
    fn default() -> Self {
        Self {
            decode: Policy::DeadLetter,
            reject: Policy::DeadLetter,
            retry: RetryPolicy::default(),
            unavailable: Unavailable::Wait,
            panic: Policy::DeadLetter,
            timeout: Policy::Retry,
            fatal: Policy::Stop,
            budget: Some(Budget::default()),
            by_variant: Vec::new(),
        }
    }
}

/// What may happen to a row that fails for good.
const FINAL: &[Policy] = &[Policy::DeadLetter, Policy::Drop, Policy::Stop];
/// What may happen to a row that another try may save.
const ANY: &[Policy] = &[Policy::DeadLetter, Policy::Drop, Policy::Stop, Policy::Retry];

impl OnError {
    /// What is written, and `base` for everything that is not.
    pub(crate) fn read(fields: &mut Fields<'_>, base: &OnError) -> Option<OnError> {
        fields.nested("on_error", "on_error", |fields| OnError {
            decode: policy(fields, "decode", FINAL).unwrap_or(base.decode),
            reject: policy(fields, "reject", FINAL).unwrap_or(base.reject),
            retry: fields
                .nested("retry", "retry", |fields| RetryPolicy::read(fields, base.retry))
                .unwrap_or(base.retry),
            unavailable: fields.word_or("unavailable", base.unavailable),
            panic: policy(fields, "panic", ANY).unwrap_or(base.panic),
            timeout: policy(fields, "timeout", ANY).unwrap_or(base.timeout),
            fatal: policy(fields, "fatal", FINAL).unwrap_or(base.fatal),
            budget: Budget::read(fields, base.budget),
            by_variant: by_variant(fields, &base.by_variant),
        })
    }

    /// The names of `by_variant` that are written here and not at the flow, whose settings are `base`.
    pub fn own_variants<'a>(&'a self, base: &'a OnError) -> impl Iterator<Item = &'a Placed<String>> {
        let names = || base.by_variant.iter().map(|(name, _)| name);
        let inherited =
            move |own: &Placed<String>| names().any(|name| name == own && name.place == own.place);
        self.by_variant
            .iter()
            .map(|(name, _)| name)
            .filter(move |own| !inherited(own))
    }

    /// What differs from `base`, if anything does.
    pub(crate) fn write(&self, base: &OnError) -> Option<Node> {
        let put = |out: Out, key: &str, policy: Policy, base: Policy| {
            out.put_diff(key, policy, base, |policy| word(policy.as_str()))
        };
        let out = put(Out::default(), "decode", self.decode, base.decode);
        let out =
            put(out, "reject", self.reject, base.reject).put_map("retry", self.retry.write(&base.retry));
        let out = out.put_diff("unavailable", self.unavailable, base.unavailable, |it| {
            word(it.as_str())
        });
        let out = put(out, "panic", self.panic, base.panic);
        let out = put(out, "timeout", self.timeout, base.timeout);
        let out = put(out, "fatal", self.fatal, base.fatal);
        let out = out.put_diff("budget", self.budget, base.budget, Budget::write);
        let new = self
            .by_variant
            .iter()
            .filter(|variant| !base.by_variant.contains(variant));
        let new: Vec<_> = new
            .map(|(name, policy)| (name.value.clone(), word(policy.as_str())))
            .collect();
        out.put_if("by_variant", (!new.is_empty()).then(|| Node::map(new)))
            .into_map()
    }
}

/// One of some policies.
pub(super) fn policy(fields: &mut Fields<'_>, key: &'static str, allowed: &[Policy]) -> Option<Policy> {
    let words: Vec<&str> = allowed.iter().map(|policy| policy.as_str()).collect();
    let from_word = |word: &str| Policy::from_word(word).filter(|policy| allowed.contains(policy));
    fields.word_of(key, &words, from_word).map(|placed| placed.value)
}

/// The flow's own and the step's, which win.
fn by_variant(
    fields: &mut Fields<'_>,
    base: &[(Placed<String>, Placed<Policy>)],
) -> Vec<(Placed<String>, Placed<Policy>)> {
    let mut all = base.to_vec();
    for param in fields.params("by_variant") {
        let node = &param.value;
        if matches!(node.data, Data::Null) {
            continue;
        }
        let policy = read_word(
            &param.key,
            node,
            Policy::WORDS,
            Policy::from_word,
            fields.problems(),
        );
        if let Some(policy) = policy {
            all.retain(|(name, _)| *name != param.key);
            all.push((param.key, policy));
        }
    }
    all
}
