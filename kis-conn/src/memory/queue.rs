//! A queue in memory: rows are acknowledged one by one, and come again when their consumer dies.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    BatchLimit, Block, BoxFuture, ConnError, Layout, Nature, Next, Partition, Position, RawRows, Reader,
    Source, SourceFacts, Unacked,
    single::{OnePartition, Single},
};

/// A queue in memory, the twin of brokers that acknowledge row by row: whoever reads it must expect that rows come
/// again, in any order. Cheap to clone; clones are the same queue.
///
/// ```
/// use kis_conn::{Layout, MemoryQueue, Nature};
/// let queue = MemoryQueue::new("orders", Layout::Json);
/// queue.push("{\"id\":1}");
/// let consumer = queue.consumer();
/// assert_eq!(consumer.facts().nature, Nature::Queue);
/// assert_eq!((queue.waiting(), queue.unacked()), (1, 0));
/// ```
#[derive(Clone)]
pub struct MemoryQueue {
    inner: Arc<Inner>,
}

struct Inner {
    name: Arc<str>,
    layout: Layout,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(u64, Bytes)>,
    /// Rows that a consumer has, by their id.
    unacked: BTreeMap<u64, (u64, Bytes)>,
    /// The id of the next row and the number of the next consumer.
    next: u64,
    ended: bool,
    down: bool,
}

impl MemoryQueue {
    /// An empty queue of rows in this layout; `name` is what messages call it.
    pub fn new(name: &str, layout: Layout) -> Self {
        MemoryQueue {
            inner: Arc::new(Inner {
                name: Arc::from(name),
                layout,
                state: Mutex::default(),
                changed: Notify::new(),
            }),
        }
    }

    /// Adds a row at the end.
    pub fn push(&self, row: impl AsRef<[u8]>) {
        let mut state = self.inner.state.lock();
        let id = state.number();
        state
            .waiting
            .push_back((id, Bytes::copy_from_slice(row.as_ref())));
        drop(state);
        self.inner.changed.notify_waiters();
    }

    /// No row will be pushed any more: consumers end when none waits and no other consumer can lose one.
    pub fn end(&self) {
        self.inner.state.lock().ended = true;
        self.inner.changed.notify_waiters();
    }

    /// Takes the queue away or brings it back. While it is away every call says unavailable; consumers lose their
    /// connection, so what they have not acknowledged comes again.
    pub fn set_down(&self, down: bool) {
        let mut state = self.inner.state.lock();
        state.down = down;
        if down {
            state.take_back(|_| true);
        }
        drop(state);
        self.inner.changed.notify_waiters();
    }

    /// How many rows nobody has.
    pub fn waiting(&self) -> usize {
        self.inner.state.lock().waiting.len()
    }

    /// How many rows consumers have and have not acknowledged.
    pub fn unacked(&self) -> usize {
        self.inner.state.lock().unacked.len()
    }

    /// A source that consumes this queue. When it and its readers are dropped or it is closed, what it has not
    /// acknowledged comes again, to any consumer.
    pub fn consumer(&self) -> Arc<dyn Source> {
        let number = self.inner.state.lock().number();
        Arc::new(OnePartition(Consumer {
            connection: Arc::new(Connection {
                queue: Arc::clone(&self.inner),
                number,
                unacked: Mutex::new(Unacked::new(Arc::clone(&self.inner.name))),
            }),
        }))
    }
}

impl fmt::Debug for MemoryQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryQueue")
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn check_up(&self, state: &State) -> Result<(), ConnError> {
        match state.down {
            true => Err(ConnError::unavailable(
                "queue_down",
                format!("queue {} is down", self.name),
            )),
            false => Ok(()),
        }
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// What these consumers have waits again, behind all others.
    fn take_back(&mut self, of: impl Fn(u64) -> bool) {
        let lost: Vec<_> = self
            .unacked
            .extract_if(.., |_, (consumer, _)| of(*consumer))
            .collect();
        self.waiting
            .extend(lost.into_iter().map(|(id, (_, row))| (id, row)));
    }
}

struct Consumer {
    connection: Arc<Connection>,
}

/// What a consumer and its readers share; the queue notices when it is gone.
struct Connection {
    queue: Arc<Inner>,
    number: u64,
    unacked: Mutex<Unacked<u64>>,
}

impl Connection {
    /// Rows, the end, or nothing yet. What it takes is handed out in the same moment, so no dropped future loses any.
    fn take(&self, limit: BatchLimit) -> Result<Option<Next>, ConnError> {
        let mut state = self.queue.state.lock();
        self.queue.check_up(&state)?;
        if state.waiting.is_empty() {
            let over = state.ended && state.unacked.values().all(|(of, _)| *of == self.number);
            return Ok(over.then_some(Next::Ended));
        }
        let most = if limit.unit_is_message {
            1
        } else {
            limit.rows.max(1)
        };
        let (mut ids, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some((_, row)) = state.waiting.front() {
            bytes += row.len() as u64;
            if !rows.is_empty() && (rows.len() >= most as usize || bytes > limit.bytes) {
                break;
            }
            let Some((id, row)) = state.waiting.pop_front() else {
                break;
            };
            state.unacked.insert(id, (self.number, row.clone()));
            ids.push(id);
            rows.push(row);
        }
        let (first, after) = self.unacked.lock().hand_out(ids);
        let rows = RawRows::from_rows(&self.queue.name, first, self.queue.layout.clone(), rows);
        Ok(Some(Next::Block(Block { rows, after })))
    }

    fn commit(&self, position: &Position) -> Result<(), ConnError> {
        let mut state = self.queue.state.lock();
        self.queue.check_up(&state)?;
        let mut unacked = self.unacked.lock();
        for id in unacked.up_to(position)? {
            // A row that was lost with its connection is somebody else's by now.
            if state.unacked.get(id).is_some_and(|(of, _)| *of == self.number) {
                state.unacked.remove(id);
            }
        }
        unacked.acked(position)
    }

    fn give_back(&self) {
        self.queue.state.lock().take_back(|of| of == self.number);
        self.queue.changed.notify_waiters();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl Single for Consumer {
    fn facts(&self) -> SourceFacts {
        SourceFacts {
            nature: Nature::Queue,
            replayable: true,
            bounded: self.connection.queue.state.lock().ended,
        }
    }

    fn name(&self) -> &str {
        &self.connection.queue.name
    }

    fn read(&self, from: Option<&Position>) -> Result<Box<dyn Reader>, ConnError> {
        self.connection.unacked.lock().go_on_behind(from)?;
        let connection = Arc::clone(&self.connection);
        Ok(Box::new(QueueReader { connection }))
    }

    fn commit(&self, up_to: &[(Partition, Position)]) -> Result<(), ConnError> {
        up_to
            .iter()
            .try_for_each(|(_, position)| self.connection.commit(position))
    }

    fn close(&self) {
        self.connection.give_back();
    }
}

struct QueueReader {
    connection: Arc<Connection>,
}

impl Reader for QueueReader {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        Box::pin(async move {
            loop {
                let changed = self.connection.queue.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(next) = self.connection.take(limit)? {
                    return Ok(next);
                }
                changed.await;
            }
        })
    }
}
