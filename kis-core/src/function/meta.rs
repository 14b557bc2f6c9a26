//! Texts that steps leave for each other: one map for the flow, one for each function, one for each connector.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;

/// The shared texts of a flow. They live as long as the flow, and are neither durable nor put back after a failure.
#[derive(Clone, Debug, Default)]
pub struct Meta(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    flow: MetaMap,
    functions: RwLock<BTreeMap<String, MetaMap>>,
    conns: RwLock<BTreeMap<String, MetaMap>>,
}

/// One map of texts.
#[derive(Clone, Debug, Default)]
pub struct MetaMap(Arc<RwLock<BTreeMap<String, String>>>);

impl Meta {
    /// The texts of the flow.
    pub fn flow(&self) -> &MetaMap {
        &self.0.flow
    }

    /// The texts of the step called `step`.
    pub fn function(&self, step: &str) -> MetaMap {
        entry(&self.0.functions, step)
    }

    /// The texts of the connector called `conn`.
    pub fn conn(&self, conn: &str) -> MetaMap {
        entry(&self.0.conns, conn)
    }

    /// A copy that shares nothing with this one.
    #[must_use]
    pub fn fork(&self) -> Meta {
        let copy = |maps: &RwLock<BTreeMap<String, MetaMap>>| {
            RwLock::new(
                maps.read()
                    .iter()
                    .map(|(name, map)| (name.clone(), map.fork()))
                    .collect(),
            )
        };
        Meta(Arc::new(Inner {
            flow: self.0.flow.fork(),
            functions: copy(&self.0.functions),
            conns: copy(&self.0.conns),
        }))
    }
}

impl MetaMap {
    /// The text of `key`.
    pub fn get(&self, key: &str) -> Option<String> {
        self.0.read().get(key).cloned()
    }

    /// Sets the text of `key`.
    pub fn set(&self, key: impl Into<String>, value: impl Into<String>) {
        self.0.write().insert(key.into(), value.into());
    }

    /// Removes the text of `key`.
    pub fn remove(&self, key: &str) -> Option<String> {
        self.0.write().remove(key)
    }

    fn fork(&self) -> MetaMap {
        MetaMap(Arc::new(RwLock::new(self.0.read().clone())))
    }
}

fn entry(maps: &RwLock<BTreeMap<String, MetaMap>>, name: &str) -> MetaMap {
    if let Some(map) = maps.read().get(name) {
        return map.clone();
    }
    maps.write().entry(name.to_owned()).or_default().clone()
}
