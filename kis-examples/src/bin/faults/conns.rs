//! Connectors that are down, that take nothing back, and that end the process in the middle of a cut.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::abort,
    sync::Arc,
};

use kis_core::{
    conn::{ConnError, ConnSpec, LaneContext},
    prelude::*,
};

use crate::counting::Item;

type Answer<T> = std::result::Result<T, ConnError>;

/// A system outside that is there as long as no file lies at `key:`.
#[derive(Debug)]
pub struct Gate(PathBuf);

/// What a step asks the gate with.
#[derive(Debug)]
pub struct GateClient(PathBuf);

impl GateClient {
    /// Passes the gate.
    ///
    /// # Errors
    /// Unavailable, while the file lies there.
    pub fn pass(&self) -> Answer<()> {
        open_gate(&self.0)
    }
}

fn open_gate(file: &Path) -> Answer<()> {
    match file.exists() {
        true => Err(ConnError::unavailable("down", "the gate is shut")),
        false => Ok(()),
    }
}

#[connector]
impl Connector for Gate {
    const KIND: &'static str = "gate";
    const ATOMIC_BATCH: bool = true;
    type Params = ();
    type Client = GateClient;

    async fn open(spec: ConnSpec<()>) -> Answer<Self> {
        Ok(Gate(path(&spec)))
    }

    fn client(&self, _: &LaneContext) -> GateClient {
        GateClient(self.0.clone())
    }

    async fn ping(&self) -> Answer<()> {
        open_gate(&self.0)
    }
}

/// A file that each row is appended to at once: a failed call leaves what it wrote, and so does a crash.
#[derive(Debug)]
pub struct Plain(Arc<File>);

/// What a step writes to a [`Plain`] with.
#[derive(Debug)]
pub struct PlainClient(Arc<File>);

impl PlainClient {
    /// Writes one row.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&self, item: &Item) -> Answer<()> {
        let Item {
            key,
            group,
            seq,
            nth,
            in_group,
        } = item;
        let line = format!(
            "{{\"key\":{key},\"group\":{group},\"seq\":{seq},\"nth\":{nth},\"in_group\":{in_group}}}\n"
        );
        Ok((&*self.0).write_all(line.as_bytes())?)
    }
}

#[connector]
impl Connector for Plain {
    const KIND: &'static str = "plain";
    type Params = ();
    type Client = PlainClient;

    async fn open(spec: ConnSpec<()>) -> Answer<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path(&spec))?;
        Ok(Plain(Arc::new(file)))
    }

    fn client(&self, _: &LaneContext) -> PlainClient {
        PlainClient(Arc::clone(&self.0))
    }
}

/// Ends the process in the middle of a cut: when all lanes have frozen, and nothing is stored. The file at `key:` says
/// in which cut of this process.
#[derive(Debug)]
pub struct Tripwire {
    file: PathBuf,
    cuts: std::sync::atomic::AtomicU64,
}

#[connector]
impl Connector for Tripwire {
    const KIND: &'static str = "tripwire";
    type Params = ();
    type Client = ();

    async fn open(spec: ConnSpec<()>) -> Answer<Self> {
        Ok(Tripwire {
            file: path(&spec),
            cuts: 0.into(),
        })
    }

    fn client(&self, _: &LaneContext) {}

    async fn cut(&self) -> Answer<Option<Vec<u8>>> {
        let cut = 1 + self.cuts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let trip = fs::read_to_string(&self.file).ok();
        if trip.and_then(|text| text.trim().parse().ok()) == Some(cut) {
            abort();
        }
        Ok(None)
    }
}

fn path(spec: &ConnSpec<()>) -> PathBuf {
    spec.base.join(spec.key.as_deref().unwrap_or_default())
}
