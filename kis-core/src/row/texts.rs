//! The texts of one CSV record, found by the columns' names.

use kis_conn::CsvLayout;

use super::{FieldError, FieldValue, Shape, csv::Span};

/// One record of texts with the columns that a row type asks for.
#[derive(Debug)]
pub struct Texts<'a> {
    text: &'a str,
    spans: &'a [Span],
    columns: &'a ColumnMap,
}

/// Which column holds each field of a shape; made once for a layout and a row type.
#[derive(Debug)]
pub(crate) struct ColumnMap {
    shape: &'static Shape,
    columns: Vec<Option<u32>>,
    na: Vec<String>,
}

impl ColumnMap {
    pub(crate) fn new(shape: &'static Shape, layout: &CsvLayout) -> ColumnMap {
        let find = |name: &str| layout.columns.iter().position(|c| c == name);
        ColumnMap {
            shape,
            columns: shape
                .fields
                .iter()
                .map(|f| find(f.name).map(|at| at as u32))
                .collect(),
            na: layout.na.clone(),
        }
    }
}

impl<'a> Texts<'a> {
    pub(crate) fn new(text: &'a str, spans: &'a [Span], columns: &'a ColumnMap) -> Texts<'a> {
        Texts { text, spans, columns }
    }

    /// The value of field `i`.
    ///
    /// # Errors
    /// If the column is missing, or its text is not a value of this type.
    #[inline]
    pub fn get<T: FieldValue>(&self, i: usize) -> Result<T, FieldError> {
        match self.find(i) {
            Some((text, true)) => match T::missing() {
                Some(none) => Ok(none),
                // An empty text is a text; a word that says "no value" is none.
                None if text.is_empty() => self.read(i, text),
                None => Err(FieldError::not_available(i, text)),
            },
            Some((text, false)) => self.read(i, text),
            None => T::missing().ok_or_else(|| FieldError::missing(i)),
        }
    }

    /// The value of field `i`, or its default when the column is missing or holds a word for "no value".
    ///
    /// # Errors
    /// If the text is not a value of this type.
    pub fn get_or<T: FieldValue>(&self, i: usize, default: impl FnOnce() -> T) -> Result<T, FieldError> {
        match self.find(i) {
            Some((text, false)) => self.read(i, text),
            _ => Ok(default()),
        }
    }

    /// The value of field `i`, which is JSON.
    ///
    /// # Errors
    /// If the column is missing, or its text is not JSON of this type.
    pub fn json<T: serde::de::DeserializeOwned>(&self, i: usize) -> Result<T, FieldError> {
        let (text, _) = self.find(i).ok_or_else(|| FieldError::missing(i))?;
        serde_json::from_str(text).map_err(|_| FieldError::text(i, text, self.columns.shape.fields[i].kind))
    }

    /// The text of field `i`, and whether it stands for no value; none when the record has no such column.
    #[inline]
    fn find(&self, i: usize) -> Option<(&'a str, bool)> {
        let column = (*self.columns.columns.get(i)?)?;
        let span = self.spans.get(column as usize)?;
        let text = self.text.get(span.from as usize..span.to as usize)?;
        Some((
            text,
            !span.quoted && self.columns.na.iter().any(|word| word == text),
        ))
    }

    #[inline]
    fn read<T: FieldValue>(&self, i: usize, text: &str) -> Result<T, FieldError> {
        T::from_text(text).ok_or_else(|| FieldError::text(i, text, self.columns.shape.fields[i].kind))
    }
}
