//! Every form of function in a flow, and what the counters say.

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{problems, run, same_in_any_lanes, show, table};

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub maths: i64,
    pub music: i64,
}

#[derive(Row, Clone)]
pub struct Mean {
    pub id: i64,
    pub mean: f64,
}

#[kis_function(mode = "Verify")]
pub fn possible(score: &Score) -> bool {
    (0..=100).contains(&score.maths)
}

#[kis_function(mode = "Calculate")]
pub fn mean(score: Score) -> Mean {
    Mean {
        id: score.id,
        mean: (score.maths + score.music) as f64 / 2.0,
    }
}

#[kis_function(mode = "Calculate")]
pub fn only_good(mean: Mean) -> Option<Mean> {
    (mean.mean >= 60.0).then_some(mean)
}

#[kis_function(mode = "Calculate")]
pub fn twice(mean: &Mean) -> Vec<Mean> {
    vec![
        mean.clone(),
        Mean {
            id: mean.id + 1000,
            mean: mean.mean,
        },
    ]
}

#[kis_function(mode = "Calculate")]
pub async fn later(mean: &Mean) -> Mean {
    tokio::task::yield_now().await;
    mean.clone()
}

#[kis_function(mode = "Calculate", blocking)]
pub fn slowly(means: Vec<Mean>) -> Vec<Mean> {
    means
}

#[kis_function(mode = "Save", conn = "means")]
pub fn save_means(means: &[Mean], table: &Conn<Table>) -> Result<()> {
    for mean in means {
        table.put(mean.id, mean)?;
    }
    Ok(())
}

const SOURCE: &str = r#"
kistype: source
sname: scores
type: memory
flow: scores
params:
  rows:
    - { id: 1, maths: 90, music: 70 }
    - { id: 2, maths: -1, music: 70 }
    - { id: 3, maths: 10, music: 20 }
    - { id: 4, maths: 100, music: 100 }
"#;

fn flow(steps: &str) -> String {
    format!("{SOURCE}---\nkistype: flow\nstatus: 1\nflow_name: scores\nflows:\n{steps}")
}

#[test]
fn rows_pass_all_forms_of_functions() {
    let yaml = flow(
        "  - fname: possible\n  - fname: mean\n  - fname: only_good\n  - fname: twice\n  - fname: later\n  - fname: slowly\n  - fname: save_means\n",
    );
    assert_snapshot!(same_in_any_lanes(&yaml, "scores", "means"), @r#"
    scores: ended, in 4, out 4, dropped 2, dead 0
    1 {"id":1,"mean":80.0}
    4 {"id":4,"mean":100.0}
    1001 {"id":1001,"mean":80.0}
    1004 {"id":1004,"mean":100.0}
    "#);
}

#[test]
fn a_borrowing_save_hands_on_what_came_in() {
    let yaml = flow(
        "  - fname: possible\n  - fname: mean\n  - fname: save_means\n  - fname: only_good\n  - fname: save_means\n    as: again\n    cname: good\n",
    );
    let store = Store::in_memory();
    let summary = run(&yaml, 2, &store);
    assert_snapshot!(show(&summary) + &table(&store, "means") + "good\n" + &table(&store, "good"), @r#"
    scores: ended, in 4, out 2, dropped 2, dead 0
    1 {"id":1,"mean":80.0}
    3 {"id":3,"mean":15.0}
    4 {"id":4,"mean":100.0}
    good
    1 {"id":1,"mean":80.0}
    4 {"id":4,"mean":100.0}
    "#);
}

#[test]
fn steps_that_do_not_fit_are_refused() {
    let yaml = flow("  - fname: mean\n  - fname: possible\n  - fname: nobody\n");
    let unknown = problems(&yaml);
    assert!(
        unknown.contains("conf/test.yml:19:12: [KIS0101] unknown function nobody; known: "),
        "{unknown}"
    );
    assert!(
        unknown
            .trim_end()
            .ends_with(" more (see `list`); a function of another crate is linked by `use that_crate as _;`"),
        "{unknown}"
    );
    let yaml = flow("  - fname: mean\n  - fname: possible\n  - fname: save_means\n    params: { ttl: 1h }\n");
    assert_snapshot!(problems(&yaml), @r#"
    conf/test.yml:18:5: [KIS0102] possible needs field maths: i64, which mean does not hand on (it hands on Mean); possible is defined at kis-core/tests/it/steps.rs:25
    conf/test.yml:20:15: [KIS0110] save_means takes no params, and ttl is given; remove it, or take `params: &Params<P>` at kis-core/tests/it/steps.rs:65
    "#);
}
