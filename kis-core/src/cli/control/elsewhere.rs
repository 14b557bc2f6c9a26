//! Systems without Unix sockets: nothing is served and nobody can be asked.

use std::{io, path::Path};

use serde_json::Value;

use super::{
    super::{dlq::Office, refused::Refused},
    Request,
};

/// Nothing is served.
pub(in crate::cli) struct Control;

impl Control {
    /// Serves nothing.
    pub(in crate::cli) fn serve(_: &Path, _: Office) -> io::Result<Control> {
        Ok(Control)
    }
}

/// Nobody can be asked.
pub(in crate::cli) struct Client;

impl Client {
    /// Says that this does not work here.
    pub(in crate::cli) fn connect(_: &Path) -> Result<Client, String> {
        Err("this system has no Unix sockets, so stop that process first".to_owned())
    }

    /// There is nobody.
    pub(in crate::cli) fn ask(
        &self,
        _: &Request,
        _: impl FnMut(Value) -> Result<(), Refused>,
    ) -> Result<Value, Refused> {
        Err(Refused::failed("nobody can be asked".to_owned()))
    }
}
