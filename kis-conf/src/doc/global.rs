//! `kistype: global`: settings of the whole program.

use std::path::PathBuf;
use std::time::Duration;

use crate::fields::Fields;
use crate::out::{Out, bytes, duration, number, text, word};
use crate::params::ByteSize;
use crate::word::words;
use crate::{Node, Place, Placed};

words! {
    /// Which metrics are exported besides our own.
    enum Compat { Kisflow = "kisflow", }
}

words! {
    /// What happens when a row lacks a field that `must` names.
    enum Must { Enforce = "enforce", Warn = "warn", }
}

/// A `kistype: global` document, or the defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalConf {
    /// Where the document begins.
    pub place: Place,
    /// `store.path`: the folder of the embedded store.
    pub store_path: PathBuf,
    /// `checkpoint.every`: how often a flow is cut.
    pub checkpoint_every: Duration,
    /// `drain.timeout`: how long ending may take.
    pub drain_timeout: Duration,
    /// `limits.bytes`: the most bytes of rows that all flows together may have read and not settled.
    pub limit_bytes: u64,
    /// How many threads work; without it, one for each core.
    pub workers: Option<u32>,
    /// `prometheus_enable`, `prometheus_listen` and `prometheus_serve`.
    pub prometheus: Option<Prometheus>,
    /// `compat: kisflow`: KisFlow's six metrics are exported too.
    pub compat_kisflow: bool,
    /// `must: warn`: a row without a field that `must` names is only warned about.
    pub must_warns: bool,
}

/// Metrics for Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prometheus {
    /// The program listens itself; else the metrics are only collected.
    pub listen: bool,
    /// The address it listens at.
    pub serve: Placed<String>,
}

impl Default for GlobalConf {
    fn default() -> Self {
        Self {
            place: Place::in_code(),
            store_path: PathBuf::from("./kis-data"),
            checkpoint_every: Duration::from_secs(1),
            drain_timeout: Duration::from_secs(30),
            limit_bytes: 1 << 30,
            workers: None,
            prometheus: None,
            compat_kisflow: false,
            must_warns: false,
        }
    }
}

impl GlobalConf {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        fields.node("kistype");
        let store_path = fields
            .nested("store", "store", |fields| fields.text("path"))
            .flatten();
        let every = fields
            .nested("checkpoint", "checkpoint", |fields| fields.get("every"))
            .flatten();
        let timeout = fields
            .nested("drain", "drain", |fields| fields.get("timeout"))
            .flatten();
        let limit_bytes = fields
            .nested("limits", "limits", |fields| {
                fields.get_or("bytes", ByteSize(default.limit_bytes)).0.max(1)
            })
            .unwrap_or(default.limit_bytes);
        Self {
            place: fields.place().clone(),
            limit_bytes,
            store_path: store_path.map_or(default.store_path, |path| PathBuf::from(path.value)),
            checkpoint_every: every.map_or(default.checkpoint_every, |every| every.value),
            drain_timeout: timeout.map_or(default.drain_timeout, |timeout| timeout.value),
            workers: fields
                .int("workers", 1..=1024)
                .map(|workers| workers.value as u32),
            prometheus: read_prometheus(fields),
            compat_kisflow: fields.word::<Compat>("compat").is_some(),
            must_warns: fields.word_or("must", Must::Enforce) == Must::Warn,
        }
    }

    pub(crate) fn write(&self) -> Node {
        let default = Self::default();
        let path = |path: &PathBuf| Node::text(path.to_string_lossy());
        let store = Out::default().put_diff("path", &self.store_path, &default.store_path, path);
        let checkpoint =
            Out::default().put_diff("every", self.checkpoint_every, default.checkpoint_every, duration);
        let drain = Out::default().put_diff("timeout", self.drain_timeout, default.drain_timeout, duration);
        let limits = Out::default().put_diff("bytes", self.limit_bytes, default.limit_bytes, bytes);
        let prometheus = self.prometheus.as_ref();
        Out::document("global")
            .put_map("store", store)
            .put_map("checkpoint", checkpoint)
            .put_map("drain", drain)
            .put_map("limits", limits)
            .put_if("workers", self.workers.map(number))
            .put_if("compat", self.compat_kisflow.then(|| word("kisflow")))
            .put_if("must", self.must_warns.then(|| word("warn")))
            .put_if("prometheus_enable", prometheus.map(|_| number(true)))
            .put_if(
                "prometheus_listen",
                prometheus.map(|prometheus| number(prometheus.listen)),
            )
            .put_if(
                "prometheus_serve",
                prometheus.map(|prometheus| text(&prometheus.serve)),
            )
            .into_node()
    }
}

fn read_prometheus(fields: &mut Fields<'_>) -> Option<Prometheus> {
    let enable = fields.get_or("prometheus_enable", false);
    let listen = fields.get_or("prometheus_listen", false);
    let serve = fields.text("prometheus_serve");
    if enable && listen && serve.is_none() {
        fields.missing("prometheus_serve");
    }
    let serve = serve.unwrap_or_else(|| Placed::new(String::new(), fields.place().clone()));
    enable.then_some(Prometheus { listen, serve })
}
