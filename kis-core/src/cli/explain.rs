//! `explain`: the page of an error code.

use kis_conf::{Code, suggest::did_you_mean};

use super::{Exit, streams::Streams, table::table};

/// Prints the page of a code, or the list of all codes.
pub(super) fn explain(code: Option<&str>, streams: &mut Streams) -> Exit {
    let Some(word) = code else {
        let rows = Code::ALL
            .iter()
            .map(|code| vec![code.to_string(), code.title().to_owned()]);
        return streams.result(&table(&["code", "what is wrong"], &[], rows));
    };
    match Code::parse(word) {
        Some(code) => streams.result(code.page()),
        None => {
            let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
            streams.error(format_args!(
                "unknown code {word}; {}",
                did_you_mean(&word.to_uppercase(), &known)
            ));
            Exit::Usage
        }
    }
}
