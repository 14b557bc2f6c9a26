//! Reads the configuration that a command works on and binds it to the functions of the program.

use std::{collections::BTreeMap, num::NonZero, path::PathBuf, thread};

use kis_conf::{
    CheckedConf, Code, Conf, FileText, Problems, ReadOptions, Severity, Values, check_read, read_dir,
    read_files, suggest::did_you_mean,
};

use super::{App, Exit, args::Common, streams::Streams};
use crate::{
    flow::{FlowSet, Linked, Plan, bind},
    function::FunctionInfo,
    registry,
};

/// A configuration that fits, and what it was bound to.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) conf: CheckedConf,
    pub(super) plan: Plan,
    pub(super) functions: Vec<&'static FunctionInfo>,
    pub(super) workers: usize,
}

/// Reads the flows that are built in, or those of `--conf`, and binds them. Everything that is wrong is told.
///
/// # Errors
/// The exit code, when something is wrong.
pub(super) fn load(app: &App, common: &Common, streams: &Streams) -> Result<Loaded, Exit> {
    let (conf, problems) = read(&app.flows, common);
    unknown_names(&conf.files, common, streams)?;
    let files = conf.files.clone();
    let refuse = |problems: &Problems| {
        refuse(problems, &files, "the configuration has", streams);
        Exit::Config
    };
    let conf = check_read((conf, problems)).map_err(|problems| refuse(&problems))?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = conf.global.workers.map_or(cores, |workers| workers as usize);
    let functions = functions(&app.flows);
    let linked = Linked {
        functions: &functions,
        lanes: workers,
        exts: &app.exts,
    };
    let plan = bind(&conf, linked).map_err(|problems| refuse(&problems))?;
    if !plan.warnings.is_empty() {
        let warnings: Problems = plan.warnings.iter().cloned().collect();
        streams.say(warnings.render(&conf.files).trim_end());
    }
    Ok(Loaded {
        conf,
        plan,
        functions,
        workers,
    })
}

/// Tells all problems, and how many there are.
pub(super) fn refuse(problems: &Problems, files: &[FileText], what: &str, streams: &Streams) {
    streams.say(problems.render(files).trim_end());
    let errors: Vec<Code> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| problem.code)
        .collect();
    let count = match errors.len() {
        1 => "one error".to_owned(),
        count => format!("{count} errors"),
    };
    let code = errors.first().map_or("CODE", |code| code.as_str());
    streams.error(format_args!("{what} {count}; `explain {code}` says more"));
}

fn read(flows: &FlowSet, common: &Common) -> (Conf, Problems) {
    let values: BTreeMap<String, String> = common.set.iter().cloned().collect();
    let options = ReadOptions {
        values: Values::Over(values),
        base: PathBuf::new(),
    };
    match &common.conf {
        Some(dir) => read_dir(dir, &options),
        None => {
            let texts = flows.files.iter().map(|(name, text)| FileText {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            });
            read_files(texts.collect(), &options)
        }
    }
}

/// The functions that the flows name, and all others that are linked. Those that the program's own flows name by path
/// win over others of their name.
fn functions(flows: &FlowSet) -> Vec<&'static FunctionInfo> {
    let mut functions: Vec<&'static FunctionInfo> = flows.functions.to_vec();
    for function in registry::functions() {
        if !flows.functions.iter().any(|known| known.name == function.name) {
            functions.push(function);
        }
    }
    functions.sort_by_key(|function| function.name);
    functions
}

/// A `--set` that no file reads is a mistake.
fn unknown_names(files: &[FileText], common: &Common, streams: &Streams) -> Result<(), Exit> {
    let known = variables(files);
    let mut exit = Ok(());
    for (name, _) in common
        .set
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
    {
        let hint = match known.is_empty() {
            true => "no file reads any".to_owned(),
            false => did_you_mean(name, &known),
        };
        streams.error(format_args!(
            "--set {name}: no file of the configuration reads ${{env:{name}}}; {hint}"
        ));
        exit = Err(Exit::Usage);
    }
    exit
}

/// The names in `${env:NAME}` of these files, sorted.
pub(super) fn variables(files: &[FileText]) -> Vec<&str> {
    let mut names: Vec<&str> = files
        .iter()
        .flat_map(|file| file.text.split("${env:").skip(1))
        .filter_map(|rest| {
            let inner = &rest[..rest.find('}')?];
            Some(inner.split_once(":-").map_or(inner, |(name, _)| name))
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
