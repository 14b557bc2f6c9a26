//! Reading files: every format and packing, every cut, every fault.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use kis_conf::{Format, Node, Start};
use proptest::prelude::*;
use tempfile::TempDir;

use super::super::SOURCE;
use crate::suite::cases::{all_rows, check_kind, run, spec};
use crate::{BatchLimit, ConnError, Layout, Next, OpenError, Position, Source, SourceSpec};

fn dir(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

async fn open(spec: SourceSpec) -> Arc<dyn Source> {
    (SOURCE.open)(spec)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn rows(dir: &Path, key: &str, params: &[(&str, Node)]) -> Vec<(String, String)> {
    run(check_kind(SOURCE, spec(dir, Some(key), params)))
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|&(origin, row)| (origin.to_owned(), row.to_owned()))
        .collect()
}

fn check(name: &str, bytes: &[u8], expect: &[(&str, &str)]) {
    let dir = dir(&[(name, bytes)]);
    assert_eq!(rows(dir.path(), name, &[]), pairs(expect));
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

#[cfg(all(feature = "gzip", feature = "zstd"))]
fn zst(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn each_format_is_read_with_its_lines() {
    check(
        "a.jsonl",
        b"{\"a\":1}\n\n{\"a\":2}\r\n{\"a\":3}",
        &[
            ("a.jsonl:1", "{\"a\":1}"),
            ("a.jsonl:3", "{\"a\":2}"),
            ("a.jsonl:4", "{\"a\":3}"),
        ],
    );
    check(
        "a.csv",
        b"x,y\r\n1,2\r\n\r\n\"3\n\",4\n5,6",
        &[("a.csv:2", "1,2"), ("a.csv:4", "\"3\n\",4"), ("a.csv:6", "5,6")],
    );
    check(
        "a.log",
        b"one\n\ntwo\n",
        &[("a.log:1", "one"), ("a.log:2", ""), ("a.log:3", "two")],
    );
    check("bom.csv", b"\xEF\xBB\xBFx\n1\n", &[("bom.csv:2", "1")]);
    check("empty.csv", b"", &[]);
    check("empty.jsonl", b"", &[]);
    check("header.csv", b"x,y", &[]);
}

#[cfg(all(feature = "gzip", feature = "zstd"))]
#[test]
fn every_format_passes_the_suite_in_every_packing() {
    let lines: String = (0..40)
        .map(|i| format!("{{\"i\":{i},\"x\":\"{}\"}}\n", "x".repeat(i)))
        .collect();
    let records: String = (0..40).map(|i| format!("{i},\"a\nb {i}\"\r\n\n")).collect();
    let texts = [
        ("a.jsonl", lines.clone()),
        ("a.csv", format!("i,x\n{records}")),
        ("a.log", format!("\n{lines}\nend without a line end")),
    ];
    for (name, text) in texts {
        let text = text.as_bytes();
        let dir = dir(&[
            (name, text),
            (&format!("{name}.gz"), &gz(text)),
            (&format!("{name}.zst"), &zst(text)),
        ]);
        let found = rows(dir.path(), &format!("{name}*"), &[]);
        assert!(found.len() >= 120, "{name}: {}", found.len());
    }
}

#[cfg(all(feature = "gzip", feature = "zstd"))]
#[test]
fn packed_files_are_read_by_their_first_bytes() {
    let text = b"{\"a\":1}\n{\"a\":2}\n";
    let check = |name: &str, bytes: &[u8]| {
        let (one, two) = (format!("{name}:1"), format!("{name}:2"));
        check(name, bytes, &[(&one, "{\"a\":1}"), (&two, "{\"a\":2}")]);
    };
    check("a.jsonl.gz", &gz(text));
    check("a.jsonl.zst", &zst(text));
    check("misnamed.jsonl", &gz(text));
    // Packed files that were appended to hold several members or frames.
    check("b.jsonl.gz", &[gz(&text[..8]), gz(&text[8..])].concat());
    check("b.jsonl.zst", &[zst(&text[..8]), zst(&text[8..])].concat());
    check(
        "c.jsonl.zst",
        &[b"\x50\x2A\x4D\x18\x02\x00\x00\x00xy".to_vec(), zst(text)].concat(),
    );
}

#[cfg(not(feature = "gzip"))]
#[test]
fn a_packed_file_without_its_feature_is_explained() {
    let (_, error) = read_bytes("a.jsonl.gz", &gz(b"{}\n"), &[]);
    assert_eq!(
        error,
        "a.jsonl.gz: [KIS0120] a gzip file needs the feature gzip of kis-core"
    );
}

#[test]
fn the_files_of_a_pattern_are_partitions_by_name() {
    let dir = dir(&[("b.csv", b"x\n2\n"), ("a.csv", b"x\n1\n"), ("c.txt", b"no")]);
    fs::create_dir(dir.path().join("d.csv")).unwrap();
    assert_eq!(
        rows(dir.path(), "*.csv", &[]),
        pairs(&[("a.csv:2", "1"), ("b.csv:2", "2")])
    );
}

#[test]
fn csv_settings_reach_the_layout() {
    let dir = dir(&[("a.csv", b"1;'a;b';NA\n")]);
    let names = ["id", "name", "year"];
    let params = [
        ("delimiter", Node::text(";")),
        ("quote", Node::text("'")),
        ("na", Node::list([Node::text("NA")])),
        ("header", Node::list(names.map(Node::text))),
    ];
    run(async {
        let source = open(spec(dir.path(), Some("a.csv"), &params)).await;
        let partition = source.partitions().await.unwrap().remove(0);
        let mut reader = source.read(&partition, None).await.unwrap();
        let Ok(Next::Block(block)) = reader.next(BatchLimit::default()).await else {
            panic!("a row is there")
        };
        assert_eq!(block.rows.bytes(0), b"1;'a;b';NA");
        let Layout::Csv(csv) = &**block.rows.layout() else {
            panic!("the rows are CSV")
        };
        assert_eq!(
            (csv.columns.as_slice(), csv.delimiter, csv.quote),
            (&names.map(str::to_owned)[..], b';', b'\'')
        );
        assert_eq!(csv.na, ["NA"]);
    });
}

#[test]
fn one_file_can_be_one_batch() {
    let text: String = (0..40_000).map(|i| format!("{{\"i\":{i}}}\n")).collect();
    let text = text.repeat(3);
    let dir = dir(&[("a.jsonl", text.as_bytes())]);
    run(async {
        let source = open(spec(dir.path(), Some("a.jsonl"), &[])).await;
        let partition = source.partitions().await.unwrap().remove(0);
        let mut reader = source.read(&partition, None).await.unwrap();
        let limit = BatchLimit {
            rows: 10,
            bytes: 10,
            unit_is_message: true,
            ..BatchLimit::default()
        };
        let Ok(Next::Block(block)) = reader.next(limit).await else {
            panic!("rows are there")
        };
        assert_eq!(block.rows.len(), 120_000);
        assert!(matches!(reader.next(limit).await, Ok(Next::Ended)));
    });
}

/// What came until the end or an error. An error must come again.
struct Until {
    rows: usize,
    after: Option<Position>,
    error: Option<ConnError>,
}

async fn until(source: &dyn Source, from: Option<&Position>) -> Until {
    let mut found = Until {
        rows: 0,
        after: None,
        error: None,
    };
    let partition = source.partitions().await.unwrap().remove(0);
    let mut reader = match source.read(&partition, from).await {
        Ok(reader) => reader,
        Err(error) => {
            return Until {
                error: Some(error),
                ..found
            };
        }
    };
    loop {
        match reader.next(BatchLimit::default()).await {
            Ok(Next::Block(block)) => {
                found.rows += block.rows.len();
                found.after = Some(block.after);
            }
            Ok(Next::Ended) => return found,
            Err(error) => {
                assert_eq!(reader.next(BatchLimit::default()).await.unwrap_err(), error);
                return Until {
                    error: Some(error),
                    ..found
                };
            }
        }
    }
}

fn read_bytes(name: &str, bytes: &[u8], params: &[(&str, Node)]) -> (usize, String) {
    let dir = dir(&[(name, bytes)]);
    let found = run(async { until(&*open(spec(dir.path(), Some(name), params)).await, None).await });
    (found.rows, found.error.expect("an error was to come").to_string())
}

#[cfg(all(feature = "gzip", feature = "zstd"))]
#[test]
fn a_broken_packed_file_gives_its_rows_and_then_says_where_it_breaks() {
    let text: String = (0..100_000)
        .map(|i| format!("{{\"i\":{i},\"x\":\"{}\"}}\n", (i * 7919) % 10_007))
        .collect();
    for (name, packed) in [
        ("a.jsonl.gz", gz(text.as_bytes())),
        ("a.jsonl.zst", zst(text.as_bytes())),
    ] {
        let (rows, error) = read_bytes(name, &packed[..packed.len() / 2], &[]);
        assert!(rows > 20_000 && rows < 80_000, "{name}: {rows}");
        let line = rows + 1;
        assert!(
            error.starts_with(&format!("{name}:{line}: cannot be read behind byte ")),
            "{error}"
        );
        assert!(
            error.ends_with("the compressed data ends too early; get the whole file"),
            "{error}"
        );
    }
    let mut packed = gz(text.as_bytes());
    let middle = packed.len() / 2;
    packed[middle..middle + 100].fill(0x55);
    let (rows, error) = read_bytes("a.jsonl.gz", &packed, &[]);
    assert!(rows > 20_000, "{rows}");
    assert!(error.contains("the compressed data is broken"), "{error}");
    let mut packed = zst(b"{\"a\":1}\n");
    *packed.last_mut().unwrap() ^= 1;
    let (_, error) = read_bytes("a.jsonl.zst", &packed, &[]);
    assert!(error.contains("the checksum does not fit"), "{error}");
}

#[test]
fn a_row_over_the_bound_is_named_and_the_rows_before_it_come() {
    let text = format!("{{}}\n{{}}\n{}\n{{}}\n", "x".repeat(3 << 20));
    let (rows, error) = read_bytes("a.jsonl", text.as_bytes(), &[("max_row", Node::text("1MiB"))]);
    assert_eq!(rows, 2);
    let expect = "a.jsonl:3: the row that begins here is longer than 1048576 bytes; if that is right, set params: \
                  { max_row: .. }";
    assert_eq!(error, expect);
}

#[cfg(all(feature = "gzip", feature = "zstd"))]
#[test]
fn a_file_that_grew_goes_on_and_a_replaced_one_is_refused() {
    for pack in [|text: &[u8]| text.to_vec(), gz] {
        run(async {
            let dir = dir(&[]);
            let path = dir.path().join("a.jsonl");
            let write = |text: &[u8]| fs::write(&path, pack(text)).unwrap();
            write(b"{\"a\":1}\n{\"a\":2}\n");
            let source = open(spec(dir.path(), Some("a.jsonl"), &[])).await;
            let all = until(&*source, None).await;
            assert_eq!(all.rows, 2);
            let after = all.after.as_ref();
            assert_eq!(until(&*source, after).await.rows, 0);

            let first = fs::read(&path).unwrap();
            fs::write(&path, [first, pack(b"{\"a\":3}\n")].concat()).unwrap();
            assert_eq!(until(&*source, after).await.rows, 1, "appended");

            write(b"{\"b\":1}\n{\"b\":2}\n{\"b\":3}\n");
            let error = until(&*source, after).await.error.unwrap();
            assert_eq!(error.code, "replaced");
            assert!(
                error
                    .message
                    .starts_with("a.jsonl is not the file that was read before"),
                "{error}"
            );
        });
    }
}

#[test]
fn a_shortened_file_is_refused() {
    run(async {
        let text = "{\"a\":1}\n".repeat(1000);
        let dir = dir(&[("a.jsonl", text.as_bytes())]);
        let source = open(spec(dir.path(), Some("a.jsonl"), &[])).await;
        let after = until(&*source, None).await.after;
        fs::write(dir.path().join("a.jsonl"), &text[..4000]).unwrap();
        let error = until(&*source, after.as_ref()).await.error.unwrap();
        assert!(
            error
                .message
                .starts_with("a.jsonl has only 4000 bytes, but 8000 were read before"),
            "{error}"
        );
    });
}

#[test]
fn a_last_line_without_end_may_get_one_later_but_not_more() {
    run(async {
        for end in ["\n", "\r\n"] {
            let dir = dir(&[("a.log", b"one\ntwo")]);
            let source = open(spec(dir.path(), Some("a.log"), &[])).await;
            let all = until(&*source, None).await;
            assert_eq!(all.rows, 2);
            let path = dir.path().join("a.log");
            fs::write(&path, format!("one\ntwo{end}three\n")).unwrap();
            let grown = until(&*source, all.after.as_ref()).await;
            assert_eq!((grown.rows, grown.error), (1, None));
            fs::write(&path, "one\ntwofold\n").unwrap();
            let error = until(&*source, all.after.as_ref()).await.error.unwrap();
            assert!(
                error
                    .message
                    .starts_with("a.log:2: this line had no line end when its row was read"),
                "{error}"
            );
        }
    });
}

#[test]
fn what_cannot_be_opened_is_explained() {
    let dir = dir(&[("flights.csv", b"a,a\n1,2\n"), ("unnamed.csv", b"a,,c\n1,2,3\n")]);
    let check = |key: Option<&str>, params: &[(&str, Node)], expect: &str| {
        let found = run(async {
            match (SOURCE.open)(spec(dir.path(), key, params)).await {
                Err(error) => error,
                Ok(source) => match source.partitions().await {
                    Err(error) => OpenError::Conn(error),
                    Ok(_) => OpenError::Conn(until(&*source, None).await.error.unwrap()),
                },
            }
        });
        assert_eq!(
            found.to_string().replace(dir.path().to_str().unwrap(), "DIR"),
            expect
        );
    };
    check(
        Some("fligths.csv"),
        &[],
        "fligths.csv does not exist; did you mean flights.csv?",
    );
    check(
        Some("data/flights.csv"),
        &[],
        "data/flights.csv does not exist; the folder DIR/data does not exist",
    );
    check(Some("*.json"), &[], "no file fits *.json in DIR");
    check(Some("."), &[], ". is a folder; to read its files: key: ./*");
    check(
        None,
        &[],
        "conf/src.yml:1:1: [KIS0008] source src of type file has no path; add key: data/rows.csv",
    );
    let cure = "for files without a header: params: { header: [names] }";
    check(
        Some("flights.csv"),
        &[],
        &format!("flights.csv:1: in the header two columns have the name a; {cure}"),
    );
    check(
        Some("unnamed.csv"),
        &[],
        &format!("unnamed.csv:1: in the header column 2 has no name; {cure}"),
    );
    check(
        Some("flights.csv"),
        &[("delimiter", Node::text(";;"))],
        "<program>: [KIS0113] param delimiter must be one ASCII character, found ;;; for a tab write \"\\t\"",
    );
    check(
        Some("flights.csv"),
        &[("header", Node::plain("false"))],
        "<program>: [KIS0113] param header must be true or a list of names, found false; true: the first record names \
         the columns; [a, b]: the columns are a and b and there is no such record",
    );
    let mut latest = spec(dir.path(), Some("flights.csv"), &[]);
    latest.start = Start::Latest;
    let error = run(async { (SOURCE.open)(latest).await.map(drop).unwrap_err() });
    let expect =
        "conf/src.yml:1:1: [KIS0125] source src of type file can only start: earliest; leave start: out";
    assert_eq!(error.to_string(), expect);
    let mut avro = spec(dir.path(), Some("flights.csv"), &[]);
    avro.format = Some(Format::Avro);
    let error = run(async { (SOURCE.open)(avro).await.map(drop).unwrap_err() });
    let expect = "conf/src.yml:1:1: [KIS0125] format avro of source src is not available in this version";
    assert_eq!(error.to_string(), expect);
}

#[test]
fn a_strange_position_is_refused() {
    let dir = dir(&[("a.jsonl", b"{}\n")]);
    run(async {
        let source = open(spec(dir.path(), Some("a.jsonl"), &[])).await;
        let error = until(&*source, Some(&Position::new(b"1 row=7".as_slice())))
            .await
            .error
            .unwrap();
        assert_eq!(
            error.message,
            "a.jsonl: 1 row=7 is not a position of a file source"
        );
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_position_leads_to_the_rest(
        text in "[ab\", \n\r]{0,40}",
        packed in any::<bool>(),
        name in prop::sample::select(vec!["a.log", "a.jsonl", "a.csv"]),
    ) {
        let header = if name == "a.csv" { "x,y\n" } else { "" };
        let text = format!("{header}{text}");
        let bytes = if packed && cfg!(feature = "gzip") { gz(text.as_bytes()) } else { text.into_bytes() };
        let dir = dir(&[(name, &bytes)]);
        rows(dir.path(), name, &[]);
    }
}

#[test]
fn rows_that_cross_chunks_are_whole() {
    // Larger than some chunks, with rows of all lengths, one of them longer than a chunk.
    let row = |i: usize| {
        let pad = if i == 1500 { 1 << 20 } else { (i * 7919) % 1500 };
        format!("{{\"i\":{i},\"pad\":\"{}\"}}", "x".repeat(pad))
    };
    let expect: Vec<_> = (0..3000)
        .map(|i| (format!("a.jsonl:{}", i + 1), row(i)))
        .collect();
    let text: String = expect.iter().flat_map(|(_, row)| [row.as_str(), "\n"]).collect();
    let dir = dir(&[("a.jsonl", text.as_bytes())]);
    run(async {
        let source = open(spec(dir.path(), Some("a.jsonl"), &[])).await;
        assert!(all_rows(&*source).await == expect, "rows differ");
        let partition = source.partitions().await.unwrap().remove(0);
        let mut reader = source.read(&partition, None).await.unwrap();
        let mut seen = 0;
        let limit = BatchLimit {
            rows: 1100,
            ..BatchLimit::default()
        };
        while let Next::Block(block) = reader.next(limit).await.unwrap() {
            seen += block.rows.len();
            let mut rest = source.read(&partition, Some(&block.after)).await.unwrap();
            match rest.next(limit).await.unwrap() {
                Next::Ended => assert_eq!(seen, expect.len()),
                Next::Block(next) => {
                    assert_eq!(next.rows.origin(0), expect[seen].0);
                    assert!(
                        next.rows.bytes(0) == expect[seen].1.as_bytes(),
                        "row {seen} differs"
                    );
                }
            }
        }
        assert_eq!(seen, expect.len());
    });
}
