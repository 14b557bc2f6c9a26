//! The terminal that progress lines and log lines share, so that neither tears the other.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use console::{Term, truncate_str};
use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

/// Where progress and logs go. Clones share it.
///
/// Live lines stand below everything else. The cursor rests above them, at the start of an empty line, so that what
/// a step prints by itself stays on the screen and only covers live lines, which are drawn again soon.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Inner>>);

struct Inner {
    out: Box<dyn Write + Send>,
    width: fn() -> usize,
    lines: Vec<String>,
}

impl Screen {
    /// The standard error stream.
    pub fn stderr() -> Screen {
        let width = || {
            Term::stderr()
                .size_checked()
                .map_or(80, |(_, columns)| usize::from(columns))
        };
        Screen::new(Box::new(io::stderr()), width)
    }

    /// Another stream, with its width in columns.
    pub fn new(out: Box<dyn Write + Send>, width: fn() -> usize) -> Screen {
        Screen(Arc::new(Mutex::new(Inner {
            out,
            width,
            lines: Vec::new(),
        })))
    }

    /// Whether the standard error stream is a terminal that understands more than text.
    pub fn is_terminal() -> bool {
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Shows the lines that `lines` yields instead of those shown now. Nobody else writes meanwhile.
    pub fn draw(&self, lines: impl FnOnce() -> Vec<String>) {
        let mut inner = self.0.lock();
        let lines = lines();
        inner.redraw(lines);
    }

    /// Takes the live lines away.
    pub fn clear(&self) {
        let mut inner = self.0.lock();
        inner.redraw(Vec::new());
    }

    /// Writes text above the live lines.
    pub fn print(&self, text: &str) {
        let mut inner = self.0.lock();
        let lines = std::mem::take(&mut inner.lines);
        let mut bytes = Vec::with_capacity(text.len() + 64);
        if !lines.is_empty() {
            bytes.extend_from_slice(b"\r\x1b[J");
        }
        bytes.extend_from_slice(text.as_bytes());
        inner.write(&bytes);
        inner.redraw(lines);
    }
}

impl Inner {
    fn redraw(&mut self, lines: Vec<String>) {
        if lines.is_empty() && self.lines.is_empty() {
            return;
        }
        let mut text = String::from("\r\x1b[J");
        // A line as wide as the screen would wrap in some terminals and spoil the way back up.
        let width = (self.width)().saturating_sub(1).max(20);
        for line in &lines {
            text.push('\n');
            text.push_str(&truncate_str(line, width, "…"));
        }
        if !lines.is_empty() {
            text.push_str(&format!("\x1b[{}A\r", lines.len()));
        }
        self.lines = lines;
        self.write(text.as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        // Nobody is left to tell when the error stream itself is gone.
        let _ = self.out.write_all(bytes).and_then(|()| self.out.flush());
    }
}

/// Collects one log line and prints it whole.
#[derive(Debug)]
pub struct LogLine {
    screen: Screen,
    text: Vec<u8>,
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        self.screen.print(&String::from_utf8_lossy(&self.text));
    }
}

impl MakeWriter<'_> for Screen {
    type Writer = LogLine;

    fn make_writer(&self) -> LogLine {
        LogLine {
            screen: self.clone(),
            text: Vec::new(),
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

#[cfg(test)]
pub(crate) mod tests;
