//! `keep_order`: rows of a key follow its dead letter, and come back behind it.

use std::{fmt::Write as _, sync::Mutex};

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    engine::{Engine, Redrive, RunOptions},
    prelude::*,
};

use crate::check::{letters, plan, problems, run, same_in_any_lanes, show, table};

#[derive(Row, Clone)]
pub struct Step {
    pub user: String,
    pub n: i64,
}

#[derive(Row, Clone)]
pub struct Path {
    pub user: String,
    pub steps: String,
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct Walked {
    steps: String,
}

#[derive(Params)]
pub struct Closed {
    /// The steps that are refused, as ` 3 4 `.
    #[param(default = "")]
    pub closed: String,
}

impl Closed {
    fn refuses(&self, step: &Step) -> Result<()> {
        match self.closed.contains(&format!(" {} ", step.n)) {
            true => Err(Error::reject(format!("step {} is closed", step.n))),
            false => Ok(()),
        }
    }
}

#[kis_function(mode = "Verify")]
pub fn step_open(step: &Step, closed: &Params<Closed>) -> Result<()> {
    closed.refuses(step)
}

#[kis_function(mode = "Calculate")]
pub fn steps_open(steps: Vec<Step>, closed: &Params<Closed>) -> Result<Vec<Traced<Step>>> {
    let bad: Vec<_> = steps
        .iter()
        .enumerate()
        .filter_map(|(i, step)| Some((i, closed.refuses(step).err()?)))
        .collect();
    match bad.is_empty() {
        true => Ok(steps
            .into_iter()
            .enumerate()
            .map(|(i, step)| Traced::new(i, step))
            .collect()),
        false => Err(Error::rows(bad)),
    }
}

#[kis_function(mode = "Calculate")]
pub fn walk(step: &Step, walked: &mut Walked) -> Path {
    write!(walked.steps, " {}", step.n).unwrap();
    Path {
        user: step.user.clone(),
        steps: walked.steps.clone(),
    }
}

#[kis_function(mode = "Save", conn = "paths")]
pub fn save_paths(paths: &[Path], table: &Conn<Table>) -> Result<()> {
    paths
        .iter()
        .try_for_each(|path| Ok(table.put(path.user.as_str(), path)?))
}

const USERS: [&str; 3] = ["ann", "bob", "eve"];

/// Nine steps: 0, 3, 6 of ann, 1, 4, 7 of bob, 2, 5, 8 of eve.
fn yaml(function: &str, closed: &str) -> String {
    let rows: String = (0..9)
        .map(|n| format!("    - {{ user: {}, n: {n} }}\n", USERS[n % 3]))
        .collect();
    format!(
        "kistype: source\nsname: steps\ntype: memory\nflow: walks\nrow: Step\norder: {{ by: user }}\nbatch: {{ rows: 5 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: walks\ndead_letter: {{ keep_order: true }}\non_error: {{ budget: none }}\nflows:\n  - fname: {function}\n    params: {{ closed: \"{closed}\" }}\n  - fname: walk\n  - fname: save_paths\n"
    )
}

fn redrive(yaml: &str, store: &Store) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let options = RunOptions::new(store.clone());
    let done = runtime.block_on(Engine::redrive(
        &plan(yaml, 2),
        options,
        "walks",
        &Redrive::default(),
    ));
    format!("{done:?}\n{}{}", table(store, "paths"), letters(store, "walks"))
}

static TURN: Mutex<()> = Mutex::new(());

#[test]
fn rows_follow_the_letter_of_their_key_and_come_back_behind_it() {
    let _turn = TURN.lock();
    for function in ["step_open", "steps_open"] {
        let left = same_in_any_lanes(&yaml(function, " 1 5 "), "walks", "paths").replace(function, "STEP");
        assert_snapshot!("first", left);

        let store = Store::in_memory();
        let summary = run(&yaml(function, " 1 5 "), 2, &store);
        assert!(show(&summary).contains("dead 5"), "{}", show(&summary));
        // Step 4 is closed now: what stands behind it stays where it is.
        assert_snapshot!(
            "second",
            redrive(&yaml(function, " 4 "), &store).replace(function, "STEP")
        );
        // A new row of bob would follow the letters that are left; all come back in their order.
        assert_snapshot!(
            "third",
            redrive(&yaml(function, ""), &store).replace(function, "STEP")
        );
        assert_eq!(letters(&store, "walks"), "");
    }
}

#[test]
fn without_a_key_there_is_no_order_to_keep() {
    let yaml = yaml("step_open", "")
        .replacen("{ by: user }", "none", 1)
        .replacen("- fname: walk\n", "", 1);
    assert_snapshot!(problems(&yaml.replacen("  - fname: save_paths\n", "", 1)), @"conf/test.yml:22:12: [KIS0125] flow walks: `dead_letter: { keep_order: true }` keeps the order of a key, and its rows have none; say `order: { by: FIELD }` at every source of the flow");
}
