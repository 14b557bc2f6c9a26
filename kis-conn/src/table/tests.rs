//! The table client: rows by key, other types, rows that cannot be written.

use serde::Deserialize;

use super::*;
use crate::suite::cases::{Text, run};
use crate::suite::{ConnectorUnderTest, check_connector};
use crate::{FlowTables, LaneCut, Store, store::FlowCut};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Airline {
    code: String,
    name: String,
    #[serde(default)]
    founded: Option<u16>,
}

fn airline(code: &str) -> Airline {
    Airline {
        code: code.to_owned(),
        name: format!("{code} Airlines"),
        founded: None,
    }
}

fn table(store: &Store, flow: &FlowTables, key: Option<&str>) -> (TableClient, LaneContext) {
    let spec = ConnSpec {
        name: "Airlines".into(),
        place: None,
        addrs: Vec::new(),
        key: key.map(str::to_owned),
        params: (),
        base: "".into(),
        store: store.clone(),
    };
    let lane = LaneContext::new("flow", 0, 1, flow.lane());
    let table = run(Table::open(spec)).unwrap();
    (table.client(&lane), lane)
}

#[test]
fn rows_are_put_found_removed_and_listed() {
    let store = Store::in_memory();
    let flow = FlowTables::new(store.clone());
    let (airlines, lane) = table(&store, &flow, None);
    assert_eq!(airlines.name(), "Airlines");
    let rows = ["UA", "AA", "DL"].map(airline);
    airlines.put_all(rows.iter().map(|row| (&row.code, row))).unwrap();
    airlines.delete("AA");
    assert_eq!(airlines.get::<Airline>("UA").unwrap(), Some(airline("UA")));
    let many = airlines.get_many::<Airline, _>(["DL", "AA"]).unwrap();
    assert_eq!(many, [Some(airline("DL")), None]);
    let codes: Vec<String> = airlines
        .scan::<Airline>()
        .unwrap()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(codes, ["DL", "UA"]);

    let mut cut = LaneCut::default();
    lane.logs().iter().for_each(|log| log.freeze(&mut cut));
    store
        .commit(&[FlowCut {
            flow: "flow".into(),
            lanes: vec![cut.clone()],
            ..FlowCut::default()
        }])
        .unwrap();
    flow.durable(&[cut]);
    let (other, _) = table(&store, &FlowTables::new(store.clone()), Some("Airlines"));
    assert_eq!(
        other.get::<Airline>("DL").unwrap(),
        Some(airline("DL")),
        "another flow sees the cut"
    );
    let mut shown = Vec::new();
    store
        .table_scan("Airlines", |_, row| {
            shown.push(row_as_json(row).unwrap()["name"].clone());
        })
        .unwrap();
    assert_eq!(shown, ["DL Airlines", "UA Airlines"]);
}

#[test]
fn numbers_are_listed_by_size() {
    let store = Store::in_memory();
    let (table, _) = table(&store, &FlowTables::new(store.clone()), None);
    for number in [300, -5, 7, 70_000] {
        table.put(number, &number).unwrap();
    }
    let rows: Vec<(String, i64)> = table.scan().unwrap();
    assert_eq!(
        rows.iter().map(|(_, row)| *row).collect::<Vec<_>>(),
        [-5, 7, 300, 70_000]
    );
    assert_eq!(rows[0].0, "-5");
}

#[test]
fn a_row_of_another_type_is_named() {
    let store = Store::in_memory();
    let (table, _) = table(&store, &FlowTables::new(store.clone()), None);
    table
        .put(("UA", 7), &serde_json::json!({ "code": "UA" }))
        .unwrap();
    let expect = "table Airlines, key (UA, 7): the row there is not a Airline: missing field `name`; it was saved with \
                  another type";
    assert_eq!(table.get::<Airline>(("UA", 7)).unwrap_err().message, expect);
    assert_eq!(table.scan::<Airline>().unwrap_err().message, expect);
}

#[test]
fn rows_that_cannot_be_written_leave_the_table_as_it_was() {
    struct Broken(bool);
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            if self.0 {
                Err(serde::ser::Error::custom("no"))
            } else {
                to.serialize_bool(true)
            }
        }
    }
    let store = Store::in_memory();
    let (table, _) = table(&store, &FlowTables::new(store.clone()), None);
    let error = table
        .put_all([(1, &Broken(false)), (2, &Broken(true))])
        .unwrap_err();
    assert_eq!(
        error.message,
        "table Airlines, key 2: the row cannot be written: no"
    );
    assert!(table.scan::<bool>().unwrap().is_empty());
}

/// Rows under themselves as keys.
struct InStore(Store);

impl ConnectorUnderTest for InStore {
    type Connector = Table;

    async fn open(&self, name: &str, store: &Store) -> Result<Arc<Table>, ConnError> {
        let spec = ConnSpec {
            name: name.into(),
            place: None,
            addrs: Vec::new(),
            key: Some("rows".into()),
            params: (),
            base: "".into(),
            store: store.clone(),
        };
        Table::open(spec).await.map(Arc::new)
    }

    async fn write(&self, client: &TableClient, rows: &[&str]) -> Result<(), ConnError> {
        let rows = Text::all(rows);
        client.put_all(rows.iter().map(|row| (row.as_str(), row)))
    }

    async fn rows(&self, _: &Table) -> Result<Vec<String>, ConnError> {
        let mut rows = Vec::new();
        self.0.table_scan("rows", |key, _| rows.push(show_key(key)))?;
        Ok(rows)
    }

    fn refused(&self) -> Option<&str> {
        Some(Text::REFUSED)
    }

    fn keeps_order(&self) -> bool {
        false
    }
}

#[test]
fn it_passes_the_suite() {
    run(check_connector(async |store: &Store| InStore(store.clone()))).assert_passed();
}
