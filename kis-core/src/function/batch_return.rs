//! What a function that takes a batch may return, and how it becomes the next batch.

use super::{Action, ByRef, ByVal, HandsOn, Outcome};
use crate::{
    error::Error,
    row::{Batch, HasInfo, Origin, Row},
};

/// A result that a function may return for a batch.
#[diagnostic::on_unimplemented(
    message = "a function that takes a batch cannot return `{Self}`",
    label = "not a result for a batch",
    note = "it may return `()`, `Vec<T>`, `Vec<Traced<T>>` or `Outcome<T>` where `T` is a row, or a `Result` of these",
    note = "the error of a `Result` is `kis_core::Error` or any type that implements `std::error::Error`"
)]
pub trait BatchReturn<By>: Sized {
    /// What the function hands on.
    const ON: HandsOn;
    /// Whether it can fail other than by a panic.
    const CAN_FAIL: bool = false;

    /// Makes the result the rows of the batch.
    #[doc(hidden)]
    fn done(self, batch: &mut Batch) -> Result<Action, Error>;
}

/// Looks at the rows; they go on.
impl BatchReturn<ByRef> for () {
    const ON: HandsOn = HandsOn::WhatCameIn;

    fn done(self, _: &mut Batch) -> Result<Action, Error> {
        Ok(Action::default())
    }
}

/// Uses the rows up.
impl BatchReturn<ByVal> for () {
    const ON: HandsOn = HandsOn::Nothing;

    fn done(self, batch: &mut Batch) -> Result<Action, Error> {
        batch.clear();
        Ok(Action::default())
    }
}

#[diagnostic::do_not_recommend]
impl<By, T: Row> BatchReturn<By> for Vec<T> {
    const ON: HandsOn = HandsOn::Rows(T::ROW);

    fn done(self, batch: &mut Batch) -> Result<Action, Error> {
        replace(batch, self);
        Ok(Action::default())
    }
}

#[diagnostic::do_not_recommend]
impl<By, T: Row> BatchReturn<By> for Outcome<T> {
    const ON: HandsOn = HandsOn::Rows(T::ROW);

    fn done(self, batch: &mut Batch) -> Result<Action, Error> {
        let (rows, action) = self.into_parts();
        // Reuse hands on the rows that came in, and they still stand in the batch.
        if !action.reuse {
            replace(batch, rows.unwrap_or_default());
        }
        Ok(action)
    }
}

/// The rows that came in go on, and the flow is told something.
impl BatchReturn<ByRef> for Outcome<()> {
    const ON: HandsOn = HandsOn::WhatCameIn;

    fn done(self, _: &mut Batch) -> Result<Action, Error> {
        Ok(self.into_parts().1)
    }
}

impl BatchReturn<ByVal> for Outcome<()> {
    const ON: HandsOn = HandsOn::Nothing;

    fn done(self, batch: &mut Batch) -> Result<Action, Error> {
        let action = self.into_parts().1;
        if !action.reuse {
            batch.clear();
        }
        Ok(action)
    }
}

#[diagnostic::do_not_recommend]
impl<By, R: BatchReturn<By>, E: Into<Error>> BatchReturn<By> for Result<R, E> {
    const ON: HandsOn = R::ON;
    const CAN_FAIL: bool = true;

    fn done(self, batch: &mut Batch) -> Result<Action, Error> {
        self.map_err(Into::into)?.done(batch)
    }
}

/// The new rows came from the batch as a whole; if that was one row, from that row.
fn replace<T: Row>(batch: &mut Batch, rows: Vec<T>) {
    let origin = match (batch.len(), rows.len()) {
        (1, 1) => Origin::Same,
        (1, made) => Origin::Each(vec![0; made]),
        _ => Origin::All,
    };
    batch.replace(rows, origin);
}
