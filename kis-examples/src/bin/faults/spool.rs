//! A source that forgets what is committed, as queues do: a commit that comes too early loses rows.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::abort,
    sync::Arc,
};

use kis_core::{
    __private::{inventory, kis_conf::Params},
    conn::{
        BoxFuture, ConnError, Layout, Nature, Partition, Position, PositionText, Reader, Source, SourceFacts,
        SourceInfo, SourceSpec, memory_source,
    },
};

const FACTS: SourceFacts = SourceFacts {
    nature: Nature::Log,
    replayable: true,
    bounded: true,
};

inventory::submit! {
    SourceInfo {
        kind: "spool",
        params: <() as Params>::SHAPE,
        facts: FACTS,
        positions: PositionText::SHOWN,
        open: |spec| Box::pin(async move { Ok(open(&spec)?) }),
    }
}

/// The JSON lines of the file at `key:`. What is committed is written to the file `KEY.acked`, and is not given again.
/// The file `KEY.die` ends the process at a commit: `before 3` before the third is noted, `after 3` behind it.
struct Spool {
    file: PathBuf,
    rows: Arc<dyn Source>,
    commits: std::sync::atomic::AtomicU64,
}

fn open(spec: &SourceSpec) -> Result<Arc<dyn Source>, ConnError> {
    let file = spec.base.join(spec.key.as_deref().unwrap_or_default());
    let text = fs::read_to_string(&file).map_err(|error| ConnError::io(file.display(), &error))?;
    Ok(Arc::new(Spool {
        rows: memory_source("spool", Layout::Json, text.lines()),
        file,
        commits: 0.into(),
    }))
}

impl Spool {
    fn note(&self, up_to: &[(Partition, Position)]) -> io::Result<()> {
        let commit = 1 + self.commits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let die = fs::read_to_string(beside(&self.file, "die")).unwrap_or_default();
        if die == format!("before {commit}") {
            abort();
        }
        if let Some((_, position)) = up_to.last() {
            let new = beside(&self.file, "new");
            fs::write(&new, position.as_bytes())?;
            fs::rename(&new, beside(&self.file, "acked"))?;
        }
        if die == format!("after {commit}") {
            abort();
        }
        Ok(())
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(format!(".{ending}"));
    path.into()
}

impl Source for Spool {
    fn facts(&self) -> SourceFacts {
        FACTS
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>> {
        self.rows.partitions()
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>> {
        Box::pin(async move {
            let acked = fs::read(beside(&self.file, "acked")).ok().map(Position::new);
            // What was committed is gone, whatever the flow asks for.
            let first = [acked.as_ref(), from]
                .into_iter()
                .flatten()
                .max_by_key(|at| row_of(at));
            self.rows.read(partition, first).await
        })
    }

    fn commit<'a>(&'a self, up_to: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(async move { Ok(self.note(up_to)?) })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        self.rows.close()
    }
}

/// How many rows are before a position; it reads as `1 row=20`.
fn row_of(position: &Position) -> u64 {
    let text = position.show();
    text.rsplit_once('=')
        .and_then(|(_, row)| row.parse().ok())
        .unwrap_or_default()
}
