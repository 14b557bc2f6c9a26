//! Spans, origins, and what is left after picking rows.

use super::*;

fn lines(text: &'static str, line: u64) -> RawRows {
    let mut spans = Vec::new();
    let mut start = 0;
    for row in text.split_inclusive('\n') {
        spans.push((start, start + row.trim_end().len() as u32));
        start += row.len() as u32;
    }
    let from = RowsFrom::Lines {
        name: "f.csv".into(),
        line,
        start: 0,
    };
    RawRows::new(
        Bytes::from_static(text.as_bytes()),
        spans,
        Arc::new(Layout::Raw),
        from,
    )
}

fn origins(rows: &RawRows) -> Vec<String> {
    (0..rows.len()).map(|i| rows.origin(i)).collect()
}

#[test]
fn a_line_is_counted_from_the_block_s_start() {
    let rows = lines("a\nb\nc\n", 7);
    assert_eq!(origins(&rows), ["f.csv:7", "f.csv:8", "f.csv:9"]);
    assert_eq!(rows.size(), 3);
    assert_eq!(origins(&rows.pick([2, 0])), ["f.csv:9", "f.csv:7"]);
}

#[test]
fn numbered_rows_keep_their_number_through_retain_and_pick() {
    let mut rows = RawRows::from_rows("q", 100, Layout::Raw, ["a", "b", "c", "d", "e"]);
    rows.retain(&[true, false, true, true, true]);
    rows.retain(&[false, true, true, true]);
    assert_eq!(origins(&rows), ["q:102", "q:103", "q:104"]);
    let picked = rows.pick([0, 2]);
    assert_eq!(picked.iter().collect::<Vec<_>>(), [b"c", b"e"]);
    assert_eq!(origins(&picked), ["q:102", "q:104"]);
}

#[test]
#[should_panic(expected = "outside of its block")]
fn a_span_outside_of_the_block_is_a_bug() {
    RawRows::new(
        Bytes::from_static(b"ab"),
        vec![(1, 3)],
        Arc::new(Layout::Raw),
        RowsFrom::Numbered {
            name: "q".into(),
            first: 0,
        },
    );
}
