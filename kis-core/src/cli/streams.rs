//! Where a command writes: results to the standard output stream, everything else to the screen.

use std::{
    fmt::Display,
    io::{self, Write},
};

use super::Exit;
use crate::observe::Screen;

/// The streams of a command.
pub(super) struct Streams {
    out: Box<dyn Write>,
    screen: Screen,
    /// Whether everything but results is a log line, for programs that read them.
    logged: bool,
}

impl Streams {
    /// Those of the process.
    pub(super) fn std() -> Streams {
        Streams::new(Box::new(io::stdout()), Screen::stderr())
    }

    /// Others, for tests.
    pub(super) fn new(out: Box<dyn Write>, screen: Screen) -> Streams {
        Streams {
            out,
            screen,
            logged: false,
        }
    }

    /// From now on everything but results is a log line.
    pub(super) fn log_everything(&mut self) {
        self.logged = true;
    }

    /// Whether everything but results is a log line.
    pub(super) fn is_logged(&self) -> bool {
        self.logged
    }

    /// What log lines and progress share with this.
    pub(super) fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Writes a result. A reader that went away (`app list | head`) is no failure.
    pub(super) fn result(&mut self, text: &str) -> Exit {
        match self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush())
        {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.error(format_args!("cannot write to the standard output: {error}"));
                Exit::Failed
            }
            _ => Exit::Ok,
        }
    }

    /// Tells something to the person at the terminal.
    pub(super) fn say(&self, text: impl Display) {
        if self.logged {
            tracing::info!("{text}");
        } else {
            self.screen.print(&format!("{text}\n"));
        }
    }

    /// Tells what went wrong.
    pub(super) fn error(&self, text: impl Display) {
        if self.logged {
            tracing::error!("{text}");
        } else {
            self.screen.print(&format!("error: {text}\n"));
        }
    }
}
