//! The endpoints over a real socket, and what the probes say in each phase.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use super::{Listener, Probe, against, answer, with_host};
use crate::observe::{FlowCounters, HeldBy, Metrics, MetricsOptions, Phase, Watched};

fn metrics(flows: &[(&str, Phase)]) -> Arc<Metrics> {
    let watched = flows.iter().map(|(name, phase)| {
        let counters = FlowCounters::new(name, []);
        counters.set_phase(*phase);
        Watched {
            counters,
            sources: Vec::new(),
            steps: Vec::new(),
            lanes: 1,
            limit_bytes: 1,
        }
    });
    Arc::new(Metrics::new(watched.collect(), MetricsOptions::default()))
}

fn request(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: kis\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The status line, the content type and the body.
async fn get(flows: &[(&str, Phase)], path: &'static str) -> (String, String, String) {
    let listener = Listener::bind("0").await.unwrap();
    let address = listener.address();
    assert!(address.ip().is_loopback());
    let _serving = listener.spawn(metrics(flows));
    let answer = tokio::task::spawn_blocking(move || request(address, path))
        .await
        .unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.lines().next().unwrap().to_owned();
    let kind = head
        .lines()
        .find_map(|line| line.strip_prefix("content-type: "))
        .unwrap_or_default()
        .to_owned();
    (status, kind, body.to_owned())
}

#[tokio::test]
async fn metrics_are_openmetrics() {
    let (status, kind, body) = get(&[("flights", Phase::Running)], "/metrics").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert_eq!(kind, Metrics::CONTENT_TYPE);
    assert!(
        body.contains("kis_acked_rows_total{flow=\"flights\"} 0\n"),
        "{body}"
    );
    assert!(body.ends_with("# EOF\n"));
}

#[tokio::test]
async fn probes_give_reasons() {
    let flows = [("load", Phase::Ended), ("flights", Phase::Waiting)];
    let (status, kind, body) = get(&flows, "/readyz").await;
    assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(kind, "application/json");
    insta::assert_snapshot!(body, @r#"{"ok":false,"reasons":["flow flights waits for the flows of its `after`"],"flows":[{"flow":"load","state":"ended"},{"flow":"flights","state":"waiting"}]}"#);
    let (status, _, body) = get(&[("flights", Phase::Running)], "/readyz").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    insta::assert_snapshot!(body, @r#"{"ok":true,"reasons":[],"flows":[{"flow":"flights","state":"running"}]}"#);
    assert_eq!(get(&flows, "/livez").await.0, "HTTP/1.1 200 OK");
    assert_eq!(get(&flows, "/nothing").await.0, "HTTP/1.1 404 Not Found");
}

#[test]
fn each_probe_in_each_phase() {
    let yes = |probe| Phase::ALL.map(|phase| u8::from(against(probe, phase).is_none()));
    // waiting, starting, running, paused (what paused it speaks for itself), draining, ended, failed
    assert_eq!(yes(Probe::Live), [1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(yes(Probe::Ready), [0, 0, 1, 1, 0, 1, 0]);
    assert_eq!(yes(Probe::Started), [0, 0, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn readiness_names_what_is_waited_for() {
    let metrics = metrics(&[("flights", Phase::Running)]);
    let holds = &metrics.flows()[0].counters.holds;
    let conn = holds.of(HeldBy::Conn, "connector Cache");
    conn.begin("connection refused", 1_000);
    let answer = |probe| answer(probe, metrics.flows().iter().map(|flow| &*flow.counters));
    insta::assert_debug_snapshot!(answer(Probe::Ready).reasons, @r#"
    [
        "flow flights waits for connector Cache since 1970-01-01T00:00:01Z: connection refused",
    ]
    "#);
    assert!(answer(Probe::Live).ok && answer(Probe::Started).ok);
    conn.end();
    assert!(answer(Probe::Ready).ok);
    holds.of(HeldBy::Budget, "save").begin("too many", 2_000);
    assert_eq!(answer(Probe::Ready).flows[0].state, "paused");
}

#[test]
fn addresses() {
    let check = |text: &str, expect: Option<&str>| assert_eq!(with_host(text).as_deref(), expect);
    check("9464", Some("127.0.0.1:9464"));
    check(":20004", Some("127.0.0.1:20004"));
    check("0.0.0.0:20004", Some("0.0.0.0:20004"));
    check("[::1]:20004", Some("[::1]:20004"));
    check("localhost:1", Some("localhost:1"));
    check("localhost", None);
    check("1.2.3.4:99999", None);
    check("", None);
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_error() {
    let first = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = first.address().to_string();
    let error = Listener::bind(&address).await.unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{address} is in use by another program; stop it, or listen at another port")
    );
    let error = Listener::bind("nonsense").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "nonsense is no address to listen at; write HOST:PORT, as 127.0.0.1:9464, or a port alone for this machine only"
    );
}
