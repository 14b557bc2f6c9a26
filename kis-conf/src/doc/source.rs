//! `kistype: source`: what feeds a flow.

use crate::fields::Fields;
use crate::out::{Out, number, text, word};
use crate::setting::{BatchConf, Order, Start};
use crate::word::words;
use crate::{Code, Node, Param, Place, Placed, Problem};

words! {
    /// How the bytes of a row are written.
    pub enum Format {
        /// One JSON object per row.
        Json = "json",
        /// Comma-separated values.
        Csv = "csv",
        /// Bytes as they are.
        Raw = "raw",
        /// Avro.
        Avro = "avro",
        /// Protocol Buffers.
        Protobuf = "protobuf",
        /// MessagePack.
        Msgpack = "msgpack",
    }
}

/// Where a source's rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceFrom {
    /// `cname`: a declared connector.
    Conn(Placed<String>),
    /// `type`: a kind that needs no connector.
    Kind(Placed<String>),
}

/// A `kistype: source` document.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceConf {
    /// `sname`.
    pub name: Placed<String>,
    /// Where the document begins.
    pub place: Place,
    /// The flow it feeds.
    pub flow: Placed<String>,
    /// Where its rows come from.
    pub from: SourceFrom,
    /// `key`: the topic, stream, table, queue or path: whatever the kind calls it.
    pub key: Option<Placed<String>>,
    /// How its rows are written; without it, what the kind does.
    pub format: Option<Placed<Format>>,
    /// `row`: the row type, so that the compiler can check the first step.
    pub row: Option<Placed<String>>,
    /// Which rows keep their order.
    pub order: Order,
    /// The field that says when a row happened.
    pub event_time: Option<Placed<String>>,
    /// When a batch is full.
    pub batch: BatchConf,
    /// Where it begins that has no position yet.
    pub start: Start,
    /// The consumer group, where the kind has one.
    pub group: Option<Placed<String>>,
    /// A job's run goes on where the last one stopped.
    pub resume: bool,
    /// The kind's own settings.
    pub params: Vec<Param>,
}

/// A source as it is written is complete already.
pub type SourceDoc = SourceConf;

impl SourceConf {
    /// A source with the default of every setting.
    pub fn new(name: Placed<String>, flow: Placed<String>, from: SourceFrom) -> Self {
        Self {
            place: name.place.clone(),
            name,
            flow,
            from,
            key: None,
            format: None,
            row: None,
            order: Order::default(),
            event_time: None,
            batch: BatchConf::default(),
            start: Start::default(),
            group: None,
            resume: false,
            params: Vec::new(),
        }
    }

    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.node("kistype");
        let place = fields.place().clone();
        let name = fields.needed_name("sname");
        let from = read_from(fields);
        let key = fields.text("key");
        let format = fields.word("format");
        let flow = fields.needed_name("flow");
        let row = fields.name("row");
        let order = Order::read(fields);
        let event_time = fields.name("event_time");
        let batch = BatchConf::read(fields);
        let start = Start::read(fields);
        let group = fields.text("group");
        let resume = fields.get_or("resume", false);
        let params = fields.params("params");
        let source = Self {
            place,
            key,
            format,
            row,
            order,
            event_time,
            ..Self::new(name?, flow?, from?)
        };
        Some(Self {
            batch,
            start,
            group,
            resume,
            params,
            ..source
        })
    }

    pub(crate) fn write(&self) -> Node {
        let (from, name) = match &self.from {
            SourceFrom::Conn(name) => ("cname", name),
            SourceFrom::Kind(kind) => ("type", kind),
        };
        Out::document("source")
            .put("sname", text(&self.name))
            .put(from, text(name))
            .put_if("key", self.key.as_ref().map(text))
            .put_if("format", self.format.as_ref().map(|format| word(format.as_str())))
            .put("flow", text(&self.flow))
            .put_if("row", self.row.as_ref().map(text))
            .put_if("order", self.order.write())
            .put_if("event_time", self.event_time.as_ref().map(text))
            .put_map("batch", self.batch.write())
            .put_if("start", self.start.write())
            .put_if("group", self.group.as_ref().map(text))
            .put_diff("resume", self.resume, false, number)
            .put_params("params", &self.params)
            .into_node()
    }
}

/// Either a connector or a kind.
fn read_from(fields: &mut Fields<'_>) -> Option<SourceFrom> {
    let given = (fields.node("cname").is_some(), fields.node("type").is_some());
    let (conn, kind) = (fields.name("cname"), fields.name("type"));
    match given {
        (true, true) => {
            let place = kind
                .as_ref()
                .map_or_else(|| fields.place().clone(), |kind| kind.place.clone());
            let message = "a source has either cname or type, not both";
            let help = "the connector that cname names says the type";
            fields
                .problems()
                .push(Problem::error(Code::UnknownKey, &place, message).help(help));
        }
        (false, false) => {
            let message = "a source needs the key cname (a declared connector) or type (file, stdin, ..)";
            let problem = Problem::error(Code::MissingKey, fields.place(), message);
            fields.problems().push(problem);
        }
        (true, false) | (false, true) => {}
    }
    conn.map(SourceFrom::Conn).or(kind.map(SourceFrom::Kind))
}
