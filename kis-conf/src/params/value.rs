//! The types a param may have, and how each is read from a value.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Param, ParamKind, Params, ParamsReader};
use crate::unit::Fault;
use crate::{Code, Data, Node, Place, Problem, Scalar, unit, yaml};

/// A type of param.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a param",
    label = "not a param",
    note = "a param is a bool, a number, a String, a Duration, a ByteSize, an Option, Vec or map of these, or a type with `#[derive(Params)]`"
)]
pub trait ParamValue: Sized {
    /// What the configuration must write for it.
    const KIND: ParamKind;

    /// Reads it.
    ///
    /// # Errors
    /// The value does not fit, or is not known before the flow runs.
    fn read(node: &Node) -> Result<Self, Problem>;

    /// Reads the `index`-th param; the derive calls it through the trait, so that a type which is no param is one
    /// error.
    #[doc(hidden)]
    fn take(reader: &mut ParamsReader<'_>, index: usize) -> Option<Self> {
        reader.field(index)
    }
}

/// A number of bytes, written as `4MiB`, `10MB` or `1024`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ParamValue for bool {
    const KIND: ParamKind = ParamKind::Bool;

    fn read(node: &Node) -> Result<Self, Problem> {
        scalar(node, &Self::KIND)?
            .as_bool()
            .ok_or_else(|| wrong(node, &Self::KIND))
    }
}

macro_rules! ints {
    ($($int:ty)+) => { $(
        impl ParamValue for $int {
            const KIND: ParamKind = ParamKind::Int {
                min: if <$int>::MIN as i128 > i64::MIN as i128 { <$int>::MIN as i64 } else { i64::MIN },
                max: if (<$int>::MAX as u128) < i64::MAX as u128 { <$int>::MAX as i64 } else { i64::MAX },
            };

            fn read(node: &Node) -> Result<Self, Problem> {
                let int = scalar(node, &Self::KIND)?.as_int().ok_or_else(|| wrong(node, &Self::KIND))?;
                <$int>::try_from(int).map_err(|_| {
                    let message = format!("{int} is out of range, allowed is {} to {}", <$int>::MIN, <$int>::MAX);
                    Problem::error(Code::OutOfRange, &node.place, message)
                })
            }
        }
    )+ };
}

ints!(i8 i16 i32 i64 u8 u16 u32 u64 usize isize);

impl ParamValue for f64 {
    const KIND: ParamKind = ParamKind::Float {
        min: f64::NEG_INFINITY,
        max: f64::INFINITY,
    };

    fn read(node: &Node) -> Result<Self, Problem> {
        scalar(node, &Self::KIND)?
            .as_float()
            .ok_or_else(|| wrong(node, &Self::KIND))
    }
}

impl ParamValue for f32 {
    const KIND: ParamKind = f64::KIND;

    fn read(node: &Node) -> Result<Self, Problem> {
        f64::read(node).map(|value| value as f32)
    }
}

impl ParamValue for String {
    const KIND: ParamKind = ParamKind::Text;

    /// Any scalar as it is written; `null` is the empty text, as in KisFlow's maps of texts.
    fn read(node: &Node) -> Result<Self, Problem> {
        match node.is_null() {
            true => Ok(String::new()),
            false => Ok(scalar(node, &Self::KIND)?.text.clone()),
        }
    }
}

impl ParamValue for Duration {
    const KIND: ParamKind = ParamKind::Duration;

    fn read(node: &Node) -> Result<Self, Problem> {
        let scalar = scalar(node, &Self::KIND)?;
        unit::nanos(&scalar.text)
            .map(Duration::from_nanos)
            .map_err(|fault| {
                let number = scalar.as_int().filter(|_| !scalar.secret);
                let unit = number.map(|number| format!("write the unit, for example {number}s"));
                no_unit(node, &Self::KIND, fault).help_if(unit)
            })
    }
}

impl ParamValue for ByteSize {
    const KIND: ParamKind = ParamKind::Bytes;

    fn read(node: &Node) -> Result<Self, Problem> {
        let scalar = scalar(node, &Self::KIND)?;
        unit::size(&scalar.text)
            .map(ByteSize)
            .map_err(|fault| no_unit(node, &Self::KIND, fault))
    }
}

impl<T: ParamValue> ParamValue for Option<T> {
    const KIND: ParamKind = T::KIND;

    fn read(node: &Node) -> Result<Self, Problem> {
        if node.is_null() {
            Ok(None)
        } else {
            T::read(node).map(Some)
        }
    }
}

impl<T: ParamValue> ParamValue for Vec<T> {
    const KIND: ParamKind = ParamKind::List(&T::KIND);

    fn read(node: &Node) -> Result<Self, Problem> {
        match &node.data {
            Data::Null => Ok(Vec::new()),
            Data::List(items) => items.iter().map(T::read).collect(),
            Data::Scalar(_) | Data::Map(_) => Err(wrong(node, &Self::KIND)),
        }
    }
}

impl<T: ParamValue> ParamValue for BTreeMap<String, T> {
    const KIND: ParamKind = ParamKind::Map(&T::KIND);

    fn read(node: &Node) -> Result<Self, Problem> {
        match &node.data {
            Data::Null => Ok(BTreeMap::new()),
            Data::Map(entries) => entries
                .iter()
                .map(|e| T::read(&e.value).map(|value| (e.key.value.clone(), value)))
                .collect(),
            Data::Scalar(_) | Data::List(_) => Err(wrong(node, &Self::KIND)),
        }
    }
}

impl ParamValue for Node {
    const KIND: ParamKind = ParamKind::Any;

    fn read(node: &Node) -> Result<Self, Problem> {
        Ok(node.clone())
    }
}

/// A type with params is also a type of param: a map with known keys.
#[diagnostic::do_not_recommend]
impl<P: Params> ParamValue for P {
    const KIND: ParamKind = ParamKind::Nested(P::SHAPE);

    fn read(node: &Node) -> Result<Self, Problem> {
        let params: Vec<Param> = match &node.data {
            Data::Null => Vec::new(),
            Data::Map(entries) => entries
                .iter()
                .map(|e| Param {
                    key: e.key.clone(),
                    value: e.value.clone(),
                })
                .collect(),
            Data::Scalar(_) | Data::List(_) => return Err(wrong(node, &Self::KIND)),
        };
        P::read(&params, &node.place).map_err(|problems| {
            let first = problems.into_iter().next();
            first.unwrap_or_else(|| wrong(node, &Self::KIND))
        })
    }
}

/// A default as a value; lists and maps are written as YAML.
pub(super) fn default_node(kind: &ParamKind, text: &str, at: &Place) -> Result<Node, Problem> {
    match kind {
        ParamKind::List(_) | ParamKind::Map(_) | ParamKind::Nested(_) | ParamKind::Any => {
            yaml::value(text, at)
        }
        _ => Ok(Node {
            place: at.clone(),
            data: Data::Scalar(Scalar::plain(text)),
        }),
    }
}

/// The scalar of a node whose text is known.
fn scalar<'a>(node: &'a Node, kind: &ParamKind) -> Result<&'a Scalar, Problem> {
    match node.scalar() {
        Some(scalar) if !scalar.deferred => Ok(scalar),
        _ => Err(wrong(node, kind)),
    }
}

/// "expected a duration such as 30s, found abc".
pub(super) fn wrong(node: &Node, kind: &ParamKind) -> Problem {
    let message = format!("expected {}, found {}", kind.describe(), node.describe());
    Problem::error(Code::WrongType, &node.place, message).label(format!("not {}", kind.describe()))
}

/// The same for a number with a unit.
fn no_unit(node: &Node, kind: &ParamKind, fault: Fault) -> Problem {
    match fault {
        Fault::Form => wrong(node, kind),
        Fault::TooLarge => {
            let message = format!("{} is more than can be counted", node.describe());
            Problem::error(Code::OutOfRange, &node.place, message).label("too large")
        }
    }
}
