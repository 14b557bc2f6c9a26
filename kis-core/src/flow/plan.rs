//! A plan: flows bound to the functions, connectors and sources that are linked into the program. Only a plan can run.

use std::{any::Any, sync::Arc, time::Duration};

use kis_conf::{FlowConf, GlobalConf, Mode, OnError, Order, Place, Policy, Problem, SourceConf};
use kis_conn::{BatchLimit, ConnectorInfo, ErrorClass, SourceInfo};

use crate::{
    error::Error,
    function::{FunctionInfo, JumpTo},
    row::RowInfo,
    state::StateInfo,
};

/// Flows bound to what is linked, and everything they share.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The flows that are on, in the order of their names.
    pub flows: Vec<Arc<FlowPlan>>,
    /// The connectors that the flows use.
    pub conns: Vec<ConnPlan>,
    /// What `kistype: global` says.
    pub global: GlobalConf,
    /// What is not wrong but worth a look.
    pub warnings: Vec<Problem>,
    /// Flows that are turned off by `status: 0`.
    pub off: Vec<String>,
}

/// A connector as its document describes it.
#[derive(Clone, Debug)]
pub struct ConnPlan {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub info: ConnectorInfo,
    /// Its document; nothing for an embedded table that no document declares.
    pub conf: Option<kis_conf::ConnConf>,
}

/// One flow, ready to run.
#[derive(Debug)]
pub struct FlowPlan {
    /// Its name.
    pub name: Arc<str>,
    /// Its document.
    pub conf: FlowConf,
    /// Its steps, and behind them those of `at_end`.
    pub steps: Vec<Arc<StepPlan>>,
    /// How many of the steps are the flow's own; the others are those of `at_end`.
    pub own_steps: usize,
    /// How many steps from the first on need no lane and run on any free worker.
    pub head: usize,
    /// The stages behind the head; rows change lanes between two of them.
    pub stages: Vec<StagePlan>,
    /// Where its rows come from.
    pub sources: Vec<SourcePlan>,
    /// Row types that raw rows are decoded into before the first step, so that an unreadable row has no effects.
    pub decoded: Vec<&'static RowInfo>,
    /// Lanes of each stage.
    pub lanes: usize,
    /// How often a run may jump.
    pub max_jumps: u32,
}

/// Steps that run in one lane without a change of it.
#[derive(Clone, Debug)]
pub struct StagePlan {
    /// The number of its first step.
    pub first: usize,
    /// The number behind its last step.
    pub end: usize,
    /// The field whose value is the rows' key from here on; nothing for the first stage, where the source's order
    /// decides.
    pub key: Option<Arc<str>>,
}

/// One use of a function in a flow.
#[derive(Debug)]
pub struct StepPlan {
    /// Its name, unique in the flow.
    pub name: Arc<str>,
    /// Where the flow names it; nothing for a flow made in a program.
    pub place: Option<Place>,
    /// The function.
    pub info: FunctionInfo,
    /// Its connectors: the argument (empty for all) and the number in [`Plan::conns`].
    pub conns: Vec<(Arc<str>, usize)>,
    /// Its params, read.
    pub params: Option<Arc<dyn Any + Send + Sync>>,
    /// Its params as the documents give them, for people and for export.
    pub given: Vec<kis_conf::Param>,
    /// Fields that every row must have a value in.
    pub must: Vec<String>,
    /// Whether a row that lacks one is only warned about.
    pub must_warns: bool,
    /// What happens to rows that fail here.
    pub on_error: OnError,
    /// Its state, and for how long values are kept in milliseconds.
    pub state: Option<StepState>,
    /// The steps it may jump to: how the function names them, and their numbers.
    pub jumps: Vec<(JumpTo, usize)>,
    /// Whether another step may jump here.
    pub jump_target: bool,
    /// Whether it sees the rows as the source delivered them: no step before it replaces them.
    pub sees_source: bool,
    /// Whether a failed call leaves nothing behind in its connectors.
    pub atomic: bool,
    /// How long a call may take, where it can be stopped.
    pub timeout: Option<Duration>,
}

/// The state of a step.
#[derive(Clone, Copy, Debug)]
pub struct StepState {
    /// Its type.
    pub info: StateInfo,
    /// How long values are kept, in milliseconds.
    pub ttl_ms: u64,
    /// The fingerprint of its stored form.
    pub fingerprint: u64,
}

/// A source of a flow.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// Its name.
    pub name: Arc<str>,
    /// Its document.
    pub conf: SourceConf,
    /// Its kind.
    pub info: SourceInfo,
    /// The row type that its document fixes.
    pub row: Option<&'static RowInfo>,
    /// The connector it reads from, by its number in [`Plan::conns`].
    pub conn: Option<usize>,
}

impl FlowPlan {
    /// The numbers of the flow's own steps.
    pub fn own(&self) -> &[Arc<StepPlan>] {
        &self.steps[..self.own_steps]
    }

    /// The steps of `at_end`.
    pub fn at_end(&self) -> &[Arc<StepPlan>] {
        &self.steps[self.own_steps..]
    }

    /// Whether a step or a source of the flow uses the connector of this number.
    pub fn uses(&self, conn: usize) -> bool {
        let mut steps = self.steps.iter().flat_map(|step| &step.conns);
        let mut sources = self.sources.iter();
        steps.any(|(_, used)| *used == conn) || sources.any(|source| source.conn == Some(conn))
    }

    /// Whether the flow ends by itself: it has sources, and all of them end.
    pub fn is_bounded(&self) -> bool {
        self.sources.iter().all(|source| source.info.facts.bounded)
    }
}

impl StepPlan {
    /// Whether a failed call leaves nothing behind.
    pub(crate) fn is_atomic(&self) -> bool {
        self.atomic && !self.conns.is_empty()
    }

    /// Whether the rows that a failed call does not name have had their effect: a step with effects outside whose
    /// connectors do not undo a failed call.
    pub(crate) fn others_stand(&self) -> bool {
        matches!(self.info.mode, Mode::Save | Mode::Expand) && !self.is_atomic()
    }

    /// What happens to a row that failed for good with this class and code.
    pub fn policy(&self, class: ErrorClass, code: &str) -> Policy {
        if let Some(policy) = self.variant_policy(code)
            && policy != Policy::Retry
        {
            return policy;
        }
        match class {
            ErrorClass::Decode => self.on_error.decode,
            ErrorClass::Reject => self.on_error.reject,
            ErrorClass::Panic => match self.on_error.panic {
                Policy::Retry => self.on_error.retry.then,
                policy => policy,
            },
            ErrorClass::Timeout | ErrorClass::Retry | ErrorClass::Unavailable => {
                match self.on_error.timeout {
                    policy if class == ErrorClass::Timeout && policy != Policy::Retry => policy,
                    _ => self.on_error.retry.then,
                }
            }
            ErrorClass::Fatal => self.on_error.fatal,
        }
    }

    /// Whether a call or row that failed with this error is tried again while it has attempts left.
    pub fn retries(&self, error: &Error) -> bool {
        if let Some(policy) = self.variant_policy(error.code()) {
            return policy == Policy::Retry;
        }
        match error.class() {
            ErrorClass::Retry => true,
            ErrorClass::Timeout => self.on_error.timeout == Policy::Retry,
            ErrorClass::Panic => self.on_error.panic == Policy::Retry,
            _ => false,
        }
    }

    /// What `by_variant` says of an error code: a variant is named as Rust names it, or by its code.
    fn variant_policy(&self, code: &str) -> Option<Policy> {
        let named = |name: &str| {
            let variant = name.rsplit("::").next().unwrap_or(name);
            variant == code || is_snake_case_of(code, variant)
        };
        self.on_error
            .by_variant
            .iter()
            .find(|(name, _)| named(name))
            .map(|(_, policy)| policy.value)
    }

    /// The number of the step that a jump goes to, if the function declares it.
    pub fn jump(&self, to: &JumpTo) -> Option<usize> {
        self.jumps
            .iter()
            .find(|(declared, _)| declared == to)
            .map(|(_, at)| *at)
    }
}

impl SourcePlan {
    /// How large its batches may be.
    pub fn limit(&self) -> BatchLimit {
        let batch = &self.conf.batch;
        BatchLimit {
            rows: batch.rows,
            bytes: batch.bytes,
            linger: batch.linger,
            unit_is_message: batch.unit == kis_conf::Unit::Message,
        }
    }

    /// The field that its rows are ordered by.
    pub fn key(&self) -> Option<&str> {
        match &self.conf.order {
            Order::By(field) => Some(field),
            Order::Partition | Order::None => None,
        }
    }
}

/// Whether `code` is the variant's name in snake case, which is what derived errors have as their code.
fn is_snake_case_of(code: &str, variant: &str) -> bool {
    let mut snake = String::with_capacity(variant.len() + 4);
    for c in variant.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake == code
}
