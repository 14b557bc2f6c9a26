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

fn put(lane: &LaneTables, table: &Arc<str>, key: impl AsRef<[u8]>, row: impl AsRef<[u8]>) {
    let mut rows = TableRows::default();
    let put = |to: &mut Vec<u8>| {
        to.extend_from_slice(row.as_ref());
        Ok::<_, ()>(())
    };
    rows.put(&Raw(key.as_ref()), put).unwrap();
    lane.write(table, rows);
}

/// A key as it is.
struct Raw<'a>(&'a [u8]);

impl TableKey for Raw<'_> {
    fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.0);
    }
}

fn freeze(lanes: &[LaneTables]) -> Vec<LaneCut> {
    let freeze = |lane: &LaneTables| {
        let mut cut = LaneCut::default();
        lane.freeze(&mut cut);
        cut
    };
    lanes.iter().map(freeze).collect()
}

fn frozen(cut: &LaneCut) -> usize {
    cut.tables
        .iter()
        .flat_map(FrozenTables::tables)
        .map(|(_, writes)| writes.count())
        .sum()
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
    put(&lanes[0], &table, "a", "1");
    assert_eq!(text(lanes[1].get("t", b"a").unwrap()).as_deref(), Some("1"));
    assert_eq!(store.table_get("t", b"a").unwrap(), None);
    let cut = freeze(&lanes);
    put(&lanes[1], &table, "b", "2");
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
    assert_eq!(flow.uncut("t"), 1, "what is durable is not kept");
    commit(&store, &flow, freeze(&lanes));
    assert_eq!(store.table_names().unwrap(), [("t".into(), 2)]);
    assert_eq!(flow.uncut("t"), 0);
}

#[test]
fn a_rollback_of_one_lane_leaves_the_others_alone() {
    let flow = FlowTables::new(Store::in_memory());
    let (one, two) = (flow.lane(), flow.lane());
    let table: Arc<str> = "t".into();
    let mark = one.mark();
    put(&one, &table, "a", "one");
    put(&two, &table, "a", "two");
    one.rollback(mark);
    assert_eq!(text(one.get("t", b"a").unwrap()).as_deref(), Some("two"));
}

#[test]
fn a_rollback_over_a_write_that_became_durable_leaves_nothing_behind() {
    let store = Store::in_memory();
    let flow = FlowTables::new(store.clone());
    let lane = [flow.lane()];
    let table: Arc<str> = "t".into();
    put(&lane[0], &table, "a", "1");
    let cut = freeze(&lane);
    let mark = lane[0].mark();
    put(&lane[0], &table, "a", "2");
    commit(&store, &flow, cut);
    lane[0].rollback(mark);
    assert_eq!(flow.uncut("t"), 0);
    assert_eq!(text(lane[0].get("t", b"a").unwrap()).as_deref(), Some("1"));
    assert_eq!(frozen(&freeze(&lane)[0]), 0);
}

#[test]
fn an_older_write_of_another_lane_does_not_overtake_a_durable_newer_one() {
    let store = Store::in_memory();
    let flow = FlowTables::new(store.clone());
    let lanes = [flow.lane(), flow.lane()];
    let table: Arc<str> = "t".into();
    let first = freeze(&lanes[..1]);
    put(&lanes[0], &table, "a", "older, behind the marker");
    put(&lanes[1], &table, "a", "newer, before the marker");
    let second = freeze(&lanes[1..]);
    commit(&store, &flow, first.into_iter().chain(second).collect());
    commit(&store, &flow, freeze(&lanes));
    assert_eq!(
        text(store.table_get("t", b"a").unwrap()).as_deref(),
        Some("newer, before the marker")
    );
    assert_eq!(flow.uncut("t"), 0);
}

#[test]
fn released_calls_keep_no_undo() {
    let flow = FlowTables::new(Store::in_memory());
    let lane = flow.lane();
    let table: Arc<str> = "t".into();
    for call in 0..100 {
        let mark = lane.mark();
        put(&lane, &table, "a", format!("{call}"));
        lane.release(mark);
    }
    assert!(lane.lane.log.lock().undo.is_empty());
    let mark = lane.mark();
    put(&lane, &table, "a", "undone");
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
                    put(&lane, &table, vec![key], vec![value]);
                    live.insert(vec![key], vec![value]);
                }
                Op::Delete(key) => {
                    lane.delete(&table, &Raw(&[key]));
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

/// A write as the model of two lanes remembers it: key, value.
type Remembered = (u8, Option<u8>);

/// What is found when of the writes to a key the last one counts; each has its place in the order of all.
fn last<'a>(writes: impl Iterator<Item = &'a (u64, Remembered)>) -> Model {
    let mut newest: BTreeMap<u8, (u64, Option<u8>)> = BTreeMap::new();
    for (seq, (key, value)) in writes {
        let known = newest.entry(*key).or_default();
        if known.0 <= *seq {
            *known = (*seq, *value);
        }
    }
    let found = newest.into_iter();
    found
        .filter_map(|(key, (_, value))| Some((vec![key], vec![value?])))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn of_the_writes_of_two_lanes_the_last_one_counts(ops in prop::collection::vec((0usize..2, op()), 1..80)) {
        let store = Store::in_memory();
        let flow = FlowTables::new(store.clone());
        let lanes = [flow.lane(), flow.lane()];
        let table: Arc<str> = "t".into();
        let mut seq = 0;
        let mut writes: [Vec<(u64, Remembered)>; 2] = Default::default();
        let mut marks: [Vec<(u64, usize)>; 2] = Default::default();
        let mut frozen: [Option<(LaneCut, usize)>; 2] = Default::default();
        let mut durable = Model::new();
        for (at, op) in ops {
            let lane = &lanes[at];
            seq += 1;
            match op {
                Op::Put(key, value) => {
                    put(lane, &table, [key], [value]);
                    writes[at].push((seq, (key, Some(value))));
                }
                Op::Delete(key) => {
                    lane.delete(&table, &Raw(&[key]));
                    writes[at].push((seq, (key, None)));
                }
                Op::Mark => marks[at].push((lane.mark(), writes[at].len())),
                Op::Rollback => if let Some((mark, then)) = marks[at].pop() {
                    lane.rollback(mark);
                    writes[at].truncate(then);
                },
                Op::Release => if let Some((mark, _)) = marks[at].drain(..).next() {
                    lane.release(mark);
                },
                Op::Freeze => if frozen[at].is_none() {
                    marks[at].clear();
                    let cut = freeze(std::slice::from_ref(lane)).remove(0);
                    frozen[at] = Some((cut, writes[at].len()));
                },
                Op::Durable => if frozen.iter().all(Option::is_some) {
                    let cuts: Vec<_> = frozen.iter_mut().filter_map(Option::take).collect();
                    durable = last(writes.iter().zip(&cuts).flat_map(|(writes, (_, upto))| &writes[..*upto]));
                    commit(&store, &flow, cuts.into_iter().map(|(cut, _)| cut).collect());
                },
            }
            let live = last(writes.iter().flatten());
            prop_assert_eq!(&scanned(|each| lanes[0].scan("t", each).unwrap()), &live);
            prop_assert_eq!(&scanned(|each| store.table_scan("t", each).unwrap()), &durable);
            for key in 0..6u8 {
                let found = lanes[1].get("t", &[key]).unwrap().map(|row| row.to_vec());
                prop_assert_eq!(found, live.get(&vec![key]).cloned());
            }
        }
        let (cuts, _): (Vec<_>, Vec<_>) = frozen.into_iter().flatten().unzip();
        commit(&store, &flow, cuts);
        commit(&store, &flow, freeze(&lanes));
        prop_assert_eq!(&scanned(|each| store.table_scan("t", each).unwrap()), &last(writes.iter().flatten()));
        prop_assert_eq!((flow.uncut("t"), flow.uncut_bytes()), (0, 0));
    }
}
