//! KisFlow's own files load unchanged.

use std::time::Duration;

use kis_conf::{Mode, RetryConf};

use crate::{load, load_all, problems};

const VERIFY: &str = "kistype: func\nfname: 测试KisFunction1\nfmode: Verify\nsource:\n    name: 被校验的测试数据源1-用户订单维度\n    must:\n        - userid\n        - orderid\n\noption:\n    default_params:\n        default1: funcName1_param1\n        default2: 2\n";
const SAVE: &str = "kistype: func\r\nfname: funcName2\r\nfmode: Save\r\nsource:\r\n    name: 用户订单错误率\r\n    must:\r\n        - order_id\r\n        - user_id\r\noption:\r\n    cname: ConnName1\r\n    retry_times: 3\r\n    return_duration: 500\r\n";
const CONN: &str = "kistype: conn\ncname: ConnName1\naddrs: '0.0.0.0:9988,0.0.0.0:9999, 0.0.0.0:9990'\ntype: redis\nkey: redis-key\nparams:\n    args1: value1\n    args2: value2\nload: null\nsave:\n    - 测试KisFunction_S1\n";
const FLOW: &str = "kistype: flow\nstatus: 1\nflow_name: flowName1\nflows:\n    - fname: 测试KisFunction1\n      params:\n          myKey1: flowValue1-1\n          default2: flowValue1-2\n    - fname: funcName2\n    - fname: funcName2\n      params:\n          myKey1: flowValue3-1\n    - fname: funcName2\n";
const GLOBAL: &str = "#kistype Global为kisflow的全局配置\nkistype: global\n#是否启动prometheus监控\nprometheus_enable: true\n#是否需要kisflow单独启动端口监听\nprometheus_listen: yes\n#prometheus取点监听地址\nprometheus_serve: 0.0.0.0:20004\n";

#[test]
fn a_whole_configuration() {
    let files = [
        ("conf/func/func-1.yml", VERIFY),
        ("conf/func/deep/er/func-2.yaml", SAVE),
        ("conf/conn-1.yml", CONN),
        ("conf/flow.yml", FLOW),
        ("conf/kis-flow.yml", GLOBAL),
    ];
    let conf = load_all(&files).unwrap();
    assert_eq!(conf.warnings, []);

    let flow = conf.flow("flowName1").unwrap();
    let names: Vec<&str> = flow.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        names,
        ["测试KisFunction1", "funcName2", "funcName2_2", "funcName2_3"]
    );

    let verify = &flow.steps[0];
    assert_eq!(verify.mode.as_ref().map(|mode| mode.value), Some(Mode::Verify));
    let must: Vec<String> = verify.must.iter().map(ToString::to_string).collect();
    assert_eq!(must, ["userid", "orderid"]);
    let params = format!(
        "{:?}",
        verify
            .params
            .iter()
            .map(|p| (p.key.as_str(), &p.value))
            .collect::<Vec<_>>()
    );
    let merged =
        r#"[("default1", "funcName1_param1"), ("default2", "flowValue1-2"), ("myKey1", "flowValue1-1")]"#;
    assert_eq!(params, merged);

    let save = &flow.steps[1];
    assert_eq!(
        save.retry,
        Some(RetryConf {
            attempts: 4,
            wait: Some(Duration::from_millis(500))
        })
    );
    assert_eq!(
        save.conn.as_ref().map(ToString::to_string).as_deref(),
        Some("ConnName1")
    );
    assert_eq!(save.fname.place.to_string(), "conf/flow.yml:9:14");

    let conn = conf.conn("ConnName1").unwrap();
    let addrs: Vec<String> = conn.addrs.iter().map(ToString::to_string).collect();
    assert_eq!(addrs, ["0.0.0.0:9988", "0.0.0.0:9999", "0.0.0.0:9990"]);
    assert_eq!((conn.load.len(), conn.save.len()), (0, 1));

    let prometheus = conf.global.prometheus.unwrap();
    assert_eq!(
        (prometheus.listen, prometheus.serve.as_str()),
        (true, "0.0.0.0:20004")
    );
}

/// What KisFlow's export writes: every key, empty or not.
#[test]
fn an_exported_configuration() {
    let text = "kistype: func\nfname: f\nfmode: Calculate\nsource:\n    name: \"\"\n    must: []\noption:\n    cname: \"\"\n    retry_times: 0\n    return_duration: 0\n    default_params: {}\n---\nkistype: flow\nstatus: 0\nflow_name: F\nflows:\n    - fname: f\n      params: {}\n---\nkistype: conn\ncname: C\naddrs: \"\"\ntype: redis\nkey: \"\"\nparams: {}\nload: []\nsave: null\n";
    let conf = load(text).unwrap();
    let step = &conf.flows[0].steps[0];
    assert!(!conf.flows[0].on);
    assert_eq!(
        (step.retry, &step.conn, step.source_name.as_ref()),
        (None, &None, None)
    );
    assert!(conf.conns[0].addrs.is_empty());
}

#[test]
fn both_spellings_of_the_retry_key() {
    let func = |keys: &str| {
        let text = format!(
            "kistype: func\nfname: f\noption: {{ retry_times: 2, {keys} }}\n---\nkistype: flow\nflow_name: F\nflows: [fname: f]\n"
        );
        load(&text)
            .map(|conf| conf.flows[0].steps[0].retry)
            .map_err(|problems| problems.to_string())
    };
    let ms = |ms| {
        Ok(Some(RetryConf {
            attempts: 3,
            wait: Some(Duration::from_millis(ms)),
        }))
    };
    assert_eq!(func("retry_duration: 100"), ms(100));
    assert_eq!(func("return_duration: 100"), ms(100));
    assert_eq!(func("retry_duration: 7, return_duration: 7"), ms(7));
    let both = func("retry_duration: 7, return_duration: 8").unwrap_err();
    assert!(both.contains("two names of one key"), "{both}");
}

#[test]
fn modes_as_people_write_them() {
    for (word, mode) in [
        ("Verify", "Verify"),
        ("SAVE", "Save"),
        ("load", "Load"),
        ("C", "Calculate"),
        ("Expand", "Expand"),
    ] {
        let text = format!("kistype: func\nfname: f\nfmode: {word}\n");
        assert_eq!(
            load(&text).unwrap().functions[0].mode.as_ref().unwrap().as_str(),
            mode
        );
    }
    insta::assert_snapshot!(problems("kistype: func\nfname: f\nfmode: Calcluate\n"), @"conf/a.yml:3:8: [KIS0012] fmode is Calcluate, which is not one of its words; did you mean Calculate? (known: Verify, Save, Load, Calculate, Expand)");
}

/// A made-up name never takes one that a step of the flow has.
#[test]
fn repeated_functions_are_numbered() {
    let names = |flow: &str| -> Vec<String> {
        let conf = load(&format!("kistype: flow\nflow_name: F\nflows: {flow}\n")).unwrap();
        conf.flows[0]
            .steps
            .iter()
            .map(|step| step.name.value.clone())
            .collect()
    };
    assert_eq!(names("[fname: f, fname: f_2, fname: f]"), ["f", "f_2", "f_3"]);
    assert_eq!(names("[fname: f, fname: f, fname: f_2]"), ["f", "f_3", "f_2"]);
}
