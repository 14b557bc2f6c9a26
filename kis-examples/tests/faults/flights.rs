//! The main job, killed at random moments: its tables are those of a run that nobody disturbed.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use kis_core::conn::Store;

use crate::{
    process::Process,
    scale::{Random, pass, scaled},
};

const TABLES: [&str; 3] = ["airlines", "carriers", "planes"];

/// Each table as it is stored.
type Dump = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

#[test]
fn flights_killed_at_random_moments() {
    let mut random = Random::of("flights_killed_at_random_moments");
    let kills = scaled(8, 50);
    let calm = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let undisturbed = start(calm.path(), 0).wait().with(0);
    let took = started.elapsed();
    let expected = dump(calm.path());
    assert!(expected.len() > 3000, "the undisturbed run has filled its tables");

    let mut killed = 0;
    while killed < kills {
        // A flow that has ended before its next kill is checked, and then run once more from the start.
        let dir = tempfile::tempdir().unwrap();
        for number in 1.. {
            let mut process = start(dir.path(), number);
            // Sometimes while it starts, sometimes far into the work.
            let most = took.mul_f64(if random.below(3) == 0 { 0.1 } else { 0.7 });
            let moment = Instant::now() + random.time(most);
            if killed < kills {
                while Instant::now() < moment && !process.has_ended() {
                    pass(Duration::from_millis(1));
                }
                if !process.has_ended() {
                    process.kill();
                    killed += 1;
                    continue;
                }
            }
            let ended = process.wait().with(0);
            assert_eq!(ended.stdout, undisturbed.stdout, "after {killed} kills");
            break;
        }
        assert!(
            dump(dir.path()) == expected,
            "the tables differ after {killed} kills"
        );
    }
}

fn start(dir: &Path, number: u32) -> Process {
    let conf = dir.join("conf");
    fs::create_dir_all(&conf).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in fs::read_dir(examples.join("src/bin/flights/conf")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), conf.join(file.file_name())).unwrap();
    }
    let global = "kistype: global\nstore: { path: store }\ncheckpoint: { every: 20ms }\n";
    fs::write(conf.join("global.yml"), global).unwrap();
    let data = examples.join("data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flights"));
    command.current_dir(dir).args(["run", "--conf", "conf"]);
    for (name, file) in [
        ("FLIGHTS", "flights-2013-01.csv.gz"),
        ("AIRLINES", "airlines.csv"),
        ("PLANES", "planes.csv"),
    ] {
        command.args(["--set", &format!("{name}={}", data.join(file).display())]);
    }
    Process::start(&mut command, dir.join(format!("start-{number}")))
}

fn dump(dir: &Path) -> Dump {
    let store = Store::open(&dir.join("store")).unwrap();
    let mut dump = Dump::new();
    for table in TABLES {
        let scanned = store.table_scan(table, |key, row| {
            dump.insert((table, key.to_vec()), row.to_vec());
        });
        scanned.unwrap();
    }
    dump
}
