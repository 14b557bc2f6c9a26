//! The params of a function or a kind of connector: their shape, the values given, and whether these fit.

mod bounds;
mod check;
mod given;
mod reader;
mod value;

use crate::{Node, Place, Placed, Problems};

pub use check::{check_missing, check_param, check_params};
pub use given::{Given, GivenArena, GivenOwned, GivenValue, OwnedValue};
pub use reader::ParamsReader;
pub use value::{ByteSize, ParamValue};

/// What the value of a param must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// `true`, `yes`, `on` or their opposites.
    Bool,
    /// A whole number within bounds, both included.
    Int {
        /// The smallest allowed.
        min: i64,
        /// The largest allowed.
        max: i64,
    },
    /// A number within bounds, both included.
    Float {
        /// The smallest allowed.
        min: f64,
        /// The largest allowed.
        max: f64,
    },
    /// Any scalar, as text.
    Text,
    /// A duration such as `30s`.
    Duration,
    /// A size such as `4MiB`.
    Bytes,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of values of one kind.
    List(&'static ParamKind),
    /// A map from any key to values of one kind.
    Map(&'static ParamKind),
    /// A map with known keys.
    Nested(&'static ParamsShape),
    /// Anything.
    Any,
}

/// One param: its name and what may be given for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamShape {
    /// The key.
    pub name: &'static str,
    /// What its value must be.
    pub kind: ParamKind,
    /// It must be given.
    pub required: bool,
    /// The value taken when it is not given, as the configuration would write it.
    pub default: Option<&'static str>,
    /// What it means.
    pub doc: &'static str,
}

/// All params of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamsShape {
    /// The Rust type's name.
    pub name: &'static str,
    /// The params.
    pub params: &'static [ParamShape],
}

/// One `key: value` under `params:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The key.
    pub key: Placed<String>,
    /// The value.
    pub value: Node,
}

/// A type that is read from `params:`; derive it. `()` has no params.
pub trait Params: Sized + Send + Sync + 'static {
    /// The params of this type.
    const SHAPE: &'static ParamsShape;

    /// Reads the params that are given; `at` is the place that misses a required one.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    fn read(given: &[Param], at: &Place) -> Result<Self, Problems>;
}

impl Params for () {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "()",
        params: &[],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        ParamsReader::new(Self::SHAPE, given, at).finish(Some(()))
    }
}

impl ParamKind {
    /// What a value of this kind is called in a message.
    pub const fn describe(&self) -> &'static str {
        match self {
            ParamKind::Bool => "true or false",
            ParamKind::Int { .. } => "a whole number",
            ParamKind::Float { .. } => "a number",
            ParamKind::Text => "a text",
            ParamKind::Duration => "a duration such as 30s",
            ParamKind::Bytes => "a size such as 4MiB",
            ParamKind::Choice(_) => "a word",
            ParamKind::List(_) => "a list",
            ParamKind::Map(_) | ParamKind::Nested(_) => "a map",
            ParamKind::Any => "a value",
        }
    }
}
