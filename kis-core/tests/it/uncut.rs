//! What is written to tables between two cuts is bounded: a cut comes before its time, and nothing is read meanwhile.

use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{run, show};

#[derive(Row, Clone)]
pub struct Sheet {
    pub n: i64,
}

/// What a sequence begins with.
const FIRST: i64 = 1;

/// The numbers in the order in which they come, under one key, and each under its own.
#[kis_function(mode = "Save", conn = "sheets")]
pub fn save_sheets(sheets: &[Sheet], table: &Conn<Table>) -> Result<()> {
    table.put_all(sheets.iter().map(|sheet| (sheet.n, &sheet.n)))?;
    let last: Option<i64> = table.get("last")?;
    let mut expected = last.map_or(FIRST, |last| last + 1);
    for sheet in sheets {
        if sheet.n != expected {
            return Err(Error::fatal(format!("{} comes behind {}", sheet.n, expected - 1)));
        }
        expected += 1;
    }
    table.put("last", &(expected - 1))?;
    Ok(())
}

/// The rows that are saved with this limit, and how many cuts it took.
fn saved(rows: i64, limit: &str) -> (String, u64, u64) {
    let yaml = format!(
        "kistype: global\ncheckpoint: {{ every: 1h }}\n---\nkistype: source\nsname: all_sheets\ntype: generate\nrow: Sheet\nflow: sheets\nbatch: {{ rows: 100 }}\nparams: {{ rows: {rows}, fields: {{ n: sequence }} }}\n---\nkistype: flow\nstatus: 1\nflow_name: sheets\nlimits: {{ bytes: {limit} }}\nflows:\n  - fname: save_sheets\n"
    );
    let store = Store::in_memory();
    let summary = run(&yaml, 1, &store);
    let tables = store.table_names().unwrap();
    let rows = tables.first().map_or(0, |(_, rows)| *rows);
    (show(&summary), rows, summary.flows[0].counters.cuts.get())
}

#[test]
fn cuts_come_before_their_time_and_lose_nothing() {
    let (text, rows, cuts) = saved(5_000, "64KiB");
    assert_eq!(text, "sheets: ended, in 5000, out 5000, dropped 0, dead 0\n");
    assert_eq!(rows, 5_001, "each under its own key, and the last one");
    // All rows take about 20 times what may be there at a time.
    assert!(cuts > 10, "{cuts} cuts");
    let (text, _, cuts) = saved(5_000, "256MiB");
    assert_eq!(text, "sheets: ended, in 5000, out 5000, dropped 0, dead 0\n");
    assert_eq!(cuts, 1, "at the end");
}
