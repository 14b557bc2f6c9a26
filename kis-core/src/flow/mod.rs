//! Flows: what `flows!` embeds, and how it is bound to what is linked.

mod bind;
mod plan;
mod set;

pub use self::{
    bind::{Linked, bind},
    plan::{ConnPlan, FlowPlan, Plan, SourcePlan, StagePlan, StepPlan, StepState},
    set::FlowSet,
};
