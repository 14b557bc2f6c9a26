// Classes, texts and causes; the class survives `?`.

use kis_core::{conn::ErrorClass, prelude::*};

#[derive(Debug, KisError)]
pub enum AccountError {
    #[kis(reject, "no account {0} of {1:?}")]
    Unknown(i64, &'static str),
    #[kis(unavailable, "the bank {bank} is closed {{today}}")]
    Closed { bank: String },
    #[kis(retry, "cannot read the answer")]
    Answer(#[kis(from)] std::num::ParseIntError),
}

/// All variants in one class, with a text of its own.
#[derive(Debug, KisError)]
#[kis(fatal)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

fn account(id: i64) -> Result<i64, AccountError> {
    match id {
        1 => Err(AccountError::Unknown(1, "x")),
        2 => Err(AccountError::Closed { bank: "B".into() }),
        _ => Ok("x".parse::<i64>()?),
    }
}

fn ask(id: i64) -> Result<i64> {
    if id == 0 {
        Err(Broken)?;
    }
    Ok(account(id)?)
}

fn main() {
    let check = |id, class: ErrorClass, code: &str, text: &str| {
        let error = ask(id).unwrap_err();
        assert_eq!((error.class(), error.code(), error.message()), (class, code, text));
    };
    check(1, ErrorClass::Reject, "unknown", "no account 1 of \"x\"");
    check(2, ErrorClass::Unavailable, "closed", "the bank B is closed {today}");
    check(3, ErrorClass::Retry, "answer", "cannot read the answer: invalid digit found in string");
    check(0, ErrorClass::Fatal, "broken", "broken");
}
