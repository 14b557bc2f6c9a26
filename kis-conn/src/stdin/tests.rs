//! Rows from a pipe: as they come, numbered on after a restart, once only.

use std::io::Cursor;
use std::path::Path;

use kis_conf::Format;

use super::*;
use crate::suite::cases::{run, spec};
use crate::suite::{SourceUnderTest, check_source};
use crate::{PositionText, Source};

fn open(format: Format, input: Input) -> OnePartition<Stdin> {
    let spec = SourceSpec {
        format: Some(format),
        ..spec(Path::new(""), None, &[])
    };
    read_spec(&spec, input).unwrap_or_else(|error| panic!("{error}"))
}

async fn rows(
    source: &OnePartition<Stdin>,
    from: Option<&Position>,
) -> (Vec<(String, String)>, Option<Position>) {
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

/// A pipe from which each process gets the same text.
struct Pipe(Format, &'static str);

impl SourceUnderTest for Pipe {
    async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
        Ok(Arc::new(open(self.0, Box::new(Cursor::new(self.1)))))
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        let lines = self.1.lines().skip(usize::from(self.0 == Format::Csv));
        let rows = lines.filter(|line| !line.is_empty()).map(str::to_owned);
        vec![("stdin".to_owned(), rows.collect())]
    }

    fn positions(&self) -> Option<PositionText> {
        Some(SOURCE.positions)
    }
}

#[test]
fn it_passes_the_suite() {
    for case in [
        (Format::Json, "1\n2\n\n3\n[4,\"five\"]\n6\n7\n8\n\n9"),
        (Format::Csv, "a,b\n1,x\n2,y\n\n\n3,z\n4,x\n5,y\n6,z\n7,x\n"),
        (Format::Raw, "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"),
    ] {
        run(check_source(async || Pipe(case.0, case.1))).assert_passed();
    }
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
        assert_eq!(rows(&second, last.as_ref()).await.0, pairs(&[("stdin:5", "5")]));
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
        assert_eq!(error.class, ErrorClass::Fatal, "nobody can read it again");
    });
}

#[test]
fn a_second_reader_is_refused_while_there_is_one() {
    run(async {
        let source = open(Format::Json, Box::new(Cursor::new("")));
        let partition = source.partitions().await.unwrap().remove(0);
        let first = source.read(&partition, None).await.unwrap();
        let error = source.read(&partition, None).await.map(drop).unwrap_err();
        assert_eq!(
            error.message,
            "the standard input is read already; it can feed one source only"
        );
        drop(first);
        source.read(&partition, None).await.unwrap();
    });
}
