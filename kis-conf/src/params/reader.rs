//! Reads the params of a type: what the derived `Params` calls.

use super::value::default_node;
use super::{ParamValue, ParamsShape, check_params};
use crate::{Node, Param, Place, Problem, Problems};

/// Reads given params field by field and collects everything that is wrong. The derive uses it so:
///
/// ```
/// use kis_conf::{Param, ParamKind, ParamShape, Params, ParamsReader, ParamsShape, Place, Problems};
/// struct Window { days: u32 }
/// impl Params for Window {
///     const SHAPE: &'static ParamsShape = &ParamsShape { name: "Window", params: &[ParamShape {
///         name: "days", kind: ParamKind::Int { min: 1, max: 366 }, required: false, default: Some("7"), doc: "" }] };
///     fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
///         let mut reader = ParamsReader::new(Self::SHAPE, given, at);
///         let days = reader.field(0);
///         reader.finish((|| Some(Self { days: days? }))())
///     }
/// }
/// assert_eq!(Window::read(&[], &Place::in_code()).unwrap().days, 7);
/// ```
#[derive(Debug)]
pub struct ParamsReader<'a> {
    shape: &'static ParamsShape,
    given: &'a [Param],
    at: &'a Place,
    problems: Problems,
}

impl<'a> ParamsReader<'a> {
    /// Checks the given params against the shape; `at` is the place that misses a required one.
    pub fn new(shape: &'static ParamsShape, given: &'a [Param], at: &'a Place) -> Self {
        let problems = check_params(shape.name, shape, given, at).into_iter().collect();
        Self {
            shape,
            given,
            at,
            problems,
        }
    }

    /// The value of the `index`-th param of the shape: the one given, else its default, else what `null` reads as.
    pub fn field<T: ParamValue>(&mut self, index: usize) -> Option<T> {
        let param = &self.shape.params[index];
        let given = self
            .given
            .iter()
            .find(|given| given.key.value == param.name)
            .map(|given| &given.value);
        // What the checks found is recorded already, and is the better text.
        let checked = !self.problems.is_empty();
        let read = match (given, param.default) {
            (Some(node), _) if !node.is_null() || param.required => T::read(node),
            (_, Some(text)) => default_node(&param.kind, text, self.at).and_then(|node| T::read(&node)),
            (_, None) => T::read(&Node::null(self.at.clone())),
        };
        match read {
            Ok(value) => Some(value),
            Err(_) if checked => None,
            Err(problem) => {
                let message = format!("param {}: {}", param.name, problem.message);
                self.problems.push(Problem { message, ..problem });
                None
            }
        }
    }

    /// The type, if every field was read and nothing is wrong.
    ///
    /// # Errors
    /// Everything that is wrong with the params.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(self.problems),
        }
    }
}
