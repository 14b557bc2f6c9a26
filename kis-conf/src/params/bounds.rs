//! Kinds made narrower by an attribute: bounds of numbers, and words of a choice.

use super::ParamKind;
use super::value::wrong;
use crate::suggest::did_you_mean;
use crate::{Code, Node, Problem};

impl ParamKind {
    /// The same kind of whole number between these bounds; a float keeps them too.
    ///
    /// # Panics
    /// If the kind is not a number; in a `const` this is a build error.
    #[must_use]
    #[track_caller]
    pub const fn within_int(self, least: Option<i64>, most: Option<i64>) -> ParamKind {
        match self {
            ParamKind::Int { min, max } => ParamKind::Int {
                min: match least {
                    Some(least) => least,
                    None => min,
                },
                max: match most {
                    Some(most) => most,
                    None => max,
                },
            },
            ParamKind::Float { min, max } => ParamKind::Float {
                min: match least {
                    Some(least) => least as f64,
                    None => min,
                },
                max: match most {
                    Some(most) => most as f64,
                    None => max,
                },
            },
            _ => panic!("min and max are for params that are numbers"),
        }
    }

    /// The same kind of number between these bounds.
    ///
    /// # Panics
    /// If the kind is not a float; in a `const` this is a build error.
    #[must_use]
    #[track_caller]
    pub const fn within(self, least: Option<f64>, most: Option<f64>) -> ParamKind {
        match self {
            ParamKind::Float { min, max } => ParamKind::Float {
                min: match least {
                    Some(least) => least,
                    None => min,
                },
                max: match most {
                    Some(most) => most,
                    None => max,
                },
            },
            ParamKind::Int { .. } => panic!("the bounds of a whole number are whole numbers"),
            _ => panic!("min and max are for params that are numbers"),
        }
    }
}

impl Node {
    /// The text of a node that must be one of these words.
    ///
    /// # Errors
    /// It is another word, or no scalar.
    pub fn choice(&self, words: &'static [&'static str]) -> Result<&'static str, Problem> {
        let kind = ParamKind::Choice(words);
        let scalar = self
            .scalar()
            .filter(|scalar| !scalar.deferred)
            .ok_or_else(|| wrong(self, &kind))?;
        words
            .iter()
            .copied()
            .find(|word| *word == scalar.text)
            .ok_or_else(|| {
                let message = format!(
                    "unknown word {}; {}",
                    scalar.shown(),
                    did_you_mean(&scalar.text, words)
                );
                Problem::error(Code::UnknownWord, &self.place, message)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParamValue;

    #[test]
    fn bounds_narrow_a_number() {
        assert_eq!(
            u16::KIND.within_int(Some(1), None),
            ParamKind::Int { min: 1, max: 65535 }
        );
        assert_eq!(
            f64::KIND.within(Some(0.0), Some(0.5)),
            ParamKind::Float { min: 0.0, max: 0.5 }
        );
        assert_eq!(
            f64::KIND.within_int(Some(0), Some(1)),
            ParamKind::Float { min: 0.0, max: 1.0 }
        );
    }
}
