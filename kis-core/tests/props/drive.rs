//! Runs a case: each run until its moment, then the last one until everything has settled. Every cut that is seen on
//! the way is checked.

use std::{
    panic,
    path::Path,
    pin::pin,
    sync::{Arc, Once, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use kis_conf::{FileText, ReadOptions};
use kis_core::{
    conn::store::Store,
    engine::{Engine, FlowEnd, RunOptions},
    flow::{Linked, Plan, bind},
    function::Exts,
    observe::FlowCounters,
    registry,
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    case::{Case, Moment, Stop},
    functions::{Fault, PANIC, World},
    oracle,
    snapshot::Snapshot,
};

/// A flow of a few rows that takes longer never ends.
const HANGS: Duration = Duration::from_secs(20);

/// How a run came out.
enum Came {
    Ended,
    Stopped,
    /// A fault of the case ended the flow.
    Failed,
    /// Its runtime has to be dropped.
    Dropped,
}

/// What the runs of a case have in common.
struct Ground<'a> {
    case: &'a Case,
    dir: &'a Path,
    exts: Exts,
}

/// Runs a case. The error says what is wrong.
pub fn run(case: &Case) -> Result<(), String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let text = info.payload().downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| info.payload().downcast_ref::<&str>().copied());
            if text != Some(PANIC) {
                before(info);
            }
        }));
    });
    let dir = tempfile::tempdir().expect("the system gives a folder");
    if case.files {
        std::fs::create_dir(dir.path().join("in")).unwrap();
        for src in 0..case.rows.len() {
            let rows: String = case.json(src).iter().map(|row| format!("{row}\n")).collect();
            std::fs::write(dir.path().join(format!("in/{src}.jsonl")), rows).unwrap();
        }
    }
    let world = Arc::new(case.world());
    let ground = Ground {
        case,
        dir: dir.path(),
        exts: Exts::default().with(Arc::clone(&world)),
    };
    ground.runs(&world)
}

impl Ground<'_> {
    fn runs(&self, world: &World) -> Result<(), String> {
        let mut store = self.open();
        let mut runs = 0;
        for run in &self.case.runs {
            let came = self.once(&store, run.lanes, Some((run.at, run.stop)))?;
            runs += 1;
            if matches!(came, Came::Dropped) {
                drop(store);
                store = self.open();
            }
            self.look(&store)
                .map_err(|why| format!("after run {runs}: {why}"))?;
        }
        for _ in 0..=self.case.fatal() {
            runs += 1;
            let came = self.once(&store, self.case.lanes, None)?;
            let taken = self
                .look(&store)
                .map_err(|why| format!("after the last run: {why}"))?;
            if matches!(came, Came::Ended) {
                return oracle::check_end(self.case, &taken, world, runs);
            }
        }
        Err("the flow does not come to its end".to_owned())
    }

    fn open(&self) -> Store {
        if !self.case.files {
            return Store::in_memory();
        }
        // Who had it open may still be about to give it back.
        loop {
            match Store::open(&self.dir.join("store")) {
                Ok(store) => return store,
                Err(kis_core::conn::store::StoreError::Locked { .. }) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn look(&self, store: &Store) -> Result<Snapshot, String> {
        let taken = Snapshot::take(self.case, store, self.dir);
        match oracle::check_cut(self.case, &taken) {
            Ok(()) => Ok(taken),
            Err(why) => Err(format!("cut {}: {why}\n{taken:#?}", taken.cut)),
        }
    }

    fn once(&self, store: &Store, lanes: usize, until: Option<(Moment, Stop)>) -> Result<Came, String> {
        let runtime = self.runtime();
        let came = runtime.block_on(self.watched(store, lanes, until));
        drop(runtime);
        came
    }

    /// Runs the flow and checks its cuts while they are made.
    async fn watched(
        &self,
        store: &Store,
        lanes: usize,
        until: Option<(Moment, Stop)>,
    ) -> Result<Came, String> {
        let options = RunOptions {
            exts: self.exts.clone(),
            base: self.dir.to_owned(),
            ..RunOptions::new(store.clone())
        };
        let mut engine = Engine::start(&self.plan(lanes), options)
            .await
            .map_err(|fault| fault.to_string())?;
        let counters = Arc::clone(&engine.counters()[0]);
        let stopper = engine.stopper();
        let mut until = until;
        let began = Instant::now();
        let mut cuts = 0;
        let mut ending = pin!(engine.wait());
        let summary = loop {
            tokio::select! {
                biased;
                summary = &mut ending => break summary,
                () = tokio::task::yield_now() => {}
            }
            if began.elapsed() > HANGS {
                return Err(format!(
                    "the flow hangs with {} rows received, {} of them acknowledged, {} in flight, {} parked, in cut {}",
                    counters.received_rows.get(),
                    counters.acked.get(),
                    counters.inflight_rows.load(Relaxed),
                    counters.parked.load(Relaxed),
                    counters.cuts.get()
                ));
            }
            let made = counters.cuts.get();
            if made > cuts {
                cuts = made;
                self.look(store)?;
            }
            match until.take_if(|(at, _)| is_over(*at, &counters)) {
                None => {}
                Some((_, Stop::Drain)) => stopper.drain(),
                Some((_, Stop::Drop)) if self.case.files => return Ok(Came::Dropped),
                Some((_, Stop::Now | Stop::Drop)) => stopper.stop_now(),
            }
        };
        match &summary.flows[0].end {
            FlowEnd::Ended | FlowEnd::NothingNew { .. } => Ok(Came::Ended),
            FlowEnd::Drained => Ok(Came::Stopped),
            FlowEnd::Failed(fault) if self.case.has(Fault::Fatal) && fault.to_string().contains("fatal") => {
                Ok(Came::Failed)
            }
            FlowEnd::Failed(fault) => Err(format!("the flow failed: {fault}")),
        }
    }

    fn runtime(&self) -> Runtime {
        let mut builder = match self.case.workers {
            0 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        let builder = builder.worker_threads(self.case.workers.max(1)).enable_all();
        builder.build().expect("the system gives threads")
    }

    fn plan(&self, lanes: usize) -> Plan {
        let file = FileText {
            name: "conf/props.yml".to_owned(),
            text: self.case.yaml(),
        };
        let (conf, problems) = kis_conf::read_files(vec![file], &ReadOptions::default());
        assert!(!problems.has_errors(), "{problems}");
        let conf = kis_conf::check(conf).unwrap_or_else(|problems| panic!("{problems}"));
        let functions = registry::functions();
        let linked = Linked {
            functions: &functions,
            lanes,
            exts: &self.exts,
        };
        let mut plan = bind(&conf, linked).unwrap_or_else(|problems| panic!("{problems}"));
        plan.global.checkpoint_every = Duration::from_micros(self.case.checkpoint);
        plan
    }
}

fn is_over(at: Moment, counters: &FlowCounters) -> bool {
    match at {
        Moment::Received(rows) => counters.received_rows.get() >= rows,
        Moment::Cuts(cuts) => counters.cuts.get() >= cuts,
        Moment::Parked(rows) => counters.parked.load(Relaxed) >= rows,
        Moment::Tried(times) => {
            let retries = counters.steps.iter().map(|(.., step)| step.retries.get());
            retries.sum::<u64>() >= times
        }
    }
}
