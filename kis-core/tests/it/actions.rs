//! KisFlow's actions, and flows that a program runs itself.

use insta::assert_snapshot;
use kis_core::{
    conn::{
        FileSink,
        store::{FlowCut, Store},
    },
    prelude::*,
    program::Flow,
};

#[derive(Row, Clone, Debug, PartialEq)]
pub struct Item {
    pub n: i64,
}

#[kis_function(mode = "Calculate")]
pub fn add_one(items: Vec<Item>) -> Vec<Item> {
    items.into_iter().map(|item| Item { n: item.n + 1 }).collect()
}

#[kis_function(mode = "Calculate")]
pub fn abort_above_10(items: Vec<Item>) -> Outcome<Item> {
    if items.iter().any(|item| item.n > 10) {
        Outcome::rows(items).and(Outcome::abort())
    } else {
        Outcome::rows(items)
    }
}

#[kis_function(mode = "Calculate", reuse)]
pub fn look(items: &[Item]) -> Outcome<Item> {
    assert!(items.len() < 100);
    Outcome::reuse()
}

#[kis_function(mode = "Calculate")]
pub fn nothing_but_go_on(_: Vec<Item>) -> Outcome<Item> {
    Outcome::force_next()
}

#[kis_function(mode = "Calculate")]
pub fn at_least_one(items: Vec<Item>) -> Vec<Item> {
    if items.is_empty() {
        vec![Item { n: -1 }]
    } else {
        items
    }
}

#[kis_function(mode = "Calculate", jumps(add_one))]
pub fn back_until_5(items: &[Item], cx: &Ctx) -> Outcome<Item> {
    let rounds = cx
        .meta()
        .flow()
        .get("rounds")
        .map_or(0, |n| n.parse().unwrap_or(0))
        + 1;
    cx.meta().flow().set("rounds", rounds.to_string());
    if rounds < 5 {
        Outcome::jump::<add_one>()
    } else {
        Outcome::rows(items.to_vec())
    }
}

/// Counts in the flow's meta how often it was asked for `name`.
fn count(cx: &Ctx, name: &str) -> i64 {
    let n = cx.meta().flow().get(name).map_or(0, |n| n.parse().unwrap_or(0)) + 1;
    cx.meta().flow().set(name, n.to_string());
    n
}

#[kis_function(mode = "Calculate", jumps(back_once))]
pub fn skip_one(items: &[Item]) -> Outcome<Item> {
    Outcome::rows(items.to_vec()).and(Outcome::jump::<back_once>())
}

#[kis_function(mode = "Calculate", jumps(add_one))]
pub fn back_once(items: &[Item], cx: &Ctx) -> Outcome<Item> {
    if count(cx, "back_once") == 1 {
        Outcome::jump::<add_one>()
    } else {
        Outcome::rows(items.to_vec())
    }
}

#[kis_function(mode = "Calculate")]
pub fn add_10_a_round(items: &[Item], cx: &Ctx) -> Vec<Item> {
    let add = 10 * count(cx, "add");
    items.iter().map(|item| Item { n: item.n + add }).collect()
}

#[kis_function(mode = "Calculate")]
pub fn double(item: Item) -> Item {
    Item { n: item.n * 2 }
}

#[kis_function(mode = "Calculate", jumps(add_10_a_round, double))]
pub fn round_and_round(items: &[Item], cx: &Ctx) -> Outcome<Item> {
    match count(cx, "rounds") {
        1 => Outcome::jump::<add_10_a_round>(),
        2 => Outcome::jump::<double>(),
        _ => Outcome::rows(items.to_vec()),
    }
}

#[kis_function(mode = "Verify")]
pub fn small(item: &Item) -> Result<()> {
    if item.n > 10 {
        return Err(Error::reject("too large"));
    }
    Ok(())
}

#[kis_function(mode = "Calculate", jumps(small))]
pub fn once_more(items: &[Item], cx: &Ctx) -> Outcome<Item> {
    if count(cx, "once_more") == 1 {
        Outcome::jump::<small>()
    } else {
        Outcome::rows(items.to_vec())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn ran(report: &kis_core::program::Report) -> String {
    let rows: Vec<i64> = report.rows::<Item>().iter().map(|item| item.n).collect();
    format!(
        "in {} out {} rows {rows:?} dead {}\n",
        report.rows_in,
        report.rows_out,
        report.dead.len()
    )
}

#[test]
fn actions_steer_a_run() {
    block_on(async {
        let mut out = String::new();
        let mut flow = Flow::builder("abort")
            .link::<add_one>()
            .link::<abort_above_10>()
            .link::<add_one>()
            .build()
            .await
            .unwrap();
        for n in [1, 10] {
            flow.push(Item { n }).unwrap();
            out += &ran(&flow.run().await.unwrap());
        }
        let mut flow = Flow::builder("reuse")
            .link::<add_one>()
            .link::<look>()
            .link::<add_one>()
            .build()
            .await
            .unwrap();
        flow.push_all(vec![Item { n: 1 }, Item { n: 2 }]).unwrap();
        out += &ran(&flow.run().await.unwrap());
        let mut flow = Flow::builder("force")
            .link::<nothing_but_go_on>()
            .link::<at_least_one>()
            .build()
            .await
            .unwrap();
        flow.push(Item { n: 1 }).unwrap();
        out += &ran(&flow.run().await.unwrap());
        let mut flow = Flow::builder("jump")
            .link::<add_one>()
            .link::<back_until_5>()
            .build()
            .await
            .unwrap();
        flow.push(Item { n: 1 }).unwrap();
        out += &ran(&flow.run().await.unwrap());
        assert_snapshot!(out, @r#"
        in 1 out 1 rows [3] dead 0
        in 1 out 0 rows [] dead 0
        in 2 out 2 rows [3, 4] dead 0
        in 1 out 1 rows [-1] dead 0
        in 1 out 1 rows [2] dead 0
        "#);
    });
}

#[test]
fn a_jump_back_gives_what_came_last() {
    block_on(async {
        let mut out = String::new();
        let over = Flow::builder("over").link::<skip_one>().link::<add_one>();
        let mut over = over.link::<back_once>().build().await.unwrap();
        over.push(Item { n: 1 }).unwrap();
        out += &ran(&over.run().await.unwrap());
        let rounds = Flow::builder("rounds").link::<add_10_a_round>().link::<double>();
        let mut rounds = rounds.link::<round_and_round>().build().await.unwrap();
        rounds.push(Item { n: 1 }).unwrap();
        out += &ran(&rounds.run().await.unwrap());
        let dead = Flow::builder("dead").link::<small>().link::<once_more>();
        let mut dead = dead.build().await.unwrap();
        dead.push_all(vec![Item { n: 1 }, Item { n: 100 }]).unwrap();
        out += &ran(&dead.run().await.unwrap());
        assert_snapshot!(out, @r#"
        in 1 out 1 rows [2] dead 0
        in 1 out 1 rows [42] dead 0
        in 2 out 1 rows [1] dead 1
        "#);
    });
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct Times {
    pub seen: i64,
}

#[kis_function(mode = "Calculate", key = "n")]
pub fn times_seen(item: &Item, times: &mut Times) -> Item {
    times.seen += 1;
    Item {
        n: item.n * 100 + times.seen,
    }
}

#[kis_function(mode = "Verify")]
pub fn stop_at_900(item: &Item) -> Result<()> {
    match item.n {
        900.. => Err(Error::fatal("no more")),
        300.. => Err(Error::reject("too large")),
        _ => Ok(()),
    }
}

#[test]
fn a_program_keeps_state_by_key_and_starts_again_from_the_last_run() {
    block_on(async {
        let store = Store::in_memory();
        let mut record = FlowCut {
            flow: "kept".to_owned(),
            ..FlowCut::default()
        };
        record.record.run_id = "of the engine".to_owned();
        record.record.cut = 7;
        store.commit(&[record]).unwrap();
        let mut out = String::new();
        for _ in 0..2 {
            let flow = Flow::builder("kept").link::<times_seen>().link::<stop_at_900>();
            let mut flow = flow.store(store.clone()).build().await.unwrap();
            for items in [vec![1, 2, 1, 3], vec![1, 9], vec![1, 3]] {
                flow.push_all(items.into_iter().map(|n| Item { n }).collect())
                    .unwrap();
                out += &match flow.run().await {
                    Ok(report) => ran(&report),
                    Err(error) => format!("{}\n", error.message()),
                };
            }
        }
        let record = store.record("kept").unwrap().unwrap();
        out += &format!("{} {}\n", record.run_id, record.cut);
        let mut letters = store.letters("kept").unwrap();
        letters.sort_by(|a, b| a.origin.cmp(&b.origin));
        letters
            .iter()
            .for_each(|letter| out += &format!("{}\n", letter.origin));
        assert_snapshot!(out, @r#"
        in 4 out 3 rows [101, 201, 102] dead 1
        step stop_at_900: no more of run 9 of the program:2 (fatal)
        in 2 out 1 rows [103] dead 1
        in 4 out 3 rows [104, 202, 105] dead 1
        step stop_at_900: no more of run 12 of the program:2 (fatal)
        in 2 out 1 rows [106] dead 1
        of the engine 13
        run 10 of the program:2
        run 11 of the program:4
        run 13 of the program:2
        run 8 of the program:4
        "#);
    });
}

#[kis_function(mode = "Save")]
pub fn write_items(items: &[Item], file: &Conn<FileSink>) -> Result<()> {
    for item in items {
        file.write(item)?;
    }
    Ok(())
}

#[test]
fn a_program_takes_back_in_a_file_what_no_run_covers() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("items.jsonl");
        let yaml = format!(
            "kistype: conn\ncname: items\ntype: file\nkey: {}\n---\nkistype: flow\nstatus: 1\nflow_name: items\nflows:\n  - {{ fname: write_items, cname: items }}\n",
            path.display()
        );
        let store = Store::in_memory();
        for n in 1..3 {
            let flow = Flow::from_yaml(&yaml).unwrap().store(store.clone());
            let mut flow = flow.build().await.unwrap();
            flow.push(Item { n }).unwrap();
            flow.run().await.unwrap();
            drop(flow);
            let half = std::fs::read_to_string(&path).unwrap() + "{\"n\":";
            std::fs::write(&path, half).unwrap();
        }
        assert_snapshot!(std::fs::read_to_string(&path).unwrap(), @r#"
        {"n":1}
        {"n":2}
        {"n":
        "#);
    });
}

#[test]
fn forks_are_independent_and_yaml_reads_back() {
    block_on(async {
        let mut flow = Flow::builder("forked").link::<add_one>().build().await.unwrap();
        flow.push(Item { n: 1 }).unwrap();
        let mut fork = flow.fork().unwrap();
        fork.push(Item { n: 10 }).unwrap();
        fork.append::<add_one>().unwrap();
        let (a, b) = (flow.run().await.unwrap(), fork.run().await.unwrap());
        assert_snapshot!(ran(&a) + &ran(&b) + &fork.to_yaml(), @r#"
        in 1 out 1 rows [2] dead 0
        in 2 out 2 rows [3, 12] dead 0
        kistype: flow
        status: 1
        flow_name: forked
        flows:
          - fname: add_one
          - fname: add_one
            as: add_one_2
        "#);
    });
}

#[kis_function(mode = "Save", conn = "items")]
pub fn save_items(items: &[Item], table: &Conn<kis_core::conn::Table>) -> Result<()> {
    for item in items {
        table.put(item.n, item)?;
    }
    Ok(())
}

#[test]
fn a_step_with_a_new_connector_cannot_be_appended() {
    block_on(async {
        let mut flow = Flow::builder("appended").link::<add_one>().build().await.unwrap();
        let error = flow.append::<save_items>().unwrap_err();
        assert_snapshot!(error, @"connector items of save_items is not open: build the flow with a step that uses it");
        flow.push(Item { n: 1 }).unwrap();
        assert_eq!(flow.run().await.unwrap().rows_out, 1);
    });
}
