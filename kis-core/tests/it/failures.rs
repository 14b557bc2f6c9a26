//! Rows that fail: the policy of their class, batches searched for the bad row, panics.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{letters, problems, run, same_in_any_lanes, show, table};

#[derive(Row, Clone)]
pub struct Order {
    pub id: i64,
    pub amount: i64,
    pub note: Option<String>,
}

#[derive(Debug, KisError)]
pub enum OrderError {
    #[kis(reject, "order {0} is cancelled")]
    Cancelled(i64),
}

#[kis_function(mode = "Verify")]
pub fn not_cancelled(order: Order) -> Result<Order, OrderError> {
    if order.amount == 0 {
        Err(OrderError::Cancelled(order.id))
    } else {
        Ok(order)
    }
}

#[kis_function(mode = "Calculate")]
pub fn panics_on_13(order: &Order) -> Order {
    assert!(order.amount != 13, "unlucky");
    order.clone()
}

#[kis_function(mode = "Calculate")]
pub fn batch_refuses_7(orders: Vec<Order>) -> Result<Vec<Order>> {
    match orders.iter().find(|order| order.amount == 7) {
        Some(order) => Err(Error::reject(format!("order {} has amount 7", order.id))),
        None => Ok(orders),
    }
}

#[kis_function(mode = "Save", conn = "orders")]
pub fn save_orders(orders: &[Order], table: &Conn<Table>) -> Result<()> {
    for order in orders {
        table.put(order.id, order)?;
        if order.amount == 99 {
            return Err(Error::reject("99 cannot be saved"));
        }
    }
    Ok(())
}

#[kis_function(mode = "Verify")]
pub fn more_than_two(order: &Order) -> bool {
    order.amount > 2
}

static TRIES: AtomicU32 = AtomicU32::new(0);

#[kis_function(mode = "Save", conn = "orders")]
pub fn save_at_third_try(orders: &[Order], table: &Conn<Table>) -> Result<()> {
    for order in orders {
        table.put(order.id, order)?;
    }
    if TRIES.fetch_add(1, Relaxed) < 2 {
        Err(Error::retry("not yet"))
    } else {
        Ok(())
    }
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct Sold {
    sum: i64,
}

#[kis_function(mode = "Calculate")]
pub fn sum_up(order: &Order, sold: &mut Sold) -> Order {
    sold.sum += order.amount;
    assert!(order.amount != 13, "unlucky");
    Order {
        amount: sold.sum,
        ..order.clone()
    }
}

#[kis_function(mode = "Calculate")]
pub fn sum_up_owned(order: Order, sold: &mut Sold) -> Order {
    sum_up(&order, sold)
}

fn yaml(amounts: &[i64], steps: &str, more: &str) -> String {
    let rows: String = amounts
        .iter()
        .enumerate()
        .map(|(i, a)| format!("    - {{ id: {i}, amount: {a} }}\n"))
        .collect();
    format!(
        "kistype: source\nsname: orders\ntype: memory\nflow: orders\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: orders\n{more}\nflows:\n{steps}"
    )
}

#[test]
fn each_class_has_its_policy() {
    let yaml = yaml(
        &[1, 0, 13, 7, 99, 5],
        "  - fname: not_cancelled\n  - fname: panics_on_13\n  - fname: batch_refuses_7\n  - fname: save_orders\n",
        "on_error: { reject: dead_letter }",
    );
    assert_snapshot!(same_in_any_lanes(&yaml, "orders", "orders"), @r#"
    orders: ended, in 6, out 2, dropped 0, dead 4
    0 {"amount":1,"id":0,"note":null}
    5 {"amount":5,"id":5,"note":null}
    batch_refuses_7 reject reject orders:4 {"id":3,"amount":7,"note":null} (order 3 has amount 7)
    not_cancelled reject cancelled orders:2 {"amount":0,"id":1} (order 1 is cancelled)
    panics_on_13 panic panic orders:3 {"id":2,"amount":13,"note":null} (panicked: unlucky)
    save_orders reject reject orders:1 and 3 rows behind it {"id":4,"amount":99,"note":null} (99 cannot be saved)
    "#);
}

#[test]
fn rows_behind_one_that_panics_keep_the_state_of_their_own_key() {
    for function in ["sum_up", "sum_up_owned"] {
        let yaml = format!(
            "kistype: source\nsname: orders\ntype: memory\nflow: orders\norder: {{ by: id }}\nparams:\n  rows:\n\
             {rows}---\nkistype: flow\nstatus: 1\nflow_name: orders\nflows:\n  - fname: {function}\n  - fname: save_orders\n",
            rows = [(1, 1), (2, 20), (1, 13), (2, 30), (1, 2), (2, 40), (1, 3)]
                .map(|(id, amount)| format!("    - {{ id: {id}, amount: {amount} }}\n"))
                .concat()
        );
        let store = Store::in_memory();
        run(&yaml, 1, &store);
        assert_eq!(
            table(&store, "orders"),
            "1 {\"amount\":6,\"id\":1,\"note\":null}\n2 {\"amount\":90,\"id\":2,\"note\":null}\n"
        );
    }
}

#[test]
fn a_rejected_row_may_be_dropped() {
    let yaml = yaml(
        &[1, 0, 2],
        "  - fname: not_cancelled\n  - fname: save_orders\n",
        "on_error: { reject: drop }",
    );
    assert_snapshot!(same_in_any_lanes(&yaml, "orders", "orders"), @r#"
    orders: ended, in 3, out 2, dropped 1, dead 0
    0 {"amount":1,"id":0,"note":null}
    2 {"amount":2,"id":2,"note":null}
    "#);
}

#[test]
fn a_policy_may_name_one_variant() {
    let yaml = yaml(
        &[1, 0, 2],
        "  - fname: not_cancelled\n  - fname: save_orders\n",
        "on_error: { by_variant: { Cancelled: drop } }",
    );
    assert_snapshot!(same_in_any_lanes(&yaml, "orders", "orders"), @r#"
    orders: ended, in 3, out 2, dropped 1, dead 0
    0 {"amount":1,"id":0,"note":null}
    2 {"amount":2,"id":2,"note":null}
    "#);
}

#[test]
fn a_row_that_stops_the_flow_is_not_settled() {
    let yaml = yaml(
        &[1, 0, 2],
        "  - fname: not_cancelled\n  - fname: save_orders\n",
        "on_error: { reject: stop }",
    );
    let store = Store::in_memory();
    let summary = run(&yaml, 1, &store);
    assert_snapshot!(show(&summary) + &table(&store, "orders"), @"orders: failed: step not_cancelled: order 1 is cancelled of orders:2 (cancelled), in 3, out 0, dropped 0, dead 0");
    assert!(store.positions("orders").unwrap().is_empty());
}

#[test]
fn a_failing_save_is_tried_again_and_leaves_nothing_double() {
    let yaml = yaml(
        &[1, 2],
        "  - fname: save_at_third_try\n",
        "on_error: { retry: { attempts: 3, backoff: 1ms..2ms } }",
    );
    let store = Store::in_memory();
    let summary = run(&yaml, 1, &store);
    assert_snapshot!(show(&summary) + &table(&store, "orders"), @r#"
    orders: ended, in 2, out 2, dropped 0, dead 0
    0 {"amount":1,"id":0,"note":null}
    1 {"amount":2,"id":1,"note":null}
    "#);
    assert_eq!(summary.flows[0].counters.step(0).retries.get(), 2);
}

#[test]
fn a_row_that_cannot_be_read_is_a_dead_letter_with_its_bytes() {
    let yaml = "kistype: source\nsname: orders\ntype: memory\nflow: orders\nparams:\n  rows:\n    - { id: 1, amount: 5 }\n    - { id: 2, amount: many }\n    - { id: 3 }\n---\nkistype: flow\nstatus: 1\nflow_name: orders\nflows:\n  - fname: save_orders\n";
    assert_snapshot!(same_in_any_lanes(yaml, "orders", "orders"), @r#"
    orders: ended, in 3, out 1, dropped 0, dead 2
    1 {"amount":5,"id":1,"note":null}
    save_orders decode decode orders:2 {"amount":"many","id":2} (cannot be read as Order: invalid type: string "many", expected i64 at line 1 column 16)
    save_orders decode decode orders:3 {"id":3} (cannot be read as Order: missing field `amount` at line 1 column 8)
    "#);
}

#[test]
fn must_demands_a_value() {
    let yaml = yaml(&[1], "  - fname: save_orders\n", "");
    let yaml = format!(
        "{yaml}---\nkistype: func\nfname: save_orders\nfmode: Save\nsource: {{ name: orders, must: [note] }}\noption: {{ cname: orders }}\n"
    );
    let store = Store::in_memory();
    let summary = run(&yaml, 1, &store);
    assert_snapshot!(show(&summary) + &letters(&store, "orders"), @r#"
    orders: ended, in 1, out 0, dropped 0, dead 1
    save_orders reject must orders:1 {"amount":1,"id":0} (save_orders demands field note, which has no value)
    "#);
}

/// What failed before a step was called is not taken for what the step kept back.
#[test]
fn unreadable_and_filtered_rows_are_counted_apart() {
    let yaml = "kistype: source\nsname: orders\ntype: memory\nflow: orders\nparams:\n  rows:\n    - { id: 1, amount: 5 }\n    - { id: 2, amount: many }\n    - { id: 3, amount: 1 }\n---\nkistype: flow\nstatus: 1\nflow_name: orders\nflows:\n  - fname: more_than_two\n  - fname: save_orders\n";
    let store = Store::in_memory();
    let summary = run(yaml, 1, &store);
    assert_snapshot!(show(&summary), @"orders: ended, in 3, out 1, dropped 1, dead 1");
    let errors = summary.flows[0].counters.step(0).errors.lock().clone();
    let letters: Vec<_> = errors
        .iter()
        .map(|((class, code), n)| (*class, code.as_str(), n.rows, n.letters))
        .collect();
    assert_eq!(letters, [("decode", "decode", 1, 1)]);
}

#[test]
fn must_may_only_warn() {
    let yaml = yaml(&[1, 2], "  - fname: save_orders\n", "");
    let yaml = format!(
        "{yaml}---\nkistype: func\nfname: save_orders\nfmode: Save\nsource: {{ name: orders, must: [note, nothing] }}\noption: {{ cname: orders }}\n---\nkistype: global\nmust: warn\n"
    );
    assert_snapshot!(problems(&yaml), @"warning: conf/test.yml:20:38: warning: [KIS0108] must names field nothing, which Order does not have; it has id, amount, note");
    let store = Store::in_memory();
    let summary = run(&yaml, 1, &store);
    assert_snapshot!(show(&summary) + &table(&store, "orders"), @r#"
    orders: ended, in 2, out 2, dropped 0, dead 0
    0 {"amount":1,"id":0,"note":null}
    1 {"amount":2,"id":1,"note":null}
    "#);
    let step = summary.flows[0].counters.step(0);
    assert_eq!(step.lacking.lock().rows, 2);
    assert!(step.errors.lock().is_empty());
}
