//! Which rows wait for one that is tried again, or that has become a dead letter.

use std::sync::Arc;

use kis_conf::Policy;
use kis_conn::ErrorClass;

use crate::{error::Error, flow::StepPlan, function::Hold, row::key::Keys};

/// Which rows wait for a row that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// Later rows of its key.
    Key,
    /// All later rows of the lane.
    Lane,
    /// None.
    None,
}

/// Whether a row that failed at this step alone may work later.
pub(super) fn tried_again(plan: &Arc<StepPlan>) -> Arc<dyn Fn(&Error) -> bool + Send + Sync> {
    let plan = Arc::clone(plan);
    Arc::new(move |error| error.class() == ErrorClass::Unavailable || plan.retries(error))
}

/// Whether later rows of its key wait for a row that failed at this step alone: it is tried again, or, where later rows
/// follow a dead letter, becomes one.
pub(super) fn waited_for(
    plan: &Arc<StepPlan>,
    keep_order: bool,
) -> Arc<dyn Fn(&Error) -> bool + Send + Sync> {
    let again = tried_again(plan);
    if !keep_order {
        return again;
    }
    let plan = Arc::clone(plan);
    Arc::new(move |error| {
        let policy = || plan.policy(error.class(), error.code());
        again(error) || !matches!(policy(), Policy::Drop | Policy::Stop)
    })
}

/// How the rows of a call keep their order.
pub(super) fn hold<'a>(
    waits: Waits,
    keys: Option<&'a Arc<Keys>>,
    again: &'a (dyn Fn(&Error) -> bool + Send + Sync),
) -> Option<Hold<'a>> {
    let keys = match waits {
        Waits::None => return None,
        Waits::Key => keys,
        Waits::Lane => None,
    };
    Some(Hold { keys, waits: again })
}
