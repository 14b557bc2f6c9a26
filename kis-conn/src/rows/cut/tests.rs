//! Rows and lines of every dialect, whole and cut into pieces anywhere.

use proptest::prelude::*;

use super::*;

const CSV: Dialect = Dialect::Csv {
    delimiter: b',',
    quote: b'"',
};

fn whole(dialect: Dialect, text: &str) -> Vec<(u64, String)> {
    let cutter = Cutter {
        dialect,
        max_row: 1 << 20,
    };
    let cut = cutter.cut(text.as_bytes(), 1, true);
    assert_eq!(cut.used, text.len());
    rows(&cut, text.as_bytes())
}

fn rows(cut: &Cut, text: &[u8]) -> Vec<(u64, String)> {
    let row = |(i, &(start, end)): (usize, &(u32, u32))| {
        (
            cut.line_of(i),
            String::from_utf8_lossy(&text[start as usize..end as usize]).into_owned(),
        )
    };
    cut.spans.iter().enumerate().map(row).collect()
}

#[test]
fn rows_are_found_with_their_lines() {
    let check = |dialect: Dialect, text: &str, expect: &[(u64, &str)]| {
        let expect: Vec<_> = expect.iter().map(|&(line, row)| (line, row.to_owned())).collect();
        assert_eq!(whole(dialect, text), expect, "{text:?}");
    };
    check(Dialect::Lines, "", &[]);
    check(Dialect::Lines, "\n \r\n\t", &[]);
    check(Dialect::Lines, "a\nb", &[(1, "a"), (2, "b")]);
    check(
        Dialect::Lines,
        "a\r\n\r\n\nb\r\nc\r\n",
        &[(1, "a"), (4, "b"), (5, "c")],
    );
    check(Dialect::AllLines, "a\n\nb\n", &[(1, "a"), (2, ""), (3, "b")]);
    check(CSV, "a,\"b\nc\",d\ne\n", &[(1, "a,\"b\nc\",d"), (3, "e")]);
    check(
        CSV,
        "\"x\"\"\n\"\"\",1\r\n\"y\"\n",
        &[(1, "\"x\"\"\n\"\"\",1"), (3, "\"y\"")],
    );
    check(
        CSV,
        "5\" pipe,1\n6\" pipe,2\n",
        &[(1, "5\" pipe,1"), (2, "6\" pipe,2")],
    );
    check(CSV, "a,\"never closed\nb\n", &[(1, "a,\"never closed\nb\n")]);
    check(CSV, "a,\"\"\nb,\"\"", &[(1, "a,\"\""), (2, "b,\"\"")]);
}

#[test]
fn a_row_over_the_bound_stops_the_cut_where_it_begins() {
    let check = |dialect: Dialect, text: &str, last: bool| {
        let cut = Cutter { dialect, max_row: 4 }.cut(text.as_bytes(), 1, last);
        assert_eq!(
            (cut.spans.len(), cut.used, cut.line, cut.too_long),
            (1, 3, 2, true),
            "{text:?}"
        );
    };
    for dialect in [Dialect::Lines, Dialect::AllLines, CSV] {
        check(dialect, "ab\n12345\ncd\n", false);
        check(dialect, "ab\n12345", false);
        check(dialect, "ab\n12345", true);
    }
    check(CSV, "ab\n\"1\n345", false);
}

#[test]
fn a_quote_at_the_end_of_a_piece_waits_for_the_next_byte() {
    let cutter = Cutter {
        dialect: CSV,
        max_row: 100,
    };
    assert_eq!(cutter.cut(b"\"a\"", 1, false).used, 0);
    assert_eq!(cutter.cut(b"\"a\"", 1, true).spans, [(0, 3)]);
}

/// Cuts the text piece by piece as a reader does, each piece at most `sizes` long.
fn in_pieces(dialect: Dialect, text: &[u8], sizes: &[usize]) -> Vec<(u64, String)> {
    let cutter = Cutter {
        dialect,
        max_row: 1 << 20,
    };
    let mut found = Vec::new();
    let (mut tail, mut line, mut at) = (Vec::new(), 1, 0);
    let mut sizes = sizes.iter().cycle();
    loop {
        let end = (at + sizes.next().unwrap()).min(text.len());
        let mut piece = tail;
        piece.extend_from_slice(&text[at..end]);
        at = end;
        let cut = cutter.cut(&piece, line, at == text.len());
        found.extend(rows(&cut, &piece));
        line = cut.line;
        tail = piece[cut.used..].to_vec();
        if at == text.len() {
            assert!(tail.is_empty());
            return found;
        }
    }
}

proptest! {
    #[test]
    fn pieces_give_the_same_rows_as_the_whole(
        text in "[ab\", \n\r]{0,60}",
        sizes in prop::collection::vec(1usize..9, 1..5),
    ) {
        for dialect in [Dialect::Lines, Dialect::AllLines, CSV] {
            prop_assert_eq!(in_pieces(dialect, text.as_bytes(), &sizes), whole(dialect, &text));
        }
    }

    #[test]
    fn records_end_where_a_csv_reader_ends_them(text in "[ab\",\n]{0,40}") {
        // csv-core reads the text as a whole; each of our rows, read alone, must give the same fields.
        let ours: Vec<Vec<String>> = whole(CSV, &text).iter().flat_map(|(_, row)| records(row)).collect();
        let unclosed = whole(CSV, &text).last().is_some_and(|(_, row)| row.ends_with('\n'));
        prop_assume!(!unclosed);
        // A line of blanks alone is a row for csv-core if it has a blank, and never for us.
        prop_assert_eq!(ours, records(&text));
    }
}

/// The records of a text as csv-core reads them.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut input, mut output, mut ends) = (text.as_bytes(), vec![0; 4096], vec![0; 512]);
    let mut found = Vec::new();
    loop {
        let (result, read, _, count) = reader.read_record(input, &mut output, &mut ends);
        let (result, count) = match result {
            // The end of the input ends the last record.
            csv_core::ReadRecordResult::InputEmpty => {
                let (result, _, _, more) = reader.read_record(&[], &mut output, &mut ends[count..]);
                (result, count + more)
            }
            result => (result, count),
        };
        input = &input[read..];
        match result {
            csv_core::ReadRecordResult::Record => {
                let mut start = 0;
                let field = |&end: &usize| {
                    let field = String::from_utf8_lossy(&output[start..end]).into_owned();
                    start = end;
                    field
                };
                found.push(ends[..count].iter().map(field).collect());
            }
            _ => return found,
        }
    }
}
