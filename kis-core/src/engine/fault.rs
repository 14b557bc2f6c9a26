//! Why a flow stopped before its end.

use std::fmt;

/// A reason to stop a flow. Nothing behind the last cut is settled, so a new start goes on from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The step at which it happened, if it was one.
    pub step: Option<String>,
    /// A short word for programs: the error's own code, or one of KIS flow's.
    pub code: String,
    /// What happened, for people.
    pub message: String,
}

impl Fault {
    /// A fault of the flow's surroundings: its source, a connector, the store.
    pub(crate) fn new(code: impl Into<String>, message: impl fmt::Display) -> Fault {
        Fault {
            step: None,
            code: code.into(),
            message: message.to_string(),
        }
    }

    /// A fault at a step.
    pub(crate) fn at(step: &str, code: impl Into<String>, message: impl fmt::Display) -> Fault {
        Fault {
            step: Some(step.to_owned()),
            ..Fault::new(code, message)
        }
    }

    /// Whether the flow was only told to stop, and something had not been settled yet.
    pub fn is_stop(&self) -> bool {
        self.code == super::around::STOPPED
    }

    /// A fault of this framework.
    pub(crate) fn bug(what: &str) -> Fault {
        Fault::new("bug", format_args!("bug in kis: {what}; please report it"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Some(step) => write!(f, "step {step}: {} ({})", self.message, self.code),
            None => write!(f, "{} ({})", self.message, self.code),
        }
    }
}

impl std::error::Error for Fault {}
