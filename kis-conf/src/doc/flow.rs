//! `kistype: flow`: an ordered list of steps and how they are run.

use crate::fields::Fields;
use crate::out::{Out, number, text, word};
use crate::setting::{DeadLetterConf, Limits, OnError, Parked};
use crate::word::words;
use crate::{Code, Node, Place, Placed, Problem, StepConf, StepDoc};

/// The keys of a flow that KisFlow has too.
const KISFLOW_KEYS: &[&str] = &["kistype", "status", "flow_name", "flows"];

words! {
    /// What a flow promises about its effects.
    pub enum Delivery {
        /// No row is lost; after a crash an effect may happen again.
        AtLeastOnce = "at_least_once",
        /// No row is lost and each effect is in the results once.
        EffectivelyOnce = "effectively_once",
        /// A crash may lose rows.
        BestEffort = "best_effort",
    }
}

/// A flow whose steps are `S`: [`FlowDoc`] as written, [`FlowConf`] when it is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowOf<S> {
    /// `flow_name`.
    pub name: Placed<String>,
    /// `status`: it runs.
    pub on: bool,
    /// The document has KisFlow's keys only.
    pub kisflow: bool,
    /// `flows`: the steps.
    pub steps: Vec<S>,
    /// The steps that run once, when all sources have ended.
    pub at_end: Vec<S>,
    /// The sources that feed it.
    pub sources: Vec<crate::SourceConf>,
    /// The flows that must have ended before this one starts.
    pub after: Vec<Placed<String>>,
    /// What it must promise; without it, whatever its parts can.
    pub delivery: Option<Placed<Delivery>>,
    /// How many lanes it has; without it, what the machine offers.
    pub lanes: Option<Placed<u32>>,
    /// What it may use.
    pub limits: Limits,
    /// Rows that wait for a retry.
    pub parked: Parked,
    /// How many jumps one run may make.
    pub max_jumps: u32,
    /// What happens to rows that a step cannot handle.
    pub on_error: OnError,
    /// Where these rows go.
    pub dead_letter: DeadLetterConf,
}

/// A `kistype: flow` document as it is written. Its sources stand in [`Conf::sources`](crate::Conf::sources).
pub type FlowDoc = FlowOf<StepDoc>;

/// A checked flow: its steps have unique names and know their func documents, its sources are gathered.
pub type FlowConf = FlowOf<StepConf>;

impl<S> FlowOf<S> {
    /// A flow without steps, with the default of every setting.
    pub fn new(name: Placed<String>) -> Self {
        Self {
            name,
            on: true,
            kisflow: false,
            steps: Vec::new(),
            at_end: Vec::new(),
            sources: Vec::new(),
            after: Vec::new(),
            delivery: None,
            lanes: None,
            limits: Limits::default(),
            parked: Parked::default(),
            max_jumps: 16,
            on_error: OnError::default(),
            dead_letter: DeadLetterConf::default(),
        }
    }

    /// The place of the flow's name.
    pub fn place(&self) -> &Place {
        &self.name.place
    }
}

impl FlowDoc {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.node("kistype");
        let on = read_status(fields);
        let name = fields.needed_name("flow_name");
        let on_error = OnError::read(fields, &OnError::default()).unwrap_or_default();
        let mut kisflow = fields.has_only(KISFLOW_KEYS);
        if let Some(crate::Node {
            place,
            data: crate::Data::List(items),
        }) = fields.needed("flows")
            && items.is_empty()
        {
            let problem = Problem::error(Code::MissingKey, place, "a flow needs at least one step");
            fields
                .problems()
                .push(problem.help("write flows: and under it - fname: name"));
        }
        let steps = read_steps(fields, "flows", &on_error, &mut kisflow);
        let at_end = read_steps(fields, "at_end", &on_error, &mut kisflow);
        let after = fields.names("after");
        let delivery = fields.word("delivery");
        let lanes = fields
            .int("lanes", 1..=1024)
            .map(|lanes| lanes.map(|lanes| lanes as u32));
        let limits = Limits::read(fields);
        let parked = Parked::read(fields);
        let max_jumps = fields.int_or("max_jumps", 0..=1_000_000, 16) as u32;
        let dead_letter = DeadLetterConf::read(fields);
        let flow = Self {
            on,
            kisflow,
            steps,
            at_end,
            after,
            delivery,
            lanes,
            ..Self::new(name?)
        };
        Some(Self {
            limits,
            parked,
            max_jumps,
            on_error,
            dead_letter,
            ..flow
        })
    }
}

impl FlowConf {
    pub(crate) fn write(&self) -> Node {
        let steps = |steps: &[StepConf]| Node::list(steps.iter().map(|step| step.write(&self.on_error)));
        Out::document("flow")
            .put("status", number(u8::from(self.on)))
            .put("flow_name", text(&self.name))
            .put_if(
                "delivery",
                self.delivery.as_ref().map(|delivery| word(delivery.as_str())),
            )
            .put_if("lanes", self.lanes.as_ref().map(|lanes| number(lanes.value)))
            .put_names("after", &self.after)
            .put_map("limits", self.limits.write())
            .put_map("parked", self.parked.write())
            .put_diff("max_jumps", self.max_jumps, 16, number)
            .put_if("on_error", self.on_error.write(&OnError::default()))
            .put_map("dead_letter", self.dead_letter.write())
            .put("flows", steps(&self.steps))
            .put_if("at_end", (!self.at_end.is_empty()).then(|| steps(&self.at_end)))
            .into_node()
    }
}

/// 1 is on and 0 is off, as in KisFlow; a bool will do too.
fn read_status(fields: &mut Fields<'_>) -> bool {
    let Some(node) = fields.node("status") else {
        return true;
    };
    let Some(scalar) = node.scalar().filter(|scalar| !scalar.deferred) else {
        let known_later = node.scalar().is_some();
        if !known_later {
            wrong_status(fields, node);
        }
        return true;
    };
    match (scalar.as_int(), scalar.as_bool()) {
        (Some(1), _) | (None, Some(true)) => true,
        (Some(0), _) | (None, Some(false)) => false,
        _ => {
            wrong_status(fields, node);
            true
        }
    }
}

fn wrong_status(fields: &mut Fields<'_>, node: &Node) {
    let message = format!("status is {}, allowed is 1 (on) or 0 (off)", node.describe());
    fields
        .problems()
        .push(Problem::error(Code::UnknownWord, &node.place, message).label("neither 1 nor 0"));
}

fn read_steps(
    fields: &mut Fields<'_>,
    key: &'static str,
    on_error: &OnError,
    kisflow: &mut bool,
) -> Vec<StepDoc> {
    let mut steps = Vec::new();
    for node in fields.list(key) {
        if node.is_null() {
            let problem = Problem::error(Code::MissingKey, &node.place, "a step needs the key fname");
            fields
                .problems()
                .push(problem.help("remove the empty item, or name a function"));
        } else if let Some((step, plain)) = StepDoc::read(node, on_error, fields.problems()) {
            *kisflow &= plain;
            steps.push(step);
        }
    }
    steps
}
