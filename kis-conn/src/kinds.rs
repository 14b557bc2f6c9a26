// //! The kinds of connectors and sources: the words YAML may use, and what to say about the others.
// 
// use kis_conf::suggest::did_you_mean;
// use kis_conf::{Code, Placed, Problem};
// 
// use crate::{ConnectorInfo, SourceInfo};
// 
// /// A word for `type:` that this version knows.
// #[derive(Clone, Copy, Debug, PartialEq, Eq)]
// pub struct KindFeature {
//     /// The word.
//     pub kind: &'static str,
//     /// The feature of `kis-core` that brings it; nothing if it is always there.
//     pub feature: Option<&'static str>,
//     /// Whether it is in this build.
//     pub on: bool,
//     /// Whether this version has it at all. If not, a later one will.
//     pub built: bool,
// }
// 
// impl KindFeature {
//     const fn here(kind: &'static str) -> Self {
//         KindFeature { kind, feature: None, on: true, built: true }
//     }
// 
//     const fn later(kind: &'static str) -> Self {
//         KindFeature { kind, feature: Some(kind), on: false, built: false }
//     }
// }
// 
// /// The built-in kinds of connectors, those of later versions included.
// pub const fn connector_kinds() -> &'static [KindFeature] {
//     const KINDS: &[KindFeature] = &[
//         KindFeature::here("file"),
//         KindFeature::here("memory"),
//         KindFeature::here("stdout"),
//         KindFeature::here("table"),
//         KindFeature::later("http"),
//         KindFeature::later("kafka"),
//         KindFeature::later("mysql"),
//         KindFeature::later("postgres"),
//         KindFeature::later("redis"),
//         KindFeature::later("sqlite"),
//     ];
//     KINDS
// }
// 
// /// The built-in kinds of sources, those of later versions included.
// pub const fn source_kind_features() -> &'static [KindFeature] {
//     const KINDS: &[KindFeature] = &[
//         KindFeature::here("file"),
//         KindFeature::here("generate"),
//         KindFeature::here("memory"),
//         KindFeature::here("stdin"),
//         KindFeature::later("cron"),
//         KindFeature::later("http"),
//         KindFeature::later("kafka"),
//         KindFeature::later("mysql"),
//         KindFeature::later("postgres"),
//         KindFeature::later("redis"),
//     ];
//     KINDS
// }
// 
// /// Every connector type that can be opened: the built-in ones and those the program registered.
// pub fn connectors() -> Vec<ConnectorInfo> {
//     let built_in = [
//         ConnectorInfo::of::<crate::file::FileSink>("kis-conn/src/file/sink.rs"),
//         ConnectorInfo::of::<crate::memory::Memory>("kis-conn/src/memory/sink.rs"),
//         ConnectorInfo::of::<crate::stdout::Stdout>("kis-conn/src/stdout.rs"),
//         ConnectorInfo::of::<crate::table::Table>("kis-conn/src/table.rs"),
//     ];
//     built_in.into_iter().chain(inventory::iter::<ConnectorInfo>.into_iter().copied()).collect()
// }
// 
// /// Every source kind that can be opened: the built-in ones and those the program registered.
// pub fn source_kinds() -> Vec<SourceInfo> {
//     let built_in = [crate::file::SOURCE, crate::generate::SOURCE, crate::memory::SOURCE, crate::stdin::SOURCE];
//     built_in.into_iter().chain(inventory::iter::<SourceInfo>.into_iter().copied()).collect()
// }
// 
// /// What is wrong with `type: kind` of a connector (`what` = "connector") or source (`what` = "source"); nothing if
// /// it can be opened.
// ///
// /// ```
// /// use kis_conf::{Place, Placed};
// /// let kind = Placed::new("fiel".to_owned(), Place::new("conf/out.yml", 3, 7));
// /// let problem = kis_conn::kind_problem("connector", &kind).unwrap();
// /// assert!(problem.to_string().starts_with("conf/out.yml:3:7: [KIS0122] unknown type fiel; did you mean file?"));
// /// ```
// pub fn kind_problem(what: &str, kind: &Placed<String>) -> Option<Problem> {
//     let word = kind.value.as_str();
//     let (known, mut words): (_, Vec<&str>) = match what {
//         "source" => (source_kind_features(), source_kinds().iter().map(|info| info.kind).collect()),
//         _ => (connector_kinds(), connectors().iter().map(|info| info.kind).collect()),
//     };
//     if words.contains(&word) {
//         return None;
//     }
//     words.sort_unstable();
//     let here = format!("this version has: {}", words.join(", "));
//     let problem = match known.iter().find(|feature| feature.kind == word) {
//         Some(KindFeature { built: true, feature: Some(feature), .. }) => {
//             Problem::error(Code::NeedsFeature, &kind.place, format!("type {word} needs the feature {feature} of kis-core"))
//                 .help(format!("in Cargo.toml: kis-core = {{ features = [\"{feature}\"] }}"))
//         }
//         Some(_) => {
//             let message = format!("type {word} of a {what} is not available in this version");
//             Problem::error(Code::NotAvailable, &kind.place, message).help(here)
//         }
//         None => Problem::error(Code::UnknownKind, &kind.place, format!("unknown type {kind}"))
//             .help(did_you_mean(word, &words)),
//     };
//     Some(problem.label(format!("type of a {what}")))
// }
// 
// #[cfg(test)]
// mod tests;
