//! The source kind `generate`: rows as many and as fast as asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kis_conf::{
    Code, Format, Node, Param, ParamKind, ParamShape, ParamValue, Params, ParamsReader, ParamsShape, Place,
    Problem, Problems, Scalar,
};
use tokio::time::{Instant, sleep_until};

use super::field::Field;
use crate::numbered::{Numbered, NumberedReader, POSITIONS, number_of};
use crate::single::{OnePartition, Single, only_earliest};
use crate::{
    BatchLimit, ConnError, Layout, Nature, OpenError, Position, Reader, Source, SourceFacts, SourceInfo,
    SourceSpec,
};

const FACTS: SourceFacts = SourceFacts {
    nature: Nature::Log,
    replayable: true,
    bounded: false,
};

/// The source kind `generate`.
pub(crate) const SOURCE: SourceInfo = SourceInfo {
    kind: "generate",
    params: GenerateParams::SHAPE,
    facts: FACTS,
    positions: POSITIONS,
    open: |spec| Box::pin(open(spec)),
};

struct GenerateParams {
    /// Without it, rows never end.
    rows: Option<u64>,
    /// The time from one row to the next.
    every: Option<Duration>,
    fields: Vec<Field>,
}

impl Params for GenerateParams {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "generate source",
        params: &[
            ParamShape {
                name: "rows",
                kind: ParamKind::Int {
                    min: 0,
                    max: i64::MAX,
                },
                required: false,
                default: None,
                doc: "how many rows; without it they never end",
            },
            ParamShape {
                name: "rate",
                kind: ParamKind::Text,
                required: false,
                default: None,
                doc: "rows per time, such as 1000/s or 5/m; without it as fast as they are taken",
            },
            ParamShape {
                name: "seed",
                kind: ParamKind::Int {
                    min: 0,
                    max: i64::MAX,
                },
                required: false,
                default: Some("0"),
                doc: "another seed makes other random values; the same seed makes the same rows",
            },
            ParamShape {
                name: "fields",
                kind: ParamKind::Map(&ParamKind::Any),
                required: true,
                default: None,
                doc: "each field's value: sequence, { sequence: { start: 1, step: 1 } }, { int: [0, 9] }, { float: [0, 1] }, \
                      { choice: [a, b] }, { constant: x }, timestamp, { timestamp: { start: 2024-01-01T00:00:00Z, step: 1s } }",
            },
        ],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let rows: Option<Option<u64>> = reader.field(0);
        let rate: Option<Option<Node>> = Some(
            given
                .iter()
                .find(|p| p.key.value == "rate")
                .map(|p| p.value.clone()),
        );
        let seed: Option<u64> = reader.field(2);
        let fields: Option<BTreeMap<String, Node>> = reader.field(3);
        let all = (|| Some((rows?, rate?, seed?, fields?)))();
        let (rows, rate, seed, fields) = reader.finish(all)?;
        let mut problems = Problems::new();
        let every = rate
            .as_ref()
            .map(read_rate)
            .transpose()
            .map_err(|problem| problems.push(problem));
        let mut read = Vec::with_capacity(fields.len());
        for (name, node) in &fields {
            match Field::read(name, node, seed) {
                Ok(field) => read.push(field),
                Err(problem) => problems.push(problem),
            }
        }
        match every {
            Ok(every) if problems.is_empty() => Ok(GenerateParams {
                rows,
                every,
                fields: read,
            }),
            _ => Err(problems),
        }
    }
}

/// "1000/s" as the time from one row to the next.
fn read_rate(node: &Node) -> Result<Duration, Problem> {
    let text = String::read(node)?;
    let every = text.split_once('/').and_then(|(count, unit)| {
        let seconds = match unit.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        let count = Scalar::plain(count.trim()).as_int().filter(|&count| count > 0)?;
        Some(Duration::from_secs_f64(seconds / count as f64))
    });
    every.ok_or_else(|| {
        let message = format!(
            "param rate: {} is not a rate such as 1000/s or 5/m",
            node.describe()
        );
        Problem::error(Code::ParamType, &node.place, message)
    })
}

async fn open(spec: SourceSpec) -> Result<Arc<dyn Source>, OpenError> {
    let params = <GenerateParams as Params>::read(&spec.params, &spec.place)?;
    only_earliest(&spec, "generate")?;
    if !matches!(spec.format, None | Some(Format::Json)) {
        let message = format!(
            "source {} of type generate makes rows in JSON; leave format: out",
            spec.name
        );
        return Err(OpenError::Params(
            Problem::error(Code::NotAvailable, &spec.place, message).into(),
        ));
    }
    Ok(Arc::new(OnePartition(GenerateSource {
        name: Arc::from(spec.name),
        params: Arc::new(params),
    })))
}

struct GenerateSource {
    name: Arc<str>,
    params: Arc<GenerateParams>,
}

impl Single for GenerateSource {
    fn facts(&self) -> SourceFacts {
        SourceFacts {
            bounded: self.params.rows.is_some(),
            ..FACTS
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, from: Option<&Position>) -> Result<Box<dyn Reader>, ConnError> {
        let from = number_of(from, &self.name)?;
        let rows = Generator {
            params: Arc::clone(&self.params),
            started: None,
        };
        let reader = NumberedReader::new(&self.name, Arc::new(Layout::Json), from, rows);
        Ok(Box::new(reader))
    }
}

struct Generator {
    params: Arc<GenerateParams>,
    /// When the first row was asked for, and its number.
    started: Option<(Instant, u64)>,
}

impl Numbered for Generator {
    async fn ready(&mut self, next: u64, limit: BatchLimit) -> u64 {
        let left = self
            .params
            .rows
            .map_or(u64::MAX, |rows| rows.saturating_sub(next));
        let most = left.min(u64::from(limit.rows.max(1)));
        let Some(every) = self.params.every.filter(|_| most > 0) else {
            return most;
        };
        let (start, first) = *self.started.get_or_insert_with(|| (Instant::now(), next));
        let due = |number: u64| start + every.mul_f64((number - first) as f64);
        sleep_until(due(next)).await;
        // Everything that is due by now goes into one batch.
        let passed = start.elapsed().as_secs_f64() / every.as_secs_f64();
        let by_now = first.saturating_add(passed as u64 + 1).max(next + 1);
        (by_now - next).min(most)
    }

    fn row(&self, number: u64, to: &mut Vec<u8>) {
        to.push(b'{');
        for (i, field) in self.params.fields.iter().enumerate() {
            if i > 0 {
                to.push(b',');
            }
            field.write(number, to);
        }
        to.push(b'}');
    }
}
