//! What keeps a flow from going on at the moment, and since when.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;

use super::Count;

/// What may keep a flow from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// A connector, or whatever else a step needs, is not available.
    Conn,
    /// The embedded store cannot be written.
    Store,
    /// So many rows of a step failed that the flow paused.
    Budget,
    /// A call of a step does not return.
    Hang,
    /// Too many calls were given up and still hold their threads.
    Threads,
    /// There is no room for more dead letters.
    Letters,
    /// Rows are on their way and none is settled.
    Stuck,
}

/// One thing that may keep a flow from going on. Flows share it where they share the thing.
#[derive(Debug)]
pub struct Hold {
    /// Of which kind it is.
    pub by: HeldBy,
    /// The name of the connector or of the step; empty where there is only one.
    pub what: String,
    /// How often it began.
    pub times: Count,
    /// Since when in milliseconds since 1970; 0 while nothing is held.
    since_ms: AtomicU64,
    why: Mutex<String>,
}

impl Hold {
    /// Nothing is held yet.
    pub fn new(by: HeldBy, what: impl Into<String>) -> Arc<Hold> {
        Arc::new(Hold {
            by,
            what: what.into(),
            times: Count::default(),
            since_ms: AtomicU64::new(0),
            why: Mutex::default(),
        })
    }

    /// It holds from now on, for this reason. Says whether it did not before; a later reason takes the earlier one's
    /// place.
    pub fn begin(&self, why: impl Into<String>, now_ms: u64) -> bool {
        *self.why.lock() = why.into();
        let began = self
            .since_ms
            .compare_exchange(0, now_ms.max(1), Relaxed, Relaxed)
            .is_ok();
        self.times.add(u64::from(began));
        began
    }

    /// It holds no more. Gives since when it did.
    pub fn end(&self) -> Option<u64> {
        Some(self.since_ms.swap(0, Relaxed)).filter(|since| *since > 0)
    }

    /// Since when it holds, in milliseconds since 1970.
    pub fn since_ms(&self) -> Option<u64> {
        Some(self.since_ms.load(Relaxed)).filter(|since| *since > 0)
    }

    /// What it keeps a flow from, with the time since when; nothing while it does not hold.
    pub fn show(&self) -> Option<String> {
        let since_ms = self.since_ms()?;
        let since = i64::try_from(since_ms)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let (what, why) = (&self.what, self.why.lock());
        let text = match self.by {
            HeldBy::Conn => format!("waits for {what}"),
            HeldBy::Store => "waits for the embedded store".to_owned(),
            HeldBy::Budget => format!("is paused (budget) at step {what}"),
            HeldBy::Hang => format!("hangs in step {what}"),
            HeldBy::Threads => "waits for threads of calls that were given up".to_owned(),
            HeldBy::Letters => "takes no more rows".to_owned(),
            HeldBy::Stuck => "has rows on their way and settles none".to_owned(),
        };
        Some(format!("{text} since {}: {why}", since.unwrap_or_default()))
    }
}

/// What may keep one flow from going on.
#[derive(Debug, Default)]
pub struct Holds(Mutex<Vec<Arc<Hold>>>);

impl Holds {
    /// The one of this kind and name, made if there is none yet.
    pub fn of(&self, by: HeldBy, what: &str) -> Arc<Hold> {
        let mut all = self.0.lock();
        if let Some(known) = all.iter().find(|hold| hold.by == by && hold.what == what) {
            return Arc::clone(known);
        }
        let new = Hold::new(by, what);
        all.push(Arc::clone(&new));
        new
    }

    /// Adds one that other flows may have too; it counts once.
    pub fn add(&self, hold: &Arc<Hold>) {
        let mut all = self.0.lock();
        if !all.iter().any(|known| Arc::ptr_eq(known, hold)) {
            all.push(Arc::clone(hold));
        }
    }

    /// All that there may be, whether they hold now or not.
    pub fn all(&self) -> Vec<Arc<Hold>> {
        self.0.lock().clone()
    }

    /// Those that hold now.
    pub fn now(&self) -> Vec<Arc<Hold>> {
        let all = self.0.lock();
        all.iter()
            .filter(|hold| hold.since_ms().is_some())
            .cloned()
            .collect()
    }

    /// Whether one of this kind holds now.
    pub fn any(&self, by: HeldBy) -> bool {
        let all = self.0.lock();
        all.iter().any(|hold| hold.by == by && hold.since_ms().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_told_with_its_first_time_and_its_last_reason() {
        let holds = Holds::default();
        let conn = holds.of(HeldBy::Conn, "connector Cache");
        assert_eq!(conn.show(), None);
        assert!(conn.begin("refused", 1_000));
        assert!(!conn.begin("no route", 9_000));
        insta::assert_snapshot!(conn.show().unwrap(), @"waits for connector Cache since 1970-01-01T00:00:01Z: no route");
        assert!(holds.any(HeldBy::Conn) && !holds.any(HeldBy::Budget));
        assert_eq!((conn.end(), conn.end()), (Some(1_000), None));
        assert_eq!(
            (holds.now().len(), holds.all().len(), conn.times.get()),
            (0, 1, 1)
        );
    }
}
