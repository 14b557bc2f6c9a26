//! How a sink writes a row: as a JSON line or a CSV record.

use serde::Serialize;

use super::csv::{columns, record};
use super::json;
use crate::{ConnError, ErrorClass};

/// The format of a sink's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowFormat {
    /// One JSON value a line.
    Json,
    /// One CSV record a line; `na` stands for a missing value.
    Csv { delimiter: u8, na: String },
}

impl RowFormat {
    /// Appends a row with its line end. After an error some of it may be there.
    #[inline]
    pub(crate) fn encode<R: Serialize + ?Sized>(&self, row: &R, to: &mut Vec<u8>) -> Result<(), ConnError> {
        match self {
            RowFormat::Json => {
                json::write(row, to).map_err(|error| cannot("JSON", &error))?;
            }
            RowFormat::Csv { delimiter, na } => {
                record(row, *delimiter, na, to).map_err(|error| cannot("CSV", &error))?;
            }
        }
        to.push(b'\n');
        Ok(())
    }

    /// The header record for rows like this one; nothing for a format without headers.
    pub(crate) fn header<R: Serialize + ?Sized>(&self, row: &R) -> Result<Option<Vec<u8>>, ConnError> {
        let RowFormat::Csv { delimiter, na } = self else {
            return Ok(None);
        };
        let names = columns(row).map_err(|error| cannot("CSV", &error))?;
        let mut header = Vec::new();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        record(&Names(&names), *delimiter, na, &mut header).map_err(|error| cannot("CSV", &error))?;
        header.push(b'\n');
        Ok(Some(header))
    }
}

/// Column names as a record: values without names of their own.
struct Names<'a>(&'a [&'a str]);

impl Serialize for Names<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|name| (name, name)))
    }
}

fn cannot(format: &str, error: &impl ToString) -> ConnError {
    let message = format!("the row cannot be written as {format}: {}", error.to_string());
    ConnError::new(ErrorClass::Reject, "cannot_be_written", message)
}
