//! Asking a system that may not be there yet.

use kis_conn::{BoxFuture, ConnError, ErrorClass, OpenError};

use super::{around::Clock, fault::Fault, reader::Patience};
use crate::observe::Hold;

/// Asks `whom` until the answer is anything but that it is not available; `hold` shows that it is waited for. Whoever
/// starts a flow stops asking when the flow is told to stop.
pub(super) async fn ask<'a, T, E: IsUnavailable>(
    whom: &str,
    hold: Option<(&Hold, &Clock)>,
    mut once: impl FnMut() -> BoxFuture<'a, Result<T, E>>,
) -> Result<T, E> {
    let mut patience = Patience::default();
    loop {
        let answer = once().await;
        let Some(error) = answer.as_ref().err().and_then(E::unavailable) else {
            if let Some((hold, _)) = hold {
                hold.end();
            }
            return answer;
        };
        let wait = patience.next();
        tracing::warn!(code = %error.code, "{whom}: {}; asking again in {wait:?}", error.message);
        if let Some((hold, clock)) = hold {
            hold.begin(&*error.message, clock());
        }
        drop(answer);
        tokio::time::sleep(wait).await;
    }
}

/// An error that may say that the other side is not there yet.
pub(super) trait IsUnavailable {
    fn unavailable(&self) -> Option<&ConnError>;
}

impl IsUnavailable for ConnError {
    fn unavailable(&self) -> Option<&ConnError> {
        (self.class == ErrorClass::Unavailable).then_some(self)
    }
}

impl IsUnavailable for OpenError {
    fn unavailable(&self) -> Option<&ConnError> {
        match self {
            OpenError::Conn(error) => error.unavailable(),
            OpenError::Params(_) => None,
        }
    }
}

/// What ends the flow when `whom` cannot be asked again.
pub(super) fn at(whom: &str, error: ConnError) -> Fault {
    Fault::new(error.code, format_args!("{whom}: {}", error.message))
}
