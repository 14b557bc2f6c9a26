//! How long a call may take: each row has the time for itself where the function takes its rows one by one.

use std::{future::Future, time::Duration};

use crate::function::Place;

/// So often a call is looked at in the time that a row has, to see whether it has come to another row.
const LOOKS: u32 = 8;

/// The time that a call has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// The time for one call of the function.
    pub(super) each: Duration,
    /// How often the function is called. A call that does not say at which row it is may take the time of all.
    pub(super) calls: usize,
}

impl Limit {
    /// Waits for a call that notes in `place` where it is.
    ///
    /// # Errors
    /// When it takes too long: the number of the row that it is at, if it has said so. It comes to no other row then.
    pub(super) async fn wait<F: Future + Unpin>(
        self,
        mut call: F,
        place: &Place,
    ) -> Result<F::Output, Option<usize>> {
        let looks = LOOKS as usize;
        let (mut seen, mut same) = (place.begun(), 0);
        loop {
            // Looks are counted, not the time: a process that was held up itself does not blame a row.
            if let Ok(answer) = tokio::time::timeout(self.each / LOOKS, &mut call).await {
                return Ok(answer);
            }
            let begun = place.begun();
            same = if begun == seen { same + 1 } else { 0 };
            seen = begun;
            let row = (seen as usize).checked_sub(1).filter(|row| *row < self.calls);
            let most = match row {
                Some(_) => looks,
                None => looks.saturating_mul(self.calls.max(1)),
            };
            if same >= most && place.give_up(seen) {
                return Err(row);
            }
        }
    }
}
