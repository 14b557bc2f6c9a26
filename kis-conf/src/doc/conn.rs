//! `kistype: conn`: a named connection to an outside system.

use crate::fields::{Fields, about, text as read_text, wrong_type};
use crate::out::{Out, text};
use crate::{Data, Node, Param, Place, Placed};

/// A `kistype: conn` document.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnConf {
    /// Where the document begins.
    pub place: Place,
    /// `cname`.
    pub name: Placed<String>,
    /// `type`: the kind of connector.
    pub kind: Placed<String>,
    /// `addrs`: a comma list, or a list.
    pub addrs: Vec<Placed<String>>,
    /// `key`: the topic, table or key prefix: whatever the kind calls it.
    pub key: Option<Placed<String>>,
    /// The kind's own settings.
    pub params: Vec<Param>,
    /// The functions that load from it, as KisFlow lists them.
    pub load: Vec<Placed<String>>,
    /// The functions that save to it, as KisFlow lists them.
    pub save: Vec<Placed<String>>,
}

impl ConnConf {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.node("kistype");
        let place = fields.place().clone();
        let name = fields.needed_name("cname");
        let addrs = read_addrs(fields);
        let kind = fields.needed_name("type");
        // KisFlow exports a key that is not set as an empty one.
        let key = fields.text("key").filter(|key| !key.is_empty());
        let params = fields.params("params");
        let (load, save) = (fields.names("load"), fields.names("save"));
        Some(Self {
            place,
            name: name?,
            kind: kind?,
            addrs,
            key,
            params,
            load,
            save,
        })
    }

    pub(crate) fn write(&self) -> Node {
        let addrs = match self.addrs.as_slice() {
            [] => None,
            [one] if !one.contains(',') => Some(text(one)),
            // Parts of one looked-up text are written as that text.
            [first, rest @ ..]
                if first.written.is_some() && rest.iter().all(|addr| addr.written == first.written) =>
            {
                Some(text(first))
            }
            many => Some(Node::list(many.iter().map(text))),
        };
        Out::document("conn")
            .put("cname", text(&self.name))
            .put_if("addrs", addrs)
            .put("type", text(&self.kind))
            .put_if("key", self.key.as_ref().map(text))
            .put_params("params", &self.params)
            .put_names("load", &self.load)
            .put_names("save", &self.save)
            .into_node()
    }
}

fn read_addrs(fields: &mut Fields<'_>) -> Vec<Placed<String>> {
    let Some(node) = fields.node("addrs") else {
        return Vec::new();
    };
    match &node.data {
        Data::List(items) => {
            let mut addrs = Vec::new();
            for item in items {
                match read_text(item) {
                    Some(addr) => addrs.push(addr),
                    None => fields
                        .problems()
                        .push(about("addrs", wrong_type(item, "an address"))),
                }
            }
            addrs
        }
        Data::Scalar(scalar) => match (&scalar.written, read_text(node)) {
            // A looked-up list is split when it is used, so that its parts stay secret.
            (Some(_), Some(whole)) => split_secret(&whole),
            _ => split(&scalar.text)
                .map(|addr| Placed::new(addr.to_owned(), node.place.clone()))
                .collect(),
        },
        Data::Map(_) | Data::Null => {
            let problem = about("addrs", wrong_type(node, "a comma list of addresses"));
            fields
                .problems()
                .push(problem.help("write addrs: host:port, host:port"));
            Vec::new()
        }
    }
}

/// Every part is written as the whole is: only the first is exported, and none is printed.
fn split_secret(whole: &Placed<String>) -> Vec<Placed<String>> {
    split(whole)
        .map(|addr| Placed {
            value: addr.to_owned(),
            ..whole.clone()
        })
        .collect()
}

fn split(addrs: &str) -> impl Iterator<Item = &str> {
    addrs.split(',').map(str::trim).filter(|addr| !addr.is_empty())
}
