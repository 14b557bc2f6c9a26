//! Rows of one type, whatever the type: what a batch is made of and what `&Rows` functions see.

use std::any::{Any, TypeId};

use kis_conn::RawRows;

use super::{Row, Shape, Value, raw::Raw};

/// Rows of one type, or raw rows as a source gave them.
///
/// A function that takes `&Rows` works on rows of any type and reads fields by name:
/// ```
/// # use kis_core::row::{Rows, Value};
/// fn count_nulls(rows: &Rows) -> usize {
///     (0..rows.len()).filter(|&i| rows.field(i, "dep_delay").is_null()).count()
/// }
/// ```
pub struct Rows {
    store: Box<dyn RowStore>,
}

/// The rows of one type behind [`Rows`].
pub(crate) trait RowStore: Any + Send + Sync {
    fn count(&self) -> usize;
    fn retain(&mut self, keep: &[bool]);
    fn copy_one(&self, i: usize) -> Rows;
    fn copy_all(&self) -> Rows;
    fn split(self: Box<Self>, part_of: &[u32], parts: usize) -> Vec<Rows>;
    /// Adds rows of the same type; says no to others.
    fn join(&mut self, more: Rows) -> bool;
    /// The rows in another order, each once.
    fn arrange(self: Box<Self>, order: &[u32]) -> Rows;
    fn shape(&self) -> Option<&'static Shape>;
    fn row_type(&self) -> &'static str;
    /// The bytes that the rows hold, as far as that is known without looking into them.
    fn size(&self) -> usize;
    fn value(&self, i: usize, name: &str) -> Value<'_>;
    fn value_at(&self, i: usize, field: usize) -> Value<'_>;
    fn json(&self, i: usize, out: &mut Vec<u8>) -> Result<(), String>;
    fn kept(&self, i: usize) -> Option<(&'static str, Vec<u8>)>;
}

struct Typed<T>(Vec<T>);

impl Rows {
    /// Rows of the type `T`.
    pub fn typed<T: Row>(rows: Vec<T>) -> Rows {
        Rows {
            store: Box::new(Typed(rows)),
        }
    }

    /// Raw rows, not yet of any type.
    pub fn raw(rows: RawRows) -> Rows {
        Rows {
            store: Box::new(Raw::new(rows)),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.store.count()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of the rows; none for raw rows.
    pub fn shape(&self) -> Option<&'static Shape> {
        self.store.shape()
    }

    /// The name of the row type; `raw` for raw rows.
    pub fn row_type(&self) -> &'static str {
        self.store.row_type()
    }

    /// About how many bytes the rows hold; what a `String` points to is not counted.
    pub fn size(&self) -> usize {
        self.store.size()
    }

    /// The value of the field `name` in row `i`; [`Value::Missing`] when there is none.
    ///
    /// Raw rows are read as JSON objects or CSV records; the first look at one of them reads them all.
    ///
    /// # Panics
    /// If there is no row `i`.
    pub fn field(&self, i: usize, name: &str) -> Value<'_> {
        self.store.value(i, name)
    }

    /// The value of the field at `field` of the shape in row `i`.
    ///
    /// # Panics
    /// If there is no row `i`.
    pub fn field_at(&self, i: usize, field: usize) -> Value<'_> {
        self.store.value_at(i, field)
    }

    /// Writes row `i` as one JSON value.
    ///
    /// # Errors
    /// If the type's serializer refuses the row.
    pub fn json(&self, i: usize, out: &mut Vec<u8>) -> Result<(), String> {
        self.store.json(i, out)
    }

    /// The rows as `T`, if that is their type.
    #[inline]
    pub fn as_slice<T: Row>(&self) -> Option<&[T]> {
        let store: &dyn Any = &*self.store;
        store.downcast_ref::<Typed<T>>().map(|rows| &*rows.0)
    }

    /// The rows as `T`, if that is their type.
    ///
    /// # Errors
    /// The rows themselves, if they are of another type.
    pub fn into_vec<T: Row>(self) -> Result<Vec<T>, Rows> {
        if self.as_slice::<T>().is_none() {
            return Err(self);
        }
        let store: Box<dyn Any> = self.store;
        match store.downcast::<Typed<T>>() {
            Ok(rows) => Ok(rows.0),
            Err(_) => unreachable!("bug in kis: the type of rows changed"),
        }
    }

    /// The raw rows, if they are raw.
    pub fn as_raw(&self) -> Option<&RawRows> {
        let store: &dyn Any = &*self.store;
        store.downcast_ref::<Raw>().map(Raw::rows)
    }

    /// A copy of all rows.
    #[must_use]
    pub fn copy(&self) -> Rows {
        self.store.copy_all()
    }

    /// Row `i` in a form from which exactly it can be made again; none for raw rows, whose bytes are kept.
    pub(crate) fn kept(&self, i: usize) -> Option<(&'static str, Vec<u8>)> {
        self.store.kept(i)
    }

    /// A copy of row `i` alone.
    #[must_use]
    pub fn copy_one(&self, i: usize) -> Rows {
        self.store.copy_one(i)
    }

    /// Keeps the rows that `keep` marks.
    pub fn retain(&mut self, keep: &[bool]) {
        self.store.retain(keep);
    }

    /// Deals the rows out: row `i` goes to the part `part_of[i]`, order kept.
    #[must_use]
    pub fn split(self, part_of: &[u32], parts: usize) -> Vec<Rows> {
        self.store.split(part_of, parts)
    }

    /// Adds the rows of `more` behind these.
    ///
    /// # Errors
    /// `more`, if it is of another type or raw.
    pub fn append<T: Row>(&mut self, more: Vec<T>) -> Result<(), Vec<T>> {
        match self.typed_mut::<T>() {
            Some(rows) if rows.is_empty() => *rows = more,
            Some(rows) => rows.extend(more),
            None => return Err(more),
        }
        Ok(())
    }

    /// Adds rows of the same type behind these; says no to others.
    pub(super) fn join(&mut self, more: Rows) -> bool {
        self.store.join(more)
    }

    /// The rows in another order: `order` names each once.
    pub(super) fn arrange(self, order: &[u32]) -> Rows {
        self.store.arrange(order)
    }

    #[inline]
    pub(crate) fn typed_mut<T: Row>(&mut self) -> Option<&mut Vec<T>> {
        let store: &mut dyn Any = &mut *self.store;
        store.downcast_mut::<Typed<T>>().map(|rows| &mut rows.0)
    }

    #[inline]
    pub(crate) fn is<T: Row>(&self) -> bool {
        // The trait object's own type, not that of the box around it.
        (*self.store).type_id() == TypeId::of::<Typed<T>>()
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut list = f.debug_list();
        for i in 0..self.len() {
            let mut json = Vec::new();
            match self.json(i, &mut json) {
                Ok(()) => list.entry(&format_args!("{}", String::from_utf8_lossy(&json))),
                Err(error) => list.entry(&format_args!("({error})")),
            };
        }
        list.finish()
    }
}

impl<T: Row> RowStore for Typed<T> {
    #[inline]
    fn count(&self) -> usize {
        self.0.len()
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.0.retain(|_| keep.next().is_none_or(|k| *k));
    }

    fn copy_one(&self, i: usize) -> Rows {
        Rows::typed(vec![self.0[i].copy()])
    }

    fn copy_all(&self) -> Rows {
        Rows::typed(self.0.iter().map(T::copy).collect())
    }

    fn split(self: Box<Self>, part_of: &[u32], parts: usize) -> Vec<Rows> {
        let mut counts = vec![0; parts];
        part_of.iter().for_each(|&part| counts[part as usize] += 1);
        let mut parts: Vec<Vec<T>> = counts.into_iter().map(Vec::with_capacity).collect();
        for (row, &part) in self.0.into_iter().zip(part_of) {
            parts[part as usize].push(row);
        }
        parts.into_iter().map(Rows::typed).collect()
    }

    fn join(&mut self, more: Rows) -> bool {
        more.into_vec::<T>().map(|more| self.0.extend(more)).is_ok()
    }

    fn arrange(self: Box<Self>, order: &[u32]) -> Rows {
        let mut rows: Vec<Option<T>> = self.0.into_iter().map(Some).collect();
        Rows::typed(order.iter().filter_map(|i| rows[*i as usize].take()).collect())
    }

    fn shape(&self) -> Option<&'static Shape> {
        Some(T::SHAPE)
    }

    fn row_type(&self) -> &'static str {
        T::SHAPE.name
    }

    fn size(&self) -> usize {
        size_of_val(&*self.0)
    }

    fn value(&self, i: usize, name: &str) -> Value<'_> {
        match T::SHAPE.find(name) {
            Some(at) => Row::field(&self.0[i], at),
            None => Value::Missing,
        }
    }

    fn value_at(&self, i: usize, field: usize) -> Value<'_> {
        Row::field(&self.0[i], field)
    }

    fn json(&self, i: usize, out: &mut Vec<u8>) -> Result<(), String> {
        serde_json::to_writer(out, &self.0[i]).map_err(|e| e.to_string())
    }

    fn kept(&self, i: usize) -> Option<(&'static str, Vec<u8>)> {
        let row = &self.0[i];
        let packed = rmp_serde::to_vec_named(row).ok();
        let json = serde_json::to_vec(row).ok().filter(|json| {
            // JSON says null for a number that is not finite, so it is asked whether it gives the same row.
            let back = serde_json::from_slice::<T>(json).ok();
            back.and_then(|back| rmp_serde::to_vec_named(&back).ok()) == packed
        });
        json.map(|json| ("json", json))
            .or(packed.map(|packed| ("msgpack", packed)))
    }
}
