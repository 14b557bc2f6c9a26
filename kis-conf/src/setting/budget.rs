//! `budget: { error_ratio: 0.5, over: 1m, then: pause }`: when faults are too many to be the rows' own.

use std::time::Duration;

use crate::fields::Fields;
use crate::out::{Out, duration, number, word};
use crate::word::words;
use crate::{Code, Node, Problem};

words! {
    /// What happens when the budget is used up.
    pub enum BudgetThen {
        /// The flow pauses, probes, and goes on by itself.
        Pause = "pause",
        /// The flow stops.
        Stop = "stop",
    }
}

/// How many of the rows may fail before the flow takes it for a fault of its surroundings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The share of rows that may fail, 0 to 1.
    pub error_ratio: f64,
    /// The time over which the share is taken.
    pub over: Duration,
    /// What happens beyond it.
    pub then: BudgetThen,
}

impl Default for Budget {
    /// Half of the rows within a minute, then pause.
    fn default() -> Self {
        Self {
            error_ratio: 0.5,
            over: Duration::from_secs(60),
            then: BudgetThen::Pause,
        }
    }
}

impl Budget {
    /// `none` turns the budget off.
    pub(super) fn read(fields: &mut Fields<'_>, base: Option<Self>) -> Option<Self> {
        let Some(node) = fields.node("budget") else {
            return base;
        };
        if node.scalar().is_some_and(|scalar| scalar.text == "none") {
            return None;
        }
        let base = base.unwrap_or_default();
        fields.nested("budget", "budget", |fields| Self {
            error_ratio: read_ratio(fields).unwrap_or(base.error_ratio),
            over: fields.get_or("over", base.over),
            then: fields.word_or("then", base.then),
        })
    }

    pub(super) fn write(budget: Option<Self>) -> Node {
        let Some(budget) = budget else { return word("none") };
        Out::default()
            .put("error_ratio", number(budget.error_ratio))
            .put("over", duration(budget.over))
            .put("then", word(budget.then.as_str()))
            .into_node()
    }
}

fn read_ratio(fields: &mut Fields<'_>) -> Option<f64> {
    let ratio = fields.get::<f64>("error_ratio")?;
    if (0.0..=1.0).contains(&ratio.value) {
        return Some(ratio.value);
    }
    let message = format!("error_ratio is {}, allowed is 0 to 1", ratio.value);
    fields
        .problems()
        .push(Problem::error(Code::OutOfRange, &ratio.place, message).label("out of range"));
    None
}
