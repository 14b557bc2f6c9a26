//! `dlq redrive`: sends dead letters in again, through the process that runs their flow or without one.

use std::{collections::BTreeMap, future::Future, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    super::{App, Exit, load::Loaded, refused::Refused},
    Done, Letters, args,
    filter::Filter,
    office::{Ask, Found, Office, number_of},
};
use crate::{
    engine::{Desk, Engine, Fault, Redrive, Redriven, RunOptions, disorder, may_return},
    flow::{FlowPlan, Plan},
    observe::show::count,
};

/// How letters are sent in again.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct How {
    dry_run: bool,
    rate: Option<f64>,
    limit: Option<u64>,
    max_replays: Option<u32>,
    out_of_order: bool,
}

/// What came of the letters of a flow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Told {
    flow: String,
    dry_run: bool,
    sent: u64,
    again: u64,
    worn: u64,
    refused: BTreeMap<String, u64>,
    unsettled: bool,
}

impl Ask {
    /// Whether the answer is one that has to be waited for.
    pub(in crate::cli) fn waits(&self) -> bool {
        matches!(self, Ask::Redrive { how, .. } if !how.dry_run)
    }
}

impl Office {
    /// Sends letters into running flows; `cancelled` ends that.
    pub(in crate::cli) async fn redrive(
        &self,
        ask: &Ask,
        cancelled: impl Future<Output = ()>,
        mut each: impl FnMut(Found),
    ) -> Result<Value, Refused> {
        let (Ask::Redrive { filter, how }, Some(desk)) = (ask, &self.desk) else {
            return Err(Refused::failed("nothing runs here".to_owned()));
        };
        let mut cancelled = std::pin::pin!(cancelled);
        for flow in self.meant(filter)? {
            let redrive = how.redrive(filter);
            let mut over = false;
            let cancel = async {
                cancelled.as_mut().await;
                over = true;
            };
            let done = desk.redrive(&flow.name, &redrive, cancel).await;
            let done = done.map_err(|fault| running(desk, &flow.name, &fault))?;
            each(Found::Redriven(told(&flow.name, how, done)));
            if over {
                break;
            }
        }
        Ok(Value::Null)
    }

    /// The plans of the flows whose letters the filter means.
    fn meant(&self, filter: &Filter) -> Result<Vec<Arc<FlowPlan>>, Refused> {
        let mut plans = Vec::new();
        for name in self.flows_of(filter)? {
            if let Some(plan) = self.flows.iter().find(|plan| *plan.name == *name) {
                plans.push(Arc::clone(plan));
            } else if self.off.contains(&name) {
                return Err(Refused::failed(format!(
                    "flow {name} is turned off by `status: 0`"
                )));
            } else {
                let known: Vec<&str> = self.flows.iter().map(|flow| &*flow.name).collect();
                return Err(Refused {
                    exit: Exit::Failed,
                    ..Refused::unknown(
                        format!("flow {name} is gone, its letters are left"),
                        &name,
                        &known,
                    )
                });
            }
        }
        Ok(plans)
    }
}

/// Why a running process does not send letters in.
fn running(desk: &Desk, flow: &str, fault: &Fault) -> Refused {
    let more = match desk.is_running(flow) {
        true => "",
        false => " in the process that has the store open; send its letters in when that has ended",
    };
    Refused::failed(format!("{}{more}", fault.message))
}

/// Says what would be sent.
pub(super) fn dry_run(
    office: &Office,
    filter: &Filter,
    how: &How,
    each: &mut dyn FnMut(Found),
) -> Result<Value, Refused> {
    for plan in office.meant(filter)? {
        let mut done = Redriven::default();
        let own = Filter {
            flow: Some(plan.name.to_string()),
            ..filter.clone()
        };
        if !how.out_of_order
            && let Some(why) = disorder(&plan)
        {
            return Err(Refused::failed(why));
        }
        office.each(&own, |letter| {
            if how.limit.is_some_and(|limit| done.sent >= limit) {
                return;
            }
            if how.max_replays.is_some_and(|most| letter.replays >= most) {
                done.worn += 1;
                return;
            }
            match may_return(&plan, &letter) {
                Ok(()) => done.sent += 1,
                Err(why) => *done.refused.entry(why).or_default() += 1,
            }
        })?;
        each(Found::Redriven(told(&plan.name, how, done)));
    }
    Ok(Value::Null)
}

/// The command on its way.
pub(super) struct Redriving<'a> {
    pub(super) app: App,
    pub(super) loaded: &'a Loaded,
    pub(super) redrive: &'a args::Redrive,
}

impl Redriving<'_> {
    /// `dlq redrive`.
    pub(super) fn run(self, letters: Letters) -> Done {
        let how = How {
            dry_run: self.redrive.dry_run,
            rate: self.redrive.rate,
            limit: self.redrive.limit,
            max_replays: self.redrive.max_replays,
            out_of_order: self.redrive.out_of_order,
        };
        let filter = self.redrive.filter.clone();
        let mut all = Vec::new();
        match letters {
            Letters::Own(office) if !how.dry_run => all = self.alone(office, &filter, &how).map_err(Some)?,
            letters => {
                let asked = letters.ask(Ask::Redrive { filter, how }, |found| {
                    if let Found::Redriven(told) = found {
                        all.push(told);
                    }
                });
                asked.map_err(Some)?;
            }
        }
        if all.is_empty() {
            return Ok("no dead letters\n".to_owned());
        }
        Ok(all.iter().map(Told::text).collect())
    }

    /// Opens the flows without their sources, one after the other.
    fn alone(self, office: Office, filter: &Filter, how: &How) -> Result<Vec<Told>, Refused> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.loaded.workers)
            .thread_name("kis-worker")
            .enable_all()
            .build()
            .map_err(|error| Refused::failed(format!("the system gives no threads: {error}")))?;
        let done = runtime.block_on(async {
            for work in self.app.on_start {
                let done = work().await;
                done.map_err(|error| Refused::failed(format!("on start: {error}")))?;
            }
            let mut all = Vec::new();
            for flow in office.meant(filter)? {
                let plan = Plan {
                    flows: vec![Arc::clone(&flow)],
                    ..self.loaded.plan.clone()
                };
                let options = RunOptions {
                    base: PathBuf::from("."),
                    exts: self.app.exts.clone(),
                    ..RunOptions::new(office.store.clone())
                };
                let done = Engine::redrive(&plan, options, &flow.name, &how.redrive(filter)).await;
                all.push(told(
                    &flow.name,
                    how,
                    done.map_err(|fault| Refused::failed(fault.to_string()))?,
                ));
            }
            Ok(all)
        });
        runtime.shutdown_timeout(Duration::from_millis(500));
        done
    }
}

impl How {
    fn redrive(&self, filter: &Filter) -> Redrive {
        let filter = filter.clone();
        Redrive {
            wanted: Box::new(move |letter| filter.fits(letter)),
            limit: self.limit,
            rate: self.rate,
            max_replays: self.max_replays,
            out_of_order: self.out_of_order,
        }
    }
}

fn told(flow: &str, how: &How, done: Redriven) -> Told {
    Told {
        flow: flow.to_owned(),
        dry_run: how.dry_run,
        sent: done.sent,
        again: done.again,
        worn: done.worn,
        refused: done.refused,
        unsettled: done.unsettled,
    }
}

impl Told {
    fn text(&self) -> String {
        let flow = &self.flow;
        let mut text = match (self.dry_run, self.again) {
            (true, _) => format!("{flow}: would send in {}\n", number_of(self.sent)),
            (_, 0) => format!("{flow}: sent in {}\n", number_of(self.sent)),
            (_, again) => {
                let sent = number_of(self.sent);
                format!("{flow}: sent in {sent}; {} failed again\n", count(again))
            }
        };
        if self.unsettled {
            text.push_str(&format!(
                "{flow}: the flow ended before all of them were settled; those are letters still\n"
            ));
        }
        if self.worn > 0 {
            text.push_str(&format!(
                "{flow}: left {} that were sent in as often as --max-replays says\n",
                number_of(self.worn)
            ));
        }
        for (why, letters) in &self.refused {
            let cannot = if self.dry_run { "could not" } else { "cannot" };
            text.push_str(&format!(
                "{flow}: {} {cannot} be sent in: {why}\n",
                number_of(*letters)
            ));
        }
        text
    }
}
