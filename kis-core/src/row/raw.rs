//! Raw rows behind [`Rows`]: the bytes of a source, decoded into the type that is asked for.

use std::sync::OnceLock;

use kis_conn::{Layout, RawRows};
use serde_json::{Map, Value as Json};

use super::{
    Row, Rows, Shape, Texts, Value,
    csv::{Records, Span},
    json::Objects,
    rows::RowStore,
    texts::ColumnMap,
};

/// Raw rows, and what they say as JSON once somebody asked for a field by name.
pub(crate) struct Raw {
    rows: RawRows,
    read: OnceLock<Vec<Option<Json>>>,
}

impl Raw {
    pub(crate) fn new(rows: RawRows) -> Raw {
        Raw {
            rows,
            read: OnceLock::new(),
        }
    }

    pub(crate) fn rows(&self) -> &RawRows {
        &self.rows
    }

    fn read(&self) -> &[Option<Json>] {
        self.read.get_or_init(|| {
            (0..self.rows.len())
                .map(|i| to_json(&self.rows, i).ok())
                .collect()
        })
    }
}

/// Decodes the rows; those that cannot be read are named with the sentence that says why.
pub(crate) fn decode<T: Row>(rows: &RawRows, out: &mut Vec<T>, bad: &mut Vec<(usize, String)>) {
    match rows.layout().as_ref() {
        Layout::Json => {
            let mut objects = Objects::of::<T>();
            for (i, bytes) in rows.iter().enumerate() {
                if let Some(row) = objects.as_mut().and_then(|objects| objects.read(bytes)) {
                    out.push(row);
                    continue;
                }
                // Not `from_slice`: here the row is built in place, without a move through its result.
                let mut json = serde_json::Deserializer::from_slice(bytes);
                match T::deserialize(&mut json).and_then(|row| json.end().map(|()| row)) {
                    Ok(row) => out.push(row),
                    Err(error) => bad.push((i, json_error(&error, T::SHAPE))),
                }
            }
        }
        Layout::Csv(layout) => {
            let map = ColumnMap::new(T::SHAPE, layout);
            let mut records = Records::new(layout);
            for (i, bytes) in rows.iter().enumerate() {
                let row = records.split(bytes).and_then(|(text, spans)| {
                    check_columns(spans, layout.columns.len())?;
                    T::from_texts(&Texts::new(text, spans, &map)).map_err(|e| e.say(T::SHAPE, "column"))
                });
                match row {
                    Ok(row) => out.push(row),
                    Err(why) => bad.push((i, why)),
                }
            }
        }
        Layout::Raw => {
            for (i, bytes) in rows.iter().enumerate() {
                match T::from_raw(bytes) {
                    Ok(row) => out.push(row),
                    Err(error) => bad.push((i, error.say(T::SHAPE, "field"))),
                }
            }
        }
    }
}

fn check_columns(spans: &[Span], wanted: usize) -> Result<(), String> {
    if spans.len() == wanted {
        Ok(())
    } else {
        Err(format!(
            "the record has {} columns, the header has {wanted}",
            spans.len()
        ))
    }
}

#[cold]
fn json_error(error: &serde_json::Error, shape: &Shape) -> String {
    format!("cannot be read as {}: {error}", shape.name)
}

fn to_json(rows: &RawRows, i: usize) -> Result<Json, String> {
    let bytes = rows.bytes(i);
    match &**rows.layout() {
        Layout::Json => serde_json::from_slice(bytes).map_err(|e| e.to_string()),
        Layout::Raw => Ok(Json::String(String::from_utf8_lossy(bytes).into_owned())),
        Layout::Csv(layout) => {
            let mut records = Records::new(layout);
            let (text, spans) = records.split(bytes)?;
            let mut map = Map::new();
            for (column, span) in layout.columns.iter().zip(spans) {
                let text = &text[span.from as usize..span.to as usize];
                let value = if !span.quoted && layout.na.iter().any(|na| na == text) {
                    Json::Null
                } else {
                    Json::String(text.to_owned())
                };
                map.insert(column.clone(), value);
            }
            Ok(Json::Object(map))
        }
    }
}

fn value_of(json: &Json) -> Value<'_> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(v) => Value::Bool(*v),
        Json::String(v) => Value::Text(v),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(v), _) => Value::Int(v),
            (None, Some(v)) => Value::UInt(v),
            (None, None) => n.as_f64().map_or(Value::Null, Value::Float),
        },
        other => Value::Other(other),
    }
}

impl RowStore for Raw {
    fn count(&self) -> usize {
        self.rows.len()
    }

    fn retain(&mut self, keep: &[bool]) {
        self.rows.retain(keep);
        self.read = OnceLock::new();
    }

    fn copy_one(&self, i: usize) -> Rows {
        Rows::raw(self.rows.pick([i]))
    }

    fn copy_all(&self) -> Rows {
        Rows::raw(self.rows.clone())
    }

    fn split(self: Box<Self>, part_of: &[u32], parts: usize) -> Vec<Rows> {
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); parts];
        for (i, &part) in part_of.iter().enumerate() {
            rows[part as usize].push(i);
        }
        rows.into_iter()
            .map(|rows| Rows::raw(self.rows.pick(rows)))
            .collect()
    }

    fn join(&mut self, more: Rows) -> bool {
        let Some(more) = more.as_raw() else { return false };
        // Only the bytes count: where rows come from is known to the batch, not to them.
        let layout = Layout::clone(self.rows.layout());
        self.rows = RawRows::from_rows("rows", 1, layout, self.rows.iter().chain(more.iter()));
        self.read = OnceLock::new();
        true
    }

    fn arrange(self: Box<Self>, order: &[u32]) -> Rows {
        Rows::raw(self.rows.pick(order.iter().map(|i| *i as usize)))
    }

    fn shape(&self) -> Option<&'static Shape> {
        None
    }

    fn row_type(&self) -> &'static str {
        "raw"
    }

    fn size(&self) -> usize {
        usize::try_from(self.rows.size()).unwrap_or(usize::MAX)
    }

    fn value(&self, i: usize, name: &str) -> Value<'_> {
        match &self.read()[i] {
            Some(Json::Object(map)) => map.get(name).map_or(Value::Missing, value_of),
            _ => Value::Missing,
        }
    }

    fn value_at(&self, _: usize, _: usize) -> Value<'_> {
        Value::Missing
    }

    fn json(&self, i: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let json = to_json(&self.rows, i)?;
        serde_json::to_writer(out, &json).map_err(|e| e.to_string())
    }

    fn kept(&self, _: usize) -> Option<(&'static str, Vec<u8>)> {
        None
    }
}
