//! Input that is cut off, or no row at all.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
};

fn job(input: &str) -> Job {
    Job::new(Flow {
        input: input.to_owned(),
        steps: vec![("count", ""), ("write", "")],
        ..Flow::default()
    })
}

/// A packed file that ends too early is an error, and what was read of it counts once when the whole file is there.
#[test]
fn a_packed_file_that_was_cut_off() {
    let job = job("rows.jsonl.gz");
    let plain = fs::read(job.path("rows-0.jsonl")).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&plain).unwrap();
    let packed = packed.finish().unwrap();
    for part in [3, 2] {
        fs::write(
            job.path("rows.jsonl.gz"),
            &packed[..packed.len() * (part - 1) / part],
        )
        .unwrap();
        job.run().with(1).saying("rows.jsonl.gz");
    }
    fs::write(job.path("rows.jsonl.gz"), &packed).unwrap();
    job.run().with(0);
    let out = job.out();
    Oracle::of(&job).each_once_in_order(&out).counted(&out);
}

/// Half a row at the end of a file, and lines that are no rows at all, are dead letters with their bytes; their
/// neighbours are not touched.
#[test]
fn lines_that_are_no_rows() {
    let job = job("rows-*.jsonl");
    let plain = fs::read(job.path("rows-0.jsonl")).unwrap();
    let unreadable: [&[u8]; 5] = [
        b"{\"key\":1,\"group\":1,",
        b"\xff\xfe\x00 no text",
        b"{\"key\":\"one\",\"group\":1,\"seq\":1,\"nth\":0,\"in_group\":0}",
        b"{}",
        b"[1,2]",
    ];
    let half = &b"{\"key\":3,\"group\":3,\"seq\":99"[..];
    let mut text = Vec::new();
    let lines: Vec<&[u8]> = plain.split_inclusive(|byte| *byte == b'\n').collect();
    for (at, line) in lines.iter().enumerate() {
        if at % 4_000 == 1_234 {
            text.extend_from_slice(unreadable[at / 4_000]);
            text.push(b'\n');
        }
        text.extend_from_slice(line);
    }
    text.extend_from_slice(half);
    fs::write(job.path("rows-0.jsonl"), text).unwrap();
    job.run().with(0);
    let out = job.out();
    Oracle::of(&job).each_once_in_order(&out).counted(&out);
    let letters = job.letters();
    let mut bodies: Vec<&[u8]> = letters.iter().map(|letter| &*letter.row.bytes).collect();
    bodies.sort_unstable();
    let mut expected = [&unreadable[..], &[half]].concat();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    assert!(
        letters.iter().all(|letter| letter.class == "decode"),
        "{letters:?}"
    );
}
