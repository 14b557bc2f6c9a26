//! The same questions at run time: the facts of files that were read, asked against the linked functions.

use kis_conf::{
    CheckedConf, Code, FlowConf, Given, GivenArena, GivenOwned, Order, Place, Placed, Problem, Problems,
    SourceConf, StepConf, suggest,
};

use super::{
    checks::{conn_of, source_problem, step_problem},
    conns::check_conns,
    flow::{flow_problem, table_problem},
    text::{At, ConnText, FlowFacts, FlowText, Found, SourceText, StepText},
};
use crate::{
    function::{FunctionInfo, Need},
    row::Shape,
};

/// The connector that a step uses for the argument `arg`.
pub fn conn_name(step: &StepConf, function: &FunctionInfo, arg: &str) -> String {
    let kind = function
        .needs
        .iter()
        .find(|need| need.arg == arg)
        .map_or("", |need| match need.need {
            Need::Conn { info } => info.kind,
            _ => "",
        });
    conn_of(
        step.conn.as_ref().map(|conn| conn.value.as_str()),
        function,
        arg,
        kind,
    )
    .unwrap_or("default")
    .to_owned()
}

/// Everything in which a configuration does not fit the functions that are linked.
///
/// `row` gives the shape of a row type that a source's `row:` names.
pub fn check(
    conf: &CheckedConf,
    functions: &[&'static FunctionInfo],
    row: impl Fn(&str) -> Option<&'static Shape>,
) -> Problems {
    let mut problems = Problems::new();
    let flows: Vec<&FlowConf> = conf.flows.iter().filter(|flow| flow.on).collect();
    for step in flows.iter().flat_map(|flow| steps(flow)) {
        if find(functions, &step.fname).is_none() {
            problems.push(unknown_function(functions, step));
        }
        problems.extend(two_functions(functions, step));
    }
    let conns: Vec<ConnText<'_>> = conf
        .conns
        .iter()
        .map(|conn| ConnText {
            name: &conn.name.value,
            kind: &conn.kind.value,
        })
        .collect();
    // Each list borrows from the one before: owned texts, then the facts that point into them.
    let owned: Vec<Owned<'_>> = flows
        .iter()
        .map(|flow| Owned::of(flow, functions, &row))
        .collect();
    let mut named: Vec<&FunctionInfo> = Vec::new();
    for function in owned.iter().flat_map(|owned| owned.functions.iter().copied()) {
        if !function.is_unknown() && !named.iter().any(|known| known.name == function.name) {
            named.push(function);
        }
    }
    check_conns(conf, &named, &mut problems);
    let arenas: Vec<Vec<_>> = owned
        .iter()
        .map(|owned| owned.given.iter().map(|given| GivenArena::new(given)).collect())
        .collect();
    let params: Vec<Vec<_>> = owned
        .iter()
        .zip(&arenas)
        .map(|(owned, arenas)| owned.params(arenas))
        .collect();
    let lists: Vec<_> = owned.iter().map(Owned::lists).collect();
    let steps: Vec<_> = owned
        .iter()
        .zip(params.iter().zip(&lists))
        .map(|(o, (p, l))| o.steps(p, l))
        .collect();
    let sources: Vec<_> = owned.iter().map(Owned::sources).collect();
    let texts = owned
        .iter()
        .zip(steps.iter().zip(&sources).zip(&lists))
        .map(|(owned, ((steps, sources), lists))| owned.text(steps, sources, &lists.flow_variants));
    let all: Vec<FlowFacts<'_>> = texts
        .zip(&owned)
        .map(|(text, owned)| FlowFacts {
            text,
            all_functions: &named,
            functions: &owned.functions,
            rows: &owned.rows,
            conns: &conns,
        })
        .collect();
    for (number, flow) in all.iter().enumerate() {
        let mut take = Taker {
            problems: &mut problems,
            must_warns: conf.global.must_warns,
            owned: &owned[number],
        };
        for at in 0..flow.functions.len() {
            take.all(|nth| step_problem(flow, at, nth));
            take.all(|nth| {
                if nth == 0 {
                    table_problem(&all, number, at)
                } else {
                    None
                }
            });
        }
        for at in 0..flow.text.sources.len() {
            take.all(|nth| source_problem(flow, at, nth));
        }
        take.all(|nth| flow_problem(flow, nth));
    }
    problems
}

/// Collects what is found, with the place that its text stands for.
struct Taker<'a> {
    problems: &'a mut Problems,
    must_warns: bool,
    owned: &'a Owned<'a>,
}

impl Taker<'_> {
    fn all<'f>(&mut self, found: impl Fn(usize) -> Option<Found<'f>>) {
        // An unknown function is reported with the nearest of all that are linked.
        let known = |found: &Found<'f>| found.msg.code() != Code::UnknownFunction;
        for found in (0..).map_while(found).filter(known) {
            let only_warned = self.must_warns && found.msg.code() == Code::MustField;
            let problem = found.msg.into_problem(self.owned.place(found.place));
            self.problems
                .push(if only_warned { problem.warning() } else { problem });
        }
    }
}

/// Stands for a function that is not linked.
static UNKNOWN: FunctionInfo = FunctionInfo::unknown("", "");

/// What the facts of a flow borrow from.
struct Owned<'f> {
    flow: &'f FlowConf,
    functions: Vec<&'f FunctionInfo>,
    rows: Vec<Option<&'f Shape>>,
    places: Vec<(Place, String)>,
    given: Vec<Vec<GivenOwned>>,
}

/// Names and their places: for each step those of `must` and `by_variant`, and those of the flow's `by_variant`.
struct Lists<'a> {
    musts: Vec<Vec<At<'a, &'a str>>>,
    variants: Vec<Vec<At<'a, &'a str>>>,
    flow_variants: Vec<At<'a, &'a str>>,
}

impl<'f> Owned<'f> {
    fn of(
        flow: &'f FlowConf,
        functions: &[&'static FunctionInfo],
        row: &impl Fn(&str) -> Option<&'static Shape>,
    ) -> Owned<'f> {
        let mut places = vec![flow.name.place.clone()];
        places.extend(
            flow.on_error
                .by_variant
                .iter()
                .map(|(name, _)| name.place.clone()),
        );
        for step in steps(flow) {
            places.push(step.place.clone());
            places.push(step.fname.place.clone());
            places.extend(step.mode.iter().map(|mode| mode.place.clone()));
            places.extend(step.conn.iter().map(|conn| conn.place.clone()));
            places.extend(step.must.iter().map(|must| must.place.clone()));
            places.extend(step.params.iter().map(|param| param.key.place.clone()));
            places.extend(own_variants(flow, step).map(|name| name.place.clone()));
        }
        for source in &flow.sources {
            places.extend(by(source).map(|field| field.place.clone()));
            places.extend(source.row.iter().map(|row| row.place.clone()));
            places.extend(source.event_time.iter().map(|field| field.place.clone()));
        }
        Owned {
            flow,
            functions: steps(flow)
                .map(|step| find(functions, &step.fname).unwrap_or(&UNKNOWN))
                .collect(),
            rows: flow
                .sources
                .iter()
                .map(|source| source.row.as_ref().and_then(|name| row(name)))
                .collect(),
            places: places
                .into_iter()
                .map(|place| (place.clone(), place.to_string()))
                .collect(),
            given: steps(flow)
                .map(|step| step.params.iter().map(Given::of).collect())
                .collect(),
        }
    }

    fn params<'a>(&'a self, arenas: &'a [GivenArena<'a>]) -> Vec<&'a [Given<'a>]> {
        self.given
            .iter()
            .zip(arenas)
            .map(|(given, arena)| arena.lend(given))
            .collect()
    }

    fn lists(&self) -> Lists<'_> {
        let at = |name| self.at(name);
        let steps = || steps(self.flow);
        let flow = self.flow.on_error.by_variant.iter();
        Lists {
            musts: steps().map(|step| step.must.iter().map(at).collect()).collect(),
            variants: steps()
                .map(|step| own_variants(self.flow, step).map(at).collect())
                .collect(),
            flow_variants: flow.map(|(name, _)| at(name)).collect(),
        }
    }

    fn steps<'a>(&'a self, params: &'a [&'a [Given<'a>]], lists: &'a Lists<'a>) -> Vec<StepText<'a>> {
        let names = lists.musts.iter().zip(&lists.variants);
        steps(self.flow)
            .zip(params.iter().zip(names))
            .map(|(step, (params, (must, variants)))| StepText {
                place: self.show(&step.place),
                name: &step.name.value,
                fname: self.at(&step.fname),
                mode: step.mode.as_ref().map(|mode| At {
                    value: mode.value,
                    place: self.show(&mode.place),
                }),
                conn: step.conn.as_ref().map(|conn| self.at(conn)),
                must,
                params,
                variants,
            })
            .collect()
    }

    fn sources(&self) -> Vec<SourceText<'_>> {
        let text = |source: &'f SourceConf| SourceText {
            name: &source.name.value,
            row: source.row.as_ref().map(|row| self.at(row)),
            order_by: by(source).map(|field| self.at(field)),
            event_time: source.event_time.as_ref().map(|field| self.at(field)),
        };
        self.flow.sources.iter().map(text).collect()
    }

    fn text<'a>(
        &'a self,
        steps: &'a [StepText<'a>],
        sources: &'a [SourceText<'a>],
        variants: &'a [At<'a, &'a str>],
    ) -> FlowText<'a> {
        FlowText {
            name: self.at(&self.flow.name),
            steps,
            own_steps: self.flow.steps.len(),
            sources,
            bounded_jumps: self.flow.max_jumps > 0,
            variants,
        }
    }

    fn at<'a>(&'a self, text: &'a Placed<String>) -> At<'a, &'a str> {
        At {
            value: &text.value,
            place: self.show(&text.place),
        }
    }

    fn show(&self, place: &Place) -> &str {
        self.places
            .iter()
            .find(|(known, _)| known == place)
            .map_or("", |(_, text)| text)
    }

    fn place(&self, text: &str) -> Place {
        self.places
            .iter()
            .find(|(_, known)| known == text)
            .map_or_else(Place::in_code, |(place, _)| place.clone())
    }
}

fn steps(flow: &FlowConf) -> impl Iterator<Item = &StepConf> {
    flow.steps.iter().chain(&flow.at_end)
}

fn own_variants<'a>(flow: &'a FlowConf, step: &'a StepConf) -> impl Iterator<Item = &'a Placed<String>> {
    let own = step.on_error.iter();
    own.flat_map(|on_error| on_error.own_variants(&flow.on_error))
}

fn by(source: &SourceConf) -> Option<&Placed<String>> {
    match &source.order {
        Order::By(field) => Some(field),
        Order::Partition | Order::None => None,
    }
}

fn find(functions: &[&'static FunctionInfo], name: &str) -> Option<&'static FunctionInfo> {
    functions.iter().find(|info| info.name == name).copied()
}

/// Which of two functions of one name is meant, nobody can tell.
fn two_functions(functions: &[&'static FunctionInfo], step: &StepConf) -> Option<Problem> {
    let mut named = functions.iter().filter(|info| info.name == step.fname.value);
    let (first, second) = (named.next()?, named.next()?);
    let text = format!(
        "two linked functions are called {}, at {} and at {}",
        first.name, first.at, second.at
    );
    let help = format!(
        "give one of them another name in its attribute: name = \"other_{}\"",
        first.name
    );
    Some(Problem::error(Code::DuplicateName, &step.fname.place, text).help(help))
}

fn unknown_function(functions: &[&'static FunctionInfo], step: &StepConf) -> Problem {
    let mut known: Vec<&str> = functions.iter().map(|info| info.name).collect();
    known.sort_unstable();
    known.dedup();
    let near = suggest::did_you_mean(&step.fname.value, &known);
    let more = if suggest::is_cut(known.len()) {
        " (see `list`)"
    } else {
        ""
    };
    Problem::error(
        Code::UnknownFunction,
        &step.fname.place,
        format!("unknown function {}", step.fname.value),
    )
    .help(format!(
        "{near}{more}; a function of another crate is linked by `use that_crate as _;`"
    ))
}
