//! `must`: fields that every row has to have a value in before it comes to a step.

use std::sync::Arc;

use super::{
    chain::{Chain, Run},
    withheld::Failed,
};
use crate::{
    error::{Error, code},
    row::Fails,
};

impl Chain {
    /// Rejects rows in which a field is missing that the step's function document demands, or warns of them.
    pub(super) fn must(&mut self, at: usize, run: &mut Run) {
        let flow = Arc::clone(&self.flow);
        let plan = &flow.steps[at];
        if plan.must.is_empty() || run.batch.is_empty() {
            return;
        }
        let mut fails = Fails::default();
        if let Some(row) = plan.info.takes.row {
            (row.view)(&mut run.batch, &mut fails);
        }
        let mut keep = vec![true; run.batch.len()];
        let mut lacking = vec![false; run.batch.len()];
        let mut first = None;
        for name in &plan.must {
            for (i, has) in run.batch.has_value(name).into_iter().enumerate() {
                if has || !keep[i] {
                    continue;
                }
                let text = format!("{} demands field {name}, which has no value", plan.name);
                if plan.must_warns {
                    lacking[i] = true;
                    first.get_or_insert_with(|| (run.batch.origin_of(i), text));
                } else {
                    keep[i] = false;
                    fails.push(run.batch.fail(i, Error::reject(text).with_code(code::MUST)));
                }
            }
        }
        if let Some((origin, text)) = first {
            let rows = lacking.iter().filter(|lacking| **lacking).count() as u64;
            let told = self.around.counters.step(at).lack(rows, self.around.now_ms());
            if let Some(untold) = told {
                tracing::warn!(flow = %flow.name, step = %plan.name, at = plan.info.at,
                    origin = %run.from.show(origin), rows, untold, "must: {text}; let through by `must: warn`");
            }
        }
        run.batch.retain(&keep);
        self.withhold(fails.drain(), 1, Failed::Before);
    }
}
