//! Whether the documents fit together, as far as that can be told without the Rust functions.

mod cycles;
mod names;
mod steps;

use crate::{CheckedConf, Conf, FlowConf, Problems};

use self::names::Names;

/// Fits the documents together: names are unique, what is named exists, steps know their func documents and sources
/// their flows. The order of the files does not matter: everything is sorted by name.
///
/// # Errors
/// Everything that does not fit. Names are not looked up in a [partial](Conf::partial) configuration.
pub fn check(conf: Conf) -> Result<CheckedConf, Problems> {
    check_read((conf, Problems::new()))
}

/// The same for what [`read_dir`](crate::read_dir) or [`read_files`](crate::read_files) returns: what is wrong with
/// single documents and what does not fit is reported at once.
///
/// # Errors
/// Everything that is wrong.
pub fn check_read((conf, mut problems): (Conf, Problems)) -> Result<CheckedConf, Problems> {
    let Conf {
        functions,
        flows,
        conns,
        mut sources,
        jobs,
        tests,
        globals,
        files,
        partial,
    } = conf;
    let mut names = Names::new(partial, &mut problems);
    let functions = names.unique("func", functions, |func| &func.name);
    let flows = names.unique("flow", flows, |flow| &flow.name);
    let conns = names.unique("conn", conns, |conn| &conn.name);
    let jobs = names.unique("job", jobs, |job| &job.name);
    sources = names.unique("source", sources, |source| &source.name);
    names.tests(&tests);
    let global = names.global(globals);

    let known = names.known(&flows, &conns);
    let mut flows: Vec<FlowConf> = flows
        .into_iter()
        .map(|flow| steps::bind(flow, &functions, names.problems()))
        .collect();
    known.references(&flows, &sources, &jobs, &tests, names.problems());
    cycles::check(&flows, names.problems());
    for source in sources {
        // They are sorted by name.
        if let Ok(at) = flows.binary_search_by(|flow| flow.name.value.cmp(&source.flow.value)) {
            flows[at].sources.push(source);
        }
    }
    // Most flows have one source, and a list makes room for four.
    flows.iter_mut().for_each(|flow| flow.sources.shrink_to_fit());
    let conf = CheckedConf {
        flows,
        conns,
        functions,
        global,
        jobs,
        tests,
        files,
        warnings: Vec::new(),
    };
    problems
        .into_result(conf)
        .map(|(conf, warnings)| CheckedConf { warnings, ..conf })
}
