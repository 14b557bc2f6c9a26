//! What can go wrong at a source or connector, sorted into the classes that decide what happens next.

use std::borrow::Cow;
use std::fmt;
use std::io;

use kis_conf::Problems;

/// The class of a failure: it decides whether rows are retried, set aside, or the flow waits or stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The bytes are not a row of the asked type.
    Decode,
    /// The business said no: trying again gives the same answer.
    Reject,
    /// It may work when tried again.
    Retry,
    /// The connector is at fault, not the row: refused, connection lost, disk full. Nothing is lost by waiting.
    Unavailable,
    /// Nothing helps but a person: the flow stops.
    Fatal,
    /// The function panicked.
    Panic,
    /// The call took longer than allowed.
    Timeout,
}

impl ErrorClass {
    /// Every class, in the order of the documentation.
    pub const ALL: [ErrorClass; 7] = [
        ErrorClass::Decode,
        ErrorClass::Reject,
        ErrorClass::Retry,
        ErrorClass::Unavailable,
        ErrorClass::Fatal,
        ErrorClass::Panic,
        ErrorClass::Timeout,
    ];

    /// The word that YAML, metrics and dead letters use.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorClass::Decode => "decode",
            ErrorClass::Reject => "reject",
            ErrorClass::Retry => "retry",
            ErrorClass::Unavailable => "unavailable",
            ErrorClass::Fatal => "fatal",
            ErrorClass::Panic => "panic",
            ErrorClass::Timeout => "timeout",
        }
    }

    /// The class with this word.
    pub fn parse(word: &str) -> Option<ErrorClass> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Errors by their names in Rust and their codes: `("TooYoung", "too_young")`.
pub type Variants = &'static [(&'static str, &'static str)];

/// An error type that knows its class and a short code. `#[derive(KisError)]` implements it.
pub trait Classify {
    /// All errors of this type; none where other codes may come. `by_variant` of `on_error` is checked against them.
    const VARIANTS: Option<Variants> = None;
    /// The class of this value.
    fn class(&self) -> ErrorClass;
    /// A short, stable word for this error in metrics and dead letters, such as `too_young`.
    fn code(&self) -> Cow<'static, str>;
}

/// The error of one row inside a batch that a connector took apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The class of this row's failure.
    pub class: ErrorClass,
    /// A short, stable word.
    pub code: Cow<'static, str>,
    /// What is wrong and what helps, in one line.
    pub message: String,
}

/// The error of a source or connector. It keeps its class through `?`.
///
/// ```
/// use kis_conn::{ConnError, ErrorClass};
/// let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
/// assert_eq!(ConnError::from(full).class, ErrorClass::Unavailable);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnError {
    /// The class of the whole failure.
    pub class: ErrorClass,
    /// A short, stable word, such as `disk_full`.
    pub code: Cow<'static, str>,
    /// What is wrong, where, and what helps, in one line.
    pub message: String,
    /// The rows that failed, when the connector knows which: their index in the batch and why. Empty = all of it.
    pub rows: Vec<(usize, RowError)>,
}

impl ConnError {
    /// An error of the whole call.
    pub fn new(class: ErrorClass, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        ConnError {
            class,
            code: code.into(),
            message: message.into(),
            rows: Vec::new(),
        }
    }

    /// An error that only a person can mend.
    pub fn fatal(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Fatal, code, message)
    }

    /// The outside system cannot be used now; waiting helps.
    pub fn unavailable(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unavailable, code, message)
    }

    /// Single rows failed; the others of the batch are through.
    pub fn of_rows(rows: Vec<(usize, RowError)>) -> Self {
        let (class, code, message) = match rows.first() {
            Some((index, first)) => {
                let more = rows.len() - 1;
                let tail = if more == 0 {
                    String::new()
                } else {
                    format!(" (and {more} more)")
                };
                (
                    first.class,
                    first.code.clone(),
                    format!("row {index}: {}{tail}", first.message),
                )
            }
            None => (ErrorClass::Retry, "rows".into(), "no row is named".to_owned()),
        };
        ConnError {
            class,
            code,
            message,
            rows,
        }
    }

    /// An I/O error about `what`, in the class its kind stands for.
    pub fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        let (class, code) = class_of(error);
        Self::new(class, code, format!("{what}: {}", lower(&error.to_string())))
    }
}

impl fmt::Display for ConnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConnError {}

impl Classify for ConnError {
    fn class(&self) -> ErrorClass {
        self.class
    }

    fn code(&self) -> Cow<'static, str> {
        self.code.clone()
    }
}

impl From<io::Error> for ConnError {
    fn from(error: io::Error) -> Self {
        let (class, code) = class_of(&error);
        Self::new(class, code, lower(&error.to_string()))
    }
}

/// Why a source or connector could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The configuration is wrong; each problem names its place.
    Params(Problems),
    /// The outside system cannot be used.
    Conn(ConnError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Params(problems) => {
                for (i, problem) in problems.iter().enumerate() {
                    if i > 0 {
                        f.write_str("\n")?;
                    }
                    problem.fmt(f)?;
                }
                Ok(())
            }
            OpenError::Conn(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<Problems> for OpenError {
    fn from(problems: Problems) -> Self {
        OpenError::Params(problems)
    }
}

impl From<ConnError> for OpenError {
    fn from(error: ConnError) -> Self {
        OpenError::Conn(error)
    }
}

fn class_of(error: &io::Error) -> (ErrorClass, &'static str) {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => (ErrorClass::Unavailable, "disk_full"),
        Kind::ReadOnlyFilesystem => (ErrorClass::Unavailable, "read_only"),
        Kind::ConnectionRefused | Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            (ErrorClass::Unavailable, "unreachable")
        }
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::NotConnected => {
            (ErrorClass::Unavailable, "connection_lost")
        }
        Kind::BrokenPipe => (ErrorClass::Fatal, "broken_pipe"),
        Kind::TimedOut => (ErrorClass::Timeout, "timeout"),
        Kind::NotFound => (ErrorClass::Fatal, "not_found"),
        Kind::PermissionDenied => (ErrorClass::Fatal, "permission"),
        Kind::IsADirectory | Kind::NotADirectory => (ErrorClass::Fatal, "not_a_file"),
        Kind::InvalidData | Kind::UnexpectedEof => (ErrorClass::Decode, "broken_data"),
        _ => (ErrorClass::Retry, "io"),
    }
}

/// Error texts of the system begin with a capital letter; ours do not.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;
