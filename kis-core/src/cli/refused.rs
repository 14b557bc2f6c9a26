//! Why a command does nothing, with its exit code.

use std::fmt::Display;

use kis_conf::suggest::did_you_mean;
use kis_conn::store::StoreError;

use super::Exit;

/// What to say, and how to end.
pub(super) struct Refused {
    pub(super) exit: Exit,
    pub(super) text: String,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        Refused::failed(error.to_string())
    }
}

impl Refused {
    /// The command line is wrong.
    pub(super) fn usage(text: String) -> Refused {
        Refused {
            exit: Exit::Usage,
            text,
        }
    }

    /// What the command needs does not work.
    pub(super) fn failed(text: String) -> Refused {
        Refused {
            exit: Exit::Failed,
            text,
        }
    }

    /// A name that is not there: what is said of it, the name, and those that are there.
    pub(super) fn unknown(what: impl Display, word: &str, known: &[&str]) -> Refused {
        let hint = match known.is_empty() {
            true => "there is none".to_owned(),
            false => did_you_mean(word, known),
        };
        Refused::usage(format!("{what}; {hint}"))
    }
}
