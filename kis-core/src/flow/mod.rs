//! Flows: what `flows!` embeds, and how it is bound to what is linked.

mod bind;
mod guarantee;
mod key_twice;
mod letters;
mod path;
mod plan;
mod set;
mod stages;
pub(crate) mod stored;
mod unnamed;
mod whole;

pub use self::{
    bind::{Linked, bind},
    guarantee::Guarantee,
    plan::{ConnPlan, FlowPlan, Plan, SourcePlan, StagePlan, StepPlan, StepState},
    set::FlowSet,
};
