//! The error types that know their class, found by type when `?` turns one into a flow's error.

use std::any::{Any, TypeId};
use std::borrow::Cow;

use crate::{Classify, ErrorClass};

/// An error type whose class is known. `#[derive(KisError)]` registers one.
#[derive(Clone, Copy, Debug)]
pub struct KnownError {
    type_id: fn() -> TypeId,
    classify: fn(&dyn Any) -> Option<Classified>,
}

type Classified = (ErrorClass, Cow<'static, str>);

inventory::collect!(KnownError);

impl KnownError {
    /// The error type `E`.
    pub const fn of<E: Classify + 'static>() -> KnownError {
        KnownError {
            type_id: TypeId::of::<E>,
            classify: |error| {
                error
                    .downcast_ref::<E>()
                    .map(|error| (error.class(), error.code()))
            },
        }
    }

    /// The class and code of `error`, if its type is known.
    pub fn classify(error: &dyn Any) -> Option<Classified> {
        let id = error.type_id();
        inventory::iter::<KnownError>()
            .find(|known| (known.type_id)() == id)
            .and_then(|known| (known.classify)(error))
    }
}
