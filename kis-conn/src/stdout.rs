//! The connector kind `stdout`: rows as JSON lines or CSV on the standard output, whole lines only.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use kis_conf::{Param, ParamKind, ParamShape, Params, ParamsReader, ParamsShape, Place, Problems};
use parking_lot::Mutex;
use serde::Serialize;

use crate::sink::RowFormat;
use crate::{ConnError, ConnSpec, Connector, LaneContext};

/// The standard output, `type: stdout`. What is printed cannot be taken back: after a crash rows may be there twice.
pub struct Stdout {
    out: Out,
    format: RowFormat,
}

type Out = Arc<Mutex<Box<dyn Write + Send>>>;

/// The params of [`Stdout`].
#[derive(Clone, Debug)]
pub struct StdoutParams {
    format: RowFormat,
}

impl Params for StdoutParams {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "stdout connector",
        params: &[ParamShape {
            name: "format",
            kind: ParamKind::Choice(&["json", "csv"]),
            required: false,
            default: Some("json"),
            doc: "json: one JSON object a line; csv: records without a header",
        }],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let format: Option<String> = reader.field(0);
        let format = format.map(|format| match format.as_str() {
            "csv" => RowFormat::Csv {
                delimiter: b',',
                na: String::new(),
            },
            _ => RowFormat::Json,
        });
        reader.finish(format.map(|format| StdoutParams { format }))
    }
}

impl Connector for Stdout {
    const KIND: &'static str = "stdout";
    type Params = StdoutParams;
    type Client = StdoutClient;

    async fn open(spec: ConnSpec<StdoutParams>) -> Result<Self, ConnError> {
        Ok(Stdout {
            out: Arc::new(Mutex::new(Box::new(io::stdout()))),
            format: spec.params.format,
        })
    }

    fn client(&self, _: &LaneContext) -> StdoutClient {
        StdoutClient {
            out: Arc::clone(&self.out),
            format: self.format.clone(),
        }
    }
}

impl fmt::Debug for Stdout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdout")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// What a step prints with. Lines of several lanes never mix.
#[derive(Clone)]
pub struct StdoutClient {
    out: Out,
    format: RowFormat,
}

impl StdoutClient {
    /// Prints one row.
    ///
    /// # Errors
    /// Fatal, if nobody reads the output any more; reject, if the row cannot be written in this format.
    pub fn write<R: Serialize + ?Sized>(&self, row: &R) -> Result<(), ConnError> {
        let mut text = Vec::with_capacity(128);
        self.format.encode(row, &mut text)?;
        self.print(&text)
    }

    /// Prints many rows without a line of another lane between them.
    ///
    /// # Errors
    /// As [`write`](StdoutClient::write).
    pub fn write_all<'a, R: Serialize + 'a>(
        &self,
        rows: impl IntoIterator<Item = &'a R>,
    ) -> Result<(), ConnError> {
        let mut text = Vec::with_capacity(4096);
        rows.into_iter()
            .try_for_each(|row| self.format.encode(row, &mut text))?;
        self.print(&text)
    }

    /// Prints a line of text as it is.
    ///
    /// # Errors
    /// As [`write`](StdoutClient::write).
    pub fn line(&self, line: impl fmt::Display) -> Result<(), ConnError> {
        self.print(format!("{line}\n").as_bytes())
    }

    fn print(&self, text: &[u8]) -> Result<(), ConnError> {
        let mut out = self.out.lock();
        out.write_all(text)
            .and_then(|()| out.flush())
            .map_err(|error| match error.kind() {
                ErrorKind::BrokenPipe => {
                    let message = "the standard output is closed: the program that read it has ended";
                    ConnError::fatal("broken_pipe", message)
                }
                _ => ConnError::io("the standard output", &error),
            })
    }
}

impl fmt::Debug for StdoutClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdoutClient")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
