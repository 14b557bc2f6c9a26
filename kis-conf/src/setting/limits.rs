//! `limits: { bytes: 256MiB, step_timeout: 30s }`: what a flow may use.

use std::time::Duration;

use crate::fields::Fields;
use crate::out::{Out, bytes, duration, word};
use crate::params::ByteSize;

/// What a flow may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of rows between being read and being settled.
    pub bytes: u64,
    /// How long one call of a step may take; `step_timeout: none` is without end.
    pub step_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            step_timeout: Some(Duration::from_secs(30)),
        }
    }
}

impl Limits {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        let read = |fields: &mut Fields<'_>| Self {
            bytes: fields.get_or("bytes", ByteSize(default.bytes)).0.max(1),
            step_timeout: match fields.node("step_timeout").and_then(crate::Node::scalar) {
                Some(scalar) if scalar.text == "none" => None,
                _ => fields
                    .get("step_timeout")
                    .map(|timeout| timeout.value)
                    .or(default.step_timeout),
            },
        };
        fields.nested("limits", "limits", read).unwrap_or(default)
    }

    pub(crate) fn write(&self) -> Out {
        let default = Self::default();
        Out::default()
            .put_diff("bytes", self.bytes, default.bytes, bytes)
            .put_diff(
                "step_timeout",
                self.step_timeout,
                default.step_timeout,
                |timeout| timeout.map_or_else(|| word("none"), duration),
            )
    }
}
