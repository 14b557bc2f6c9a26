//! Builds a flow in a program, from functions named by path.

use std::sync::Arc;

use kis_conf::{
    CheckedConf, ConnConf, FileText, FlowConf, Node, Param, Place, Placed, Problems, ReadOptions, StepConf,
    check_read, read_files,
};
use kis_conn::store::Store;

use super::Flow;
use crate::{
    engine::{Fault, Shared},
    error::Error,
    flow::{Linked, Plan, bind},
    function::{Exts, Function, FunctionInfo},
    registry,
};

/// Builds a [`Flow`] step by step.
#[derive(Clone, Debug)]
pub struct FlowBuilder {
    pub(super) conf: CheckedConf,
    pub(super) functions: Vec<&'static FunctionInfo>,
    pub(super) store: Option<Store>,
    pub(super) exts: Exts,
}

impl FlowBuilder {
    /// A flow without steps.
    pub(super) fn new(name: &str) -> FlowBuilder {
        let flow = FlowConf::new(placed(name));
        let conf = CheckedConf {
            flows: vec![flow],
            ..CheckedConf::default()
        };
        FlowBuilder {
            conf,
            functions: Vec::new(),
            store: None,
            exts: Exts::default(),
        }
    }

    /// The only flow of `yaml`, with the connectors beside it, of functions that are linked.
    pub(super) fn from_yaml(yaml: &str) -> Result<FlowBuilder, Error> {
        let file = FileText {
            name: "flow.yml".to_owned(),
            text: yaml.to_owned(),
        };
        let conf = check_read(read_files(vec![file], &ReadOptions::default()));
        let conf = conf.map_err(|problems| Error::fatal(problems.to_string()))?;
        if conf.flows.len() != 1 {
            return Err(Error::fatal(format!(
                "expected the YAML of one flow, found {}",
                conf.flows.len()
            )));
        }
        Ok(FlowBuilder {
            conf,
            functions: registry::functions(),
            store: None,
            exts: Exts::default(),
        })
    }

    /// Adds a step of the function `F`. A second step of one function is named `f_2`, unless [`named`](Self::named)
    /// says otherwise.
    #[must_use]
    pub fn link<F: Function>(mut self) -> FlowBuilder {
        self.add(&F::INFO);
        self
    }

    /// Gives the last step a name.
    #[must_use]
    pub fn named(mut self, name: &str) -> FlowBuilder {
        if let Some(step) = self.last() {
            step.name = placed(name);
            step.named = true;
        }
        self
    }

    /// Sets a param of the last step, as its YAML value: `.param("ttl", "1h")`.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl std::fmt::Display) -> FlowBuilder {
        if let Some(step) = self.last() {
            step.params.retain(|param| param.key.value != name);
            step.params.push(Param {
                key: placed(name),
                value: Node::plain(value.to_string()),
            });
        }
        self
    }

    /// Lets the last step use the connector `name` instead of the one that its attribute names.
    #[must_use]
    pub fn using(mut self, name: &str) -> FlowBuilder {
        if let Some(step) = self.last() {
            step.conn = Some(placed(name));
        }
        self
    }

    /// Adds a connector, as its document would.
    #[must_use]
    pub fn conn(mut self, conn: ConnConf) -> FlowBuilder {
        self.conf.conns.push(conn);
        self
    }

    /// Keeps state and tables in this store, instead of one in memory.
    #[must_use]
    pub fn store(mut self, store: Store) -> FlowBuilder {
        self.store = Some(store);
        self
    }

    /// Puts in a value that functions fetch as `Ext<T>`.
    #[must_use]
    pub fn ext<T: Send + Sync + 'static>(mut self, value: T) -> FlowBuilder {
        self.exts = self.exts.with(value);
        self
    }

    /// Checks the flow as `flows!` would, and opens its connectors.
    ///
    /// # Errors
    /// Everything that does not fit, or the connector that cannot be opened.
    pub async fn build(self) -> Result<Flow, Error> {
        let plan = self
            .plan()
            .map_err(|problems| Error::fatal(problems.to_string()))?;
        let store = self.store.clone().unwrap_or_else(Store::in_memory);
        let shared = Shared::open(&plan, store, self.exts.clone())
            .await
            .map_err(fatal)?;
        Flow::new(self, shared, &plan)
    }

    pub(super) fn add(&mut self, info: &'static FunctionInfo) {
        if !self.functions.iter().any(|known| known.name == info.name) {
            self.functions.push(info);
        }
        let steps = &mut self.conf.flows[0].steps;
        let used = steps.iter().filter(|step| step.fname.value == info.name).count();
        let mut step = StepConf::new(placed(info.name));
        if used > 0 {
            step.name = placed(&format!("{}_{}", info.name, used + 1));
        }
        steps.push(step);
    }

    pub(super) fn plan(&self) -> Result<Plan, Problems> {
        bind(
            &self.conf,
            Linked {
                functions: &self.functions,
                lanes: 1,
                exts: &self.exts,
            },
        )
    }

    fn last(&mut self) -> Option<&mut StepConf> {
        self.conf.flows[0].steps.last_mut()
    }
}

fn placed(text: &str) -> Placed<String> {
    Placed::new(text.to_owned(), Place::in_code())
}

pub(super) fn fatal(fault: Fault) -> Error {
    Error::fatal(fault.to_string())
}

/// The plan's only flow.
pub(super) fn only(plan: &Plan) -> Result<Arc<crate::flow::FlowPlan>, Error> {
    plan.flows
        .first()
        .cloned()
        .ok_or_else(|| Error::fatal("the flow is turned off by `status: 0`"))
}
