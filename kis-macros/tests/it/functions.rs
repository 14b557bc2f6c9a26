//! Every form of signature, called through its shim on a batch.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use kis_core::{
    function::{Call, Ctx, Function, FunctionInfo, HandsOn, Job, StateJob, Verdict},
    prelude::*,
    row::{Batch, Fails, key::Keys},
};

#[derive(Row, Clone, Debug, PartialEq)]
struct N {
    n: i64,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Named {
    n: i64,
    name: String,
}

#[derive(Clone, Default, Debug, PartialEq, State)]
#[state(ttl = "1d")]
struct Sum {
    sum: i64,
}

#[derive(Params)]
struct Limit {
    /// The largest number that passes.
    #[param(default = 10, min = 1, max = 1000)]
    most: i64,
}

#[kis_function(mode = "Verify")]
fn filter(row: &N) -> bool {
    assert!(row.n != 13, "thirteen");
    row.n % 2 == 0
}

#[kis_function(mode = "Verify")]
fn filter_result(row: &N, limit: &Params<Limit>) -> Result<bool> {
    if row.n > limit.most {
        Err(Error::reject("too large"))
    } else {
        Ok(row.n % 2 == 0)
    }
}

#[kis_function(mode = "Calculate")]
fn map(row: &N) -> Named {
    assert!(row.n != 13, "thirteen");
    Named {
        n: row.n,
        name: format!("#{}", row.n),
    }
}

#[kis_function(mode = "Calculate")]
fn map_own(row: N, limit: Params<Limit>) -> Result<N> {
    assert!(row.n != 13, "thirteen");
    if row.n > limit.most {
        Err(Error::retry("later"))
    } else {
        Ok(N { n: row.n * 2 })
    }
}

#[kis_function(mode = "Calculate")]
fn some(row: N) -> Option<N> {
    (row.n > 1).then_some(row)
}

#[kis_function(mode = "Calculate")]
fn many(row: &N) -> Vec<N> {
    (0..row.n).map(|n| N { n }).collect()
}

#[kis_function(mode = "Expand")]
fn look(row: &N, cx: &Ctx) {
    assert!(row.n != 13 && cx.flow() == "test", "thirteen");
}

#[kis_function(mode = "Expand")]
fn eat(_row: N) {}

#[kis_function(mode = "Calculate", key = "n")]
fn running(row: &N, sum: &mut Sum) -> Result<N, std::num::ParseIntError> {
    sum.sum += row.n;
    assert!(row.n != 13, "thirteen");
    if row.n == 14 {
        "x".parse::<i64>()?;
    }
    Ok(N { n: sum.sum })
}

#[kis_function(mode = "Calculate")]
fn running_own(row: N, sum: &mut Sum) -> N {
    sum.sum += row.n;
    N { n: sum.sum }
}

#[kis_function(mode = "Calculate")]
fn batch(rows: &[N]) -> Result<Vec<N>> {
    if rows.iter().any(|r| r.n == 14) {
        return Err(Error::rows([(0, Error::reject("fourteen"))]));
    }
    Ok(vec![N {
        n: rows.iter().map(|r| r.n).sum(),
    }])
}

#[kis_function(mode = "Calculate")]
fn batch_own(mut rows: Vec<N>) -> Vec<N> {
    assert!(rows[0].n != 13, "thirteen");
    rows.reverse();
    rows
}

#[kis_function(mode = "Calculate", reuse, jumps(map, batch_own))]
fn acts(rows: &[N]) -> Outcome<N> {
    match rows[0].n {
        1 => Outcome::reuse(),
        2 => Outcome::abort().and(Outcome::rows(vec![N { n: 7 }])),
        3 => Outcome::jump::<map>(),
        _ => Outcome::jump::<filter>(),
    }
}

#[kis_function(mode = "Expand")]
fn any(rows: &Rows) -> Result<()> {
    if rows.field(0, "n").is_null() {
        Err(Error::reject("no n"))
    } else {
        Ok(())
    }
}

#[kis_function(mode = "Calculate")]
fn keyed(rows: &[N], sums: &mut Keyed<Sum>) -> Result<Vec<N>> {
    for row in rows {
        sums.of(row).sum += row.n;
    }
    if rows.iter().any(|r| r.n == 14) {
        return Err(Error::reject("fourteen"));
    }
    Ok(rows.iter().map(|r| N { n: sums.of(r).sum }).collect())
}

async fn rest() {
    let mut first = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut first) {
            cx.waker().wake_by_ref();
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

#[kis_function(mode = "Calculate")]
async fn later(row: &N, limit: &Params<Limit>) -> Result<N> {
    rest().await;
    assert!(row.n != 13, "thirteen");
    if row.n > limit.most {
        Err(Error::retry("later"))
    } else {
        Ok(N { n: row.n * 2 })
    }
}

#[kis_function(mode = "Calculate", concurrent = 3)]
async fn overlapped(row: N) -> Option<N> {
    for _ in 0..(7 - row.n).max(0) {
        rest().await;
    }
    assert!(row.n != 13, "thirteen");
    (row.n > 1).then_some(row)
}

#[kis_function(mode = "Calculate")]
async fn later_state(row: &N, sum: &mut Sum) -> Result<N> {
    sum.sum += row.n;
    rest().await;
    if row.n == 14 {
        return Err(Error::reject("fourteen"));
    }
    Ok(N { n: sum.sum })
}

#[kis_function(mode = "Save")]
async fn later_batch(rows: &[N], _table: &Conn<Table>) -> Result<()> {
    rest().await;
    if rows[0].n == 14 {
        Err(Error::reject("fourteen"))
    } else {
        Ok(())
    }
}

#[kis_function(mode = "Calculate")]
async fn later_own(rows: Vec<N>) -> Vec<N> {
    rest().await;
    rows.into_iter().rev().collect()
}

#[kis_function(mode = "Calculate")]
async fn later_keyed(rows: &[N], sums: &mut Keyed<Sum>) -> Vec<N> {
    rest().await;
    rows.iter()
        .map(|r| {
            let s = sums.of(r);
            s.sum += r.n;
            N { n: s.sum }
        })
        .collect()
}

#[kis_function(mode = "Calculate", blocking)]
fn blocks(rows: &[N]) -> Vec<N> {
    rows.to_vec()
}

#[kis_function(mode = "Verify", name = "订单数据")]
fn orders(_row: &N) {}

#[kis_function(mode = "Verify", name = "with spaces-and.signs")]
fn signs(_row: &N) {}

/// Calls `f` on rows with these numbers, all of key 1, and says what came out, what failed, what the state is.
fn call<F: Function>(rows: &[i64]) -> String {
    let batch = Batch::new_typed(rows.iter().map(|&n| N { n }).collect::<Vec<_>>());
    call_batch(&F::INFO, batch)
}

fn call_batch(info: &FunctionInfo, mut batch: Batch) -> String {
    let cx = Ctx::builder()
        .flow("test")
        .step(info.name)
        .params(Limit { most: 100 })
        .build();
    let mut keys = Keys::default();
    (0..batch.len()).for_each(|_| keys.push_int(1));
    let keys = Arc::new(keys);
    let mut state = info.state().map(|info| (info.new)());
    let mut fails = Fails::default();
    let state_job = state.as_deref_mut().map(|map| StateJob { map, keys: &keys });
    let mut job = Job {
        cx: &cx,
        batch: &mut batch,
        state: state_job,
        fails: &mut fails,
        hold: None,
        place: None,
    };
    let verdict = match info.call {
        Call::Now(call) | Call::Blocking(call) => call(&mut job),
        Call::Later(call) => block_on(call(&mut job)),
    };
    let mut out = match verdict {
        Verdict::Go(action) if action.is_none() => String::new(),
        Verdict::Go(action) => format!("{action:?} "),
        Verdict::Failed(error) => format!("{error:?}: "),
    };
    let mut parts = Vec::new();
    for i in 0..batch.len() {
        let mut json = Vec::new();
        batch.rows().json(i, &mut json).unwrap();
        let from = batch
            .origin_of(i)
            .map_or("all".to_owned(), |from| from.to_string());
        parts.push(format!(
            "{from}={}",
            String::from_utf8(json).unwrap().replace("\"", "")
        ));
    }
    out.push_str(&parts.join(" "));
    for fail in fails.iter() {
        out.push_str(&format!(
            " | {:?} fails {:?}, kept {:?}",
            fail.origin, fail.error, fail.row
        ));
    }
    if let Some(state) = &mut state {
        use kis_core::state::StateMap;
        if let Some(map) = state.as_any_mut().downcast_ref::<StateMap<Sum>>() {
            out.push_str(&format!(
                " | state {:?}",
                map.get(kis_core::row::key::KeyRef::int(1)).map(|s| s.sum)
            ));
        }
    }
    out
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

fn check(got: String, expect: &str) {
    assert_eq!(got, expect);
}

#[test]
fn filters() {
    check(call::<filter>(&[1, 2, 3, 4]), "1={n:2} 3={n:4}");
    check(call::<filter>(&[2, 4]), "0={n:2} 1={n:4}");
    check(
        call::<filter>(&[2, 13, 4]),
        "0={n:2} 2={n:4} | Some(1) fails panicked: thirteen (panic), kept Some([{\"n\":13}])",
    );
    check(
        call::<filter_result>(&[2, 200, 3, 4]),
        "0={n:2} 3={n:4} | Some(1) fails too large (reject), kept Some([{\"n\":200}])",
    );
}

#[test]
fn maps() {
    check(
        call::<map>(&[1, 13, 2]),
        "0={n:1,name:#1} 2={n:2,name:#2} | Some(1) fails panicked: thirteen (panic), kept Some([{\"n\":13}])",
    );
    check(
        call::<map_own>(&[1, 200, 13, 2]),
        "0={n:2} 3={n:4} | Some(1) fails later (retry), kept Some([{\"n\":200}]) | Some(2) fails panicked: thirteen (panic), kept Some([{\"n\":13}])",
    );
    check(call::<some>(&[1, 2, 3]), "1={n:2} 2={n:3}");
    check(call::<many>(&[2, 0, 1]), "0={n:0} 0={n:1} 2={n:0}");
    check(
        call::<look>(&[1, 13, 2]),
        "0={n:1} 2={n:2} | Some(1) fails panicked: thirteen (panic), kept Some([{\"n\":13}])",
    );
    check(call::<eat>(&[1, 2]), "");
}

#[test]
fn states() {
    check(
        call::<running>(&[1, 13, 14, 2]),
        "0={n:1} 3={n:3} | Some(1) fails panicked: thirteen (panic), kept Some([{\"n\":13}]) | Some(2) fails invalid digit found in string (retry), kept Some([{\"n\":14}]) | state Some(3)",
    );
    check(call::<running_own>(&[1, 2]), "0={n:1} 1={n:3} | state Some(3)");
    check(call::<keyed>(&[1, 2]), "all={n:3} all={n:3} | state Some(3)");
    check(
        call::<keyed>(&[1, 14]),
        "fourteen (reject): 0={n:1} 1={n:14} | state None",
    );
    check(
        call::<later_keyed>(&[1, 2]),
        "all={n:1} all={n:3} | state Some(3)",
    );
    check(
        call::<later_state>(&[1, 14, 2]),
        "0={n:1} 2={n:3} | Some(1) fails fourteen (reject), kept Some([{\"n\":14}]) | state Some(3)",
    );
}

#[test]
fn batches() {
    check(call::<batch>(&[1, 2]), "all={n:3}");
    check(call::<batch>(&[5]), "0={n:5}");
    check(call::<batch>(&[14]), "row 0: fourteen (reject): 0={n:14}");
    check(call::<batch_own>(&[1, 2]), "all={n:2} all={n:1}");
    check(
        call::<batch_own>(&[13, 2]),
        "panicked: thirteen (panic): 0={n:13} 1={n:2}",
    );
    check(call::<any>(&[1, 2]), "0={n:1} 1={n:2}");
    check(call::<blocks>(&[1, 2]), "all={n:1} all={n:2}");
}

#[test]
fn actions() {
    check(
        call::<acts>(&[1, 5]),
        "Action { abort: false, reuse: true, force_next: false, jump: None } 0={n:1} 1={n:5}",
    );
    check(
        call::<acts>(&[2]),
        "Action { abort: true, reuse: false, force_next: false, jump: None } 0={n:7}",
    );
    check(
        call::<acts>(&[3]),
        "Action { abort: false, reuse: false, force_next: false, jump: Some(Function(\"map\")) } ",
    );
    check(
        call::<acts>(&[4]),
        "acts jumped to filter, which it does not declare; add `jumps(filter)` to its #[kis_function(..)] (fatal): ",
    );
}

#[test]
fn awaits() {
    check(
        call::<later>(&[1, 200, 13, 2]),
        "0={n:2} 3={n:4} | Some(1) fails later (retry), kept Some([{\"n\":200}]) | Some(2) fails panicked: thirteen (panic), kept Some([{\"n\":13}])",
    );
    check(
        call::<overlapped>(&[5, 1, 13, 3, 7, 2]),
        "0={n:5} 3={n:3} 4={n:7} 5={n:2} | Some(2) fails panicked: thirteen (panic), kept Some([{\"n\":13}])",
    );
    check(call::<later_own>(&[1, 2]), "all={n:2} all={n:1}");
}

#[test]
fn names() {
    assert_eq!(<订单数据 as Function>::NAME, "订单数据");
    assert_eq!(
        <__kis_with_20_spaces_2d_and_2e_signs as Function>::NAME,
        "with spaces-and.signs"
    );
}

#[test]
fn facts() {
    let info = running::INFO;
    assert!(
        info.can_fail && !info.stateless && info.at.starts_with("kis-macros/tests/it/functions.rs:"),
        "{info:?}"
    );
    assert_eq!(info.state().unwrap().key, Some("n"));
    assert!(matches!(map::INFO.on, HandsOn::Rows(row) if row.shape.name == "Named"));
    let (map, look) = (map::INFO, look::INFO);
    assert!(map.stateless && !look.can_fail);
    assert_eq!(acts::INFO.jumps, ["map", "batch_own"]);
    assert!(
        kis_core::registry::functions()
            .iter()
            .any(|info| info.name == "订单数据")
    );
}
