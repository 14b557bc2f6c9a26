//! What the parser does not understand, in words that lead to the cure.

use granit_parser::{ErrorKind, ScanError};

use crate::{Code, Place, Problem};

/// The parser's error as a problem.
pub(super) fn problem(error: &ScanError, text: &str, place: &Place) -> Problem {
    let (fault, help) = match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            let message = format!("the value is nested deeper than {} levels", super::MAX_DEPTH);
            return Problem::error(Code::TooLarge, place, message).label("too deep");
        }
        kind => explain(kind),
    };
    let line = text.lines().nth((place.line.max(1) - 1) as usize).unwrap_or("");
    // The parser stops at the braces of a plain `${..}`, whatever it says of them.
    let help = if line.contains("${") {
        Some("inside { } and [ ] put quotes around ${..}")
    } else {
        help
    };
    let message = match fault {
        Some(fault) => format!("this is not YAML: {fault}"),
        None => format!("this is not YAML: {}", error.info().trim_end_matches('.')),
    };
    Problem::error(Code::NotYaml, place, message).help_if(help.map(str::to_owned))
}

/// The fault and the cure of the usual mistakes.
fn explain(kind: &ErrorKind) -> (Option<String>, Option<&'static str>) {
    let (fault, help) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => ("a tab stands where only spaces may", "indent with spaces"),
        ErrorKind::UnclosedFlowCollection { open } => {
            return (
                Some(format!("the {open} is never closed")),
                Some("close it, or put quotes around the text"),
            );
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (Some(format!("a {open} is closed by a {close}")), None);
        }
        ErrorKind::UnclosedQuotedScalar => {
            ("the quote is never closed", "close it before the end of the line")
        }
        ErrorKind::MappingValueNotAllowed => (
            "a key and its colon stand where no key may",
            "indent it like the keys above, or put quotes around a text that holds a colon and a space",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            let fault = format!("a text may not begin with {}", character.escape_default());
            return (Some(fault), Some("put quotes around it"));
        }
        ErrorKind::UnknownAnchor => (
            "no &name stands before this *name",
            "mark the value that is meant with &name",
        ),
        ErrorKind::ExpectedFlowMappingSeparator => {
            ("a , or } is missing", "close the { or put quotes around the text")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("a , or ] is missing", "close the [ or put quotes around the text")
        }
        ErrorKind::ExpectedBlockMappingKey => ("a key is missing", "indent it like the keys above"),
        ErrorKind::ExpectedBlockSequenceEntry => ("a - is missing", "indent it like the items above"),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "a key has no colon behind it",
            "write key: value, with a space behind the colon",
        ),
        _ => return (None, None),
    };
    (Some(fault.to_owned()), Some(help))
}
