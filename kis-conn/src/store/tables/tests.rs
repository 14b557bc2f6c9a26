//! The overlay against a model: several lanes, marks, rollbacks, freezes, commits.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::FlowCut;

fn text(bytes: Option<Bytes>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn all(lane: &LaneTables) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    lane.scan("t", |key, row| found.push((utf8(key), utf8(row))))
        .unwrap();
    found
}

fn freeze(lanes: &[LaneTables]) -> Vec<LaneCut> {
    let freeze = |lane: &LaneTables| {
        let mut cut = LaneCut::default();
        lane.freeze(&mut cut);
        cut
    };
    lanes.iter().map(freeze).collect()
}

fn commit(store: &Store, flow: &FlowTables, lanes: Vec<LaneCut>) {
    let mut cut = FlowCut {
        flow: "f".into(),
        lanes,
        ..FlowCut::default()
    };
    store.commit(std::slice::from_ref(&cut)).unwrap();
    flow.durable(&std::mem::take(&mut cut.lanes));
}

#[test]
fn lanes_read_each_other_and_others_see_the_last_cut() {
    let store = Store::in_memory();
    let flow = FlowTables::new(store.clone());
    let lanes = [flow.lane(), flow.lane()];
    let table: Arc<str> = "t".into();
    lanes[0].put(&table, "a", "1");
    assert_eq!(text(lanes[1].get("t", b"a").unwrap()).as_deref(), Some("1"));
    assert_eq!(store.table_get("t", b"a").unwrap(), None);
    let cut = freeze(&lanes);
    lanes[1].put(&table, "b", "2");
    commit(&store, &flow, cut);
    assert_eq!(text(store.table_get("t", b"a").unwrap()).as_deref(), Some("1"));
    assert_eq!(
        store.table_get("t", b"b").unwrap(),
        None,
        "written behind the marker"
    );
    assert_eq!(
        all(&lanes[0]),
        [("a".into(), "1".into()), ("b".into(), "2".into())]
    );
    assert_eq!(flow.uncut(), 1, "what is durable is not kept");
    commit(&store, &flow, freeze(&lanes));
    assert_eq!(store.table_names().unwrap(), [("t".into(), 2)]);
    assert_eq!(flow.uncut(), 0);
}

#[test]
fn a_rollback_of_one_lane_leaves_the_others_alone() {
    let flow = FlowTables::new(Store::in_memory());
    let (one, two) = (flow.lane(), flow.lane());
    let table: Arc<str> = "t".into();
    let mark = one.mark();
    one.put(&table, "a", "one");
    two.put(&table, "a", "two");
    one.rollback(mark);
    assert_eq!(text(one.get("t", b"a").unwrap()).as_deref(), Some("two"));
}

#[test]
fn a_rollback_over_a_write_that_became_durable_leaves_nothing_behind() {
    let store = Store::in_memory();
    let flow = FlowTables::new(store.clone());
    let lane = [flow.lane()];
    let table: Arc<str> = "t".into();
    lane[0].put(&table, "a", "1");
    let cut = freeze(&lane);
    let mark = lane[0].mark();
    lane[0].put(&table, "a", "2");
    commit(&store, &flow, cut);
    lane[0].rollback(mark);
    assert_eq!(flow.uncut(), 0);
    assert_eq!(text(lane[0].get("t", b"a").unwrap()).as_deref(), Some("1"));
    assert_eq!(freeze(&lane)[0].tables[0].writes().count(), 0);
}

#[test]
fn an_older_write_of_another_lane_does_not_overtake_a_durable_newer_one() {
    let store = Store::in_memory();
    let flow = FlowTables::new(store.clone());
    let lanes = [flow.lane(), flow.lane()];
    let table: Arc<str> = "t".into();
    let first = freeze(&lanes[..1]);
    lanes[0].put(&table, "a", "older, behind the marker");
    lanes[1].put(&table, "a", "newer, before the marker");
    let second = freeze(&lanes[1..]);
    commit(&store, &flow, first.into_iter().chain(second).collect());
    commit(&store, &flow, freeze(&lanes));
    assert_eq!(
        text(store.table_get("t", b"a").unwrap()).as_deref(),
        Some("newer, before the marker")
    );
    assert_eq!(flow.uncut(), 0);
}

#[test]
fn released_calls_keep_no_undo() {
    let flow = FlowTables::new(Store::in_memory());
    let lane = flow.lane();
    let table: Arc<str> = "t".into();
    for call in 0..100 {
        let mark = lane.mark();
        lane.put(&table, "a", format!("{call}"));
        lane.release(mark);
    }
    assert!(lane.inner.log.lock().undo.is_empty());
    let mark = lane.mark();
    lane.put(&table, "a", "undone");
    lane.rollback(mark);
    assert_eq!(text(lane.get("t", b"a").unwrap()).as_deref(), Some("99"));
}

#[derive(Clone, Debug)]
enum Op {
    Put(u8, u8),
    Delete(u8),
    Mark,
    Rollback,
    Release,
    Freeze,
    Durable,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0u8..6, any::<u8>()).prop_map(|(key, value)| Op::Put(key, value)),
        2 => (0u8..6).prop_map(Op::Delete),
        3 => Just(Op::Mark),
        2 => Just(Op::Rollback),
        1 => Just(Op::Release),
        1 => Just(Op::Freeze),
        2 => Just(Op::Durable),
    ]
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn scanned(read: impl FnOnce(&mut dyn FnMut(&[u8], &[u8]))) -> Model {
    let mut found = Model::new();
    read(&mut |key, row| {
        assert!(
            found.insert(key.to_vec(), row.to_vec()).is_none(),
            "a key came twice"
        );
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_behaves_as_a_map_with_copies(ops in prop::collection::vec(op(), 1..60)) {
        let store = Store::in_memory();
        let flow = FlowTables::new(store.clone());
        let lane = flow.lane();
        let table: Arc<str> = "t".into();
        let mut live = Model::new();
        let mut marks: Vec<(u64, Model)> = Vec::new();
        let mut durable = Model::new();
        let mut pending: Option<(Vec<LaneCut>, Model)> = None;
        for op in ops {
            match op {
                Op::Put(key, value) => {
                    lane.put(&table, vec![key], vec![value]);
                    live.insert(vec![key], vec![value]);
                }
                Op::Delete(key) => {
                    lane.delete(&table, vec![key]);
                    live.remove(&vec![key]);
                }
                Op::Mark => marks.push((lane.mark(), live.clone())),
                Op::Rollback => if let Some((mark, then)) = marks.pop() {
                    lane.rollback(mark);
                    live = then;
                },
                Op::Release => if let Some((mark, _)) = marks.drain(..).next() {
                    lane.release(mark);
                },
                Op::Freeze => if pending.is_none() {
                    marks.clear();
                    pending = Some((freeze(std::slice::from_ref(&lane)), live.clone()));
                },
                Op::Durable => if let Some((cut, then)) = pending.take() {
                    commit(&store, &flow, cut);
                    durable = then;
                },
            }
            prop_assert_eq!(&scanned(|each| lane.scan("t", each).unwrap()), &live);
            prop_assert_eq!(&scanned(|each| store.table_scan("t", each).unwrap()), &durable);
            for key in 0..6u8 {
                let found = lane.get("t", &[key]).unwrap().map(|row| row.to_vec());
                prop_assert_eq!(found, live.get(&vec![key]).cloned());
            }
        }
    }
}
