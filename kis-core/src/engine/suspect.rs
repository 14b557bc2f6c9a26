//! Finds the row that kills the process: a flow that was started several times without getting on works row by row and
//! notes each row before its call, so that the next start knows which one it was.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use kis_conn::{ErrorClass, store::LetterId};
use parking_lot::Mutex;

use crate::error::{Error, code};

/// After so many starts without progress a flow works row by row.
pub(super) const STARTS: u32 = 3;

/// How often the process must have ended in the call of one row before the row is taken for the reason. Once may be
/// chance: somebody may end a process at any time.
const DEATHS: u8 = 2;

/// For how long a flow works row by row when it gets on, in milliseconds.
const SLOW_MS: u64 = 60_000;

/// What a file of suspects begins with.
const MAGIC: &[u8; 4] = b"kis1";

/// A call by its step and the origin of its rows.
type CallId = [u8; 16];

/// The suspects of one flow while it works row by row.
#[derive(Debug)]
pub(super) struct Suspects {
    flow: Arc<str>,
    path: PathBuf,
    /// Until the flow goes on as usual.
    slow: AtomicBool,
    /// One call at a time, so that it is known which one it was.
    turn: Arc<tokio::sync::Mutex<File>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    started_ms: u64,
    /// Calls in which the process ended often enough, and whether their rows have come again.
    accused: Vec<(CallId, bool)>,
    /// All of them had come when the last cut was made.
    through: bool,
}

/// A call that is noted; it is not under way any more when this is dropped.
#[derive(Debug)]
pub(super) struct Noted(tokio::sync::OwnedMutexGuard<File>);

/// What the file says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Note {
    /// The call that is under way.
    at: Option<CallId>,
    /// The call in which the process ended last, and how often in a row.
    last: Option<(CallId, u8)>,
    accused: Vec<CallId>,
}

impl Suspects {
    /// Looks whether the flow has to work row by row, now that it was started `starts` times without progress. Nothing,
    /// if it has not.
    ///
    /// # Errors
    /// If the file of suspects cannot be read or written.
    pub(super) fn find(
        dir: &Path,
        flow: &Arc<str>,
        starts: u32,
        now_ms: u64,
    ) -> io::Result<Option<Suspects>> {
        let path = dir.join(format!("suspects-{}", hex(&id(flow, "", ""))));
        let before = Note::read(&path)?;
        let died_here = before.as_ref().is_some_and(|note| note.at.is_some());
        if starts < STARTS && !died_here {
            return Ok(None);
        }
        let note = before.unwrap_or_default().after_death();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)?;
        file.write_all(&note.bytes())?;
        file.sync_all()?;
        tracing::warn!(flow = %flow, starts, accused = note.accused.len(),
            "the process ended several times before the flow had settled anything: it works row by row until the row is \
             found in whose call the process ends");
        Ok(Some(Suspects {
            flow: Arc::clone(flow),
            path,
            slow: AtomicBool::new(true),
            turn: Arc::new(tokio::sync::Mutex::new(file)),
            state: Mutex::new(State {
                started_ms: now_ms,
                accused: note.accused.into_iter().map(|call| (call, false)).collect(),
                through: false,
            }),
        }))
    }

    /// Whether the flow works row by row.
    pub(super) fn is_slow(&self) -> bool {
        self.slow.load(Relaxed)
    }

    /// Waits for the turn of a call and notes it.
    ///
    /// # Errors
    /// If this call killed the process before; it is not to be made.
    pub(super) async fn note(&self, step: &str, origin: &str) -> Result<Noted, Error> {
        let call = id(&self.flow, step, origin);
        if let Some((_, came)) = self
            .state
            .lock()
            .accused
            .iter_mut()
            .find(|(known, _)| *known == call)
        {
            *came = true;
            let text = format!("the process ended {DEATHS} times while step {step} was at work on this row");
            return Err(Error::new(ErrorClass::Panic, text).with_code(code::KILLED));
        }
        let mut noted = Noted(Arc::clone(&self.turn).lock_owned().await);
        // The file's bytes outlive the process without being forced to the disk; they need not outlive the machine.
        if let Err(error) = noted.write(1, &call) {
            tracing::warn!(flow = %self.flow, "the row at work cannot be noted in {}: {error}", self.path.display());
        }
        Ok(noted)
    }

    /// A cut was made: the flow goes on as usual when it has got past what killed the process, or long enough without
    /// an end.
    pub(super) fn progress(&self, now_ms: u64) {
        let mut state = self.state.lock();
        let came = state.accused.iter().all(|(_, came)| *came);
        let enough = now_ms.saturating_sub(state.started_ms) >= SLOW_MS || !state.accused.is_empty();
        // Their letters are in the cut that begins after they had come.
        let through = std::mem::replace(&mut state.through, came && enough);
        drop(state);
        if through && self.slow.swap(false, Relaxed) {
            tracing::info!(flow = %self.flow, "the flow works with whole batches again");
            self.forget();
        }
    }

    /// The process ends in order: no call is under way.
    pub(super) fn forget(&self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(flow = %self.flow, "{} cannot be removed: {error}", self.path.display());
        }
    }
}

impl Noted {
    fn write(&mut self, flag: u8, call: &CallId) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        let mut slot = [0; 17];
        slot[0] = flag;
        slot[1..].copy_from_slice(call);
        self.0.write_all(&slot)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Err(error) = self.write(0, &CallId::default()) {
            tracing::warn!("the end of a call cannot be noted: {error}");
        }
    }
}

impl Note {
    fn read(path: &Path) -> io::Result<Option<Note>> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Note::parse(&bytes))
    }

    /// A file that was cut off or is another's says nothing.
    fn parse(bytes: &[u8]) -> Option<Note> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (slots, accused) = rest.split_at_checked(34)?;
        let slot = |at: usize| {
            let call = CallId::try_from(&slots[at + 1..at + 17]).ok()?;
            (slots[at] > 0).then_some((call, slots[at]))
        };
        let accused = accused.chunks_exact(16);
        Some(Note {
            at: slot(0).map(|(call, _)| call),
            last: slot(17),
            accused: accused.filter_map(|call| CallId::try_from(call).ok()).collect(),
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let slot = |slot: Option<(CallId, u8)>| {
            let (call, flag) = slot.unwrap_or_default();
            [&[flag][..], &call].concat()
        };
        let mut bytes = [&MAGIC[..], &slot(self.at.map(|call| (call, 1))), &slot(self.last)].concat();
        self.accused.iter().for_each(|call| bytes.extend(call));
        bytes
    }

    /// What it says to the next start.
    fn after_death(mut self) -> Note {
        let Some(call) = self.at.take() else { return self };
        let before = self
            .last
            .filter(|(last, _)| *last == call)
            .map_or(0, |(_, deaths)| deaths);
        self.last = Some((call, before + 1));
        if before + 1 >= DEATHS {
            self.accused.push(call);
            self.last = None;
        }
        self
    }
}

fn id(flow: &str, step: &str, origin: &str) -> CallId {
    LetterId::of(flow, step, origin).0.to_be_bytes()
}

fn hex(call: &CallId) -> String {
    call.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(dir: &Path, starts: u32) -> Option<Suspects> {
        Suspects::find(dir, &"flow".into(), starts, 0).unwrap()
    }

    /// Ends the process, as far as the file sees it, while this row is in hand.
    async fn dies(suspects: Suspects, origin: &str) {
        std::mem::forget(suspects.note("save", origin).await.unwrap());
    }

    #[tokio::test]
    async fn a_row_is_accused_when_the_process_ended_in_its_call_twice_in_a_row() {
        let dir = tempfile::tempdir().unwrap();
        assert!(find(dir.path(), STARTS - 1).is_none());
        dies(find(dir.path(), STARTS).unwrap(), "rows:7").await;
        // Once may be chance; another row in between begins anew.
        dies(find(dir.path(), 0).unwrap(), "rows:8").await;
        dies(find(dir.path(), 0).unwrap(), "rows:7").await;
        dies(find(dir.path(), 0).unwrap(), "rows:7").await;
        let suspects = find(dir.path(), 0).unwrap();
        drop(suspects.note("save", "rows:8").await.unwrap());
        drop(suspects.note("check", "rows:7").await.unwrap());
        suspects.progress(1);
        suspects.progress(2);
        assert!(suspects.is_slow(), "the row has not come yet");
        let refused = suspects.note("save", "rows:7").await.unwrap_err();
        assert_eq!(
            (refused.class(), refused.code()),
            (ErrorClass::Panic, code::KILLED)
        );
        suspects.progress(3);
        assert!(suspects.is_slow(), "its letter is in the next cut");
        suspects.progress(4);
        assert!(!suspects.is_slow());
        assert!(find(dir.path(), 0).is_none(), "nothing is left behind");
    }

    #[tokio::test]
    async fn without_a_suspect_the_flow_goes_on_as_usual_after_a_minute() {
        let dir = tempfile::tempdir().unwrap();
        let suspects = find(dir.path(), STARTS).unwrap();
        drop(suspects.note("save", "rows:1").await.unwrap());
        suspects.progress(SLOW_MS - 1);
        suspects.progress(SLOW_MS);
        assert!(suspects.is_slow());
        suspects.progress(SLOW_MS + 1);
        assert!(!suspects.is_slow());
    }

    #[test]
    fn a_broken_file_says_nothing() {
        assert_eq!(Note::parse(b"kis1\x01short"), None);
        assert_eq!(Note::parse(b"something else"), None);
        let note = Note {
            at: Some([1; 16]),
            last: Some(([2; 16], 1)),
            accused: vec![[3; 16], [4; 16]],
        };
        assert_eq!(Note::parse(&note.bytes()), Some(note));
    }
}
