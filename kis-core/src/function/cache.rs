//! The cache of a flow: values by name, each with its own time to live.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use moka::{Expiry, sync::Cache as Moka};

/// Values that the steps of a flow share, each kept for its own time. Nothing in it is durable.
///
/// ```
/// # use std::time::Duration;
/// # use kis_core::Cache;
/// let cache = Cache::default();
/// cache.set("rate", 7.2_f64, Duration::from_secs(60));
/// assert_eq!(cache.get::<f64>("rate").as_deref(), Some(&7.2));
/// assert!(cache.get::<String>("rate").is_none());
/// ```
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    most: u64,
    /// Made with the first value: it takes tens of kilobytes, and most flows keep nothing in it.
    values: OnceLock<Moka<String, Entry>>,
}

#[derive(Clone)]
struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    ttl: Option<Duration>,
}

struct OwnTtl;

/// How many values a cache holds before it forgets those that were not used for long.
const MOST: u64 = 100_000;

impl Cache {
    /// A cache for at most `most` values.
    pub fn with_capacity(most: u64) -> Cache {
        Cache(Arc::new(Inner {
            most,
            values: OnceLock::new(),
        }))
    }

    fn values(&self) -> &Moka<String, Entry> {
        let make = || {
            Moka::builder()
                .max_capacity(self.0.most)
                .expire_after(OwnTtl)
                .build()
        };
        self.0.values.get_or_init(make)
    }

    /// A copy that shares nothing with this one but the values themselves.
    #[must_use]
    pub fn fork(&self) -> Cache {
        let copy = Cache::with_capacity(self.0.most);
        for (key, entry) in self.0.values.get().into_iter().flatten() {
            copy.values().insert((*key).clone(), entry);
        }
        copy
    }

    /// Puts in a value for `ttl`.
    pub fn set<T: Send + Sync + 'static>(&self, key: impl Into<String>, value: T, ttl: Duration) {
        self.values().insert(
            key.into(),
            Entry {
                value: Arc::new(value),
                ttl: Some(ttl),
            },
        );
    }

    /// Puts in a value for as long as the flow lives and there is room.
    pub fn set_forever<T: Send + Sync + 'static>(&self, key: impl Into<String>, value: T) {
        self.values().insert(
            key.into(),
            Entry {
                value: Arc::new(value),
                ttl: None,
            },
        );
    }

    /// The value of `key`, if there is one of the type `T` whose time has not passed.
    pub fn get<T: Send + Sync + 'static>(&self, key: &str) -> Option<Arc<T>> {
        self.0.values.get()?.get(key)?.value.downcast().ok()
    }

    /// Removes the value of `key`.
    pub fn remove(&self, key: &str) {
        if let Some(values) = self.0.values.get() {
            values.invalidate(key);
        }
    }
}

impl Expiry<String, Entry> for OwnTtl {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        entry.ttl
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        entry.ttl
    }
}

impl Default for Cache {
    fn default() -> Cache {
        Cache::with_capacity(MOST)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.0.values.get().map_or(0, Moka::entry_count);
        write!(f, "Cache({values} values)")
    }
}
