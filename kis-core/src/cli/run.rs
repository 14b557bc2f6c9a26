//! `run`: runs the flows until their sources end or a signal stops them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use kis_conn::Store;
use tokio::time::{MissedTickBehavior, interval_at};

use super::{
    App, Exit,
    app::OnStart,
    args::{Common, Progress as ShowProgress, Run},
    control::Control,
    dlq::Office,
    finish::{self, Asked},
    graph::known,
    load::{Loaded, load, refuse},
    signals::Signals,
    stale,
    streams::Streams,
};
use crate::{
    engine::{Engine, RunOptions, Stopper, Summary},
    flow::{FlowSet, Plan, stored},
    function::Exts,
    observe::{
        FlowCounters, Listener, Metrics, MetricsOptions, Progress, Screen, Serving, Show, Watched,
        show::count,
    },
};

/// Runs the flows of an app.
pub(super) fn run(app: App, common: &Common, options: &Run, streams: &mut Streams) -> Exit {
    warn_of_new_files(&app.flows, common, streams);
    let mut loaded = match load(&app, common, streams) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    if let Err(exit) = select(&mut loaded.plan, &options.flows, streams) {
        return exit;
    }
    let dir = options.store.as_ref().unwrap_or(&loaded.plan.global.store_path);
    let store = match open_store(dir) {
        Ok(store) => store,
        Err(error) => {
            streams.error(error);
            return Exit::Failed;
        }
    };
    if !options.fresh
        && let Err(exit) = fitting_state(&loaded, &store, streams)
    {
        return exit;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(loaded.workers)
        .thread_name("kis-worker")
        .enable_all()
        .build();
    let done = runtime
        .map_err(|error| format!("the system gives no threads: {error}"))
        .and_then(|runtime| {
            let running = Running {
                loaded: &loaded,
                options,
                streams,
                exts: app.exts,
                store,
            };
            let done = runtime.block_on(running.run(app.on_start));
            // What hangs, such as a call that blocks for ever, must not keep the process alive.
            runtime.shutdown_timeout(Duration::from_millis(500));
            done
        });
    match done {
        Ok(exit) => exit,
        Err(error) => {
            streams.error(error);
            Exit::Failed
        }
    }
}

/// The flows can take all the state that the store holds of them.
fn fitting_state(loaded: &Loaded, store: &Store, streams: &Streams) -> Result<(), Exit> {
    let problems = stored::check(&loaded.plan, store).map_err(|error| {
        streams.error(error);
        Exit::Failed
    })?;
    if problems.is_empty() {
        return Ok(());
    }
    refuse(
        &problems,
        &loaded.conf.files,
        "the flows and their store have",
        streams,
    );
    Err(Exit::Config)
}

/// In a debug build, warns of configuration files that the program does not have.
pub(super) fn warn_of_new_files(flows: &FlowSet, common: &Common, streams: &Streams) {
    if cfg!(debug_assertions) && common.conf.is_none() && !flows.files.is_empty() {
        for name in stale::missing(flows, &stale::near()) {
            streams.say(stale::warning(&name, flows.root));
        }
    }
}

/// Leaves the flows that were asked for.
fn select(plan: &mut Plan, names: &[String], streams: &Streams) -> Result<(), Exit> {
    let unknown: Vec<String> = names.iter().filter_map(|name| known(plan, name).err()).collect();
    unknown.iter().for_each(|unknown| streams.error(unknown));
    if !unknown.is_empty() {
        return Err(Exit::Usage);
    }
    if !names.is_empty() {
        plan.flows
            .retain(|flow| names.iter().any(|name| *name == *flow.name));
    }
    if plan.flows.is_empty() {
        let off = if plan.off.is_empty() {
            ""
        } else {
            "; all are turned off by `status: 0`"
        };
        streams.error(format_args!("there is no flow to run{off}"));
        return Err(Exit::Config);
    }
    Ok(())
}

pub(super) fn open_store(dir: &Path) -> Result<Store, String> {
    Store::open(dir).map_err(|error| error.to_string())
}

/// A run and everything it needs.
struct Running<'a> {
    loaded: &'a Loaded,
    options: &'a Run,
    streams: &'a mut Streams,
    exts: Exts,
    store: Store,
}

impl Running<'_> {
    async fn run(self, on_start: Vec<OnStart>) -> Result<Exit, String> {
        let plan = &self.loaded.plan;
        let mut signals = Signals::listen().map_err(|error| format!("cannot listen for signals: {error}"))?;
        let listener = self.listener().await?;
        for work in on_start {
            work().await.map_err(|error| format!("on start: {error}"))?;
        }
        let options = RunOptions {
            base: PathBuf::from("."),
            exts: self.exts.clone(),
            fresh: self.options.fresh,
            counters: RunOptions::count(plan),
            ..RunOptions::new(self.store.clone())
        };
        // Whoever asks hears what is waited for also before all is open.
        let _serving = self.serve(&options.counters, listener);
        let engine = tokio::select! {
            engine = Engine::start(plan, options) => engine.map_err(|fault| fault.to_string())?,
            signal = signals.next() => {
                self.streams.say(format_args!("{signal}: stopped before a row was taken"));
                return Ok(Exit::Ok);
            }
        };
        let _control = self.control(&engine);
        let (summary, stop_now) = self.watch(engine, &mut signals).await;
        let replays = |name: &str| {
            let flow = plan.flows.iter().find(|flow| *flow.name == *name);
            flow.is_none_or(|flow| flow.sources.iter().all(|source| source.info.facts.replayable))
        };
        if self.streams.is_logged() {
            finish::log(&summary, replays);
        } else {
            // What a flow printed at its end may stand right above.
            self.streams
                .say(format_args!("\n{}", finish::report(&summary, replays).trim_end()));
        }
        let asked = Asked {
            fail_on_dead: self.options.fail_on_dead,
            stop_now,
        };
        Ok(finish::exit(&summary, asked))
    }

    /// The socket by which other commands ask for what only this process has.
    fn control(&self, engine: &Engine) -> Option<Control> {
        let dir = self.store.dir()?;
        let office = Office::open(self.loaded, engine.desk());
        Control::serve(dir, office)
            .inspect_err(|error| {
                tracing::warn!(
                    "no control socket in {}, so that `dlq` cannot ask this process: {error}",
                    dir.display()
                );
            })
            .ok()
    }

    /// The port for metrics and probes, if one is asked for.
    async fn listener(&self) -> Result<Option<Listener>, String> {
        let prometheus = self
            .loaded
            .plan
            .global
            .prometheus
            .as_ref()
            .filter(|prometheus| prometheus.listen);
        let (address, place) = match (&self.options.listen, prometheus) {
            (Some(address), _) => (address, "--listen".to_owned()),
            (None, Some(prometheus)) => (&prometheus.serve.value, prometheus.serve.place.to_string()),
            (None, None) => return Ok(None),
        };
        let listener = Listener::bind(address)
            .await
            .map_err(|error| format!("{place}: {error}"))?;
        self.streams.say(format_args!(
            "metrics and probes: http://{}/metrics",
            listener.address()
        ));
        Ok(Some(listener))
    }

    fn serve(&self, counters: &[Arc<FlowCounters>], listener: Option<Listener>) -> Option<Serving> {
        let plan = &self.loaded.plan;
        let flows = plan.flows.iter().zip(counters);
        let flows = flows.map(|(flow, counters)| Watched::new(plan, flow, Arc::clone(counters)));
        let options = MetricsOptions {
            kisflow: plan.global.compat_kisflow,
            ..MetricsOptions::default()
        };
        Some(listener?.spawn(Arc::new(Metrics::new(flows.collect(), options))))
    }

    /// Shows progress and hears signals until every flow has ended. Says whether it had to stop before all was drained.
    async fn watch(&self, mut engine: Engine, signals: &mut Signals) -> (Summary, bool) {
        let stopper = engine.stopper();
        let counters = engine.counters().to_vec();
        let mut progress = Progress::new(&counters, self.show(), self.streams.screen(), Instant::now());
        let mut ticks = interval_at(tokio::time::Instant::now() + progress.every(), progress.every());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = 0;
        let mut wait = Box::pin(engine.wait());
        let summary = loop {
            tokio::select! {
                summary = &mut wait => break summary,
                _ = ticks.tick() => progress.tick(Instant::now()),
                signal = signals.next() => {
                    asked += 1;
                    self.stop(signal, asked, &stopper, &counters);
                }
            }
        };
        progress.finish();
        (summary, asked > 1)
    }

    /// The first signal drains, the next one stops at once.
    fn stop(&self, signal: &str, asked: u32, stopper: &Stopper, counters: &[Arc<FlowCounters>]) {
        if asked > 1 {
            self.streams.say(format_args!("{signal}: stopping now"));
            return stopper.stop_now();
        }
        let rows: u64 = counters.iter().map(|flow| flow.inflight_rows.load(Relaxed)).sum();
        let rows = count(rows);
        self.streams.say(format_args!(
            "{signal}: draining, {rows} rows are on their way; once more stops now"
        ));
        stopper.drain();
    }

    /// Live lines would be torn by steps that write to the same terminal all the time.
    fn show(&self) -> Show {
        let plan = &self.loaded.plan;
        let prints = || {
            let mut conns = plan
                .flows
                .iter()
                .flat_map(|flow| flow.own().iter().flat_map(|step| &step.conns));
            conns.any(|(_, conn)| plan.conns[*conn].info.kind == "stdout")
        };
        match self.options.progress {
            ShowProgress::Never => Show::Never,
            ShowProgress::Auto if !Screen::is_terminal() => Show::Logged,
            ShowProgress::Auto if std::io::IsTerminal::is_terminal(&std::io::stdout()) && prints() => {
                Show::Logged
            }
            ShowProgress::Auto => Show::Live,
        }
    }
}
