//! Versions of a state type: each reads what it stored, and what the versions before it stored.

use std::{fmt, sync::Arc};

use super::{State, StateShape};

/// How the values of earlier versions become values of `S`; made by `migrate_from` in `#[state(..)]`.
pub struct Before<S> {
    versions: fn(&mut Vec<Version>),
    read: fn(u32, &[u8]) -> Result<S, String>,
}

/// One version of a state type that the program can read.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number.
    pub version: u32,
    /// The Rust name of its type.
    pub type_name: &'static str,
    /// Its stored form.
    pub shape: Arc<StateShape>,
}

/// A state that is made from one of an earlier version: what `migrate_from` asks for.
///
/// Implement `From<Old>`, or `TryFrom<Old>` where an old value may have no meaning any more.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it is made from `{Old}`",
    label = "is to be made from `{Old}`",
    note = "write `impl From<{Old}> for {Self}`, or `TryFrom` where an old value may have no meaning any more"
)]
pub trait MigratedFrom<Old>: Sized {
    /// The new value for an old one.
    ///
    /// # Errors
    /// A text saying why there is none.
    fn migrated_from(old: Old) -> Result<Self, String>;
}

impl<S: TryFrom<Old>, Old> MigratedFrom<Old> for S
where
    S::Error: fmt::Display,
{
    fn migrated_from(old: Old) -> Result<S, String> {
        S::try_from(old).map_err(|error| error.to_string())
    }
}

impl<S> Before<S> {
    /// From `Old`, and from all that `Old` is made from.
    pub const fn of<Old: State>() -> Before<S>
    where
        S: MigratedFrom<Old>,
    {
        Before {
            versions: versions_of::<Old>,
            read: |version, bytes| S::migrated_from(read::<Old>(version, bytes)?),
        }
    }
}

impl<S> fmt::Debug for Before<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Before")
    }
}

/// Adds the versions that `S` reads, its own first.
pub(super) fn versions_of<S: State>(to: &mut Vec<Version>) {
    to.push(Version {
        version: S::VERSION,
        type_name: std::any::type_name::<S>(),
        shape: StateShape::of::<S>(),
    });
    if let Some(before) = S::BEFORE {
        (before.versions)(to);
    }
}

/// Reads a value that was stored by this version.
pub(super) fn read<S: State>(version: u32, bytes: &[u8]) -> Result<S, String> {
    match S::BEFORE {
        _ if version == S::VERSION => rmp_serde::from_slice(bytes).map_err(|error| error.to_string()),
        Some(before) => (before.read)(version, bytes),
        None => Err(format!("version {version} is not one that the program can read")),
    }
}
