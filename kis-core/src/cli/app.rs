//! An app: flows, what their functions need besides, and the command line.

use std::{ffi::OsString, future::Future, path::Path, pin::Pin, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};

use super::{
    Exit,
    args::{Command, Line},
    check, dlq, explain, graph, list, panics, positions, run, state,
    streams::Streams,
};
use crate::{
    error::Result,
    flow::FlowSet,
    function::Exts,
    observe::{
        Screen,
        logs::{self, LogFormat, LogOptions},
    },
};

/// Runs the command line of a program that needs nothing but its flows: the short form of [`App`].
///
/// ```no_run
/// use kis_core::flow::FlowSet;
/// const FLOWS: FlowSet = FlowSet::empty(); // flows!("conf/", functions = crate::functions)
/// fn main() -> std::process::ExitCode {
///     kis_core::main(FLOWS)
/// }
/// ```
pub fn main(flows: FlowSet) -> ExitCode {
    App::new(flows).main()
}

/// A program of flows.
///
/// ```no_run
/// use kis_core::{App, flow::FlowSet};
/// # struct Prices;
/// # async fn load_prices() -> kis_core::Result<()> { Ok(()) }
/// # const FLOWS: FlowSet = FlowSet::empty();
/// fn main() -> std::process::ExitCode {
///     App::new(FLOWS).ext(Prices).on_start(load_prices).main()
/// }
/// ```
#[must_use = "an app does nothing until its main is called"]
pub struct App {
    pub(super) flows: FlowSet,
    pub(super) exts: Exts,
    pub(super) on_start: Vec<OnStart>,
}

/// Work to be done before the flows start.
pub(super) type OnStart = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Result<()>>>>>;

impl App {
    /// An app of these flows.
    pub fn new(flows: FlowSet) -> App {
        App {
            flows,
            exts: Exts::default(),
            on_start: Vec::new(),
        }
    }

    /// Puts in a value that functions take as `Ext<T>`. A second value of one type replaces the first.
    pub fn ext<T: Send + Sync + 'static>(mut self, value: T) -> App {
        self.exts = self.exts.with(value);
        self
    }

    /// Does this before the flows start, inside of the async runtime. `run` ends with exit code 1 if it fails. Several
    /// are done in their order.
    pub fn on_start<F, Fut>(mut self, work: F) -> App
    where
        F: FnOnce() -> Fut + 'static,
        Fut: Future<Output = Result<()>> + 'static,
    {
        self.on_start.push(Box::new(|| Box::pin(work())));
        self
    }

    /// Runs the command line of this process.
    ///
    /// Sets up the log (`--log`, `KIS_LOG_FORMAT`, `KIS_LOG`, `RUST_LOG`) and a panic hook that writes one log line
    /// per place instead of a backtrace, since a panic is only the failure of one row.
    pub fn main(self) -> ExitCode {
        self.execute(std::env::args_os().collect(), Streams::std(), Setup::Process)
            .into()
    }

    pub(super) fn execute(self, args: Vec<OsString>, mut streams: Streams, setup: Setup) -> Exit {
        let line = match parse(&args) {
            Ok(line) => line,
            Err(error) => return usage(&error, &mut streams),
        };
        if setup == Setup::Process {
            let mut options = match LogOptions::from_env(|name| std::env::var(name).ok()) {
                Ok(options) => options,
                Err(error) => {
                    streams.error(error);
                    return Exit::Usage;
                }
            };
            options.format = line.common.log().unwrap_or(options.format);
            logs::init(&options, streams.screen());
            if options.format == LogFormat::Json {
                streams.log_everything();
            }
            panics::quiet();
        }
        match &line.command {
            Command::Run(options) => run::run(self, &line.common, options, &mut streams),
            Command::Check => check::check(&self, &line.common, &mut streams),
            Command::List => list::list(&self, &line.common, &mut streams),
            Command::Graph(options) => graph::graph(&self, &line.common, options, &mut streams),
            Command::State(command) => state::state(&self, &line.common, command, &mut streams),
            Command::Positions(command) => positions::positions(&self, &line.common, command, &mut streams),
            Command::Dlq(command) => dlq::dlq(self, &line.common, command, &mut streams),
            Command::Explain { code } => explain::explain(code.as_deref(), &mut streams),
        }
    }
}

/// Whether the process belongs to the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setup {
    /// Yes: its log and panics are set up.
    Process,
    /// No: tests run several commands in one process.
    #[cfg(test)]
    Nothing,
}

/// Reads the arguments; the program is called as it was started.
fn parse(args: &[OsString]) -> Result<Line, clap::Error> {
    let program = args
        .first()
        .and_then(|path| Path::new(path).file_stem())
        .and_then(|name| name.to_str());
    let mut command = Line::command().display_name(program.unwrap_or("app").to_owned());
    let matches = command.try_get_matches_from_mut(args)?;
    Line::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn usage(error: &clap::Error, streams: &mut Streams) -> Exit {
    let text = error.render();
    if !error.use_stderr() {
        return streams.result(&text.to_string());
    }
    let coloured = Screen::is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let text = if coloured {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    streams.say(text.trim_end());
    Exit::Usage
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("flows", &self.flows)
            .field("exts", &self.exts)
            .finish_non_exhaustive()
    }
}
