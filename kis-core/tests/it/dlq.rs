//! Dead letters come back: sent in again at the step that failed, exactly once, and bounded in number.

use insta::assert_snapshot;
use kis_core::{
    conn::{
        Table,
        store::{FlowCut, LaneCut, Letter, LetterWrite, Store, StoredRow},
    },
    engine::{Engine, Redrive, Redriven, RunOptions},
    observe::HeldBy,
    prelude::*,
};

use crate::check::{letters, plan, problems, run, show, table};

#[derive(Row, Clone)]
pub struct Bill {
    pub id: i64,
    pub user: String,
    pub amount: i64,
}

#[derive(Row, Clone)]
pub struct Booked {
    pub id: i64,
    pub user: String,
    pub total: i64,
}

#[derive(Params)]
pub struct Most {
    /// Amounts above are refused.
    #[param(default = 100)]
    pub most: i64,
}

/// Stateless, so a step of the head.
#[kis_function(mode = "Verify")]
pub fn bill_in_bounds(bill: &Bill, most: &Params<Most>) -> Result<()> {
    if bill.amount > most.most {
        return Err(Error::reject(format!("bill {} is too high", bill.id)).with_code("too_high"));
    }
    Ok(())
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct Total {
    pub total: i64,
}

/// Keeps state by key, so a step in the lanes.
#[kis_function(mode = "Calculate")]
pub fn book(bill: &Bill, most: &Params<Most>, total: &mut Total) -> Result<Booked> {
    if bill.amount < -most.most {
        return Err(Error::reject("not booked"));
    }
    total.total += bill.amount;
    Ok(Booked {
        id: bill.id,
        user: bill.user.clone(),
        total: total.total,
    })
}

/// The same for rows that are not in the order of their key.
#[kis_function(mode = "Calculate", key = "user")]
pub fn book_by_user(bill: &Bill, _most: &Params<Most>, total: &mut Total) -> Booked {
    total.total += bill.amount;
    Booked {
        id: bill.id,
        user: bill.user.clone(),
        total: total.total,
    }
}

/// Without state.
#[kis_function(mode = "Calculate")]
pub fn booking(bill: &Bill, _most: &Params<Most>) -> Booked {
    Booked {
        id: bill.id,
        user: bill.user.clone(),
        total: bill.amount,
    }
}

/// Takes what another step made.
#[kis_function(mode = "Verify")]
pub fn booked_in_bounds(booked: &Booked, most: &Params<Most>) -> Result<()> {
    if booked.total > most.most {
        return Err(Error::reject(format!("{} has too much", booked.user)));
    }
    Ok(())
}

#[kis_function(mode = "Save", conn = "bills")]
pub fn save_bills(bills: &[Bill], table: &Conn<Table>) -> Result<()> {
    for bill in bills {
        table.put(bill.id, bill)?;
    }
    Ok(())
}

#[kis_function(mode = "Save", conn = "bookings")]
pub fn save_booked(bookings: &[Booked], table: &Conn<Table>) -> Result<()> {
    for booked in bookings {
        table.put(booked.id, booked)?;
    }
    Ok(())
}

/// A flow of bills with these amounts; users take turns. `most` is what each step's params say.
fn yaml(amounts: &[i64], order: &str, steps: &[&str], most: i64, more: &str) -> String {
    let rows: String = amounts
        .iter()
        .enumerate()
        .map(|(i, amount)| format!("    - {{ id: {i}, user: u{}, amount: {amount} }}\n", i % 2))
        .collect();
    let steps: String = steps
        .iter()
        .map(|step| match step.starts_with("save") {
            true => format!("  - fname: {step}\n"),
            false => format!("  - fname: {step}\n    params: {{ most: {most} }}\n"),
        })
        .collect();
    format!(
        "kistype: source\nsname: bills\ntype: memory\nflow: bills\n{order}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: bills\n{more}\nflows:\n{steps}"
    )
}

fn redrive_in(
    yaml: &str,
    lanes: usize,
    store: &Store,
    redrive: &Redrive,
) -> std::result::Result<Redriven, String> {
    let plan = plan(yaml, lanes);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(Engine::redrive(
            &plan,
            RunOptions::new(store.clone()),
            "bills",
            redrive,
        ))
        .map_err(|fault| fault.to_string())
}

/// What a redrive under `yaml` says and leaves.
fn redriven(yaml: &str, store: &Store, tables: &str, redrive: &Redrive) -> String {
    let said = match redrive_in(yaml, 2, store, redrive) {
        Ok(done) => format!("{done:?}\n"),
        Err(error) => format!("{error}\n"),
    };
    said + &table(store, tables) + &letters(store, "bills")
}

#[test]
fn letters_of_the_head_come_back() {
    let store = Store::in_memory();
    let steps = ["bill_in_bounds", "save_bills"];
    let amounts = [5, 200, 7, 900];
    let first = run(&yaml(&amounts, "", &steps, 100, ""), 2, &store);
    let mended = yaml(&amounts, "", &steps, 500, "");
    assert_snapshot!(show(&first) + &redriven(&mended, &store, "bills", &Redrive::default()), @r#"
    bills: ended, in 4, out 2, dropped 0, dead 2
    Redriven { sent: 2, again: 1, worn: 0, refused: {}, unsettled: false }
    0 {"amount":5,"id":0,"user":"u0"}
    1 {"amount":200,"id":1,"user":"u1"}
    2 {"amount":7,"id":2,"user":"u0"}
    bill_in_bounds reject too_high bills:4 {"amount":900,"id":3,"user":"u1"} (bill 3 is too high)
    "#);
    let letter = store.letters("bills").unwrap().remove(0);
    assert_eq!((letter.replays, letter.attempts), (1, 1));
    // The flow has not begun again, and does not.
    assert_snapshot!(show(&run(&mended, 2, &store)), @"bills: nothing new, in 0, out 0, dropped 0, dead 0");
}

/// Letters of a step with state enter at that step, in the lane of their key, and are counted once.
#[test]
fn letters_in_lanes_come_back_to_their_step() {
    for (order, steps) in [
        (
            "order: { by: user }",
            ["bill_in_bounds", "book", "booked_in_bounds", "save_booked"],
        ),
        // Here rows change lanes.
        (
            "order: none",
            [
                "bill_in_bounds",
                "book_by_user",
                "booked_in_bounds",
                "save_booked",
            ],
        ),
    ] {
        for lanes in [1, 2, 5] {
            let store = Store::in_memory();
            let amounts = [10, 20, 30, 40, 50, 60];
            run(&yaml(&amounts, order, &steps, 60, ""), lanes, &store);
            let mended = yaml(&amounts, order, &steps, 1000, "");
            let refused = redriven(&mended, &store, "bookings", &Redrive::default());
            let redrive = Redrive {
                out_of_order: true,
                ..Redrive::default()
            };
            let came = redriven(&mended, &store, "bookings", &redrive);
            insta::allow_duplicates! {
                assert_snapshot!(refused, @r#"
                flow bills keeps the order of rows by user: rows of the same user went past a dead letter since it failed, and its row would come behind them; `--out-of-order` sends it all the same (order)
                0 {"id":0,"total":10,"user":"u0"}
                1 {"id":1,"total":20,"user":"u1"}
                2 {"id":2,"total":40,"user":"u0"}
                3 {"id":3,"total":60,"user":"u1"}
                booked_in_bounds reject reject bills:5 {"id":4,"user":"u0","total":90} (u0 has too much)
                booked_in_bounds reject reject bills:6 {"id":5,"user":"u1","total":120} (u1 has too much)
                "#);
                assert_snapshot!(came, @r#"
                Redriven { sent: 2, again: 0, worn: 0, refused: {}, unsettled: false }
                0 {"id":0,"total":10,"user":"u0"}
                1 {"id":1,"total":20,"user":"u1"}
                2 {"id":2,"total":40,"user":"u0"}
                3 {"id":3,"total":60,"user":"u1"}
                4 {"id":4,"total":90,"user":"u0"}
                5 {"id":5,"total":120,"user":"u1"}
                "#);
            }
        }
    }
}

#[test]
fn what_cannot_be_sent_in_again_says_why_and_stays() {
    let store = Store::in_memory();
    let steps = ["bill_in_bounds", "booking", "booked_in_bounds", "save_booked"];
    let amounts = [10, 20, 30, 40, 500];
    run(
        &yaml(&amounts, "", &steps, 100, "")
            .replace("{ most: 100 }", "{ most: 15 }")
            .replacen("{ most: 15 }", "{ most: 100 }", 1),
        1,
        &store,
    );
    assert_snapshot!(letters(&store, "bills"), @r#"
    bill_in_bounds reject too_high bills:5 {"amount":500,"id":4,"user":"u0"} (bill 4 is too high)
    booked_in_bounds reject reject bills:2 {"id":1,"user":"u1","total":20} (u1 has too much)
    booked_in_bounds reject reject bills:3 {"id":2,"user":"u0","total":30} (u0 has too much)
    booked_in_bounds reject reject bills:4 {"id":3,"user":"u1","total":40} (u1 has too much)
    "#);
    let changed = store
        .letters("bills")
        .unwrap()
        .into_iter()
        .find(|letter| letter.origin == "bills:3")
        .unwrap();
    let changed = Letter {
        row: StoredRow {
            fingerprint: 1,
            shape: "id: i64\nname: String\ntotal: i32".to_owned(),
            ..changed.row
        },
        ..changed
    };
    put(&store, changed);
    let mended = yaml(
        &amounts,
        "",
        &["booking", "booked_in_bounds", "save_booked"],
        1000,
        "",
    );
    assert_snapshot!(redriven(&mended, &store, "bookings", &Redrive::default()), @r#"
    Redriven { sent: 2, again: 0, worn: 0, refused: {"its step bill_in_bounds is gone; flow bills has booking, booked_in_bounds, save_booked": 1, "its type Booked is another one now: field user is new, field total: i64 was i32, field name is gone": 1}, unsettled: false }
    0 {"id":0,"total":10,"user":"u0"}
    1 {"id":1,"total":20,"user":"u1"}
    3 {"id":3,"total":40,"user":"u1"}
    bill_in_bounds reject too_high bills:5 {"amount":500,"id":4,"user":"u0"} (bill 4 is too high)
    booked_in_bounds reject reject bills:3 {"id":2,"user":"u0","total":30} (u0 has too much)
    "#);
}

#[test]
fn a_redrive_may_be_limited() {
    let store = Store::in_memory();
    let steps = ["bill_in_bounds", "save_bills"];
    let amounts = [200, 300, 400, 500];
    let text = yaml(&amounts, "", &steps, 100, "");
    run(&text, 2, &store);
    let one = Redrive {
        limit: Some(1),
        rate: Some(1000.0),
        wanted: Box::new(|letter| letter.origin != "bills:1"),
        ..Redrive::default()
    };
    assert_snapshot!(redriven(&text, &store, "bills", &one), @r#"
    Redriven { sent: 1, again: 1, worn: 0, refused: {}, unsettled: false }
    bill_in_bounds reject too_high bills:1 {"amount":200,"id":0,"user":"u0"} (bill 0 is too high)
    bill_in_bounds reject too_high bills:2 {"amount":300,"id":1,"user":"u1"} (bill 1 is too high)
    bill_in_bounds reject too_high bills:3 {"amount":400,"id":2,"user":"u0"} (bill 2 is too high)
    bill_in_bounds reject too_high bills:4 {"amount":500,"id":3,"user":"u1"} (bill 3 is too high)
    "#);
    let fresh = Redrive {
        max_replays: Some(1),
        ..Redrive::default()
    };
    assert_snapshot!(redriven(&yaml(&amounts, "", &steps, 1000, ""), &store, "bills", &fresh), @r#"
    Redriven { sent: 3, again: 0, worn: 1, refused: {}, unsettled: false }
    0 {"amount":200,"id":0,"user":"u0"}
    2 {"amount":400,"id":2,"user":"u0"}
    3 {"amount":500,"id":3,"user":"u1"}
    bill_in_bounds reject too_high bills:2 {"amount":300,"id":1,"user":"u1"} (bill 1 is too high)
    "#);
}

/// Rows wait before they are read, so that no letter is above the bound, and go on when there is room.
#[test]
fn a_flow_waits_while_there_is_no_room_for_letters() {
    let store = Store::in_memory();
    let amounts = [200; 10];
    let text = yaml(
        &amounts,
        "",
        &["bill_in_bounds", "save_bills"],
        100,
        "dead_letter: { max_rows: 3 }",
    ) + "---\nkistype: global\ncheckpoint: { every: 10ms }\n";
    let plan = plan(&text, 2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let counts = runtime.block_on(async {
        let mut engine = Engine::start(&plan, RunOptions::new(store.clone()))
            .await
            .unwrap();
        let (desk, counters) = (engine.desk(), engine.counters()[0].clone());
        let mut counts = Vec::new();
        let purge = async {
            while counters.received_rows.get() < 10 || !store.letters("bills").unwrap().is_empty() {
                tokio::task::yield_now().await;
                let ids = store.letter_ids("bills").unwrap();
                counts.push(ids.len());
                if counters.holds.any(HeldBy::Letters) {
                    assert_eq!(counters.dead.get() % 3, 0);
                    desk.purge("bills", &ids[..]).unwrap();
                } else if counters.received_rows.get() == 10 {
                    desk.purge("bills", &ids[..]).unwrap();
                }
            }
        };
        let (summary, ()) = tokio::join!(engine.wait(), purge);
        assert_eq!(show(&summary), "bills: ended, in 10, out 0, dropped 0, dead 10\n");
        counts
    });
    assert_eq!(counts.iter().max(), Some(&3), "{counts:?}");
}

#[test]
fn the_oldest_letters_go_when_there_are_too_many() {
    let store = Store::in_memory();
    let amounts = [200, 201, 202, 203, 204, 205, 206];
    let more = "dead_letter: { max_rows: 3, on_full: drop_oldest }";
    let summary = run(
        &yaml(&amounts, "", &["bill_in_bounds", "save_bills"], 100, more),
        2,
        &store,
    );
    assert_snapshot!(show(&summary) + &letters(&store, "bills"), @r#"
    bills: ended, in 7, out 0, dropped 0, dead 7
    bill_in_bounds reject too_high bills:5 {"amount":204,"id":4,"user":"u0"} (bill 4 is too high)
    bill_in_bounds reject too_high bills:6 {"amount":205,"id":5,"user":"u1"} (bill 5 is too high)
    bill_in_bounds reject too_high bills:7 {"amount":206,"id":6,"user":"u0"} (bill 6 is too high)
    "#);
    assert_eq!(summary.flows[0].counters.letters_dropped.get(), 4);
}

#[test]
fn a_row_that_stops_its_flow_can_be_skipped() {
    let store = Store::in_memory();
    let amounts = [1, 200, 2];
    let text = yaml(
        &amounts,
        "",
        &["bill_in_bounds", "save_bills"],
        100,
        "on_error: { reject: stop }",
    );
    let stopped = run(&text, 2, &store);
    store.skip("bills", "bills:2").unwrap();
    let went_on = run(&text, 2, &store);
    assert_snapshot!(show(&stopped) + &show(&went_on) + &letters(&store, "bills"), @r#"
    bills: failed: step bill_in_bounds: bill 1 is too high of bills:2 (too_high), in 3, out 0, dropped 0, dead 0
    bills: ended, in 3, out 2, dropped 0, dead 1
    bill_in_bounds reject too_high bills:2 {"amount":200,"id":1,"user":"u1"} (bill 1 is too high)
    "#);
    assert!(store.skips("bills").unwrap().is_empty(), "it is used up");
}

/// Writes a letter as it is.
fn put(store: &Store, letter: Letter) {
    let flow = letter.flow.clone();
    let lanes = vec![LaneCut {
        letters: vec![LetterWrite::Put(letter)],
        ..LaneCut::default()
    }];
    let record = store.record(&flow).unwrap().unwrap();
    store
        .commit(&[FlowCut {
            flow,
            lanes,
            record,
            ..FlowCut::default()
        }])
        .unwrap();
}

#[test]
fn what_is_not_built_yet_is_refused() {
    let conn = yaml(
        &[1],
        "",
        &["bill_in_bounds", "save_bills"],
        1,
        "dead_letter: { cname: Away, key: bills }",
    );
    assert_snapshot!(problems(&(conn + "---\nkistype: conn\ncname: Away\ntype: stdout\n")), @"conf/test.yml:13:23: [KIS0125] connector Away cannot take dead letters; leave `cname` and `key` out: dead letters are kept in the embedded store, where `dlq` finds them");
}
