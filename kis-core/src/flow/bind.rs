//! Binds a checked configuration to the functions, row types, connectors and source kinds that are linked.

use std::{any::Any, sync::Arc};

use kis_conf::{
    Backoff, CheckedConf, Code, FlowConf, Placed, Problem, Problems, SourceConf, SourceFrom, StepConf, Unit,
    suggest,
};

use super::guarantee::Guarantee;
use super::key_twice::key_twice;
use super::letters;
use super::path::{decoded, fix_row, head, with_jumps};
use super::plan::{ConnPlan, FlowPlan, Plan, SourcePlan, StagePlan, StepPlan, StepState};
use super::stages::{jumps_across, stages, state_at_end};
use super::unnamed::unnamed_state;
use super::whole;
use crate::{
    function::{Exts, FunctionInfo, HandsOn, Need},
    link,
    row::{RowInfo, key::KEY_GROUPS},
    state::StateInfo,
};

/// What a configuration is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Linked<'a> {
    /// The functions, by the names that YAML uses.
    pub functions: &'a [&'static FunctionInfo],
    /// Lanes of a flow that does not say how many it has.
    pub lanes: usize,
    /// The values that the app puts in.
    pub exts: &'a Exts,
}

impl Linked<'_> {
    fn function(&self, name: &str) -> Option<&'static FunctionInfo> {
        self.functions.iter().find(|info| info.name == name).copied()
    }

    /// Whether a linked function takes a connector of this kind.
    fn takes_conn(&self, kind: &str) -> bool {
        let takes = |need: &Need| matches!(need, Need::Conn { info } if info.kind == kind);
        self.functions
            .iter()
            .any(|info| info.needs.iter().any(|need| takes(&need.need)))
    }

    fn row(&self, name: &str) -> Option<&'static RowInfo> {
        let rows = |info: &&'static FunctionInfo| {
            let on = match info.on {
                HandsOn::Rows(row) => Some(row),
                HandsOn::WhatCameIn | HandsOn::Nothing => None,
            };
            [info.takes.row, on]
                .into_iter()
                .flatten()
                .find(|row| row.shape.name == name)
        };
        self.functions.iter().find_map(rows)
    }
}

/// Checks a configuration against what is linked, and binds it.
///
/// # Errors
/// Everything that does not fit, with its place.
pub fn bind(conf: &CheckedConf, linked: Linked<'_>) -> Result<Plan, Problems> {
    let mut problems = link::check(conf, linked.functions, |name| {
        linked.row(name).map(|row| row.shape)
    });
    let mut plan = Plan {
        flows: Vec::new(),
        conns: Vec::new(),
        global: conf.global.clone(),
        warnings: conf.warnings.clone(),
        off: conf
            .flows
            .iter()
            .filter(|flow| !flow.on)
            .map(|flow| flow.name.value.clone())
            .collect(),
    };
    let kinds = kis_conn::connectors();
    for conn in &conf.conns {
        if !kinds.iter().any(|known| known.kind == conn.kind.value) && !linked.takes_conn(&conn.kind.value) {
            problems.push(kis_conn::connector_kind_problem(&conn.kind));
        }
    }
    for job in &conf.jobs {
        problems.push(
            Problem::error(
                Code::NotAvailable,
                &job.name.place,
                "jobs are not run by this version of KIS flow",
            )
            .help("remove the document, and run the flow with `run`"),
        );
    }
    if problems.has_errors() {
        return Err(problems);
    }
    for flow in conf.flows.iter().filter(|flow| flow.on) {
        let mut binder = Binder {
            conf,
            linked,
            conns: &mut plan.conns,
            problems: &mut problems,
        };
        if let Some(flow) = binder.flow(flow) {
            plan.warnings.extend(key_twice(&flow));
            let guarantee = Guarantee::of(&flow, &plan.conns);
            if let Some(asked) = flow
                .conf
                .delivery
                .as_ref()
                .filter(|asked| !guarantee.holds(asked.value))
            {
                let text = format!(
                    "flow {} asks for {}, and can promise {}",
                    flow.name,
                    asked.as_str(),
                    guarantee.delivery.as_str()
                );
                problems
                    .push(Problem::error(Code::DeliveryNotHeld, &asked.place, text).help(guarantee.reason));
            }
            plan.flows.push(Arc::new(flow));
        }
    }
    plan.flows.sort_by(|a, b| a.name.cmp(&b.name));
    problems.extend(whole::check(&plan, linked.exts));
    if problems.has_errors() {
        return Err(problems);
    }
    plan.warnings.extend(problems);
    Ok(plan)
}

struct Binder<'a> {
    conf: &'a CheckedConf,
    linked: Linked<'a>,
    conns: &'a mut Vec<ConnPlan>,
    problems: &'a mut Problems,
}

impl Binder<'_> {
    fn flow(&mut self, flow: &FlowConf) -> Option<FlowPlan> {
        let steps: Vec<StepPlan> = flow
            .steps
            .iter()
            .chain(&flow.at_end)
            .map(|step| self.step(flow, step))
            .collect::<Option<_>>()?;
        self.problems.extend(unnamed_state(flow, &steps));
        self.problems.extend(letters::not_yet(flow));
        let own_steps = flow.steps.len();
        let mut steps = with_jumps(steps, own_steps);
        let replaces = |step: &StepPlan| !matches!(step.info.on, HandsOn::WhatCameIn);
        let seeing = steps[..own_steps]
            .iter()
            .position(replaces)
            .map_or(own_steps, |at| at + 1);
        steps[..seeing]
            .iter_mut()
            .for_each(|step| step.sees_source = true);
        let sources: Vec<SourcePlan> = flow
            .sources
            .iter()
            .filter_map(|source| self.source(flow, source))
            .collect();
        let lanes = flow
            .lanes
            .as_ref()
            .map_or(self.linked.lanes, |lanes| lanes.value as usize);
        let lanes = lanes.clamp(1, KEY_GROUPS as usize);
        let stages = match stages(&steps[..own_steps], &sources) {
            Ok(stages) => stages,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let wrong = jumps_across(&steps[..own_steps], &stages);
        self.problems
            .extend(wrong.into_iter().chain(state_at_end(&steps[own_steps..])));
        // Rows that fail before the lanes have no key, and none could follow them.
        let keyed = flow.dead_letter.keep_order;
        let head = if keyed {
            0
        } else {
            head(&steps[..own_steps], stages.first())
        };
        let stages = stages
            .into_iter()
            .map(|stage| StagePlan {
                first: stage.first.max(head),
                ..stage
            })
            .collect();
        let decoded = decoded(&steps[..own_steps]);
        let mut sources: Vec<_> = sources
            .into_iter()
            .map(|source| fix_row(source, &steps[..own_steps], &decoded))
            .collect();
        let mut steps: Vec<_> = steps.into_iter().map(Arc::new).collect();
        // The lists lie where larger ones lay.
        sources.shrink_to_fit();
        steps.shrink_to_fit();
        let name = flow.name.value.as_str().into();
        let max_jumps = flow.max_jumps;
        Some(FlowPlan {
            name,
            conf: flow.clone(),
            steps,
            own_steps,
            head,
            stages,
            sources,
            decoded,
            lanes,
            max_jumps,
        })
    }

    fn step(&mut self, flow: &FlowConf, step: &StepConf) -> Option<StepPlan> {
        let info = self.linked.function(&step.fname)?;
        let mut conns = Vec::new();
        let mut params: Option<Arc<dyn Any + Send + Sync>> = None;
        let mut state = None;
        let mut atomic = true;
        for need in info.needs {
            match need.need {
                Need::Conn { info: kind } => {
                    let name = link::conn_name(step, info, need.arg);
                    atomic &= kind.atomic_batch;
                    conns.push((need.arg.into(), self.conn(&name, kind)));
                }
                Need::Params { read, .. } => match read(&step.params, &step.place) {
                    Ok(read) => params = Some(read),
                    Err(wrong) => self.problems.extend(wrong),
                },
                Need::State(info) => {
                    state = Some(StepState {
                        info,
                        ttl_ms: ttl_ms(step, &info),
                        fingerprint: info.shape().fingerprint(),
                    });
                }
                Need::Nothing | Need::Ext { .. } => {}
            }
        }
        let mut on_error = step.on_error.clone().unwrap_or_else(|| flow.on_error.clone());
        if let Some(retry) = &step.retry {
            on_error.retry.attempts = retry.attempts;
            if let Some(wait) = retry.wait {
                on_error.retry.backoff = Backoff { from: wait, to: wait };
            }
        }
        Some(StepPlan {
            name: step.name.value.as_str().into(),
            place: Some(step.place.clone()),
            info: *info,
            conns,
            params,
            given: step.params.clone(),
            must: step.must.iter().map(|m| m.value.clone()).collect(),
            must_warns: self.conf.global.must_warns,
            on_error,
            state,
            jumps: Vec::new(),
            jump_target: false,
            sees_source: false,
            atomic,
            timeout: flow.limits.step_timeout,
        })
    }

    /// The number of a connector among those of the plan.
    fn conn(&mut self, name: &str, info: kis_conn::ConnectorInfo) -> usize {
        if let Some(at) = self.conns.iter().position(|conn| *conn.name == *name) {
            return at;
        }
        self.conns.push(ConnPlan {
            name: name.into(),
            info,
            conf: self.conf.conn(name).cloned(),
        });
        self.conns.len() - 1
    }

    fn source(&mut self, flow: &FlowConf, source: &SourceConf) -> Option<SourcePlan> {
        let (word, conn) = match &source.from {
            SourceFrom::Kind(kind) => (kind.clone(), None),
            SourceFrom::Conn(name) => {
                let conf = self.conf.conn(name)?;
                (conf.kind.clone(), Some(name))
            }
        };
        let kinds = kis_conn::source_kinds();
        let Some(info) = kinds.iter().find(|info| info.kind == word.value).copied() else {
            self.problems.push(kis_conn::source_kind_problem(&word));
            return None;
        };
        let conn = match conn {
            None => None,
            Some(name) => {
                let Some(kind) = kis_conn::connectors()
                    .into_iter()
                    .find(|kind| kind.kind == word.value)
                else {
                    self.problems.push(kis_conn::source_kind_problem(&word));
                    return None;
                };
                Some(self.conn(&name.value, kind))
            }
        };
        let row = match &source.row {
            None => None,
            Some(name) => {
                let row = self.linked.row(name);
                if row.is_none() {
                    self.problems.push(self.unknown_row(name));
                }
                row
            }
        };
        if source.batch.unit == Unit::Rows
            && let Some(step) = flow.steps.iter().find(|step| self.acts(step))
        {
            let text = format!(
                "step {} has actions, and a run is one batch: what {} computes depends on how rows fall into batches",
                step.name.value, flow.name.value
            );
            let help = format!(
                "say `batch: {{ unit: message }}` at source {}, so that one message is one run",
                source.name.value
            );
            self.problems.push(
                Problem::error(Code::ActionsOnBatches, &step.place, text)
                    .warning()
                    .help(help),
            );
        }
        Some(SourcePlan {
            name: source.name.value.as_str().into(),
            conf: source.clone(),
            info,
            row,
            conn,
        })
    }

    fn acts(&self, step: &StepConf) -> bool {
        self.linked
            .function(&step.fname)
            .is_some_and(|info| info.reuse || !info.jumps.is_empty())
    }

    fn unknown_row(&self, name: &Placed<String>) -> Problem {
        let mut known: Vec<&str> = self
            .linked
            .functions
            .iter()
            .filter_map(|info| info.takes.row)
            .map(|row| row.shape.name)
            .collect();
        known.sort_unstable();
        known.dedup();
        Problem::error(
            Code::UnknownRow,
            &name.place,
            format!("unknown row type {}", name.value),
        )
        .help(suggest::did_you_mean(&name.value, &known))
    }
}

fn ttl_ms(step: &StepConf, state: &StateInfo) -> u64 {
    step.state_ttl.as_ref().map_or(state.ttl_ms, |ttl| {
        u64::try_from(ttl.value.as_millis()).unwrap_or(u64::MAX)
    })
}
