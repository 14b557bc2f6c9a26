//! Stored state outlives the program: types that changed are migrated or refused, steps that are gone are told, and what
//! has expired is forgotten.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    engine::{Engine, RunOptions},
    prelude::*,
};

use crate::check::{plan, problems, show, table};

#[derive(Row)]
pub struct Coin {
    pub user: String,
    pub cents: i64,
}

#[derive(Row)]
pub struct Purse {
    pub user: String,
    pub holds: String,
}

impl Purse {
    fn of(coin: &Coin, holds: impl ToString) -> Purse {
        Purse {
            user: coin.user.clone(),
            holds: holds.to_string(),
        }
    }
}

#[derive(Clone, Default, State)]
#[state(ttl = "1h")]
pub struct Held {
    pub total: i64,
}

#[kis_function(mode = "Calculate")]
pub fn hold(coin: &Coin, held: &mut Held) -> Purse {
    held.total += coin.cents;
    Purse::of(coin, held.total)
}

/// The same version with other fields.
#[derive(Clone, Default, State)]
#[state(ttl = "1h")]
pub struct HeldChanged {
    pub total: f64,
    pub coins: u32,
}

#[kis_function(mode = "Calculate")]
pub fn hold_changed(coin: &Coin, held: &mut HeldChanged) -> Purse {
    held.total += coin.cents as f64;
    Purse::of(coin, held.total)
}

/// The next version.
#[derive(Clone, Default, State)]
#[state(ttl = "1h", version = 2, migrate_from = Held)]
pub struct HeldV2 {
    pub totals: Vec<i64>,
}

impl From<Held> for HeldV2 {
    fn from(old: Held) -> HeldV2 {
        HeldV2 {
            totals: vec![old.total],
        }
    }
}

#[kis_function(mode = "Calculate")]
pub fn hold_v2(coin: &Coin, held: &mut HeldV2) -> Purse {
    held.totals.push(coin.cents);
    Purse::of(coin, format!("{:?}", held.totals))
}

/// The version after it, which refuses some old values.
#[derive(Clone, Default, State)]
#[state(ttl = "1h", version = 3, migrate_from = HeldV2)]
pub struct HeldV3 {
    pub text: String,
}

impl TryFrom<HeldV2> for HeldV3 {
    type Error = &'static str;

    fn try_from(old: HeldV2) -> Result<HeldV3, &'static str> {
        if old.totals.iter().any(|total| *total > 1_000) {
            return Err("nobody holds so much");
        }
        Ok(HeldV3 {
            text: format!("{:?}", old.totals),
        })
    }
}

#[kis_function(mode = "Calculate")]
pub fn hold_v3(coin: &Coin, held: &mut HeldV3) -> Purse {
    write!(held.text, "+{}", coin.cents).unwrap();
    Purse::of(coin, &held.text)
}

/// A later version that knows of none before it.
#[derive(Clone, Default, State)]
#[state(ttl = "1h", version = 4)]
pub struct HeldV4 {
    pub total: i64,
}

#[kis_function(mode = "Calculate")]
pub fn hold_v4(coin: &Coin, held: &mut HeldV4) -> Purse {
    Purse::of(coin, held.total)
}

#[kis_function(mode = "Verify")]
pub fn first_coin(_: &Coin, held: &mut Held) -> bool {
    held.total += 1;
    held.total == 1
}

#[kis_function(mode = "Calculate")]
pub fn hold_nothing(coin: &Coin) -> Purse {
    Purse::of(coin, "nothing")
}

#[kis_function(mode = "Save", conn = "purses")]
pub fn save_purses(purses: &[Purse], table: &Conn<Table>) -> Result<()> {
    for purse in purses {
        table.put(purse.user.as_str(), purse)?;
    }
    Ok(())
}

/// A flow that counts coins `from..to` of two users in `step`.
fn yaml(step: &str, from: i64, to: i64) -> String {
    let rows: Vec<String> = (0..to)
        .map(|i| {
            format!(
                "{{ user: {}, cents: {} }}",
                if i % 2 == 0 { "ann" } else { "bob" },
                i.max(from)
            )
        })
        .collect();
    format!(
        "kistype: source\nsname: coins\ntype: memory\nflow: Purses\norder: {{ by: user }}\nparams: {{ rows: [ {} ] }}\n---\nkistype: flow\nstatus: 1\nflow_name: Purses\nflows:\n  - {step}\n  - fname: save_purses\n",
        rows.join(", ")
    )
}

/// A run of the flow on `store` with its state at the time `now`: how it came out, and the table that it saved.
fn at(now: u64, yaml: &str, store: &Store) -> String {
    let plan = plan(yaml, 2);
    let now = Arc::new(AtomicU64::new(now));
    let options = RunOptions {
        clock: Arc::new(move || now.load(SeqCst)),
        ..RunOptions::new(store.clone())
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        match Engine::start(&plan, options).await {
            Ok(mut engine) => show(&engine.wait().await) + &table(store, "purses"),
            Err(fault) => fault.to_string(),
        }
    })
}

fn run(step: &str, to: i64, store: &Store) -> String {
    at(0, &yaml(step, 0, to), store)
}

/// The stored state: step, version, and the type with its number of keys.
fn states(store: &Store) -> String {
    let mut text = String::new();
    for state in store.states().unwrap() {
        let record = state.record.unwrap();
        let mut versions = Vec::new();
        store
            .state(&state.flow, &state.step, 0..128, |_, _, value| {
                versions.push(value.version);
            })
            .unwrap();
        let name = record.type_name.rsplit("::").next().unwrap();
        writeln!(
            text,
            "{} v{} {name} {:?}: {}",
            state.step,
            record.version,
            versions,
            record.form.trim_end()
        )
        .unwrap();
    }
    text
}

/// A store whose state the first version wrote.
fn first() -> Store {
    let store = Store::in_memory();
    let ran = run("{ fname: hold, as: hold }", 4, &store);
    assert!(ran.contains("\"holds\":\"4\""), "{ran}");
    store
}

#[test]
fn fields_that_changed_are_refused_with_what_changed() {
    let store = first();
    assert_snapshot!(run("{ fname: hold_changed, as: hold }", 6, &store), @"conf/test.yml:12:5: [KIS0201] the stored state of step hold of flow Purses is not what HeldChanged is now: coins: u32 is new, total: f64 was i64; keep the old type beside HeldChanged, write #[state(version = 2, migrate_from = OLD_TYPE)] at HeldChanged, and say by `impl From<OLD_TYPE> for HeldChanged` how an old value becomes a new one; or bring the old fields back, or forget the state with `state drop Purses hold` (KIS0201)");
    assert_snapshot!(states(&store), @"hold v1 Held [1, 1]: total: i64");
}

#[test]
fn old_values_are_migrated_and_stored_anew_with_the_first_cut() {
    let store = first();
    assert_snapshot!(run("{ fname: hold_v2, as: hold }", 5, &store), @r#"
    Purses: ended, in 1, out 1, dropped 0, dead 0
    ann {"holds":"[2, 4]","user":"ann"}
    bob {"holds":"4","user":"bob"}
    "#);
    assert_snapshot!(states(&store), @"hold v2 HeldV2 [2, 2]: totals: Vec<i64>");
    assert_snapshot!(run("{ fname: hold, as: hold }", 6, &store), @"conf/test.yml:12:5: [KIS0201] the stored state of step hold of flow Purses has version 2, and Held has version 1 in this program; run the program that wrote it, or a later one, or forget the state with `state drop Purses hold` (KIS0201)");
}

#[test]
fn migrations_form_a_chain() {
    let store = first();
    assert_snapshot!(run("{ fname: hold_v3, as: hold }", 5, &store), @r#"
    Purses: ended, in 1, out 1, dropped 0, dead 0
    ann {"holds":"[2]+4","user":"ann"}
    bob {"holds":"4","user":"bob"}
    "#);
    assert_snapshot!(states(&store), @"hold v3 HeldV3 [3, 3]: text: String");
}

#[test]
fn an_old_value_that_has_no_meaning_any_more_is_named() {
    let store = Store::in_memory();
    at(0, &yaml("{ fname: hold, as: hold }", 600, 4), &store);
    assert_snapshot!(run("{ fname: hold_v3, as: hold }", 5, &store), @r#"
    Purses: failed: step hold: the stored state of key ann cannot be read as HeldV3: nobody holds so much; forget the state with `state drop Purses hold`, or mend what reads it (KIS0201), in 0, out 0, dropped 0, dead 0
    ann {"holds":"1200","user":"ann"}
    bob {"holds":"1200","user":"bob"}
    "#);
    assert_snapshot!(states(&store), @"hold v1 Held [1, 1]: total: i64");
}

#[test]
fn a_version_without_a_way_to_it_is_refused() {
    assert_snapshot!(run("{ fname: hold_v4, as: hold }", 5, &first()), @"conf/test.yml:12:5: [KIS0201] the stored state of step hold of flow Purses has version 1, and HeldV4 of version 4 does not say how it is migrated; bring back the type of version 1, which was total: i64, and say migrate_from = OLD_TYPE in #[state(..)] of HeldV4 or of a version between; or forget the state with `state drop Purses hold` (KIS0201)");
}

#[test]
fn state_of_a_step_that_is_gone_is_refused() {
    let store = first();
    assert_snapshot!(run("{ fname: hold, as: keep }", 5, &store), @"conf/test.yml:10:12: [KIS0202] the store holds state of step hold of flow Purses for 2 keys, and the flow has no such step; name the step as it was with `as: hold`, give the state to another step with `state mv Purses hold keep`, or forget it with `state drop Purses hold` (KIS0202)");
    assert_snapshot!(run("{ fname: hold_nothing, as: hold }", 5, &store), @"conf/test.yml:10:12: [KIS0202] the store holds state of step hold of flow Purses for 2 keys, and step hold keeps no state; bring its State argument back, give the state to another step with `state mv Purses hold NEW_STEP`, or forget it with `state drop Purses hold` (KIS0202)");
    assert!(store.move_state("Purses", "hold", "keep").unwrap());
    assert_snapshot!(run("{ fname: hold, as: keep }", 5, &store), @r#"
    Purses: ended, in 1, out 1, dropped 0, dead 0
    ann {"holds":"6","user":"ann"}
    bob {"holds":"4","user":"bob"}
    "#);
    assert!(store.drop_state("Purses", "keep").unwrap());
    assert_snapshot!(run("{ fname: hold_nothing, as: hold }", 6, &store), @r#"
    Purses: ended, in 1, out 1, dropped 0, dead 0
    ann {"holds":"6","user":"ann"}
    bob {"holds":"nothing","user":"bob"}
    "#);
}

/// KisFlow's configurations cannot name steps, so their state would go by the order of uses.
#[test]
fn uses_of_a_function_with_state_are_named() {
    let twice = yaml("fname: first_coin", 0, 1).replace("fname: save_purses", "fname: first_coin");
    assert_snapshot!(problems(&twice), @r"
    conf/test.yml:12:5: [KIS0134] first_coin keeps state and is used twice in flow Purses; its state is stored under the name of its step; name each use: as: first_coin
    conf/test.yml:13:5: [KIS0134] first_coin keeps state and is used twice in flow Purses; its state is stored under the name of its step; name each use: as: first_coin_2
    ");
}

const HOUR: u64 = 3_600_000;

/// Each run reads a row more.
#[test]
fn a_value_that_nobody_wrote_for_its_time_to_live_is_forgotten() {
    let store = Store::in_memory();
    let run = |now: u64, users: &[&str]| {
        let rows: Vec<String> = users
            .iter()
            .map(|user| format!("{{ user: {user}, cents: 1 }}"))
            .collect();
        let yaml =
            yaml("{ fname: hold, as: hold }", 0, 0).replace("[  ]", &format!("[ {} ]", rows.join(", ")));
        at(now, &yaml, &store) + &states(&store)
    };
    assert_snapshot!(run(0, &["ann", "bob"]), @r#"
    Purses: ended, in 2, out 2, dropped 0, dead 0
    ann {"holds":"1","user":"ann"}
    bob {"holds":"1","user":"bob"}
    hold v1 Held [1, 1]: total: i64
    "#);
    assert_snapshot!(run(HOUR / 2, &["ann", "bob", "bob"]), @r#"
    Purses: ended, in 1, out 1, dropped 0, dead 0
    ann {"holds":"1","user":"ann"}
    bob {"holds":"2","user":"bob"}
    hold v1 Held [1, 1]: total: i64
    "#);
    // Ann's value is an hour old and counts no more; Bob's does.
    assert_snapshot!(run(HOUR + 1, &["ann", "bob", "bob", "ann", "bob"]), @r#"
    Purses: ended, in 2, out 2, dropped 0, dead 0
    ann {"holds":"1","user":"ann"}
    bob {"holds":"3","user":"bob"}
    hold v1 Held [1, 1]: total: i64
    "#);
    // With any row the store forgets what has expired.
    assert_snapshot!(run(9 * HOUR, &["ann", "bob", "bob", "ann", "bob", "cid"]), @r#"
    Purses: ended, in 1, out 1, dropped 0, dead 0
    ann {"holds":"1","user":"ann"}
    bob {"holds":"3","user":"bob"}
    cid {"holds":"1","user":"cid"}
    hold v1 Held [1]: total: i64
    "#);
}
