//! A flow that a program runs: rows pushed, one run is one batch.

use kis_conn::store::Letter;

use super::builder::{FlowBuilder, fatal, only};
use crate::{
    engine::{Shared, SingleLane},
    error::{Error, Result},
    flow::Plan,
    function::{Cache, Function, Meta},
    row::{Batch, Row, Rows},
};

/// A flow in a program's own hands.
///
/// Rows are pushed, and each [`run`](Flow::run) takes what was pushed as one batch through all steps. Meta and cache
/// live as long as the flow; state and embedded tables are written after each run.
pub struct Flow {
    builder: FlowBuilder,
    shared: Shared,
    lane: SingleLane,
    cache: Cache,
    meta: Meta,
    pushed: Option<Rows>,
    rows_out: u64,
}

/// What came of one run.
#[derive(Debug)]
pub struct Report {
    /// The rows that the last step handed on; none when an action or an empty result ended the run.
    rows: Option<Batch>,
    /// Rows that became dead letters in this run.
    pub dead: Vec<Letter>,
    /// Rows that were pushed.
    pub rows_in: u64,
    /// Rows that passed the last step.
    pub rows_out: u64,
}

impl Flow {
    /// Builds a flow from functions.
    pub fn builder(name: &str) -> FlowBuilder {
        FlowBuilder::new(name)
    }

    /// Builds the only flow of `yaml`, as [`to_yaml`](Flow::to_yaml) writes it, from the functions that are linked.
    ///
    /// # Errors
    /// Whatever is wrong with the YAML.
    pub fn from_yaml(yaml: &str) -> Result<FlowBuilder> {
        FlowBuilder::from_yaml(yaml)
    }

    pub(super) fn new(builder: FlowBuilder, shared: Shared, plan: &Plan) -> Result<Flow> {
        Flow::with(builder, shared, plan, Cache::default(), Meta::default())
    }

    fn with(builder: FlowBuilder, shared: Shared, plan: &Plan, cache: Cache, meta: Meta) -> Result<Flow> {
        let lane =
            SingleLane::new(only(plan)?, shared.clone(), cache.clone(), meta.clone()).map_err(fatal)?;
        Ok(Flow {
            builder,
            shared,
            lane,
            cache,
            meta,
            pushed: None,
            rows_out: 0,
        })
    }

    /// Adds a row to the next run.
    ///
    /// # Errors
    /// If rows of another type were pushed for this run.
    #[doc(alias = "CommitRow")]
    pub fn push<T: Row>(&mut self, row: T) -> Result<()> {
        self.push_all(vec![row])
    }

    /// Adds rows to the next run.
    ///
    /// # Errors
    /// If rows of another type were pushed for this run.
    #[doc(alias = "CommitRowBatch")]
    pub fn push_all<T: Row>(&mut self, rows: Vec<T>) -> Result<()> {
        match &mut self.pushed {
            None => self.pushed = Some(Rows::typed(rows)),
            Some(pushed) => {
                let before = pushed.row_type();
                pushed.append(rows).map_err(|_| {
                    Error::fatal(format!(
                        "rows of {} were pushed for this run already, not of {}",
                        before,
                        T::SHAPE.name
                    ))
                })?;
            }
        }
        Ok(())
    }

    /// Runs all steps on what was pushed since the last run, as one batch. The first step is called even if nothing
    /// was pushed.
    ///
    /// # Errors
    /// When a step says that the flow has to stop.
    pub async fn run(&mut self) -> Result<Report> {
        let batch = self.pushed.take().map_or_else(Batch::default, Batch::new);
        let rows_in = batch.len() as u64;
        let ran = self.lane.run(batch).await.map_err(fatal)?;
        let before = std::mem::replace(&mut self.rows_out, ran.counters.rows_out.get());
        Ok(Report {
            rows: ran.rows,
            dead: ran.dead,
            rows_in,
            rows_out: self.rows_out - before,
        })
    }

    /// Adds a step of the function `F` behind the last one; it counts from the next run on.
    ///
    /// # Errors
    /// Whatever does not fit, or a connector that no step of the flow has used so far. The flow stays as it was.
    #[doc(alias = "AppendNewFunction")]
    pub fn append<F: Function>(&mut self) -> Result<()> {
        let mut builder = self.builder.clone();
        builder.add(&F::INFO);
        let plan = builder
            .plan()
            .map_err(|problems| Error::fatal(problems.to_string()))?;
        if let Some(conn) = plan.conns.get(self.shared.connectors()) {
            let text = "is not open: build the flow with a step that uses it";
            return Err(Error::fatal(format!(
                "connector {} of {} {text}",
                conn.name,
                F::NAME
            )));
        }
        let flow = Flow::with(
            builder,
            self.shared.clone(),
            &plan,
            self.cache.clone(),
            self.meta.clone(),
        )?;
        let pushed = self.pushed.take();
        *self = Flow { pushed, ..flow };
        Ok(())
    }

    /// An independent copy: what was pushed, cache, meta and params are its own. Connectors and the store are shared.
    /// Forks may run at the same time.
    ///
    /// # Errors
    /// If the state in the store cannot be read.
    pub fn fork(&self) -> Result<Flow> {
        let plan = self
            .builder
            .plan()
            .map_err(|problems| Error::fatal(problems.to_string()))?;
        let flow = Flow::with(
            self.builder.clone(),
            self.shared.clone(),
            &plan,
            self.cache.fork(),
            self.meta.fork(),
        )?;
        Ok(Flow {
            pushed: self.pushed.as_ref().map(Rows::copy),
            ..flow
        })
    }

    /// The flow as YAML that imports to the same flow.
    pub fn to_yaml(&self) -> String {
        kis_conf::export_flow(&self.builder.conf.flows[0]).text
    }

    /// The texts that its steps share.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The cache that its steps share.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }
}

impl Report {
    /// The rows that the last step handed on, if they are of the type `T`.
    pub fn rows<T: Row>(&self) -> &[T] {
        self.rows
            .as_ref()
            .and_then(|batch| batch.rows().as_slice())
            .unwrap_or_default()
    }
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow")
            .field("name", &self.builder.conf.flows[0].name.value)
            .finish_non_exhaustive()
    }
}
