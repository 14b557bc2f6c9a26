//! `retry: { attempts: 6, backoff: 100ms..10s, then: dead_letter }`: how often and when a row is tried again.

use std::time::Duration;

use super::on_error::{Policy, policy};
use crate::Node;
use crate::fields::{Fields, about, wrong_type};
use crate::out::{Out, number, word};
use crate::unit;

/// How long to wait between tries: from the first wait, doubling, up to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait before the second try.
    pub from: Duration,
    /// The longest wait.
    pub to: Duration,
}

/// What happens to a row whose call failed and may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Total tries, the first included.
    pub attempts: u32,
    /// The waits between them.
    pub backoff: Backoff,
    /// What happens after the last one.
    pub then: Policy,
}

impl Default for RetryPolicy {
    /// Six attempts, 100 ms to 10 s apart, then a dead letter.
    fn default() -> Self {
        let backoff = Backoff {
            from: Duration::from_millis(100),
            to: Duration::from_secs(10),
        };
        Self {
            attempts: 6,
            backoff,
            then: Policy::DeadLetter,
        }
    }
}

impl RetryPolicy {
    pub(super) fn read(fields: &mut Fields<'_>, base: Self) -> Self {
        Self {
            attempts: fields.int_or("attempts", 1..=1_000_000, base.attempts.into()) as u32,
            backoff: read_backoff(fields).unwrap_or(base.backoff),
            then: policy(fields, "then", &[Policy::DeadLetter, Policy::Drop, Policy::Stop])
                .unwrap_or(base.then),
        }
    }

    pub(super) fn write(&self, base: &Self) -> Out {
        Out::default()
            .put_diff("attempts", self.attempts, base.attempts, number)
            .put_diff("backoff", self.backoff, base.backoff, |b| {
                Node::plain(format!(
                    "{}..{}",
                    unit::show_duration(b.from),
                    unit::show_duration(b.to)
                ))
            })
            .put_diff("then", self.then, base.then, |then| word(then.as_str()))
    }
}

fn read_backoff(fields: &mut Fields<'_>) -> Option<Backoff> {
    let node = fields.node("backoff")?;
    let scalar = node.scalar();
    if scalar.is_some_and(|scalar| scalar.deferred) {
        return None;
    }
    let range = scalar.and_then(|scalar| unit::duration_range(&scalar.text));
    if range.is_none() {
        let problem = about(
            "backoff",
            wrong_type(node, "a range of durations such as 100ms..10s"),
        );
        fields
            .problems()
            .push(problem.help("write the shorter wait first"));
    }
    range.map(|(from, to)| Backoff { from, to })
}
