//! One lane that a program drives itself: a batch in, the last step's rows out, and a cut after each run.

use std::sync::Arc;

use kis_conn::{
    LaneContext,
    store::{FlowCut, FlowRecord, FlowTables, Letter, LetterWrite, Store},
};

use super::{
    around::{Surroundings, system_clock},
    build,
    chain::Chain,
    conns::{OpenConns, open_conns},
    cut,
    fault::Fault,
    flow::never_stop,
    parcel::{Flight, From, Parcel},
    run::new_counters,
};
use crate::{
    flow::{FlowPlan, Plan},
    function::{Cache, Exts, Meta},
    observe::FlowCounters,
    row::{Batch, key::Keys},
};

/// A flow in one lane, run by the program that holds it.
pub(crate) struct SingleLane {
    chain: Chain,
    plan: Arc<FlowPlan>,
    shared: Shared,
    cut: u64,
}

/// What the forks of a flow share.
#[derive(Clone)]
pub(crate) struct Shared {
    store: Store,
    tables: FlowTables,
    conns: OpenConns,
    exts: Exts,
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
    /// Opens what the flows of a plan need.
    pub(crate) async fn open(plan: &Plan, store: Store, exts: Exts) -> Result<Shared, Fault> {
        let conns = open_conns(plan, &store, std::path::Path::new(".")).await?;
        Ok(Shared {
            tables: FlowTables::new(store.clone()),
            store,
            conns,
            exts,
        })
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
        };
        let kit = build::Kit {
            plan: &plan,
            conns: &shared.conns,
            exts: &shared.exts,
            store: &shared.store,
            around: &around,
            tables: &shared.tables,
        };
        let context = LaneContext::new(&plan.name, 0, 1, shared.tables.lane());
        let mut chain = build::chain(&kit, 0, plan.own_steps, plan.own_steps, &context, &(cache, meta));
        build::load_state(&kit, &mut chain, |_| true)?;
        chain.collected = Some(Vec::new());
        Ok(SingleLane {
            chain,
            plan,
            shared,
            cut: 0,
        })
    }

    /// Runs a batch through all steps, and writes what it changed.
    pub(crate) async fn run(&mut self, batch: Batch, keys: Option<Keys>) -> Result<Ran, Fault> {
        let counters = Arc::clone(&self.chain.around.counters);
        counters.received_rows.add(batch.len() as u64);
        let flight = Flight::new(Arc::clone(&counters), batch.len() as u64, 0, Vec::new());
        let keys = keys.map(Arc::new);
        let parcel = Parcel {
            batch,
            keys,
            from: From::default(),
            step: 0,
            letters: Vec::new(),
            flight,
        };
        self.chain.work(parcel).await?;
        let rows = self.chain.collected.as_mut().and_then(Vec::pop);
        self.cut += 1;
        let freeze = self.chain.freeze(self.cut);
        let lanes = cut::encode(vec![freeze], &self.plan)?;
        let dead = lanes
            .iter()
            .flat_map(|lane| &lane.letters)
            .filter_map(|letter| match letter {
                LetterWrite::Put(letter) => Some(letter.clone()),
                LetterWrite::Remove(_) => None,
            });
        let dead = dead.collect();
        let record = FlowRecord {
            cut: self.cut,
            at_ms: self.chain.around.now_ms(),
            ..FlowRecord::default()
        };
        let flow = self.plan.name.to_string();
        let cut = FlowCut {
            flow,
            positions: Vec::new(),
            lanes,
            notes: Vec::new(),
            record,
            clear_parked: false,
        };
        for (name, conn) in self.shared.conns.iter() {
            conn.cut().await.map_err(|error| {
                Fault::new(
                    error.code.to_string(),
                    format_args!("connector {name}: {}", error.message),
                )
            })?;
        }
        self.shared
            .store
            .commit(std::slice::from_ref(&cut))
            .map_err(|error| Fault::new("store", error))?;
        self.shared.tables.durable(&cut.lanes);
        Ok(Ran { rows, dead, counters })
    }
}
