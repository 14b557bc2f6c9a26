//! The text of a problem, composed in a `const`: the same words while compiling and at run time.

use std::fmt;

use crate::text::Text;
use crate::{Code, Place, Problem};

/// The text of a problem, up to 512 bytes; a longer one ends in `...`.
///
/// ```
/// use kis_conf::{Code, Msg};
/// const MSG: Msg = Msg::new(Code::ParamRange).text("param size of save_avg is ").num(5000).help("allowed is 1 to 1000");
/// assert_eq!(MSG.as_str(), "param size of save_avg is 5000; allowed is 1 to 1000");
/// ```
#[derive(Clone, Copy)]
pub struct Msg {
    code: Code,
    text: Text<512>,
    /// How many bytes of the text are the message; behind it stand `; ` and the help.
    message: usize,
}

impl Msg {
    /// An empty text of this code.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            text: Text::new(),
            message: usize::MAX,
        }
    }

    /// Appends a text.
    #[must_use]
    pub const fn text(mut self, text: &str) -> Self {
        self.text = self.text.add(text);
        self
    }

    /// Appends a whole number.
    #[must_use]
    pub const fn num(mut self, number: i64) -> Self {
        self.text = self.text.add_int(number);
        self
    }

    /// Appends a number with at most six digits behind the point.
    #[must_use]
    pub const fn float(mut self, number: f64) -> Self {
        self.text = self.text.add_float(number);
        self
    }

    /// Ends the message and begins the help that cures it, after `; `.
    #[must_use]
    pub const fn help(mut self, text: &str) -> Self {
        self.message = self.text.len();
        self.text = self.text.add("; ").add(text);
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The text: `message; help`.
    pub const fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Panics with `place: [KIS0102] text`; in a `const` this is a build error at the caller's place.
    #[track_caller]
    pub const fn panic_at(&self, place: &str) -> ! {
        let text: Text<1024> = Text::new()
            .add(place)
            .add(": [")
            .add(self.code.as_str())
            .add("] ")
            .add(self.text.as_str());
        panic!("{}", text.as_str())
    }

    /// The same as a problem of a place.
    pub fn into_problem(self, place: Place) -> Problem {
        let text = self.as_str();
        let (message, help) = match text
            .get(..self.message)
            .zip(text.get(self.message.saturating_add(2)..))
        {
            Some((message, help)) => (message, Some(help.to_owned())),
            None => (text, None),
        };
        let place = Some(place);
        Problem {
            place,
            help,
            ..Problem::anywhere(self.code, message)
        }
    }
}

impl fmt::Display for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code, self.as_str())
    }
}

impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Msg({self})")
    }
}

#[cfg(test)]
mod tests;
