//! The source kind `memory`: rows that stand in the configuration or are handed over by the program.

use std::sync::Arc;

use kis_conf::{
    Code, Format, Node, Param, ParamKind, ParamShape, Params, ParamsReader, ParamsShape, Place, Problem,
    Problems,
};

use crate::numbered::{Numbered, NumberedReader, POSITIONS, number_of};
use crate::rows::json_of_node;
use crate::single::{OnePartition, Single, only_earliest};
use crate::{
    BatchLimit, ConnError, Layout, Nature, OpenError, Position, Reader, Source, SourceFacts, SourceInfo,
    SourceSpec,
};

const FACTS: SourceFacts = SourceFacts {
    nature: Nature::Log,
    replayable: true,
    bounded: true,
};

/// The source kind `memory`. Its rows stand under `params: { rows: [..] }`.
pub(crate) const SOURCE: SourceInfo = SourceInfo {
    kind: "memory",
    params: MemoryParams::SHAPE,
    facts: FACTS,
    positions: POSITIONS,
    open: |spec| Box::pin(open(spec)),
};

/// A source of these rows, each the text of one row in `layout`; `name` is what messages call it.
///
/// ```
/// use kis_conn::{Layout, memory_source};
/// let source = memory_source("scores", Layout::Json, ["{\"stu_id\":101}", "{\"stu_id\":102}"]);
/// assert!(source.facts().bounded);
/// ```
pub fn memory_source<B: AsRef<[u8]>>(
    name: &str,
    layout: Layout,
    rows: impl IntoIterator<Item = B>,
) -> Arc<dyn Source> {
    let rows = rows.into_iter().map(|row| row.as_ref().to_vec()).collect();
    Arc::new(OnePartition(MemorySource {
        name: Arc::from(name),
        layout: Arc::new(layout),
        rows: Arc::new(rows),
    }))
}

struct MemoryParams {
    rows: Vec<Vec<u8>>,
}

impl Params for MemoryParams {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "memory source",
        params: &[ParamShape {
            name: "rows",
            kind: ParamKind::List(&ParamKind::Any),
            required: true,
            default: None,
            doc: "the rows, each a map of its fields",
        }],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let rows: Option<Vec<Node>> = reader.field(0);
        let rows = rows.map(|rows| {
            rows.iter()
                .map(|row| json_of_node(row).to_string().into_bytes())
                .collect()
        });
        reader.finish(rows.map(|rows| MemoryParams { rows }))
    }
}

async fn open(spec: SourceSpec) -> Result<Arc<dyn Source>, OpenError> {
    let params = MemoryParams::read(&spec.params, &spec.place)?;
    only_earliest(&spec, "memory")?;
    if !matches!(spec.format, None | Some(Format::Json)) {
        let message = format!(
            "source {} of type memory has rows in JSON; leave format: out",
            spec.name
        );
        return Err(OpenError::Params(
            Problem::error(Code::NotAvailable, &spec.place, message).into(),
        ));
    }
    Ok(memory_source(&spec.name, Layout::Json, params.rows))
}

struct MemorySource {
    name: Arc<str>,
    layout: Arc<Layout>,
    rows: Arc<Vec<Vec<u8>>>,
}

impl Single for MemorySource {
    fn facts(&self) -> SourceFacts {
        FACTS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, from: Option<&Position>) -> Result<Box<dyn Reader>, ConnError> {
        let from = number_of(from, &self.name)?;
        let rows = Given {
            rows: Arc::clone(&self.rows),
        };
        let reader = NumberedReader::new(&self.name, Arc::clone(&self.layout), from, rows);
        Ok(Box::new(reader))
    }
}

struct Given {
    rows: Arc<Vec<Vec<u8>>>,
}

impl Numbered for Given {
    async fn ready(&mut self, next: u64, limit: BatchLimit) -> u64 {
        (self.rows.len() as u64)
            .saturating_sub(next)
            .min(u64::from(limit.rows.max(1)))
    }

    fn row(&self, number: u64, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.rows[number as usize]);
    }
}
