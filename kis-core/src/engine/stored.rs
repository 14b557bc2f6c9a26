//! Rows outside of their flow, as dead letters and parked rows keep them, and back into it.

use kis_conn::{
    CsvLayout, Layout, RawRows,
    store::{CsvDialect, StoredRow},
};

use super::{parcel::From, reentry::key_field};
use crate::{
    flow::FlowPlan,
    function::HandsOn,
    row::{Batch, Fails, RowInfo, Rows, Shape, changes},
};

/// A row as the step before `at` handed it on; where that was the source, its bytes. `row` is the row as it came to
/// the step, and `origin` its place in `from`.
pub(super) fn store(
    plan: &FlowPlan,
    at: usize,
    from: &From,
    origin: Option<u32>,
    row: Option<&Rows>,
) -> StoredRow {
    let delivered = origin.and_then(|row| from.delivered(row));
    let typed = row.filter(|row| row.len() == 1 && (!plan.steps[at].sees_source || delivered.is_none()));
    let typed = typed.and_then(|row| Some((row.shape()?, row.kept(0)?)));
    let stored = match typed {
        Some((shape, (format, bytes))) => StoredRow {
            format: format.to_owned(),
            bytes,
            row_type: shape.name.to_owned(),
            fingerprint: shape.fingerprint(),
            shape: shape.text(),
            ..StoredRow::default()
        },
        None => delivered.unwrap_or_else(|| raw("none", Vec::new())),
    };
    StoredRow {
        key_field: key_field(plan, at).unwrap_or_default().to_owned(),
        ..stored
    }
}

/// A row as the source delivered it. A CSV record comes behind its header.
pub(super) fn delivered(layout: &Layout, bytes: &[u8]) -> StoredRow {
    match layout {
        Layout::Json => raw("json", bytes.to_vec()),
        Layout::Raw => raw("raw", bytes.to_vec()),
        Layout::Csv(csv) => StoredRow {
            csv: Some(CsvDialect {
                delimiter: csv.delimiter,
                quote: csv.quote,
                na: csv.na.clone(),
            }),
            ..raw("csv", [header(csv).as_bytes(), b"\n", bytes].concat())
        },
    }
}

/// Makes stored rows a batch again, as rows that come to step `at` are.
///
/// # Errors
/// Why that cannot be, for people: the row is gone, or its type is another one now.
pub(super) fn restore(
    plan: &FlowPlan,
    at: usize,
    stored: &StoredRow,
) -> Result<(Batch, Option<RawRows>), String> {
    if stored.fingerprint != 0 {
        let row = row_type(plan, stored)?;
        let read = match stored.format.as_str() {
            "msgpack" => row.from_msgpack,
            _ => row.from_json,
        };
        let rows = read(&stored.bytes).map_err(|error| error.message().to_owned())?;
        return Ok((Batch::new(rows), None));
    }
    if !plan.steps[at].sees_source {
        return Err(format!(
            "it is kept as its source delivered it, and step {} takes what another step made of that",
            plan.steps[at].name
        ));
    }
    let raw = raw_rows(stored)?;
    let mut batch = Batch::new_raw(raw.clone());
    let mut fails = Fails::default();
    decode(
        plan,
        plan.sources.iter().find_map(|source| source.row),
        &mut batch,
        &mut fails,
    );
    match fails.drain().next() {
        Some(fail) => Err(fail.error.message().to_owned()),
        None => Ok((batch, Some(raw))),
    }
}

/// A row outside of its flow as JSON: the texts of a CSV record by their columns, other raw rows as a text. Nothing, if
/// the row is gone or cannot be read.
pub fn row_as_json(stored: &StoredRow) -> Option<serde_json::Value> {
    if let Some(json) = stored.json() {
        return Some(json);
    }
    let mut bytes = Vec::new();
    Rows::raw(raw_rows(stored).ok()?).json(0, &mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Decodes raw rows into what the first steps take; `row` is the type that their source fixes.
pub(super) fn decode(plan: &FlowPlan, row: Option<&RowInfo>, batch: &mut Batch, fails: &mut Fails) {
    match row {
        Some(row) => (row.convert)(batch, fails),
        None => plan.decoded.iter().for_each(|row| (row.view)(batch, fails)),
    }
}

fn raw(format: &str, bytes: Vec<u8>) -> StoredRow {
    StoredRow {
        format: format.to_owned(),
        bytes,
        row_type: "raw".to_owned(),
        ..StoredRow::default()
    }
}

/// The row type with the fingerprint of the stored row.
fn row_type(plan: &FlowPlan, stored: &StoredRow) -> Result<&'static RowInfo, String> {
    let known = plan.own().iter().flat_map(|step| {
        let handed_on = match step.info.on {
            HandsOn::Rows(row) => Some(row),
            HandsOn::WhatCameIn | HandsOn::Nothing => None,
        };
        [handed_on, step.info.takes.row].into_iter().flatten()
    });
    let known: Vec<&'static RowInfo> = known
        .chain(plan.sources.iter().filter_map(|source| source.row))
        .filter(|row| row.shape.name == stored.row_type)
        .collect();
    if let Some(row) = known
        .iter()
        .find(|row| row.shape.fingerprint() == stored.fingerprint)
    {
        return Ok(row);
    }
    Err(match known.first() {
        Some(row) => type_changed(stored, row.shape),
        None => format!("its type {} is not one of the flow's any more", stored.row_type),
    })
}

fn type_changed(stored: &StoredRow, shape: &Shape) -> String {
    let what = match changes(&stored.shape, &shape.text()) {
        what if what.is_empty() => "a type inside of it changed".to_owned(),
        what => what,
    };
    format!("its type {} is another one now: {what}", stored.row_type)
}

fn raw_rows(stored: &StoredRow) -> Result<RawRows, String> {
    let (layout, bytes) = match stored.format.as_str() {
        "json" => (Layout::Json, stored.bytes.as_slice()),
        "raw" => (Layout::Raw, stored.bytes.as_slice()),
        "csv" => csv(stored)?,
        _ => return Err("the row was not kept".to_owned()),
    };
    Ok(RawRows::from_rows("stored", 1, layout, [bytes]))
}

fn csv(stored: &StoredRow) -> Result<(Layout, &[u8]), String> {
    let broken = || "its header is broken".to_owned();
    let dialect = stored.csv.as_ref().ok_or_else(broken)?;
    let quote = dialect.quote;
    // A line end within quotes belongs to a column's name.
    let mut quoted = false;
    let end = stored.bytes.iter().position(|&byte| {
        quoted ^= byte == quote;
        byte == b'\n' && !quoted
    });
    let (header, record) = stored.bytes.split_at(end.ok_or_else(broken)?);
    let header = std::str::from_utf8(header).map_err(|_| broken())?;
    let mut columns = vec![String::new()];
    let mut chars = header.chars().peekable();
    let (delimiter, quote, mut quoted) = (char::from(dialect.delimiter), char::from(quote), false);
    while let Some(c) = chars.next() {
        let last = columns.last_mut().ok_or_else(broken)?;
        if c == quote {
            if quoted && chars.next_if_eq(&quote).is_some() {
                last.push(quote);
            } else {
                quoted = !quoted;
            }
        } else if c == delimiter && !quoted {
            columns.push(String::new());
        } else {
            last.push(c);
        }
    }
    let layout = CsvLayout {
        columns,
        delimiter: dialect.delimiter,
        quote: dialect.quote,
        na: dialect.na.clone(),
    };
    Ok((Layout::Csv(layout), &record[1..]))
}

/// The header of CSV records, with quotes where a name needs them.
fn header(csv: &CsvLayout) -> String {
    let (delimiter, quote) = (char::from(csv.delimiter), char::from(csv.quote));
    let name = |name: &String| {
        if name.contains([delimiter, quote, '\n', '\r']) {
            let doubled = name.replace(quote, &format!("{quote}{quote}"));
            format!("{quote}{doubled}{quote}")
        } else {
            name.clone()
        }
    };
    let names: Vec<String> = csv.columns.iter().map(name).collect();
    names.join(&delimiter.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row that JSON cannot hold is shown all the same.
    #[test]
    fn packed_rows_are_shown_as_json() {
        let row = std::collections::BTreeMap::from([("id", 1.0), ("share", f64::INFINITY)]);
        let stored = StoredRow {
            format: "msgpack".to_owned(),
            bytes: rmp_serde::to_vec_named(&row).unwrap(),
            ..StoredRow::default()
        };
        let shown = row_as_json(&stored).map(|json| json.to_string());
        assert_eq!(shown.as_deref(), Some(r#"{"id":1.0,"share":null}"#));
    }

    proptest! {
        /// A CSV record that left its file is the same record when it comes back.
        #[test]
        fn csv_records_come_back(
            columns in prop::collection::vec("[a-z;\"\n ]{0,6}", 1..5), record in "[ -~]{0,20}",
            delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        ) {
            let layout = CsvLayout { columns, delimiter, quote: b'"', na: vec!["NA".to_owned()] };
            let stored = delivered(&Layout::Csv(layout.clone()), record.as_bytes());
            let raw = raw_rows(&stored).unwrap();
            prop_assert_eq!(&**raw.layout(), &Layout::Csv(layout));
            prop_assert_eq!(raw.bytes(0), record.as_bytes());
        }
    }
}
