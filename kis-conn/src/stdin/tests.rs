//! Rows from a pipe: as they come, numbered on after a restart, once only.

use std::io::Cursor;
use std::path::Path;

use kis_conf::Format;

use super::*;
use crate::suite::{run, spec};

fn open(format: Format, input: Input) -> Stdin {
    let spec = SourceSpec {
        format: Some(format),
        ..spec(Path::new(""), None, &[])
    };
    read_spec(&spec, input).unwrap_or_else(|error| panic!("{error}"))
}

async fn rows(source: &Stdin, from: Option<&Position>) -> (Vec<(String, String)>, Option<Position>) {
    let partition = source.partitions().await.unwrap().remove(0);
    let mut reader = source.read(&partition, from).await.unwrap();
    let (mut found, mut last) = (Vec::new(), None);
    while let Next::Block(block) = reader
        .next(BatchLimit {
            rows: 2,
            ..BatchLimit::default()
        })
        .await
        .unwrap()
    {
        let rows = &block.rows;
        assert!(rows.len() <= 2);
        found.extend((0..rows.len()).map(|i| {
            (
                rows.origin(i),
                String::from_utf8_lossy(rows.bytes(i)).into_owned(),
            )
        }));
        last = Some(block.after);
    }
    (found, last)
}

fn pairs(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter()
        .map(|&(origin, row)| (origin.to_owned(), row.to_owned()))
        .collect()
}

#[test]
fn rows_come_to_the_end_and_go_on_counting_in_the_next_process() {
    run(async {
        let first = open(Format::Json, Box::new(Cursor::new("{}\n[1]\n\n3")));
        let (found, last) = rows(&first, None).await;
        assert_eq!(
            found,
            pairs(&[("stdin:1", "{}"), ("stdin:2", "[1]"), ("stdin:4", "3")])
        );
        let second = open(Format::Json, Box::new(Cursor::new("5\n")));
        assert_eq!(rows(&second, last.as_ref()).await.0, pairs(&[("stdin:4", "5")]));
    });
}

#[test]
fn csv_has_its_header_in_the_pipe() {
    run(async {
        let source = open(Format::Csv, Box::new(Cursor::new("a,b\n1,\"x\ny\"\n2,z\n")));
        let (found, _) = rows(&source, None).await;
        assert_eq!(found, pairs(&[("stdin:2", "1,\"x\ny\""), ("stdin:4", "2,z")]));
    });
}

/// Gives its pieces one by one, then fails.
struct Pieces(Vec<&'static [u8]>);

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() {
            return Err(std::io::Error::other("the cable broke"));
        }
        let piece = self.0.remove(0);
        to[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

#[test]
fn rows_are_handed_out_as_they_come_and_an_error_comes_behind_them() {
    run(async {
        let source = open(
            Format::Raw,
            Box::new(Pieces(vec![b"on", b"e\ntwo\nth", b"ree\n", b"half"])),
        );
        let partition = source.partitions().await.unwrap().remove(0);
        let mut reader = source.read(&partition, None).await.unwrap();
        let mut found = Vec::new();
        let error = loop {
            match reader.next(BatchLimit::default()).await {
                Ok(Next::Block(block)) => found.push(block.rows.iter().map(<[u8]>::len).collect::<Vec<_>>()),
                Ok(Next::Ended) => panic!("the error is lost"),
                Err(error) => break error,
            }
        };
        assert_eq!(found, [vec![3, 3], vec![5]]);
        assert!(error.message.contains("the cable broke"), "{error}");
    });
}

#[test]
fn a_second_reader_is_refused() {
    run(async {
        let source = open(Format::Json, Box::new(Cursor::new("")));
        let partition = source.partitions().await.unwrap().remove(0);
        source.read(&partition, None).await.unwrap();
        let error = source.read(&partition, None).await.map(drop).unwrap_err();
        assert_eq!(
            error.message,
            "the standard input is read already; it can feed one source only"
        );
    });
}
