//! Disks that are full for a while, and a store that is broken.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
    process::until,
    scale::{lasting, pass},
};

/// What a full disk still takes: the rows that some of the lanes have for a cut, and not those of all.
const ROOM: u64 = 64 << 10;

/// A small file system in memory; gone when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Only root may mount one.
    fn mount(at: PathBuf) -> Option<SmallDisk> {
        fs::create_dir_all(&at).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(&at)
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(SmallDisk(at)),
            Ok(output) => {
                println!(
                    "left out: no small disk can be mounted: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                None
            }
            Err(error) => {
                println!("left out: there is no mount: {error}");
                None
            }
        }
    }

    /// Takes nearly all the space that is left, again and again, until somebody says that there is none: of what is
    /// written at once some finds room.
    fn fill(&self, mut is_noticed: impl FnMut() -> bool) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        until(
            || "a process that says that its disk is full".to_owned(),
            || {
                while file.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
                let taken = file.seek(SeekFrom::End(0)).unwrap();
                file.set_len(taken.saturating_sub(ROOM)).unwrap();
                file.seek(SeekFrom::End(0)).unwrap();
                is_noticed()
            },
        );
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The disk is full for a while: rows wait for it, and none is lost, doubled or blamed.
fn full_for_a_while(flow: Flow) {
    let job = Job::new(Flow {
        rows: 40_000,
        keys: 20_000,
        lanes: 12,
        steps: vec![
            ("count", ""),
            ("dawdles", "millis: 8"),
            ("keep_newest", ""),
            ("write", ""),
        ],
        ..flow
    });
    let Some(disk) = SmallDisk::mount(job.path("small")) else {
        return;
    };
    let mut process = job.start();
    process.until("rows that are durable", |p| {
        p.metric("kis_acked_rows_total") > Some(0.0)
    });
    let is_full = |said: String| said.to_lowercase().contains("no space left");
    disk.fill(|| process.has_ended() || is_full(process.said()));
    pass(lasting(Duration::from_millis(300), Duration::from_secs(60)));
    assert!(
        !process.has_ended(),
        "a full disk ends nothing: {}",
        process.said()
    );
    disk.free();
    let ended = process.wait().with(0);
    assert!(is_full(ended.stderr), "the disk was never full");
    let out = job.out();
    Oracle::of(&job)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "");
    assert_eq!(
        job.table("newest").len() as i64,
        out.iter().filter(|item| item.seq == 1).count() as i64
    );
}

#[test]
fn the_disk_of_the_file_that_is_written_is_full_for_a_while() {
    full_for_a_while(Flow {
        out: "small/out.jsonl".into(),
        ..Flow::default()
    });
}

#[test]
fn the_disk_of_the_store_is_full_for_a_while() {
    full_for_a_while(Flow {
        store: "small/store".into(),
        ..Flow::default()
    });
}

#[test]
fn a_broken_store_is_left_as_it_is() {
    let job = Job::new(Flow {
        steps: vec![
            ("count", ""),
            ("dawdles", "millis: 1"),
            ("keep_newest", ""),
            ("write", ""),
        ],
        ..Flow::default()
    });
    let mut process = job.start();
    process.until("rows that are durable", |_| job.written() > 100_000);
    process.kill();
    let file = job.path("store/store.redb");
    let whole = fs::read(&file).unwrap();
    let out = fs::read(job.path("out.jsonl")).unwrap();
    let middle = whole.len() / 2;
    let breaks: [(&str, Vec<u8>); 5] = [
        ("the first bytes", [&[7; 512], &whole[512..]].concat()),
        ("half of it is gone", whole[..middle].to_vec()),
        ("only a few bytes", whole[..7].to_vec()),
        (
            "the first pages",
            [&whole[..512], &vec![0; 8192], &whole[8704..]].concat(),
        ),
        ("not a store", b"once upon a time\n".to_vec()),
    ];
    for (what, bytes) in breaks {
        fs::write(&file, &bytes).unwrap();
        let before = listing(&job.path("store"));
        job.run().with(1).saying("store/store.redb");
        assert!(fs::read(&file).unwrap() == bytes, "{what}: the store was written");
        assert_eq!(listing(&job.path("store")), before, "{what}");
        assert!(
            fs::read(job.path("out.jsonl")).unwrap() == out,
            "{what}: the results were changed"
        );
    }
    fs::write(&file, &whole).unwrap();
    job.run().with(0);
    let out = job.out();
    Oracle::of(&job).each_once_in_order(&out).counted(&out);
}

/// The names and sizes of the files in a folder.
fn listing(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            (file.path(), file.metadata().unwrap().len())
        })
        .collect();
    files.sort();
    files
}
