//! The error of a function: what went wrong, of which class, and in which rows.

use std::{any::Any, borrow::Cow, fmt};

use kis_conn::{ConnError, ErrorClass, KnownError};

/// The result of a function.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// What went wrong in a function, and how the flow shall treat it.
///
/// Any `std::error::Error` becomes one through `?`. An error of a connector and one with `#[derive(KisError)]` keep
/// their class; all others are worth a retry. So that `?` takes every error, this type is not one itself.
///
/// ```
/// use kis_core::prelude::*;
/// fn check(age: i64) -> Result<()> {
///     if age < 0 {
///         return Err(Error::reject("the age is negative"));
///     }
///     Ok(())
/// }
/// assert_eq!(check(-1).unwrap_err().to_string(), "the age is negative");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    class: ErrorClass,
    code: Cow<'static, str>,
    message: String,
    rows: Vec<(usize, Error)>,
    /// Of a call whose other rows stand: those that it did not come to.
    not_done: Vec<usize>,
}

impl Error {
    /// An error of the given class, with the class's own name as code.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            class,
            code: Cow::Borrowed(class.as_str()),
            message: message.into(),
            rows: Vec::new(),
            not_done: Vec::new(),
        }))
    }

    /// The row cannot be read.
    pub fn decode(message: impl Into<String>) -> Error {
        Error::new(ErrorClass::Decode, message)
    }

    /// The business says no: trying again would not help, and the flow goes on without the row.
    pub fn reject(message: impl Into<String>) -> Error {
        Error::new(ErrorClass::Reject, message)
    }

    /// What stands in the place of the error of a row that was not called: it waits behind another one.
    pub(crate) fn held() -> Error {
        Error::retry("it waits behind a row of its key that is tried again").with_code("held")
    }

    /// It may work the next time.
    pub fn retry(message: impl Into<String>) -> Error {
        Error::new(ErrorClass::Retry, message)
    }

    /// The outside system is away; the rows are not at fault and wait for it.
    pub fn unavailable(message: impl Into<String>) -> Error {
        Error::new(ErrorClass::Unavailable, message)
    }

    /// The call took longer than it may.
    pub fn timeout(message: impl Into<String>) -> Error {
        Error::new(ErrorClass::Timeout, message)
    }

    /// Nothing can go on: the program or its configuration is wrong.
    pub fn fatal(message: impl Into<String>) -> Error {
        Error::new(ErrorClass::Fatal, message)
    }

    /// The rows of a batch that are at fault, by their index in the batch that the function was given.
    ///
    /// ```
    /// # use kis_core::Error;
    /// let error = Error::rows([(2, Error::reject("no such account"))]);
    /// assert_eq!(error.failed_rows()[0].0, 2);
    /// ```
    pub fn rows<E: Into<Error>>(rows: impl IntoIterator<Item = (usize, E)>) -> Error {
        let rows: Vec<(usize, Error)> = rows.into_iter().map(|(i, e)| (i, e.into())).collect();
        let class = rows.first().map_or(ErrorClass::Retry, |(_, e)| e.class());
        let message = match rows.first() {
            Some((i, first)) if rows.len() == 1 => format!("row {i}: {first}"),
            Some((i, first)) => format!("{} rows failed, the first is row {i}: {first}", rows.len()),
            None => "rows failed, but none is named".to_owned(),
        };
        let mut error = Error::new(class, message);
        error.0.rows = rows;
        error
    }

    /// The error with a code of its own, for policies, metrics and dead letters.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Error {
        self.0.code = code.into();
        self
    }

    /// How the flow treats the error.
    pub fn class(&self) -> ErrorClass {
        self.0.class
    }

    /// A short name for the kind of error: the variant of a `KisError`, a connector's code, or the class.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// What went wrong.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The rows of the batch that are at fault; empty when the error is the whole batch's.
    pub fn failed_rows(&self) -> &[(usize, Error)] {
        &self.0.rows
    }

    /// The error of a call that ended before it had come to these rows.
    pub(crate) fn before(mut self, rows: Vec<usize>) -> Error {
        self.0.not_done = rows;
        self
    }

    /// The rows that are not at fault, and on which the call had no effect although those on others may stand.
    pub(crate) fn not_done(&self) -> &[usize] {
        &self.0.not_done
    }

    /// Takes the rows that are at fault.
    pub fn into_failed_rows(self) -> Vec<(usize, Error)> {
        self.0.rows
    }

    /// The error of a call that panicked.
    pub fn panicked(payload: &(dyn Any + Send)) -> Error {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        match text {
            Some(text) => Error::new(ErrorClass::Panic, format!("panicked: {text}")),
            None => Error::new(ErrorClass::Panic, "panicked"),
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Error {
        let any: &dyn Any = &error;
        if let Some(conn) = any.downcast_ref::<ConnError>() {
            return from_conn(conn);
        }
        let (class, code) = KnownError::classify(any).unwrap_or((ErrorClass::Retry, Cow::Borrowed("retry")));
        Error::new(class, chain(&error)).with_code(code)
    }
}

fn from_conn(conn: &ConnError) -> Error {
    let mut error = Error::new(conn.class, conn.message.clone()).with_code(conn.code.clone());
    error.0.rows = conn
        .rows
        .iter()
        .map(|(i, row)| {
            (
                *i,
                Error::new(row.class, row.message.clone()).with_code(row.code.clone()),
            )
        })
        .collect();
    error
}

/// The message of an error and of what caused it; a cause whose text the message already ends with is left out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// The codes of errors that the flow itself gives to rows of any step, beside the names of the classes.
pub(crate) mod code {
    /// A row lacks a field that its func document demands.
    pub(crate) const MUST: &str = "must";
    /// A row that waits would be one parked row too many.
    pub(crate) const PARKED_FULL: &str = "parked_full";
    /// The process ended in the call of this row.
    pub(crate) const KILLED: &str = "killed_process";
    /// The call could not begin, since calls that hang hold all threads.
    pub(crate) const NO_THREAD: &str = "no_thread";
    /// All of them.
    pub(crate) const ALL: [&str; 4] = [MUST, PARKED_FULL, KILLED, NO_THREAD];
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.message, self.0.class.as_str())?;
        if self.0.code != self.0.class.as_str() {
            write!(f, " [{}]", self.0.code)?;
        }
        Ok(())
    }
}
