//! Flows: what `flows!` embeds, how it is bound to what is linked, and flows made in a program.

mod bind;
mod plan;

pub use self::{
    bind::{Linked, bind},
    plan::{ConnPlan, FlowPlan, Plan, SourcePlan, StagePlan, StepPlan, StepState},
};
