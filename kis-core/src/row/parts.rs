//! Parts of batches: copies, pieces, lanes and keys, as the engine needs them around failures and lane changes.

use kis_conn::{Layout, RawRows};

use super::{Batch, Origin, Rows, Value, key::Keys};

impl Batch {
    /// A copy of the rows and their origins, without the views.
    #[must_use]
    pub(crate) fn copy(&self) -> Batch {
        let mut copy = Batch::new(self.rows().copy());
        copy.set_origin(self.origin().clone());
        copy
    }

    /// A copy of the rows `from..to`.
    #[must_use]
    pub(crate) fn part(&self, from: usize, to: usize) -> Batch {
        let keep: Vec<bool> = (0..self.len()).map(|i| (from..to).contains(&i)).collect();
        let mut part = self.copy();
        part.retain(&keep);
        part
    }

    /// Puts the rows of `other` among these, by their origins. Rows of another type take the place of none at all.
    pub(crate) fn merge(&mut self, other: Batch) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let order = |batch: &Batch, i: usize| batch.origin_of(i).map_or(u64::MAX, u64::from);
        let mut origins: Vec<u64> = (0..self.len()).map(|i| order(self, i)).collect();
        origins.extend((0..other.len()).map(|i| order(&other, i)));
        let whole = matches!(self.origin(), Origin::All) || matches!(other.origin(), Origin::All);
        let mut sorted: Vec<u32> = (0..origins.len() as u32).collect();
        // Rows that stand for a whole batch have no place of their own: what comes later stands behind them.
        if !whole {
            sorted.sort_by_key(|i| origins[*i as usize]);
        }
        let origin = if whole {
            Origin::All
        } else {
            Origin::Each(sorted.iter().map(|i| origins[*i as usize] as u32).collect())
        };
        let mut rows = std::mem::take(self).into_rows();
        let joined = rows.join(other.into_rows());
        debug_assert!(joined, "bug in kis: rows of two types in one batch");
        *self = Batch::new(rows.arrange(&sorted));
        self.set_origin(origin);
    }

    /// Deals the rows out: row `i` goes to the part `part_of[i]`, order and origins kept.
    pub(crate) fn divide(mut self, part_of: &[u32], parts: usize) -> Vec<Batch> {
        let origin = self.set_origin(Origin::Same);
        let mut origins = vec![Vec::new(); parts];
        for (i, part) in part_of.iter().enumerate() {
            origins[*part as usize].extend(origin.of(i));
        }
        let mut batches = self.split(part_of, parts);
        for (batch, rows) in batches.iter_mut().zip(origins) {
            batch.set_origin(match origin {
                Origin::All => Origin::All,
                Origin::Same | Origin::Each(_) => Origin::Each(rows),
            });
        }
        batches
    }

    /// Deals the rows and their views out: row `i` goes to the part `part_of[i]`, order kept. Origins count anew.
    pub(crate) fn split(self, part_of: &[u32], parts: usize) -> Vec<Batch> {
        let (rows, views) = self.into_views();
        let mut batches: Vec<Batch> = rows.split(part_of, parts).into_iter().map(Batch::new).collect();
        for view in views {
            for (batch, view) in batches.iter_mut().zip(view.split(part_of, parts)) {
                batch.add_view(view);
            }
        }
        batches
    }

    /// The rows, or the view of them, in which the field `name` can be read at once, and its place there.
    fn column(&self, name: &str) -> (&Rows, Option<usize>) {
        let place = |rows: &Rows| rows.shape().and_then(|shape| shape.find(name));
        if let Some(at) = place(self.rows()) {
            return (self.rows(), Some(at));
        }
        match self.views().iter().find_map(|view| Some((view, place(view)?))) {
            Some((view, at)) => (view, Some(at)),
            None => (self.rows(), None),
        }
    }

    /// The keys of the rows: the values of the field `name`.
    pub(crate) fn keys(&self, name: &str) -> Keys {
        let mut keys = Keys::with_capacity(self.len());
        let (rows, at) = self.column(name);
        for i in 0..self.len() {
            push(
                &mut keys,
                at.map_or_else(|| rows.field(i, name), |at| rows.field_at(i, at)),
            );
        }
        keys
    }

    /// For each row whether the field `name` has a value.
    pub(crate) fn has_value(&self, name: &str) -> Vec<bool> {
        let (rows, at) = self.column(name);
        (0..self.len())
            .map(|i| {
                !at.map_or_else(|| rows.field(i, name), |at| rows.field_at(i, at))
                    .is_null()
            })
            .collect()
    }

    /// The largest moment in the field `name`, in milliseconds since 1970.
    pub(crate) fn latest(&self, name: &str) -> Option<i64> {
        let (rows, at) = self.column(name);
        (0..self.len())
            .filter_map(
                |i| match at.map_or_else(|| rows.field(i, name), |at| rows.field_at(i, at)) {
                    Value::Timestamp(moment) => Some(moment.as_millisecond()),
                    Value::Int(ms) => Some(ms),
                    Value::Text(text) => text
                        .parse::<jiff::Timestamp>()
                        .ok()
                        .map(jiff::Timestamp::as_millisecond),
                    _ => None,
                },
            )
            .max()
    }
}

impl Default for Batch {
    fn default() -> Self {
        Batch::new_raw(RawRows::from_rows(
            "no rows",
            1,
            Layout::Json,
            std::iter::empty::<&str>(),
        ))
    }
}

/// Adds a field's value to a column of keys. What has no canonical form of its own is taken as its text.
fn push(keys: &mut Keys, value: Value<'_>) {
    match value {
        Value::Missing | Value::Null => keys.push_null(),
        Value::Bool(v) => keys.push_bool(v),
        Value::Int(v) => keys.push_int(v),
        Value::UInt(v) => match i64::try_from(v) {
            Ok(v) => keys.push_int(v),
            Err(_) => keys.push_text(&v.to_string()),
        },
        Value::Float(v) => keys.push_float(v),
        Value::Text(v) => keys.push_text(v),
        Value::Bytes(v) => keys.push_bytes(v),
        other => keys.push_text(&format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(kis_macros::Row, Clone)]
    struct N {
        n: i64,
    }

    fn merged(first: &[i64], origin: Origin, then: i64, place: u32) -> Vec<i64> {
        let batch = |ns: &[i64], origin| {
            let rows: Vec<N> = ns.iter().map(|n| N { n: *n }).collect();
            let mut batch = Batch::new(Rows::typed(rows));
            batch.set_origin(origin);
            batch
        };
        let mut all = batch(first, origin);
        all.merge(batch(&[then], Origin::Each(vec![place])));
        let rows: &[N] = all.rows().as_slice().unwrap();
        rows.iter().map(|row| row.n).collect()
    }

    #[test]
    fn rows_without_a_place_stay_before_what_comes_later() {
        assert_eq!(merged(&[0, 2], Origin::Each(vec![0, 2]), 1, 1), [0, 1, 2]);
        assert_eq!(merged(&[0, 1], Origin::All, 2, 2), [0, 1, 2]);
    }
}
