//! `limits: { bytes: 256MiB, step_timeout: 30s, hang_exit: 5m }`: what a flow may use.

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
    /// How long a call that nothing can stop may take before the process ends; `hang_exit: none` is without end.
    pub hang_exit: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            step_timeout: Some(Duration::from_secs(30)),
            hang_exit: Some(Duration::from_secs(300)),
        }
    }
}

impl Limits {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        let read = |fields: &mut Fields<'_>| Self {
            bytes: fields.get_or("bytes", ByteSize(default.bytes)).0.max(1),
            step_timeout: time(fields, "step_timeout", default.step_timeout),
            hang_exit: time(fields, "hang_exit", default.hang_exit),
        };
        fields.nested("limits", "limits", read).unwrap_or(default)
    }

    pub(crate) fn write(&self) -> Out {
        let default = Self::default();
        let time = |time: Option<Duration>| time.map_or_else(|| word("none"), duration);
        Out::default()
            .put_diff("bytes", self.bytes, default.bytes, bytes)
            .put_diff("step_timeout", self.step_timeout, default.step_timeout, time)
            .put_diff("hang_exit", self.hang_exit, default.hang_exit, time)
    }
}

/// A time, or `none` for one without end.
fn time(fields: &mut Fields<'_>, key: &'static str, default: Option<Duration>) -> Option<Duration> {
    match fields.node(key).and_then(crate::Node::scalar) {
        Some(scalar) if scalar.text == "none" => None,
        _ => fields.get(key).map(|time| time.value).or(default),
    }
}
