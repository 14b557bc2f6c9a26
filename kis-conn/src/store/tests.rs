//! Commit, reopen, forget; broken, foreign and locked files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::{Partition, Position};

fn letter(flow: &str, origin: &str) -> Letter {
    Letter {
        id: LetterId::of(flow, "verify", origin),
        flow: flow.into(),
        step: "verify".into(),
        stage: "call".into(),
        class: "reject".into(),
        code: "too_young".into(),
        message: "no".into(),
        attempts: 1,
        origin: origin.into(),
        row: StoredRow {
            row_type: "Flight".into(),
            fingerprint: 7,
            format: "json".into(),
            bytes: vec![0, 200, 255],
            ..StoredRow::default()
        },
        key: Some(vec![1, 2, 200]),
        first_ms: 5,
        last_ms: 6,
        replays: 0,
        seq: 0,
    }
}

fn parked(flow: &str, key: &str, seq: u64) -> ParkedRow {
    ParkedRow {
        id: LetterId::of(flow, "save", &format!("{key}{seq}")),
        flow: flow.into(),
        step: "save".into(),
        key: Some(key.key()),
        seq,
        origin: format!("f:{seq}"),
        attempts: 2,
        due_ms: 9,
        since_ms: 3,
        class: "retry".into(),
        code: "busy".into(),
        message: "busy".into(),
        replays: 1,
        was: Some(WasLetter {
            id: LetterId(7),
            step: "save".into(),
            seq: 3,
        }),
        row: StoredRow {
            bytes: b"{}".to_vec(),
            format: "json".into(),
            row_type: "Flight".into(),
            fingerprint: 7,
            ..StoredRow::default()
        },
    }
}

fn form(number: u64) -> StateRecord {
    StateRecord {
        version: number as u32,
        fingerprint: 7,
        type_name: "PerCarrier".into(),
        form: "total: f64\n".into(),
    }
}

#[test]
fn state_and_positions_of_a_stopped_flow_can_be_changed() {
    let store = Store::in_memory();
    store.commit(&[cut("a", 1), cut("b", 2)]).unwrap();
    let stored = |flow: &str, step: &str, number| StoredState {
        flow: flow.into(),
        step: step.into(),
        keys: 1,
        record: Some(form(number)),
    };
    let per_carrier = |flow, number| stored(flow, "per/carrier", number);
    assert_eq!(
        store.states().unwrap(),
        [per_carrier("a", 1), per_carrier("b", 2)]
    );
    let value = |flow: &str, step: &str| store.state_value(flow, step, 3, &"UA".key()).unwrap();
    assert_eq!(value("b", "per/carrier").unwrap().bytes, [2]);

    assert!(store.move_state("a", "per/carrier", "carriers").unwrap());
    assert!(!store.move_state("a", "per/carrier", "carriers").unwrap());
    assert_eq!(
        store.states().unwrap(),
        [stored("a", "carriers", 1), per_carrier("b", 2)]
    );
    assert_eq!(value("a", "per/carrier"), None);
    assert!(store.drop_state("b", "per/carrier").unwrap());
    assert!(!store.drop_state("b", "per/carrier").unwrap());
    assert_eq!(store.states().unwrap(), [stored("a", "carriers", 1)]);
    assert_eq!(store.state_record("b", "per/carrier").unwrap(), None);

    let (partition, position) = (Partition::new("p/1"), Position::new(vec![1, 9]));
    store.set_position("a", "s", &partition, Some(&position)).unwrap();
    let expect = ("s".to_owned(), partition.clone(), position);
    assert_eq!(store.positions("a").unwrap(), [expect]);
    store.set_position("a", "s", &partition, None).unwrap();
    assert_eq!(store.positions("a").unwrap(), []);
    assert_eq!(store.positions("b").unwrap().len(), 1);
}

fn state_steps(store: &Store, flow: &str) -> Vec<(String, u64)> {
    let states = store.states().unwrap();
    let own = states.into_iter().filter(|state| state.flow == flow);
    own.map(|state| (state.step, state.keys)).collect()
}

fn cut(flow: &str, number: u64) -> FlowCut {
    let state = StateWrite {
        step: "per/carrier".into(),
        group: 3,
        key: "UA".key().into(),
        value: Some(StateValue {
            version: 1,
            fingerprint: 8,
            expires_ms: 9,
            bytes: vec![number as u8],
        }),
    };
    let lane = LaneCut {
        state: vec![state],
        letters: vec![LetterWrite::Put(letter(flow, "f:1"))],
        parked: vec![
            ParkedWrite::Put(parked(flow, "b", 2)),
            ParkedWrite::Put(parked(flow, "a", 1)),
        ],
        ..LaneCut::default()
    };
    FlowCut {
        letters: LetterBound::default(),
        flow: flow.into(),
        positions: vec![(
            "s".into(),
            Partition::new("p/1"),
            Position::new(vec![1, number as u8]),
        )],
        lanes: vec![lane],
        notes: vec![("out".into(), vec![number as u8])],
        states: vec![("per/carrier".into(), form(number))],
        record: FlowRecord {
            run_id: "r".into(),
            cut: number,
            ..FlowRecord::default()
        },
    }
}

fn check_there(store: &Store, flow: &str, number: u64) {
    assert_eq!(store.record(flow).unwrap().unwrap().cut, number);
    let positions = store.positions(flow).unwrap();
    assert_eq!(positions, cut(flow, number).positions);
    assert_eq!(
        store.notes(flow).unwrap(),
        [("out".to_owned(), vec![number as u8])]
    );
    assert_eq!(store.letters(flow).unwrap(), [letter(flow, "f:1")]);
    assert_eq!(
        store.letter(flow, letter(flow, "f:1").id).unwrap(),
        Some(letter(flow, "f:1"))
    );
    assert_eq!(
        store.parked(flow).unwrap(),
        [parked(flow, "a", 1), parked(flow, "b", 2)]
    );
    let mut state = Vec::new();
    store
        .state(flow, "per/carrier", 0..KEY_GROUPS, |group, key, value| {
            state.push((group, key.to_vec(), value.bytes));
        })
        .unwrap();
    assert_eq!(state, [(3, "UA".key(), vec![number as u8])]);
    assert_eq!(state_steps(store, flow), [("per/carrier".to_owned(), 1)]);
}

#[test]
fn cuts_of_several_flows_are_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .commit(&[cut("a", 1), cut("a/b", 1), cut("a%2Fb", 1)])
        .unwrap();
    store.commit(&[cut("a", 2)]).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    check_there(&store, "a", 2);
    check_there(&store, "a/b", 1);
    check_there(&store, "a%2Fb", 1);
    let flows: Vec<_> = store.flows().unwrap().into_iter().map(|(flow, _)| flow).collect();
    assert_eq!(flows, ["a", "a%2Fb", "a/b"]);
    store.forget("a").unwrap();
    assert_eq!(store.record("a").unwrap(), None);
    assert!(store.positions("a").unwrap().is_empty());
    assert!(store.parked("a").unwrap().is_empty());
    assert!(state_steps(&store, "a").is_empty());
    assert_eq!(store.letters("a").unwrap().len(), 1, "letters are kept");
    check_there(&store, "a/b", 1);
}

#[test]
fn what_is_removed_is_gone() {
    let store = Store::in_memory();
    store.commit(&[cut("a", 1)]).unwrap();
    let lane = LaneCut {
        letters: vec![LetterWrite::Remove(letter("a", "f:1").id)],
        parked: vec![ParkedWrite::Remove(parked("a", "a", 1).id)],
        state: vec![StateWrite {
            step: "per/carrier".into(),
            group: 3,
            key: "UA".key().into(),
            value: None,
        }],
        ..LaneCut::default()
    };
    store
        .commit(&[FlowCut {
            flow: "a".into(),
            lanes: vec![lane],
            ..FlowCut::default()
        }])
        .unwrap();
    assert!(store.letters("a").unwrap().is_empty());
    assert_eq!(store.parked("a").unwrap(), [parked("a", "b", 2)]);
    assert!(state_steps(&store, "a").is_empty());
}

#[test]
fn a_second_opener_is_told_who_is_in() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).unwrap_err().to_string();
    let expected = format!(
        "the store {} is already open in this process (pid {}); open it once and share it",
        dir.path().display(),
        std::process::id()
    );
    assert_eq!(error, expected);
    drop(store);
    Store::open(dir.path()).unwrap();
}

/// Opens a store folder whose file was changed, which must fail with this text and leave the file alone.
fn check_refused(change: impl FnOnce(&Path), expect: &str) {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).unwrap().commit(&[cut("a", 1)]).unwrap();
    let file = dir.path().join("store.redb");
    change(&file);
    let before = fs::read(&file).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains(expect), "{error}");
    assert!(error.to_string().contains("left as it is"), "{error}");
    assert!(before == fs::read(&file).unwrap(), "the file was changed");
}

#[test]
fn foreign_and_broken_files_are_left_alone() {
    check_refused(
        |file| fs::write(file, "my diary, not a store").unwrap(),
        "is not a KIS flow store",
    );
    check_refused(|file| fs::write(file, "tiny").unwrap(), "it has only 4 bytes");
    check_refused(
        |file| {
            fs::remove_file(file).unwrap();
            let db = redb::Database::create(file).unwrap();
            let write = db.begin_write().unwrap();
            write
                .open_table(redb::TableDefinition::<u64, u64>::new("mine"))
                .unwrap()
                .insert(1, 2)
                .unwrap();
            write.commit().unwrap();
        },
        "it is the database of another program",
    );
    check_refused(
        |file| {
            let db = redb::Database::open(file).unwrap();
            let write = db.begin_write().unwrap();
            write
                .open_table(layout::KIS)
                .unwrap()
                .insert(b"format".as_slice(), b"kis store 9".as_slice())
                .unwrap();
            write.commit().unwrap();
        },
        "has another layout than this version reads (kis store 9)",
    );
    check_refused(
        |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 3]).unwrap();
        },
        "is broken",
    );
    check_refused(
        |file| {
            let mut bytes = fs::read(file).unwrap();
            for byte in bytes.iter_mut().skip(9).step_by(3) {
                *byte = !*byte;
            }
            fs::write(file, bytes).unwrap();
        },
        "is broken",
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = Store::open(&file.join("store")).unwrap_err();
    assert!(error.to_string().contains("file/store"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn commit_and_reopen_equal_a_model(
        commits in prop::collection::vec((prop::collection::vec((0u8..20, prop::option::of(any::<u8>())), 0..12), any::<bool>()), 1..6)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let mut model: BTreeMap<Vec<u8>, u8> = BTreeMap::new();
        for (writes, reopen) in commits {
            let state = writes.iter().map(|(key, value)| StateWrite {
                step: "s".into(),
                group: key % 4,
                key: vec![*key].into(),
                value: value.map(|value| StateValue { version: 1, fingerprint: 2, expires_ms: 3, bytes: vec![value] }),
            });
            let lane = LaneCut { state: state.collect(), ..LaneCut::default() };
            store.commit(&[FlowCut { flow: "f".into(), lanes: vec![lane], ..FlowCut::default() }]).unwrap();
            for (key, value) in writes {
                match value {
                    Some(value) => model.insert(vec![key % 4, key], value),
                    None => model.remove(&vec![key % 4, key]),
                };
            }
            if reopen {
                drop(store);
                store = Store::open(dir.path()).unwrap();
            }
            let mut found = BTreeMap::new();
            store.state("f", "s", 0..KEY_GROUPS, |group, key, value| { found.insert(vec![group, key[0]], value.bytes[0]); }).unwrap();
            prop_assert_eq!(&found, &model);
        }
    }
}

/// A disk that can be full: a file in memory that outlives the databases opened on it.
#[derive(Clone, Debug, Default)]
struct Disk {
    bytes: std::sync::Arc<parking_lot::Mutex<Vec<u8>>>,
    full: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Disk {
    fn check(&self) -> std::io::Result<()> {
        match self.full.load(std::sync::atomic::Ordering::SeqCst) {
            true => Err(std::io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl redb::StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.bytes.lock().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let offset = offset as usize;
        out.copy_from_slice(&self.bytes.lock()[offset..offset + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.check()?;
        self.bytes.lock().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.check()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.check()?;
        let offset = offset as usize;
        self.bytes.lock()[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}

#[test]
fn a_full_disk_loses_nothing_and_ends_by_itself() {
    let disk = Disk::default();
    let opened = disk.clone();
    let open = move || {
        let db = redb::Builder::new().create_with_backend(opened.clone());
        db.map_err(|error| StoreError::of(Path::new("store.redb"), error))
    };
    let store = Store::with("store.redb".into(), Box::new(open), None).unwrap();
    store.commit(&[cut("a", 1)]).unwrap();
    disk.full.store(true, std::sync::atomic::Ordering::SeqCst);
    for _ in 0..3 {
        let error = store.commit(&[cut("a", 2)]).unwrap_err();
        assert!(matches!(error, StoreError::Io { .. }), "{error}");
        let class = crate::ConnError::from(error).class;
        assert_eq!(class, crate::ErrorClass::Unavailable);
    }
    disk.full.store(false, std::sync::atomic::Ordering::SeqCst);
    check_there(&store, "a", 1);
    store.commit(&[cut("a", 2)]).unwrap();
    check_there(&store, "a", 2);
}

#[test]
fn letters_are_bounded_in_the_order_in_which_they_came() {
    let store = Store::in_memory();
    let commit = |letters: Vec<LetterWrite>, bound: LetterBound| {
        let lanes = vec![LaneCut {
            letters,
            ..LaneCut::default()
        }];
        let cut = FlowCut {
            flow: "f".into(),
            lanes,
            letters: bound,
            ..FlowCut::default()
        };
        store.commit(&[cut]).unwrap()[0].clone()
    };
    let put = |n: u64| {
        LetterWrite::Put(Letter {
            seq: Letter::place(n, 0),
            ..letter("f", &format!("r:{n}"))
        })
    };
    let left = || -> Vec<String> {
        let ids = store.letter_ids("f").unwrap();
        let origin = |id| store.letter("f", id).unwrap().unwrap().origin;
        ids.into_iter().map(origin).collect()
    };
    let none = LetterBound::default();
    assert_eq!(commit(Vec::new(), none), None);
    let stock = LetterStock {
        count: 4,
        oldest_ms: Some(10),
        ..LetterStock::default()
    };
    assert_eq!(
        commit(vec![put(30), put(10), put(40), put(20)], none),
        Some(stock.clone())
    );
    assert_eq!(store.letter_stock("f").unwrap(), stock);
    // The same letter again is no other one.
    assert_eq!(commit(vec![put(20)], none), Some(stock));
    assert_eq!(left(), ["r:10", "r:20", "r:30", "r:40"]);
    let bound = LetterBound {
        max_rows: Some(3),
        before_ms: 20,
        at_most: 10,
    };
    let stock = LetterStock {
        count: 3,
        oldest_ms: Some(30),
        dropped: 1,
        expired: 1,
        removed: ["r:10", "r:20"].map(|origin| letter("f", origin).id).to_vec(),
    };
    assert_eq!(commit(vec![put(50)], bound), Some(stock));
    assert_eq!(left(), ["r:30", "r:40", "r:50"]);
    let id = letter("f", "r:40").id;
    assert_eq!(store.remove_letters("f", &[id, id]).unwrap(), 1);
    assert_eq!(store.letter_stock("f").unwrap().count, 2);
    assert_eq!(left(), ["r:30", "r:50"]);
    assert_eq!(store.flows_with_letters().unwrap(), ["f"]);
}

#[test]
fn a_row_to_be_skipped_is_so_until_it_is_a_letter() {
    let store = Store::in_memory();
    store.skip("f", "r:1").unwrap();
    store.skip("f", "r:2").unwrap();
    store.skip("ff", "r:1").unwrap();
    let cut = FlowCut {
        flow: "f".into(),
        lanes: vec![LaneCut {
            letters: vec![LetterWrite::Put(letter("f", "r:1"))],
            ..LaneCut::default()
        }],
        ..FlowCut::default()
    };
    store.commit(&[cut]).unwrap();
    assert_eq!(store.skips("f").unwrap(), ["r:2"]);
    assert_eq!(store.skips("ff").unwrap(), ["r:1"]);
}

#[test]
fn what_a_process_left_that_died_while_it_made_the_store_is_no_store() {
    let dir = tempfile::tempdir().unwrap();
    let half_made = dir.path().join("store.new");
    fs::write(&half_made, [0; 4096]).unwrap();
    drop(Store::open(dir.path()).unwrap());
    assert!(!half_made.exists());
    assert!(dir.path().join("store.redb").exists());
}
