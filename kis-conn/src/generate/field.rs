//! What a generated field holds, as a function of seed and row number.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kis_conf::suggest::did_you_mean;
use kis_conf::{Code, Data, Entry, Node, ParamValue, Problem};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use crate::rows::json_of_node;

/// One field of generated rows.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// `"name":`, as it stands in the row.
    head: Vec<u8>,
    /// Differs from field to field, so that adding one changes no other.
    seed: u64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Sequence {
        start: i64,
        step: i64,
    },
    Int {
        min: i64,
        max: i64,
    },
    Float {
        min: f64,
        max: f64,
    },
    /// The values as JSON.
    Choice(Vec<Vec<u8>>),
    Timestamp {
        start: Timestamp,
        step: Duration,
    },
}

const WORDS: [&str; 6] = ["sequence", "int", "float", "choice", "constant", "timestamp"];

impl Field {
    /// The field that the configuration describes: a word, or a map with a word and its settings.
    pub(super) fn read(name: &str, node: &Node, seed: u64) -> Result<Field, Problem> {
        let at = |what: String| {
            Problem::error(Code::ParamType, &node.place, format!("field {name}: {what}"))
                .help("for example { int: [0, 100] }, { choice: [a, b] } or sequence")
        };
        let (word, settings) = match &node.data {
            Data::Scalar(scalar) => (scalar.text.as_str(), None),
            Data::Map(entries) => match entries.as_slice() {
                [Entry { key, value }] => (key.value.as_str(), Some(value)),
                _ => return Err(at("expected one word with its settings".to_owned())),
            },
            Data::Null | Data::List(_) => {
                return Err(at(format!("expected a word or a map, found {}", node.describe())));
            }
        };
        let kind = match (word, settings) {
            ("sequence", None) => Kind::Sequence { start: 1, step: 1 },
            ("sequence", Some(given)) => {
                known(given, &["start", "step"])?;
                Kind::Sequence {
                    start: setting(given, "start", 1)?,
                    step: setting(given, "step", 1)?,
                }
            }
            ("int", Some(given)) => match Vec::<i64>::read(given)?[..] {
                [min, max] if min <= max => Kind::Int { min, max },
                _ => {
                    return Err(at(
                        "int needs its smallest and largest value: { int: [0, 100] }".to_owned()
                    ));
                }
            },
            ("float", Some(given)) => match Vec::<f64>::read(given)?[..] {
                [min, max] if min <= max && (max - min).is_finite() => Kind::Float { min, max },
                _ => {
                    return Err(at(
                        "float needs its smallest and largest value: { float: [0, 1] }".to_owned(),
                    ));
                }
            },
            ("choice", Some(given)) => {
                let values = Vec::<Node>::read(given)?;
                if values.is_empty() {
                    return Err(at("choice needs values: { choice: [a, b] }".to_owned()));
                }
                Kind::Choice(values.iter().map(|value| json(&json_of_node(value))).collect())
            }
            ("constant", Some(given)) => Kind::Choice(vec![json(&json_of_node(given))]),
            ("timestamp", None) => Kind::Timestamp {
                start: first_time(),
                step: Duration::from_secs(1),
            },
            ("timestamp", Some(given)) => read_timestamp(name, given)?,
            (word, None) if WORDS.contains(&word) => {
                return Err(at(format!("{word} needs settings: {{ {word}: .. }}")));
            }
            (word, _) => return Err(at(format!("unknown word {word}; {}", did_you_mean(word, &WORDS)))),
        };
        let mut head = json(&Value::from(name));
        head.push(b':');
        Ok(Field {
            head,
            seed: mix(seed ^ xxh3_64(name.as_bytes())),
            kind,
        })
    }

    /// Appends `"name":value` of row `number`, which counts from 0.
    pub(super) fn write(&self, number: u64, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.head);
        let random = mix(self.seed.wrapping_add(number.wrapping_mul(GOLDEN)));
        match &self.kind {
            Kind::Sequence { start, step } => {
                number_to(start.wrapping_add(step.wrapping_mul(number as i64)), to);
            }
            Kind::Int { min, max } => {
                let count = max.abs_diff(*min) as u128 + 1;
                let offset = (u128::from(random) * count) >> 64;
                number_to((i128::from(*min) + offset as i128) as i64, to);
            }
            Kind::Float { min, max } => {
                let unit = (random >> 11) as f64 / (1u64 << 53) as f64;
                let value = min + unit * (max - min);
                // Six digits are plenty for made-up values, and keep rows short.
                let rounded = ((value * 1e6).round() / 1e6).clamp(*min, *max);
                number_to(rounded, to);
            }
            Kind::Choice(values) => {
                let index = (u128::from(random) * values.len() as u128) >> 64;
                to.extend_from_slice(&values[index as usize]);
            }
            Kind::Timestamp { start, step } => {
                let nanos = step.as_nanos().saturating_mul(u128::from(number));
                let after = SignedDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX));
                let time = start.checked_add(after).unwrap_or(Timestamp::MAX);
                to.extend_from_slice(format!("\"{time}\"").as_bytes());
            }
        }
    }
}

/// Steps of this size visit every number before one comes again.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64: neighbouring numbers become unrelated ones.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

fn first_time() -> Timestamp {
    Timestamp::from_second(1_704_067_200).expect("2024-01-01 is a time")
}

fn read_timestamp(name: &str, given: &Node) -> Result<Kind, Problem> {
    known(given, &["start", "step"])?;
    let start = match given.get("start") {
        None => first_time(),
        Some(node) => String::read(node)?.parse().map_err(|_| {
            let message = format!(
                "field {name}: {} is not a time such as 2013-01-01T00:00:00Z",
                node.describe()
            );
            Problem::error(Code::ParamType, &node.place, message)
        })?,
    };
    Ok(Kind::Timestamp {
        start,
        step: setting(given, "step", Duration::from_secs(1))?,
    })
}

fn setting<T: ParamValue>(given: &Node, name: &str, default: T) -> Result<T, Problem> {
    given.get(name).map_or(Ok(default), T::read)
}

fn known(given: &Node, names: &[&str]) -> Result<(), Problem> {
    let Data::Map(entries) = &given.data else {
        let message = format!(
            "expected a map with {}, found {}",
            names.join(", "),
            given.describe()
        );
        return Err(Problem::error(Code::ParamType, &given.place, message));
    };
    match entries
        .iter()
        .find(|entry| !names.contains(&entry.key.value.as_str()))
    {
        None => Ok(()),
        Some(entry) => {
            let message = format!("unknown setting {}", entry.key);
            Err(Problem::error(Code::UnknownParam, &entry.key.place, message)
                .help(did_you_mean(&entry.key.value, names)))
        }
    }
}

fn json(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn number_to(number: impl serde::Serialize, to: &mut Vec<u8>) {
    serde_json::to_writer(to, &number).expect("a number can be written to memory");
}
