//! One thing that is wrong, where, and what cures it; and the collector of all of them.

use std::fmt;

use crate::{Code, FileText, Place};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, and probably does not say what was meant.
    Warning,
}

/// One thing that is wrong. Prints on one line: `conf/a.yml:7:5: [KIS0004] message; help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort of fault it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is, if a place is at fault.
    pub place: Option<Place>,
    /// The fault: lower case, no final period.
    pub message: String,
    /// What stands at the place, for the underlined text of [`Problems::render`].
    pub label: Option<String>,
    /// The cure, where it is known.
    pub help: Option<String>,
    /// Other places that matter, each with its role.
    pub notes: Vec<(Place, String)>,
}

impl Problem {
    /// An error at a place.
    pub fn error(code: Code, place: &Place, message: impl Into<String>) -> Self {
        Self {
            place: Some(place.clone()),
            ..Self::anywhere(code, message)
        }
    }

    /// An error that no single place is to blame for.
    pub fn anywhere(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            place: None,
            message: message.into(),
            label: None,
            help: None,
            notes: Vec::new(),
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says what stands at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what cures it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what cures it, if something is known to.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Names another place and its role.
    #[must_use]
    pub fn note(mut self, place: &Place, text: impl Into<String>) -> Self {
        self.notes.push((place.clone(), text.into()));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        write!(f, "[{}] {}", self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// More problems than anyone reads; a file of a few megabytes can hold millions.
const MOST: usize = 1000;

/// Everything that is wrong, collected so that it can be reported at once.
///
/// As text it is one line per problem, in the order of the places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one. Beyond a thousand only the fact that there are more is kept.
    pub fn push(&mut self, problem: Problem) {
        match self.0.len() {
            0..MOST => self.0.push(problem),
            MOST => self.0.push(Problem::anywhere(
                Code::TooLarge,
                format!("there are more than {MOST} problems"),
            )),
            _ => {}
        }
    }

    /// No more are kept, so that looking for more is in vain.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() > MOST
    }

    /// Nothing is wrong, and there is no warning either.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are, warnings included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// At least one is not just a warning.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// The problems in the order of their places, those without one first.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        let mut sorted: Vec<&Problem> = self.0.iter().collect();
        sorted.sort_by(|a, b| (&a.place, a.severity).cmp(&(&b.place, b.severity)));
        sorted.into_iter()
    }

    /// The value with the warnings, or all problems if one is an error.
    pub fn into_result<T>(self, value: T) -> Result<(T, Vec<Problem>), Problems> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok((value, self.into_iter().collect()))
        }
    }

    /// The problems as rustc would print them, with the lines they stand in. `files` are the texts that were read
    /// ([`Conf::files`](crate::Conf::files)); without its file a problem is printed without lines.
    pub fn render(&self, files: &[FileText]) -> String {
        crate::render::render(self.iter(), files)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        let mut all = Self::new();
        all.extend(problems);
        all
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    /// The problems in the order of their places.
    fn into_iter(mut self) -> Self::IntoIter {
        self.0
            .sort_by(|a, b| (&a.place, a.severity).cmp(&(&b.place, b.severity)));
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
