//! `kistype: func`: a function's mode, connector, retries and default params, as KisFlow writes them.

use std::time::Duration;

use crate::fields::{Fields, read_word};
use crate::out::{Out, number, text, word};
use crate::word::Word;
use crate::{Code, Mode, Node, Param, Place, Placed, Problem};

/// A `kistype: func` document. It is optional: the function's attribute says mode and connector too.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDoc {
    /// Where the document begins.
    pub place: Place,
    /// `fname`: the function's name.
    pub name: Placed<String>,
    /// `fmode`: its mode, which must agree with the attribute's.
    pub mode: Option<Placed<Mode>>,
    /// `source.name`: what its rows are called.
    pub source_name: Option<Placed<String>>,
    /// `source.must`: fields that each row must have.
    pub must: Vec<Placed<String>>,
    /// `option.cname`: its connector.
    pub conn: Option<Placed<String>>,
    /// `option.retry_times` and `option.retry_duration`.
    pub retry: Option<RetryConf>,
    /// `option.default_params`: params that a flow's params overlay.
    pub params: Vec<Param>,
}

/// How often a function's calls are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConf {
    /// Total tries, the first included: one more than `retry_times`.
    pub attempts: u32,
    /// `retry_duration`, given in milliseconds: the wait between two tries.
    pub wait: Option<Duration>,
}

impl FunctionDoc {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.node("kistype");
        let place = fields.place().clone();
        let name = fields.needed_name("fname");
        let mode = read_mode(fields);
        let source = fields.nested("source", "source", |fields| {
            (source_name(fields), fields.names("must"))
        });
        let (source_name, must) = source.unwrap_or_default();
        let option = fields.nested("option", "option", |fields| {
            (
                read_conn(fields),
                read_retry(fields),
                fields.params("default_params"),
            )
        });
        let (conn, retry, params) = option.unwrap_or_default();
        Some(Self {
            place,
            name: name?,
            mode,
            source_name,
            must,
            conn,
            retry,
            params,
        })
    }

    pub(crate) fn write(&self) -> Node {
        let source = Out::default()
            .put_if("name", self.source_name.as_ref().map(text))
            .put_names("must", &self.must);
        let retry = self.retry.as_ref();
        let option = Out::default()
            .put_if("cname", self.conn.as_ref().map(text))
            .put_if("retry_times", retry.map(|retry| number(retry.attempts - 1)))
            .put_if(
                "retry_duration",
                retry
                    .and_then(|retry| retry.wait)
                    .map(|wait| number(wait.as_millis())),
            )
            .put_params("default_params", &self.params);
        Out::document("func")
            .put("fname", text(&self.name))
            .put_if("fmode", self.mode.as_ref().map(|mode| word(mode.as_str())))
            .put_map("source", source)
            .put_map("option", option)
            .into_node()
    }
}

fn read_mode(fields: &mut Fields<'_>) -> Option<Placed<Mode>> {
    let node = fields.node("fmode")?;
    read_word("fmode", node, Mode::WORDS, Mode::parse, fields.problems())
}

/// A description for people, so any text will do.
fn source_name(fields: &mut Fields<'_>) -> Option<Placed<String>> {
    fields.text("name").filter(|name| !name.is_empty())
}

/// KisFlow writes an empty name into every file it exports: that is "not set".
fn read_conn(fields: &mut Fields<'_>) -> Option<Placed<String>> {
    match fields.node("cname")?.scalar() {
        Some(scalar) if scalar.shown().is_empty() => None,
        _ => fields.name("cname"),
    }
}

/// `retry_duration` is also known by KisFlow's misspelt name.
fn read_retry(fields: &mut Fields<'_>) -> Option<RetryConf> {
    let times = fields.int("retry_times", 0..=1_000_000);
    let spelt = fields.int("retry_duration", 0..=86_400_000);
    let misspelt = fields.int("return_duration", 0..=86_400_000);
    if let (Some(spelt), Some(misspelt)) = (&spelt, &misspelt)
        && spelt != misspelt
    {
        let message = format!("return_duration is {misspelt} and retry_duration is {spelt}");
        let problem = Problem::error(Code::DuplicateKey, &misspelt.place, message).label("the misspelt name");
        let help = "they are two names of one key: keep retry_duration";
        fields
            .problems()
            .push(problem.help(help).note(&spelt.place, "the other name"));
    }
    // KisFlow writes both keys with 0 into every file it exports: that is "not set".
    let wait = spelt
        .or(misspelt)
        .filter(|ms| ms.value > 0)
        .map(|ms| Duration::from_millis(ms.value));
    let attempts = times.map_or(1, |times| times.value as u32 + 1);
    (attempts > 1 || wait.is_some()).then_some(RetryConf { attempts, wait })
}
