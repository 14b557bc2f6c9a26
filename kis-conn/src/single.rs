//! Sources with one partition: what they have in common.

use kis_conf::{Code, Problem, Start};

use crate::{BoxFuture, ConnError, OpenError, Partition, Position, Reader, Source, SourceFacts, SourceSpec};

/// What such a source has of its own.
pub(crate) trait Single: Send + Sync + 'static {
    /// What it can promise.
    fn facts(&self) -> SourceFacts;

    /// The name of its partition.
    fn name(&self) -> &str;

    /// Reads from behind `from`.
    fn read(&self, from: Option<&Position>) -> Result<Box<dyn Reader>, ConnError>;

    /// Everything at or below these positions is durable.
    fn commit(&self, _: &[(Partition, Position)]) -> Result<(), ConnError> {
        Ok(())
    }

    /// Gives back what is held.
    fn close(&self) {}
}

/// A source with one partition.
pub(crate) struct OnePartition<S>(pub(crate) S);

impl<S: Single> Source for OnePartition<S> {
    fn facts(&self) -> SourceFacts {
        self.0.facts()
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>> {
        Box::pin(async { Ok(vec![Partition::new(self.0.name())]) })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>> {
        Box::pin(async move {
            let name = self.0.name();
            if partition.as_str() != name {
                let message = format!("{name} has no partition {partition}; its only one is {name}");
                return Err(ConnError::fatal("no_partition", message));
            }
            self.0.read(from)
        })
    }

    fn commit<'a>(&'a self, up_to: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(async { self.0.commit(up_to) })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(async {
            self.0.close();
            Ok(())
        })
    }
}

/// Refuses a `start:` other than `earliest` for a kind that knows no other.
pub(crate) fn only_earliest(spec: &SourceSpec, kind: &str) -> Result<(), OpenError> {
    if spec.start == Start::Earliest {
        return Ok(());
    }
    let message = format!(
        "source {} of type {kind} can only start: earliest; leave start: out",
        spec.name
    );
    Err(OpenError::Params(
        Problem::error(Code::NotAvailable, &spec.place, message).into(),
    ))
}
