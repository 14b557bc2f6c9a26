//! Counts the starts of a flow that got nowhere, durably and before the first row is worked on: a process that is killed
//! by a row cannot count afterwards.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kis_conn::{
    ErrorClass,
    store::{FlowCut, FlowRecord, Store},
};
use tokio::sync::OnceCell;

use super::{fault::Fault, writer::Writer};

/// This start of a flow.
#[derive(Debug)]
pub(super) struct Starts {
    flow: String,
    /// The record as the last run left it.
    before: FlowRecord,
    writer: Writer,
    /// Whether there is anything that outlives the process.
    durable: bool,
    begun: OnceCell<()>,
    /// A cut is on its way to the store; whether it gets there is not known.
    cutting: AtomicBool,
    /// A cut that moved the positions is durable.
    progressed: AtomicBool,
}

impl Starts {
    /// A start behind a run that left `before` in `store`.
    pub(super) fn new(flow: &str, before: FlowRecord, store: &Store, writer: Writer) -> Starts {
        Starts {
            flow: flow.to_owned(),
            before,
            writer,
            durable: store.dir().is_some(),
            begun: OnceCell::new(),
            cutting: AtomicBool::new(false),
            progressed: AtomicBool::new(false),
        }
    }

    /// The first rows are about to be worked on. What comes after waits until this is durable; a flow that has nothing
    /// to do never writes it.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(super) async fn begin(&self) -> Result<(), Fault> {
        if !self.durable {
            return Ok(());
        }
        let raised = self.raised();
        self.begun.get_or_try_init(|| self.write(raised)).await.copied()
    }

    /// The number for the record of a cut that is about to be written; `moves` says whether it moves the positions.
    pub(super) fn cut(&self, moves: bool) -> u32 {
        self.cutting.store(true, Relaxed);
        match moves || self.progressed.load(Relaxed) {
            true => 0,
            false if self.begun.initialized() => self.raised(),
            false => self.before.starts_without_progress,
        }
    }

    /// The cut is durable.
    pub(super) fn durable(&self, moved: bool) {
        self.progressed.fetch_or(moved, Relaxed);
        self.cutting.store(false, Relaxed);
    }

    /// The flow ends in order: if it got nowhere, it was not since it was killed.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(super) async fn take_back(&self) -> Result<(), Fault> {
        let got_on = self.progressed.load(Relaxed) || self.cutting.load(Relaxed);
        match self.begun.initialized() && !got_on {
            true => self.write(self.before.starts_without_progress).await,
            false => Ok(()),
        }
    }

    fn raised(&self) -> u32 {
        self.before.starts_without_progress.saturating_add(1)
    }

    async fn write(&self, starts_without_progress: u32) -> Result<(), Fault> {
        let record = FlowRecord {
            starts_without_progress,
            ..self.before.clone()
        };
        let cut = FlowCut {
            flow: self.flow.clone(),
            record,
            ..FlowCut::default()
        };
        let (_, written) = self.writer.commit(cut).await?;
        match written {
            Ok(_) => Ok(()),
            Err(error) if error.class == ErrorClass::Unavailable => {
                // The cuts wait for the store and say so; a start that is not counted is no reason not to begin.
                tracing::warn!(flow = %self.flow, code = %error.code, "the start cannot be counted: {}", error.message);
                Ok(())
            }
            Err(error) => Err(Fault::new(error.code.to_string(), error.message)),
        }
    }
}
