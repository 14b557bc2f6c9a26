//! The texts of one CSV record, found by the columns' names.

use kis_conn::CsvLayout;

use super::{FieldError, FieldValue, Shape};

/// One record of texts with the columns that a row type asks for.
#[derive(Debug)]
pub struct Texts<'a> {
    text: &'a str,
    spans: &'a [(u32, u32)],
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
    pub(crate) fn new(text: &'a str, spans: &'a [(u32, u32)], columns: &'a ColumnMap) -> Texts<'a> {
        Texts { text, spans, columns }
    }

    /// The value of field `i`.
    ///
    /// # Errors
    /// If the column is missing, or its text is not a value of this type.
    #[inline]
    pub fn get<T: FieldValue>(&self, i: usize) -> Result<T, FieldError> {
        match self.text(i) {
            Some(text) => self.read(i, text),
            None => T::missing().ok_or_else(|| FieldError::missing(i)),
        }
    }

    /// The value of field `i`, or its default when the column is missing or holds a word for "not available".
    ///
    /// # Errors
    /// If the text is not a value of this type.
    pub fn get_or<T: FieldValue>(&self, i: usize, default: impl FnOnce() -> T) -> Result<T, FieldError> {
        match self.text(i) {
            Some(text) if !self.is_na(text) => self.read(i, text),
            _ => Ok(default()),
        }
    }

    /// The text of field `i`; `None` when the record has no such column.
    #[inline]
    pub fn text(&self, i: usize) -> Option<&'a str> {
        let column = (*self.columns.columns.get(i)?)?;
        let (from, to) = *self.spans.get(column as usize)?;
        self.text.get(from as usize..to as usize)
    }

    #[inline]
    fn read<T: FieldValue>(&self, i: usize, text: &str) -> Result<T, FieldError> {
        if self.is_na(text) {
            if let Some(value) = T::missing() {
                return Ok(value);
            }
            // A text field holds every text, but a word that says "no value" is none.
            if !text.is_empty() {
                return Err(FieldError::not_available(i, text));
            }
        }
        T::from_text(text).ok_or_else(|| FieldError::text(i, text, self.columns.shape.fields[i].kind))
    }

    #[inline]
    fn is_na(&self, text: &str) -> bool {
        self.columns.na.iter().any(|word| word == text)
    }
}
