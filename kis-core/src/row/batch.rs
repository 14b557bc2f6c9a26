//! A batch: rows of one type, the views of them as other types, and where each row came from.

use kis_conn::RawRows;

use super::{Fail, Fails, Origin, Row, Rows, Shape, Value, raw::decode};
use crate::error::Error;

/// A group of rows that travels together.
///
/// It holds the rows that came in, and beside them views: the same rows as other types, built once for each type that
/// asks. A step that borrows sees its view; what goes on is what came in.
#[derive(Debug)]
pub struct Batch {
    rows: Rows,
    views: Vec<Rows>,
    origin: Origin,
}

impl Batch {
    /// A batch of `rows`.
    pub fn new(rows: Rows) -> Batch {
        Batch {
            rows,
            views: Vec::new(),
            origin: Origin::Same,
        }
    }

    /// A batch of rows of the type `T`.
    pub fn new_typed<T: Row>(rows: Vec<T>) -> Batch {
        Batch::new(Rows::typed(rows))
    }

    /// A batch of raw rows.
    pub fn new_raw(rows: RawRows) -> Batch {
        Batch::new(Rows::raw(rows))
    }

    /// How many rows there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows that came in, or the last replacement of them.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The rows alone.
    pub fn into_rows(self) -> Rows {
        self.rows
    }

    /// The shape of the rows; none for raw rows.
    pub fn shape(&self) -> Option<&'static Shape> {
        self.rows.shape()
    }

    /// The name of the row type; `raw` for raw rows.
    pub fn row_type(&self) -> &'static str {
        self.rows.row_type()
    }

    /// From which row of the stage's input row `i` came; none when it stands for the whole batch.
    #[inline]
    pub fn origin_of(&self, i: usize) -> Option<u32> {
        self.origin.of(i)
    }

    /// Where the rows came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Sets where the rows came from, and gives what was there.
    pub fn set_origin(&mut self, origin: Origin) -> Origin {
        std::mem::replace(&mut self.origin, origin)
    }

    /// The value of the field `name` in row `i`.
    ///
    /// # Panics
    /// If there is no row `i`.
    pub fn field(&self, i: usize, name: &str) -> Value<'_> {
        self.rows.field(i, name)
    }

    /// The rows as `T`: themselves if that is their type, else a view, made at most once.
    /// Rows that cannot be read as `T` leave the batch and are put into `fails`.
    pub fn view<T: Row>(&mut self, fails: &mut Fails) -> &[T] {
        self.view_and_origin(fails).0
    }

    /// The rows as `T`, and where they came from.
    pub(crate) fn view_and_origin<T: Row>(&mut self, fails: &mut Fails) -> (&[T], &Origin) {
        if self.rows.is::<T>() {
            return (self.rows.as_slice().unwrap_or_default(), &self.origin);
        }
        let at = match self.views.iter().position(Rows::is::<T>) {
            Some(at) => at,
            None => {
                let view = self.make_view::<T>(fails);
                self.views.push(Rows::typed(view));
                self.views.len() - 1
            }
        };
        (self.views[at].as_slice().unwrap_or_default(), &self.origin)
    }

    /// The rows as `T`, taken out. If `T` is their type, the batch is empty until [`Batch::replace`]; else they stay
    /// and their view is taken.
    pub fn take<T: Row>(&mut self, fails: &mut Fails) -> Vec<T> {
        if let Some(rows) = self.rows.typed_mut::<T>() {
            return std::mem::take(rows);
        }
        match self.views.iter().position(Rows::is::<T>) {
            Some(at) => self.views.swap_remove(at).into_vec().unwrap_or_default(),
            None => self.make_view::<T>(fails),
        }
    }

    /// Makes `T` the type of the rows, not only a view of them.
    pub fn convert<T: Row>(&mut self, fails: &mut Fails) {
        if !self.rows.is::<T>() {
            let rows = self.take::<T>(fails);
            self.rows = Rows::typed(rows);
        }
    }

    /// Puts other rows in the place of these; `origin` says from which of these each came.
    pub fn replace<T: Row>(&mut self, rows: Vec<T>, origin: Origin) {
        match self.rows.typed_mut::<T>() {
            Some(old) => *old = rows,
            None => self.rows = Rows::typed(rows),
        }
        self.views.clear();
        if origin != Origin::Same {
            self.origin = std::mem::take(&mut self.origin).then(origin);
        }
    }

    /// Puts other rows of any type in the place of these.
    pub fn replace_rows(&mut self, rows: Rows, origin: Origin) {
        self.rows = rows;
        self.views.clear();
        self.origin = std::mem::take(&mut self.origin).then(origin);
    }

    /// Removes all rows.
    pub fn clear(&mut self) {
        self.views.clear();
        self.rows.retain(&vec![false; self.rows.len()]);
        self.origin = Origin::Same;
    }

    /// Removes the rows at these indices, which ascend.
    pub fn remove(&mut self, rows: &[u32]) {
        if !rows.is_empty() {
            let mut keep = vec![true; self.len()];
            rows.iter().for_each(|&i| keep[i as usize] = false);
            self.retain(&keep);
        }
    }

    /// Keeps the rows that `keep` marks, in all views.
    pub fn retain(&mut self, keep: &[bool]) {
        if keep.iter().all(|k| *k) {
            return;
        }
        self.rows.retain(keep);
        self.views.iter_mut().for_each(|view| view.retain(keep));
        self.origin.retain(keep);
    }

    pub(super) fn views(&self) -> &[Rows] {
        &self.views
    }

    pub(super) fn into_views(self) -> (Rows, Vec<Rows>) {
        (self.rows, self.views)
    }

    pub(super) fn add_view(&mut self, view: Rows) {
        self.views.push(view);
    }

    #[inline]
    pub(crate) fn is<T: Row>(&self) -> bool {
        self.rows.is::<T>()
    }

    /// A failure of row `i` that keeps a copy of the row as the step before handed it on.
    pub(crate) fn fail(&self, i: usize, error: Error) -> Fail {
        Fail {
            index: i as u32,
            origin: self.origin_of(i),
            error,
            row: Some(self.rows.copy_one(i)),
            held: false,
        }
    }

    /// Row `i`, which is not called: it waits behind one that failed and is tried again.
    pub(crate) fn held(&self, i: usize) -> Fail {
        Fail {
            held: true,
            ..self.fail(i, Error::held())
        }
    }

    fn make_view<T: Row>(&mut self, fails: &mut Fails) -> Vec<T> {
        let mut out = Vec::with_capacity(self.len());
        let mut bad = Vec::new();
        match self.rows.as_raw() {
            Some(raw) => decode(raw, &mut out, &mut bad),
            None => convert(&self.rows, &mut out, &mut bad),
        }
        if !bad.is_empty() {
            let mut keep = vec![true; self.len()];
            for (i, why) in bad {
                keep[i] = false;
                fails.push(self.fail(i, Error::decode(why)));
            }
            self.retain(&keep);
        }
        out
    }
}

/// Rows of another type as `T`, field by field; the fields are looked up once.
fn convert<T: Row>(rows: &Rows, out: &mut Vec<T>, bad: &mut Vec<(usize, String)>) {
    let Some(given) = rows.shape() else { return };
    let map: Vec<Option<usize>> = T::SHAPE.fields.iter().map(|f| given.find(f.name)).collect();
    for i in 0..rows.len() {
        let row = T::build(&mut |field| match map[field] {
            Some(at) => rows.field_at(i, at),
            None => Value::Missing,
        });
        match row {
            Ok(row) => out.push(row),
            Err(error) => bad.push((i, error.say(T::SHAPE, "field"))),
        }
    }
}
