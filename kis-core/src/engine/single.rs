//! One lane that a program drives itself: a batch in, the last step's rows out, and a cut after each run.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use kis_conn::{
    LaneContext,
    store::{
        self, FlowCut, FlowRecord, FlowTables, LaneCut, Letter, LetterBound, LetterWrite, Store, StoreError,
    },
};

use super::{
    around::{Surroundings, system_clock},
    build,
    chain::{Chain, Onward, Route},
    conns::{OpenConn, OpenConns, open_conns, restore_conns},
    cut,
    fault::Fault,
    flow::never_stop,
    guards::Guards,
    letters::LetterBook,
    parcel::{Flight, From, Parcel},
    run::new_counters,
    waits::Waits,
};
use crate::{
    flow::{FlowPlan, Plan, SourcePlan, stored},
    function::{Cache, Exts, Meta},
    observe::FlowCounters,
    row::Batch,
};

/// A flow in one lane of each stage, run by the program that holds it.
pub(crate) struct SingleLane {
    plan: Arc<FlowPlan>,
    shared: Shared,
    around: Surroundings,
    guards: Arc<Guards>,
    context: (Cache, Meta),
    /// Nothing behind a run that did not come to its end: the next one loads what the store holds.
    loaded: Option<Loaded>,
}

/// The steps of each stage with what the store held, and the tables that they write.
struct Loaded {
    chains: Vec<Chain>,
    tables: FlowTables,
}

/// What the forks of a flow share.
#[derive(Clone)]
pub(crate) struct Shared {
    store: Store,
    conns: OpenConns,
    exts: Exts,
    /// The number of the last run that began, over all programs that ran the flow on this store.
    runs: Arc<AtomicU64>,
    /// Held while a run is written.
    writing: Arc<tokio::sync::Mutex<()>>,
}

/// What came of one run.
pub(crate) struct Ran {
    /// The rows that the last step handed on.
    pub(crate) rows: Option<Batch>,
    /// Rows that became dead letters.
    pub(crate) dead: Vec<Letter>,
    /// All counts of this lane so far.
    pub(crate) counters: Arc<FlowCounters>,
}

impl Shared {
    /// Opens what the flows of a plan need, and takes back what their last cut does not cover.
    pub(crate) async fn open(plan: &Plan, store: Store, exts: Exts) -> Result<Shared, Fault> {
        let base = std::path::Path::new(".");
        let conns = open_conns(plan, &store, base, &system_clock(), &[]).await?;
        let mut runs = 0;
        for flow in &plan.flows {
            restore_conns(flow, &store, &conns, &never_stop()).await?;
            let record = store.record(&flow.name).map_err(store_fault)?;
            runs = record.map_or(runs, |record| runs.max(record.cut));
        }
        Ok(Shared {
            store,
            conns,
            exts,
            runs: Arc::new(AtomicU64::new(runs)),
            writing: Arc::default(),
        })
    }

    /// How many connectors are open: those of the plan it was opened for.
    pub(crate) fn connectors(&self) -> usize {
        self.conns.len()
    }
}

impl SingleLane {
    /// A lane for `plan`, with the state that the store holds.
    pub(crate) fn new(
        plan: Arc<FlowPlan>,
        shared: Shared,
        cache: Cache,
        meta: Meta,
    ) -> Result<SingleLane, Fault> {
        let around = Surroundings {
            counters: new_counters(&plan),
            clock: system_clock(),
            stop: never_stop(),
            letters: Arc::new(LetterBook::new(
                &plan.name,
                &plan.conf.dead_letter,
                system_clock(),
            )),
        };
        let mut lane = SingleLane {
            guards: Guards::new(&plan, &shared.conns, &around, false),
            plan,
            shared,
            around,
            context: (cache, meta),
            loaded: None,
        };
        lane.loaded = Some(lane.load()?);
        Ok(lane)
    }

    /// Runs a batch through all steps, and writes what it changed. Nothing of a run that fails is written to the store.
    pub(crate) async fn run(&mut self, batch: Batch) -> Result<Ran, Fault> {
        let mut loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => self.load()?,
        };
        let counters = Arc::clone(&self.around.counters);
        counters.received_rows.add(batch.len() as u64);
        let number = self.shared.runs.fetch_add(1, Relaxed) + 1;
        let rows = self.work(&mut loaded.chains, batch, number).await?;
        let frozen = loaded.chains.iter_mut().map(|chain| chain.freeze(number));
        let mut lanes = cut::encode(frozen.collect(), &self.plan)?;
        let now_ms = self.around.now_ms();
        self.around.letters.before_cut(&mut lanes, now_ms);
        let put = lanes.iter().flat_map(|lane| &lane.letters);
        let dead = put.filter_map(|letter| match letter {
            LetterWrite::Put(letter) => Some(letter.clone()),
            LetterWrite::Remove(_) => None,
        });
        let dead = dead.collect();
        let lanes = self.write(lanes, number).await?;
        loaded.tables.durable(&lanes);
        self.loaded = Some(loaded);
        Ok(Ran { rows, dead, counters })
    }

    /// Builds the steps of each stage with the state that the store holds.
    fn load(&self) -> Result<Loaded, Fault> {
        let (plan, shared) = (&self.plan, &self.shared);
        let tables = FlowTables::new(shared.store.clone());
        let kit = build::Kit {
            plan,
            conns: &shared.conns,
            exts: &shared.exts,
            store: &shared.store,
            around: &self.around,
            tables: &tables,
            guards: &self.guards,
        };
        let mut chains = Vec::with_capacity(plan.stages.len());
        for (number, stage) in plan.stages.iter().enumerate() {
            // Without free workers there is no head: its steps are those of the first stage.
            let first = if number == 0 { 0 } else { stage.first };
            let context =
                LaneContext::new(&plan.name, number as u32, plan.stages.len() as u32, tables.lane());
            let steps = (first..stage.end, plan.own_steps);
            let mut chain = build::chain(&kit, steps, Waits::Lane, &context, &self.context);
            let next = plan.stages.get(number + 1);
            chain.onward = next.and_then(|next| next.key.clone()).map(|key| Onward {
                route: Route::Key(key),
                lanes: 1,
                unique: false,
            });
            build::load_state(&kit, &mut chain, 0..store::KEY_GROUPS)?;
            chains.push(chain);
        }
        if let Some(last) = chains.last_mut() {
            last.collected = Some(Vec::new());
        }
        Ok(Loaded { chains, tables })
    }

    /// Takes a batch through all stages, and gives the rows behind the last step.
    async fn work(&self, chains: &mut [Chain], batch: Batch, number: u64) -> Result<Option<Batch>, Fault> {
        let counters = Arc::clone(&self.around.counters);
        let key = self.plan.sources.first().and_then(SourcePlan::key);
        let from = From {
            name: Some(format!("run {number} of the program").into()),
            ..From::default()
        };
        let mut parcels = vec![Parcel {
            keys: key.map(|key| Arc::new(batch.keys(key))),
            from,
            flight: Flight::new(counters, batch.len() as u64, 0, Vec::new()),
            batch,
            step: 0,
            letters: Vec::new(),
        }];
        for chain in chains.iter_mut() {
            let mut onward = Vec::new();
            for parcel in parcels {
                onward.extend(chain.work(parcel).await?.into_iter().map(|(_, parcel)| parcel));
            }
            parcels = onward;
        }
        Ok(chains.last_mut().and_then(|last| last.collected.as_mut()?.pop()))
    }

    /// Writes what a run changed, with what the connectors note of it. The record goes on from the last one, which may
    /// be of a fork or of an engine.
    async fn write(&self, lanes: Vec<LaneCut>, number: u64) -> Result<Vec<LaneCut>, Fault> {
        let Shared { store, conns, .. } = &self.shared;
        let _writing = self.shared.writing.lock().await;
        let mut notes = Vec::new();
        for OpenConn { name, conn, .. } in conns.iter() {
            let note = conn.cut().await.map_err(|error| {
                Fault::new(
                    error.code.to_string(),
                    format_args!("connector {name}: {}", error.message),
                )
            })?;
            notes.extend(note.map(|note| (name.to_string(), note)));
        }
        let record = store
            .record(&self.plan.name)
            .map_err(store_fault)?
            .unwrap_or_default();
        let cut = FlowCut {
            flow: self.plan.name.to_string(),
            positions: Vec::new(),
            lanes,
            notes,
            states: stored::records(&self.plan),
            record: FlowRecord {
                cut: record.cut.max(number),
                at_ms: self.around.now_ms(),
                ..record
            },
            letters: LetterBound::default(),
        };
        store.commit(std::slice::from_ref(&cut)).map_err(store_fault)?;
        Ok(cut.lanes)
    }
}

fn store_fault(error: StoreError) -> Fault {
    Fault::new("store", error)
}
