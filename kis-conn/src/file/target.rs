//! The file a flow writes: appended to at a known length, cut back to it, never taken from somebody else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::ConnError;
use crate::sink::Target;

/// What to do with a file that is there before the flow first writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    Refuse,
    Append,
    Replace,
}

pub(super) struct FileTarget {
    /// As the configuration names it.
    name: String,
    path: PathBuf,
    existing: Existing,
    with_header: bool,
    /// Nothing until the flow starts.
    open: Option<Open>,
    /// Nothing is written any more: a lane that still works must not begin the file again.
    closed: bool,
}

struct Open {
    file: File,
    /// Bytes that count; what is behind them is the rest of a write that failed.
    len: u64,
    /// The file's length before the flow first wrote.
    base: u64,
    /// The CSV header, once a row's type is known.
    header: Option<Vec<u8>>,
    cuts: u32,
}

impl FileTarget {
    pub(super) fn new(name: String, path: PathBuf, existing: Existing, with_header: bool) -> Self {
        FileTarget {
            name,
            path,
            existing,
            with_header,
            open: None,
            closed: false,
        }
    }

    /// The flow starts: with the note of its last cut, or for the first time.
    pub(super) fn restore(&mut self, note: Option<&[u8]>) -> Result<(), ConnError> {
        self.open = None;
        let (len, base) = match note {
            Some(note) => {
                let note = self.note(note)?;
                self.check_still_there(note.len)?;
                self.forget_beginning()?;
                (note.len, note.base)
            }
            None => {
                let base = self.first_start()?;
                (base, base)
            }
        };
        let file = self.at(OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path))?;
        // A device has no length to set.
        if self.at(file.metadata())?.is_file() {
            self.at(file.set_len(len))?;
        }
        self.open = Some(Open {
            file,
            len,
            base,
            header: None,
            cuts: 0,
        });
        Ok(())
    }

    /// The flow is started anew by `--fresh`: what it wrote goes, what was there before it stays.
    pub(super) fn fresh(&mut self, note: &[u8]) -> Result<(), ConnError> {
        self.open = None;
        let base = self.note(note)?.base;
        self.forget_beginning()?;
        match OpenOptions::new().write(true).open(&self.path) {
            Ok(file) if self.at(file.metadata())?.len() > base => self.at(file.set_len(base)),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => self.at(Err(error)),
        }
    }

    /// Rows with this header follow.
    pub(super) fn begin(&mut self, header: Option<Vec<u8>>) -> Result<(), ConnError> {
        let Some(header) = header.filter(|_| self.with_header) else {
            return Ok(());
        };
        let (name, path) = (self.name.clone(), self.path.clone());
        let open = self.opened()?;
        let known = match &open.header {
            Some(known) => known.clone(),
            None if open.len > 0 => first_line(&path).map_err(|error| ConnError::io(&name, &error))?,
            None => header.clone(),
        };
        if known.trim_ascii_end() != header.trim_ascii_end() {
            let text = |header: &[u8]| String::from_utf8_lossy(header.trim_ascii_end()).into_owned();
            let message = format!(
                "{name} has the columns {}, but rows with the columns {} are written; one CSV file holds rows of one type",
                text(&known),
                text(&header)
            );
            return Err(ConnError::fatal("columns_differ", message));
        }
        open.header = Some(header);
        Ok(())
    }

    /// Nothing is written after this.
    pub(super) fn close(&mut self) {
        self.open = None;
        self.closed = true;
    }

    /// A cut of the flow is durable, so nobody asks any more what was there before it.
    pub(super) fn forget_beginning(&self) -> Result<(), ConnError> {
        match fs::remove_file(self.beginning()) {
            Err(error) if error.kind() != ErrorKind::NotFound => self.at(Err(error)),
            _ => Ok(()),
        }
    }

    fn opened(&mut self) -> Result<&mut Open, ConnError> {
        if self.closed {
            let message = format!(
                "{} is closed; what is written now is written again at the next start",
                self.name
            );
            return Err(ConnError::fatal("closed", message));
        }
        if self.open.is_none() {
            self.restore(None)?;
        }
        Ok(self.open.as_mut().expect("restore has opened it"))
    }

    /// Makes sure that the file is the flow's own, and remembers its length before the first row.
    fn first_start(&self) -> Result<u64, ConnError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|error| {
                ConnError::io(format!("the folder {} cannot be made", folder.display()), &error)
            })?;
        }
        // The flow began to write before, and died before its first cut.
        match fs::read(self.beginning()) {
            Ok(text) => return Ok(self.note(&text)?.base),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return self.at(Err(error)),
        }
        let there = match fs::metadata(&self.path) {
            Ok(there) if there.is_dir() => {
                let message = format!("{} is a folder; name the file in it", self.name);
                return Err(ConnError::fatal("not_a_file", message));
            }
            Ok(there) if !there.is_file() => return Ok(0),
            Ok(there) => there.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return self.at(Err(error)),
        };
        let base = match self.existing {
            _ if there == 0 => 0,
            Existing::Append => there,
            Existing::Replace => 0,
            Existing::Refuse => {
                let message = format!(
                    "{} is there already ({there} bytes) and was not written by this flow; move it away, or set params: \
                     {{ existing: append }} or {{ existing: replace }}",
                    self.name
                );
                return Err(ConnError::fatal("file_exists", message));
            }
        };
        let beginning = self.beginning();
        let written = fs::write(&beginning, Note { len: base, base }.text())
            .and_then(|()| File::open(&beginning)?.sync_all())
            .and_then(|()| sync_folder(&self.path));
        self.at(written)?;
        Ok(base)
    }

    fn check_still_there(&self, len: u64) -> Result<(), ConnError> {
        let has = match fs::metadata(&self.path) {
            Ok(there) if !there.is_file() => return Ok(()),
            Ok(there) => there.len(),
            Err(error) if error.kind() == ErrorKind::NotFound && len == 0 => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let message = format!(
                    "{} is gone, and {len} bytes of it belong to the last cut; put it back, or run with --fresh to write \
                     it again",
                    self.name
                );
                return Err(ConnError::fatal("file_gone", message));
            }
            Err(error) => return self.at(Err(error)),
        };
        if has >= len {
            return Ok(());
        }
        let message = format!(
            "{} has only {has} bytes, but {len} belong to the last cut; put the whole file back, or run with --fresh to \
             write it again",
            self.name
        );
        Err(ConnError::fatal("file_shortened", message))
    }

    /// The file that remembers what was there until the first cut is durable.
    fn beginning(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".kis");
        path.into()
    }

    fn note(&self, bytes: &[u8]) -> Result<Note, ConnError> {
        Note::parse(bytes).ok_or_else(|| {
            let shown = String::from_utf8_lossy(bytes);
            ConnError::fatal(
                "bad_note",
                format!("{}: {shown} is not a note of a file connector", self.name),
            )
        })
    }

    fn at<T>(&self, result: io::Result<T>) -> Result<T, ConnError> {
        result.map_err(|error| failed(&self.name, &error))
    }
}

impl Target for FileTarget {
    const FLUSH: usize = 128 << 10;

    fn append(&mut self, rows: &[u8]) -> Result<(), ConnError> {
        if rows.is_empty() {
            return Ok(());
        }
        let name = self.name.clone();
        let open = self.opened()?;
        let mut at = open.len;
        if at == 0
            && let Some(header) = &open.header
        {
            open.file
                .write_all_at(header, 0)
                .map_err(|error| failed(&name, &error))?;
            at = header.len() as u64;
        }
        open.file
            .write_all_at(rows, at)
            .map_err(|error| failed(&name, &error))?;
        open.len = at + rows.len() as u64;
        Ok(())
    }

    fn cut(&mut self) -> Result<Vec<u8>, ConnError> {
        let name = self.name.clone();
        let path = self.path.clone();
        let open = self.opened()?;
        let synced = match open.file.sync_all() {
            // A device or pipe has nothing to sync.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
            other => other,
        };
        let synced = synced.and_then(|()| {
            if open.cuts == 0 {
                sync_folder(&path)
            } else {
                Ok(())
            }
        });
        synced.map_err(|error| failed(&name, &error))?;
        open.cuts = open.cuts.saturating_add(1);
        let note = Note {
            len: open.len,
            base: open.base,
        };
        // The cut before this one is durable, or this one would not be asked for.
        if open.cuts == 2 {
            self.forget_beginning()?;
        }
        Ok(note.text().into_bytes())
    }
}

/// What a cut knows of the file: readable, with the version first.
struct Note {
    len: u64,
    base: u64,
}

impl Note {
    fn text(&self) -> String {
        format!("1 len={} base={}", self.len, self.base)
    }

    fn parse(bytes: &[u8]) -> Option<Note> {
        let (len, base) = std::str::from_utf8(bytes)
            .ok()?
            .strip_prefix("1 len=")?
            .split_once(" base=")?;
        Some(Note {
            len: len.parse().ok()?,
            base: base.parse().ok()?,
        })
    }
}

/// Whatever the system says about writing, the row is not at fault.
fn failed(name: &str, error: &io::Error) -> ConnError {
    let found = ConnError::io(name, error);
    match found.class {
        crate::ErrorClass::Fatal | crate::ErrorClass::Unavailable => found,
        _ => ConnError::unavailable("cannot_write", found.message),
    }
}

fn first_line(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(1 << 20).read_to_end(&mut start)?;
    let end = memchr::memchr(b'\n', &start).unwrap_or(start.len());
    start.truncate(end);
    Ok(start)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
