//! The kinds of connectors and sources: the words YAML may use, and what to say about the others.

use kis_conf::suggest::did_you_mean;
use kis_conf::{Code, Placed, Problem};

use crate::{ConnectorInfo, SourceInfo};

/// A word for `type:` that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindFeature {
    /// The word.
    pub kind: &'static str,
    /// The feature of `kis-core` that brings it; nothing if it is always there.
    pub feature: Option<&'static str>,
    /// Whether it is in this build.
    pub on: bool,
    /// Whether this version has it at all. If not, a later one will.
    pub built: bool,
}

impl KindFeature {
    const fn here(kind: &'static str) -> Self {
        KindFeature {
            kind,
            feature: None,
            on: true,
            built: true,
        }
    }

    const fn later(kind: &'static str) -> Self {
        KindFeature {
            kind,
            feature: Some(kind),
            on: false,
            built: false,
        }
    }
}

/// The built-in kinds of connectors, those of later versions included.
pub const fn connector_kinds() -> &'static [KindFeature] {
    const KINDS: &[KindFeature] = &[
        KindFeature::here("file"),
        KindFeature::here("memory"),
        KindFeature::here("stdout"),
        KindFeature::here("table"),
        KindFeature::later("http"),
        KindFeature::later("kafka"),
        KindFeature::later("mysql"),
        KindFeature::later("postgres"),
        KindFeature::later("redis"),
        KindFeature::later("sqlite"),
    ];
    KINDS
}

/// The built-in kinds of sources, those of later versions included.
pub const fn source_kind_features() -> &'static [KindFeature] {
    const KINDS: &[KindFeature] = &[
        KindFeature::here("file"),
        KindFeature::here("generate"),
        KindFeature::here("memory"),
        KindFeature::here("stdin"),
        KindFeature::later("cron"),
        KindFeature::later("http"),
        KindFeature::later("kafka"),
        KindFeature::later("mysql"),
        KindFeature::later("postgres"),
        KindFeature::later("redis"),
    ];
    KINDS
}

/// Every connector type that can be opened: the built-in ones and those the program registered.
pub fn connectors() -> Vec<ConnectorInfo> {
    let built_in = [
        ConnectorInfo::of::<crate::file::FileSink>("kis-conn/src/file/sink.rs"),
        ConnectorInfo::of::<crate::memory::Memory>("kis-conn/src/memory/sink.rs"),
        ConnectorInfo::of::<crate::stdout::Stdout>("kis-conn/src/stdout.rs"),
        ConnectorInfo::of::<crate::table::Table>("kis-conn/src/table.rs"),
    ];
    built_in
        .into_iter()
        .chain(inventory::iter::<ConnectorInfo>.into_iter().copied())
        .collect()
}

/// Every source kind that can be opened: the built-in ones and those the program registered.
pub fn source_kinds() -> Vec<SourceInfo> {
    let built_in = [
        crate::file::SOURCE,
        crate::generate::SOURCE,
        crate::memory::SOURCE,
        crate::stdin::SOURCE,
    ];
    built_in
        .into_iter()
        .chain(inventory::iter::<SourceInfo>.into_iter().copied())
        .collect()
}

/// What is wrong with a `type:` of a connector that [`connectors`] does not have.
///
/// ```
/// use kis_conf::{Place, Placed};
/// let kind = Placed::new("fiel".to_owned(), Place::new("conf/out.yml", 3, 7));
/// let problem = kis_conn::connector_kind_problem(&kind);
/// assert!(problem.to_string().starts_with("conf/out.yml:3:7: [KIS0122] unknown type fiel of a connector; did you mean"));
/// ```
pub fn connector_kind_problem(kind: &Placed<String>) -> Problem {
    let words = connectors().iter().map(|info| info.kind).collect();
    problem("connector", kind, connector_kinds(), words)
}

/// What is wrong with a `type:` of a source that [`source_kinds`] does not have.
pub fn source_kind_problem(kind: &Placed<String>) -> Problem {
    let words = source_kinds().iter().map(|info| info.kind).collect();
    problem("source", kind, source_kind_features(), words)
}

fn problem(what: &str, kind: &Placed<String>, known: &[KindFeature], mut here: Vec<&str>) -> Problem {
    here.sort_unstable();
    let error = |code: Code, message: String| Problem::error(code, &kind.place, message);
    let problem = match known.iter().find(|feature| feature.kind == kind.value) {
        Some(KindFeature {
            built: true,
            feature: Some(feature),
            ..
        }) => error(
            Code::NeedsFeature,
            format!("type {kind} needs the feature {feature} of kis-core"),
        )
        .help(format!(
            "in Cargo.toml: kis-core = {{ features = [\"{feature}\"] }}"
        )),
        Some(_) => error(
            Code::NotAvailable,
            format!("type {kind} of a {what} is not available in this version"),
        )
        .help(format!("this version has {}", here.join(", "))),
        None => error(Code::UnknownKind, format!("unknown type {kind} of a {what}"))
            .help(did_you_mean(&kind.value, &here)),
    };
    problem.label(format!("type of a {what}"))
}

#[cfg(test)]
mod tests;
