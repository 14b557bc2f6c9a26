//! Merge keys: `<<: *defaults` takes over the keys that a map does not have itself.

use std::collections::{HashMap, HashSet};

use crate::fields::{about, wrong_type};
use crate::{Data, Entry, Node, Place, Problems};

/// The entries of a map and of what it merges, nearer ones first.
pub(super) fn merge(
    mut entries: Vec<Entry>,
    own: &HashMap<String, Place>,
    merged: Vec<Node>,
    problems: &mut Problems,
) -> Vec<Entry> {
    let mut taken = HashSet::new();
    for node in merged.into_iter().flat_map(maps) {
        let Data::Map(more) = node.data else {
            let problem = about("<<", wrong_type(&node, "a map, or a list of maps"));
            problems.push(problem.help("write <<: *name, where &name marks a map"));
            continue;
        };
        for entry in more {
            if !own.contains_key(&entry.key.value) && taken.insert(entry.key.value.clone()) {
                entries.push(entry);
            }
        }
    }
    entries
}

/// A list of maps is merged from left to right.
fn maps(node: Node) -> Vec<Node> {
    match node.data {
        Data::List(items) => items,
        data => vec![Node {
            place: node.place,
            data,
        }],
    }
}
