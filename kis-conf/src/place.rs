//! Where something is written: file, line and column, and a value that remembers it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A place in a configuration file. Prints as `conf/a.yml:7:5`.
///
/// Files are named relative to the parent of the configuration folder, with `/` between the parts.
/// Lines and columns count from one; columns count characters. A place with line 0 means the whole file.
///
/// ```
/// use kis_conf::Place;
/// assert_eq!(Place::new("conf/a.yml", 7, 5).to_string(), "conf/a.yml:7:5");
/// assert_eq!(Place::file("conf/a.yml").to_string(), "conf/a.yml");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's name.
    pub file: Arc<str>,
    /// The line, from 1; 0 stands for the whole file.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Place {
    /// A place in a file.
    pub fn new(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }

    /// A whole file or folder, where no line is at fault.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self::new(file, 0, 0)
    }

    /// The place of what a program says itself, for flows and connectors that no file declares.
    pub fn in_code() -> Self {
        Self::file("<program>")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

/// A value and the place where it is written.
///
/// It derefs to the value and compares by the value alone. A text that came from `${env:..}` or `${file:..}`
/// prints as it is written there, never as what it resolved to.
#[derive(Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub place: Place,
    /// How it is written, if that differs from the value because it is looked up (`${env:NAME}`).
    pub written: Option<Arc<str>>,
}

impl<T> Placed<T> {
    /// A value written at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self {
            value,
            place,
            written: None,
        }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Placed<U> {
        Placed {
            value: f(self.value),
            place: self.place,
            written: self.written,
        }
    }
}

impl Placed<String> {
    /// The text itself, looked-up values included. Do not print it: print the `Placed`.
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Placed<T> {}

impl<T: fmt::Display> fmt::Display for Placed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(written) => f.write_str(written),
            None => self.value.fmt(f),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Placed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(written) => write!(f, "{written:?} at {:?}", self.place),
            None => write!(f, "{:?} at {:?}", self.value, self.place),
        }
    }
}
