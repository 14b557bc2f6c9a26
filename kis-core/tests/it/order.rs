//! Rows of one key stay in their order, and state follows the key, whatever the number of lanes.

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{problems, run, same_in_any_lanes, show, table};

#[derive(Row, Clone)]
pub struct Click {
    pub user: String,
    pub page: i64,
}

#[derive(Row)]
pub struct Visit {
    pub user: String,
    pub page: i64,
    pub nth: u64,
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct Seen {
    pub clicks: u64,
    pub last: i64,
}

#[kis_function(mode = "Calculate")]
pub fn count_clicks(click: Click, seen: &mut Seen) -> Result<Visit> {
    if click.page < seen.last {
        return Err(Error::reject(format!(
            "page {} of {} came after {}",
            click.page, click.user, seen.last
        )));
    }
    seen.clicks += 1;
    seen.last = click.page;
    Ok(Visit {
        user: click.user,
        page: click.page,
        nth: seen.clicks,
    })
}

#[kis_function(mode = "Save", conn = "visits")]
pub fn save_visits(visits: &[Visit], table: &Conn<Table>) -> Result<()> {
    for visit in visits {
        table.put((visit.user.as_str(), visit.page), visit)?;
    }
    Ok(())
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct PerPage {
    pub visits: u64,
}

#[derive(Row)]
pub struct PageCount {
    pub page: i64,
    pub visits: u64,
}

#[kis_function(mode = "Calculate", key = "page")]
pub fn count_pages(visit: &Visit, state: &mut PerPage) -> PageCount {
    state.visits += 1;
    PageCount {
        page: visit.page,
        visits: state.visits,
    }
}

#[kis_function(mode = "Save", conn = "pages")]
pub fn save_pages(pages: &[PageCount], table: &Conn<Table>) -> Result<()> {
    for page in pages {
        table.put(page.page, page)?;
    }
    Ok(())
}

fn yaml(rows: usize, order: &str, steps: &str) -> String {
    let rows: String = (0..rows)
        .map(|i| format!("    - {{ user: u{}, page: {} }}\n", i % 7, i / 7))
        .collect();
    format!(
        "kistype: source\nsname: clicks\ntype: memory\nflow: clicks\n{order}\nbatch: {{ rows: 10 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: clicks\nflows:\n{steps}"
    )
}

#[test]
fn rows_of_a_key_stay_in_order_in_any_number_of_lanes() {
    let yaml = yaml(
        70,
        "order: { by: user }",
        "  - fname: count_clicks\n  - fname: save_visits\n",
    );
    let text = same_in_any_lanes(&yaml, "clicks", "visits");
    assert_snapshot!(text.lines().take(3).collect::<Vec<_>>().join("\n"), @r#"
    clicks: ended, in 70, out 70, dropped 0, dead 0
    (u0, 0) {"nth":1,"page":0,"user":"u0"}
    (u0, 1) {"nth":2,"page":1,"user":"u0"}
    "#);
    assert_eq!(text.lines().count(), 71);
}

#[test]
fn a_second_key_is_a_second_stage() {
    let yaml = yaml(
        350,
        "order: { by: user }",
        "  - fname: count_clicks\n  - fname: save_visits\n  - fname: count_pages\n  - fname: save_pages\n",
    );
    let text = same_in_any_lanes(&yaml, "clicks", "pages");
    assert_snapshot!(text.lines().take(3).collect::<Vec<_>>().join("\n"), @r#"
    clicks: ended, in 350, out 350, dropped 0, dead 0
    0 {"page":0,"visits":7}
    1 {"page":1,"visits":7}
    "#);
    assert!(
        text.lines().skip(1).all(|line| line.contains("\"visits\":7")),
        "{text}"
    );
}

#[test]
fn state_needs_a_key() {
    let yaml = yaml(1, "", "  - fname: count_clicks\n  - fname: save_visits\n");
    assert_snapshot!(problems(&yaml), @r#"conf/test.yml:15:5: [KIS0128] step count_clicks keeps state, but its rows carry no key; say `order: { by: FIELD }` at every source of the flow, or `key = "FIELD"` in the function's attribute"#);
}

#[kis_function(mode = "Calculate")]
pub fn sort_clicks(mut clicks: Vec<Click>) -> Vec<Click> {
    clicks.reverse();
    clicks.sort_by_key(|click| click.page);
    clicks
}

#[test]
fn the_key_is_read_anew_behind_a_function_that_replaces_a_batch() {
    let yaml = yaml(
        70,
        "order: { by: user }",
        "  - fname: sort_clicks\n  - fname: count_clicks\n  - fname: save_visits\n",
    );
    let text = same_in_any_lanes(&yaml, "clicks", "visits");
    assert_snapshot!(text.lines().take(3).collect::<Vec<_>>().join("\n"), @r#"
    clicks: ended, in 70, out 70, dropped 0, dead 0
    (u0, 0) {"nth":1,"page":0,"user":"u0"}
    (u0, 1) {"nth":2,"page":1,"user":"u0"}
    "#);
    assert_eq!(text.lines().count(), 71);
}

#[derive(Row)]
pub struct Page {
    pub page: i64,
}

#[kis_function(mode = "Calculate")]
pub fn pages_of(clicks: &[Click]) -> Vec<Page> {
    clicks.iter().map(|click| Page { page: click.page }).collect()
}

#[kis_function(mode = "Calculate")]
pub fn tally(page: &Page, state: &mut PerPage) -> PageCount {
    state.visits += 1;
    PageCount {
        page: page.page,
        visits: state.visits,
    }
}

#[test]
fn a_key_that_a_batch_loses_is_found_before_the_flow_starts() {
    let yaml = yaml(
        1,
        "order: { by: user }",
        "  - fname: pages_of\n  - fname: tally\n",
    );
    assert_snapshot!(problems(&yaml), @r#"conf/test.yml:16:5: [KIS0128] step tally keeps state by user, but step pages_of makes its rows of a whole batch, and Page has no field user; add the field user to Page, or say `key = "FIELD"` in the attribute of tally"#);
}

#[kis_function(mode = "Calculate", jumps(count_clicks))]
pub fn count_again(_: &[PageCount]) -> Outcome<()> {
    Outcome::jump::<count_clicks>()
}

#[test]
fn a_jump_does_not_lead_over_a_change_of_lanes() {
    let yaml = yaml(
        1,
        "order: { by: user }",
        "  - fname: count_clicks\n  - fname: count_pages\n  - fname: count_again\nmax_jumps: 2\n",
    );
    assert_snapshot!(problems(&yaml), @r#"
    conf/test.yml:17:5: [KIS0133] step count_again may jump to count_clicks, but step count_pages keeps state by page, for which rows change lanes between the two; move the jump and its target to one side of count_pages
    conf/test.yml:17:5: warning: [KIS0127] step count_again has actions, and a run is one batch: what clicks computes depends on how rows fall into batches; say `batch: { unit: message }` at source clicks, so that one message is one run
    "#);
}

#[test]
fn steps_at_the_end_keep_no_state() {
    let yaml = yaml(
        1,
        "order: { by: user }",
        "  - fname: count_clicks\n  - fname: save_visits\nat_end:\n  - fname: count_clicks\n    as: again\n",
    );
    assert_snapshot!(problems(&yaml), @"conf/test.yml:18:5: [KIS0128] step again of at_end keeps state, but no row with a key comes to it; keep it in an embedded table, or move the step among those of `flows`");
}

#[test]
fn state_goes_on_after_a_restart_with_other_lanes() {
    let store = Store::in_memory();
    let steps = "  - fname: count_clicks\n  - fname: save_visits\n";
    let first = run(&yaml(70, "order: { by: user }", steps), 3, &store);
    let second = run(&yaml(140, "order: { by: user }", steps), 5, &store);
    assert_snapshot!(show(&first) + &show(&second), @r#"
    clicks: ended, in 70, out 70, dropped 0, dead 0
    clicks: ended, in 70, out 70, dropped 0, dead 0
    "#);
    assert!(
        table(&store, "visits").contains("{\"nth\":20,\"page\":19,\"user\":\"u6\"}"),
        "{}",
        table(&store, "visits")
    );
}
