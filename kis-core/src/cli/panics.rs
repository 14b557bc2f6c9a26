//! A panic hook for programs of flows: a panic is the failure of one row, so it is one log line and no backtrace.

use std::{
    any::Any,
    collections::HashMap,
    panic,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// A place that keeps panicking is logged once in this time.
const QUIET: Duration = Duration::from_secs(10);

/// Sets the hook.
pub(super) fn quiet() {
    let seen: Mutex<HashMap<String, Seen>> = Mutex::default();
    panic::set_hook(Box::new(move |info| {
        let place = info
            .location()
            .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let before = match seen.lock().entry(place.clone()).or_default().note(Instant::now()) {
            Some(before) => before,
            None => return,
        };
        let text = text(info.payload());
        if before == 0 {
            tracing::error!("panic at {place}: {text}");
        } else {
            tracing::error!("panic at {place}: {text} ({before} more since the last line)");
        }
    }));
}

/// How often a place has panicked.
#[derive(Debug, Default)]
struct Seen {
    logged: Option<Instant>,
    since: u64,
}

impl Seen {
    /// Notes a panic. When it is to be logged: how many were not, since the last one that was.
    fn note(&mut self, now: Instant) -> Option<u64> {
        if self
            .logged
            .is_some_and(|logged| now.duration_since(logged) < QUIET)
        {
            self.since += 1;
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    match (
        payload.downcast_ref::<&'static str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "with a value that is no text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_logged_once_in_ten_seconds() {
        let (mut seen, start) = (Seen::default(), Instant::now());
        assert_eq!(seen.note(start), Some(0));
        assert_eq!(seen.note(start + Duration::from_secs(1)), None);
        assert_eq!(seen.note(start + Duration::from_secs(9)), None);
        assert_eq!(seen.note(start + Duration::from_secs(10)), Some(2));
        assert_eq!(seen.note(start + Duration::from_secs(30)), Some(0));
    }
}
