//! The control socket of a running process: other commands ask it for what they cannot reach, since it holds the
//! store. It lies beside the store, is open to the store's owner alone, and speaks JSON, one value a line.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Exit, dlq, refused::Refused};

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "elsewhere.rs")]
mod system;

pub(super) use self::system::{Client, Control};

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// About dead letters.
    Dlq(dlq::Ask),
}

/// A line of an answer: any number of items, then the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    /// Something that was found.
    Item(Value),
    /// That was all.
    Done(Value),
    /// It was not done, for this reason.
    Refused { exit: u8, text: String },
}

impl From<Refused> for Reply {
    fn from(refused: Refused) -> Reply {
        Reply::Refused {
            exit: refused.exit as u8,
            text: refused.text,
        }
    }
}

impl Reply {
    fn refused(exit: u8, text: String) -> Refused {
        let known = [Exit::Usage, Exit::Config]
            .into_iter()
            .find(|known| *known as u8 == exit);
        Refused {
            exit: known.unwrap_or(Exit::Failed),
            text,
        }
    }
}
