//! Which dead letters a command means.

use std::{fmt, str::FromStr};

use clap::Args;
use kis_conn::store::Letter;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::row_as_json;

/// Which letters are meant: all that every given option fits.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Filter {
    /// Letters of this flow
    #[arg(long, value_name = "NAME")]
    pub(super) flow: Option<String>,
    /// Letters of this step
    #[arg(long, value_name = "NAME")]
    pub(super) step: Option<String>,
    /// Letters of this error class: decode, reject, retry, panic, timeout, fatal, follows
    #[arg(long, value_name = "CLASS")]
    pub(super) class: Option<String>,
    /// Letters of this error code
    #[arg(long, value_name = "CODE")]
    pub(super) code: Option<String>,
    /// Letters whose row has such a field: amount>100, user=ann, address.city!=Bern; may be given several times
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(super) fields: Vec<Where>,
    /// The letter with this id; may be given several times
    #[arg(long = "id", value_name = "ID")]
    pub(super) ids: Vec<String>,
}

impl Filter {
    /// Whether it means all letters.
    pub(super) fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether it means this letter.
    pub(super) fn fits(&self, letter: &Letter) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|word| word == found);
        let id = || letter.id.to_string();
        is(&self.flow, &letter.flow)
            && is(&self.step, &letter.step)
            && is(&self.class, &letter.class)
            && is(&self.code, &letter.code)
            && (self.ids.is_empty() || self.ids.iter().any(|wanted| id().starts_with(wanted.as_str())))
            && (self.fields.is_empty() || {
                let row = row_as_json(&letter.row);
                self.fields.iter().all(|wanted| wanted.fits(row.as_ref()))
            })
    }
}

/// A comparison with a field of a letter's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Where {
    field: String,
    is: Is,
    value: String,
}

/// How a field compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Is {
    /// Longer signs before those that they begin with.
    const ALL: [(&'static str, Is); 6] = [
        ("!=", Is::NotEqual),
        ("<=", Is::AtMost),
        (">=", Is::AtLeast),
        ("=", Is::Equal),
        ("<", Is::Less),
        (">", Is::More),
    ];

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Is::Equal => order.is_eq(),
            Is::NotEqual => order.is_ne(),
            Is::Less => order.is_lt(),
            Is::AtMost => order.is_le(),
            Is::More => order.is_gt(),
            Is::AtLeast => order.is_ge(),
        }
    }
}

impl Where {
    fn fits(&self, row: Option<&Value>) -> bool {
        let mut found = row;
        if let Some(whole) = row.and_then(|row| row.get(&self.field)) {
            found = Some(whole);
        } else {
            for part in self.field.split('.') {
                found = found.and_then(|value| value.get(part));
            }
        }
        let wanted = self.value.as_str();
        let order = match found {
            // A field that is not there is no value, and differs from each.
            None => return self.is == Is::NotEqual,
            Some(Value::Number(number)) => match (number.as_f64(), wanted.parse::<f64>()) {
                (Some(number), Ok(wanted)) => number.partial_cmp(&wanted),
                _ => None,
            },
            // Where rows are texts, as in CSV, numbers are compared as numbers all the same.
            Some(Value::String(text)) => match (text.parse::<f64>(), wanted.parse::<f64>()) {
                (Ok(number), Ok(wanted)) => number.partial_cmp(&wanted),
                // A text is neither above nor below a number.
                (Err(_), Ok(_)) => (text == wanted).then_some(std::cmp::Ordering::Equal),
                _ => Some(text.as_str().cmp(wanted)),
            },
            Some(other) => Some(other.to_string().as_str().cmp(wanted)),
        };
        order.map_or(self.is == Is::NotEqual, |order| self.is.holds(order))
    }
}

impl FromStr for Where {
    type Err = String;

    fn from_str(text: &str) -> Result<Where, String> {
        let at = text.find(['=', '!', '<', '>']).filter(|at| *at > 0);
        let found = at.and_then(|at| {
            let (field, rest) = text.split_at(at);
            let (sign, is) = Is::ALL.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
            Some((field, is, &rest[sign.len()..]))
        });
        let (field, is, value) =
            found.ok_or_else(|| "write FIELD=VALUE, or with != < <= > >= instead of =".to_owned())?;
        Ok(Where {
            field: field.trim().to_owned(),
            is,
            value: value.trim().to_owned(),
        })
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Is::ALL.iter().find(|(_, is)| *is == self.is);
        write!(
            f,
            "{}{}{}",
            self.field,
            sign.map_or("=", |(sign, _)| sign),
            self.value
        )
    }
}

impl From<Where> for String {
    fn from(wanted: Where) -> String {
        wanted.to_string()
    }
}

impl TryFrom<String> for Where {
    type Error = String;

    fn try_from(text: String) -> Result<Where, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comparisons_with_fields() {
        let row = json!({ "user": "ann", "amount": 120, "rate": "7.5", "paid": true, "note": null,
            "address": { "city": "Bern" }, "a.b": 1 });
        for (text, fits) in [
            ("user=ann", true),
            ("user=an", false),
            ("user!=bob", true),
            ("user<bob", true),
            ("user>400", false),
            ("user!=400", true),
            ("amount>100", true),
            ("amount>=120", true),
            ("amount<100", false),
            ("amount=120.0", true),
            ("amount=x", false),
            ("amount!=x", true),
            ("rate<10", true),
            ("paid=true", true),
            ("note=null", true),
            ("address.city=Bern", true),
            ("address.zip=3000", false),
            ("address.zip!=3000", true),
            ("a.b=1", true),
            ("user = ann", true),
        ] {
            let wanted: Where = text.parse().unwrap();
            assert_eq!(wanted.fits(Some(&row)), fits, "{text}");
            assert_eq!(wanted.to_string().parse(), Ok(wanted));
        }
        for text in ["", "user", "=x", "!x"] {
            assert!(text.parse::<Where>().is_err(), "{text}");
        }
    }
}
