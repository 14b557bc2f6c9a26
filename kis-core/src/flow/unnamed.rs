//! Steps whose state is stored under a name that they were only counted by.

use kis_conf::{Code, FlowConf, Problem};

use super::plan::StepPlan;

/// Steps with state whose names are only numbers of uses, which another step before them would change.
pub(super) fn unnamed_state<'a>(
    flow: &'a FlowConf,
    steps: &'a [StepPlan],
) -> impl Iterator<Item = Problem> + 'a {
    let confs = || flow.steps.iter().chain(&flow.at_end);
    let used_twice = move |fname: &str| {
        confs()
            .filter(|other| !other.named && *other.fname == *fname)
            .count()
            > 1
    };
    confs()
        .zip(steps)
        .filter(move |(conf, step)| step.state.is_some() && !conf.named && used_twice(&conf.fname))
        .map(|(conf, step)| {
            let text = format!(
                "{} keeps state and is used twice in flow {}; its state is stored under the name of its step",
                conf.fname, flow.name
            );
            Problem::error(Code::StateUnnamed, &conf.place, text)
                .help(format!("name each use: as: {}", step.name))
        })
}
