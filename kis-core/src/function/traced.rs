//! Rows that a batch function returns together with the row that each was made from.

use super::{Action, BatchReturn, HandsOn};
use crate::{
    error::Error,
    row::{Batch, HasInfo, Origin, Row},
};

/// A row, and from which row of the batch it was made.
///
/// Rows that a batch function returns as `Vec<T>` stand for the whole batch: when one of them fails later, the letter
/// says so, and in a flow that is ordered by key they keep their key only if they have its field. With
/// `Vec<Traced<T>>` each is known by the row that it came from.
///
/// ```
/// use kis_core::prelude::*;
///
/// #[derive(Row, Clone)]
/// pub struct Order { pub id: i64, pub amount: i64 }
///
/// /// Keeps the orders above the batch's mean.
/// #[kis_function(mode = "Calculate")]
/// pub fn above_mean(orders: &[Order]) -> Vec<Traced<Order>> {
///     let mean = orders.iter().map(|order| order.amount).sum::<i64>() / orders.len().max(1) as i64;
///     let rows = orders.iter().enumerate().filter(|(_, order)| order.amount > mean);
///     rows.map(|(i, order)| Traced::new(i, order.clone())).collect()
/// }
/// let orders = [1, 9].map(|amount| Order { id: amount, amount });
/// assert_eq!(above_mean(&orders)[0].from, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced<T> {
    /// The index in the batch of the row that it was made from.
    pub from: usize,
    /// The row.
    pub row: T,
}

impl<T> Traced<T> {
    /// A row made from the row `from` of the batch.
    pub const fn new(from: usize, row: T) -> Traced<T> {
        Traced { from, row }
    }
}

#[diagnostic::do_not_recommend]
impl<By, T: Row> BatchReturn<By> for Vec<Traced<T>> {
    const ON: HandsOn = HandsOn::Rows(T::ROW);

    fn done(mut self, batch: &mut Batch) -> Result<Action, Error> {
        let given = batch.len();
        if let Some(traced) = self.iter().find(|traced| traced.from >= given) {
            return Err(Error::fatal(format!(
                "a row is traced to row {} of a batch of {given}; `from` counts the rows that the function was given, from 0",
                traced.from
            )));
        }
        // Rows travel in the order of the rows that they came from.
        self.sort_by_key(|traced| traced.from);
        let (from, rows) = self
            .into_iter()
            .map(|traced| (traced.from as u32, traced.row))
            .unzip();
        batch.replace::<T>(rows, Origin::Each(from));
        Ok(Action::default())
    }
}
