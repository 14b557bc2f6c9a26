//! The connector kind `file`: rows as JSON lines or CSV, taken back at start to what the last cut covers.

use std::path::PathBuf;

use kis_conf::{
    Code, Param, ParamKind, ParamShape, Params, ParamsReader, ParamsShape, Place, Problem, Problems,
};
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::target::{Existing, FileTarget};
use crate::rows::one_byte;
use crate::sink::{LaneWriter, RowFormat, Sink};
use crate::{ConnError, ConnSpec, Connector, LaneContext, Store};

/// A file that a flow writes, `type: file`. `key:` is its path.
///
/// Each cut notes the file's length, and a flow that starts again cuts the file back to the noted length, so no row is
/// in it twice. A file that is there before the flow's first row is refused, unless `params: { existing: append }` or
/// `{ existing: replace }` says otherwise. Until the first cut is durable a small file `PATH.kis` beside it remembers
/// what was there before. One file belongs to one flow.
pub struct FileSink {
    name: String,
    sink: Sink<FileTarget>,
    format: RowFormat,
    /// Knows whether a cut of the flow became durable.
    store: Store,
}

/// The params of a [`FileSink`].
#[derive(Clone, Debug)]
pub struct FileSinkParams {
    /// `json` or `csv`; nothing: by the path's ending, else JSON lines.
    csv: Option<bool>,
    existing: Existing,
    delimiter: u8,
    na: String,
    header: bool,
}

impl Params for FileSinkParams {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "file connector",
        params: &[
            ParamShape {
                name: "format",
                kind: ParamKind::Choice(&["json", "csv"]),
                required: false,
                default: None,
                doc: "json: one JSON object a line; csv: a header and records; by default as the path ends",
            },
            ParamShape {
                name: "existing",
                kind: ParamKind::Choice(&["refuse", "append", "replace"]),
                required: false,
                default: Some("refuse"),
                doc: "what to do with a file that is there before the flow first writes",
            },
            ParamShape {
                name: "delimiter",
                kind: ParamKind::Text,
                required: false,
                default: Some(","),
                doc: "the character between CSV fields; \\t for a tab",
            },
            ParamShape {
                name: "na",
                kind: ParamKind::Text,
                required: false,
                default: Some(""),
                doc: "what stands in a CSV field without a value",
            },
            ParamShape {
                name: "header",
                kind: ParamKind::Bool,
                required: false,
                default: Some("true"),
                doc: "whether a CSV file begins with the names of its columns",
            },
        ],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let format: Option<Option<String>> = reader.field(0);
        let existing: Option<String> = reader.field(1);
        let delimiter: Option<String> = reader.field(2);
        let na: Option<String> = reader.field(3);
        let header: Option<bool> = reader.field(4);
        let all = (|| Some((format?, existing?, delimiter?, na?, header?)))();
        let (format, existing, delimiter, na, header) = reader.finish(all)?;
        let Some(byte) = one_byte(&delimiter) else {
            let message = format!("param delimiter must be one ASCII character, found {delimiter:?}");
            return Err(Problem::error(Code::ParamType, at, message)
                .help("for a tab write \"\\t\"")
                .into());
        };
        let existing = match existing.as_str() {
            "append" => Existing::Append,
            "replace" => Existing::Replace,
            _ => Existing::Refuse,
        };
        Ok(FileSinkParams {
            csv: format.map(|format| format == "csv"),
            existing,
            delimiter: byte,
            na,
            header,
        })
    }
}

impl Connector for FileSink {
    const KIND: &'static str = "file";
    const ATOMIC_BATCH: bool = true;
    const CUTS: bool = true;
    const ONE_FLOW: bool = true;
    type Params = FileSinkParams;
    type Client = FileClient;

    async fn open(spec: ConnSpec<FileSinkParams>) -> Result<Self, ConnError> {
        let path = path(&spec)?;
        let packed = [".gz", ".zst"].into_iter().find(|ending| path.ends_with(ending));
        if let Some(ending) = packed {
            let message = format!(
                "connector {}: files can be read packed, but are written plain; drop {ending}",
                spec.name
            );
            return Err(ConnError::fatal("packed_sink", message));
        }
        let csv = spec
            .params
            .csv
            .unwrap_or_else(|| path.ends_with(".csv") || path.ends_with(".tsv"));
        let format = match csv {
            true => RowFormat::Csv {
                delimiter: spec.params.delimiter,
                na: spec.params.na,
            },
            false => RowFormat::Json,
        };
        let full: PathBuf = spec.base.join(&path);
        let target = FileTarget::new(path, full, spec.params.existing, spec.params.header);
        Ok(FileSink {
            sink: Sink::new(&spec.name, target),
            name: spec.name,
            format,
            store: spec.store,
        })
    }

    fn client(&self, lane: &LaneContext) -> FileClient {
        FileClient {
            writer: self.sink.writer(lane),
            format: self.format.clone(),
        }
    }

    async fn cut(&self) -> Result<Option<Vec<u8>>, ConnError> {
        let sink = self.sink.clone();
        blocking(move || sink.cut().map(Some)).await
    }

    async fn restore(&self, note: Option<&[u8]>) -> Result<(), ConnError> {
        let (sink, note) = (self.sink.clone(), note.map(<[u8]>::to_vec));
        blocking(move || sink.restart().restore(note.as_deref())).await
    }

    async fn fresh(&self, note: &[u8]) -> Result<(), ConnError> {
        let (sink, note) = (self.sink.clone(), note.to_vec());
        blocking(move || sink.restart().fresh(&note)).await
    }

    async fn close(&self) -> Result<(), ConnError> {
        let (sink, store, name) = (self.sink.clone(), self.store.clone(), self.name.clone());
        blocking(move || {
            sink.target().close();
            // A cut that was made here may have failed in the store; only the store knows.
            let notes = sink
                .flow()
                .map_or_else(|| Ok(Vec::new()), |flow| store.notes(flow))?;
            match notes.iter().any(|(of, _)| *of == name) {
                true => sink.target().forget_beginning(),
                false => Ok(()),
            }
        })
        .await
    }
}

impl std::fmt::Debug for FileSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSink")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// What a step writes to a [`FileSink`] with. Rows are in the file at the latest with the cut.
pub struct FileClient {
    writer: LaneWriter<FileTarget>,
    format: RowFormat,
}

impl FileClient {
    /// Writes one row.
    ///
    /// # Errors
    /// Unavailable, if the disk is full or the file cannot be written (the row is not kept); reject, if the row cannot be
    /// written in this format.
    pub fn write<R: Serialize + ?Sized>(&self, row: &R) -> Result<(), ConnError> {
        self.writer.write::<R>(
            |target| target.begin(self.format.header(row)?),
            |to| self.format.encode(row, to),
        )
    }

    /// Writes many rows: faster than one by one. If it fails, none of them is kept.
    ///
    /// # Errors
    /// As [`write`](FileClient::write).
    pub fn write_all<'a, R: Serialize + 'a>(
        &self,
        rows: impl IntoIterator<Item = &'a R>,
    ) -> Result<(), ConnError> {
        let mut rows = rows.into_iter().peekable();
        let Some(&row) = rows.peek() else { return Ok(()) };
        self.writer.write::<R>(
            |target| target.begin(self.format.header(row)?),
            |to| rows.try_for_each(|row| self.format.encode(row, to)),
        )
    }
}

impl std::fmt::Debug for FileClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileClient")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

fn path(spec: &ConnSpec<FileSinkParams>) -> Result<String, ConnError> {
    match (&spec.key, spec.addrs.as_slice()) {
        (Some(key), _) if !key.is_empty() => Ok(key.clone()),
        (_, [addr]) if !addr.is_empty() => Ok(addr.clone()),
        _ => {
            let message = format!(
                "connector {} of type file has no path; add key: out/rows.jsonl",
                spec.name
            );
            Err(ConnError::fatal("no_path", message))
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnError> + Send + 'static,
) -> Result<T, ConnError> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ConnError::fatal(
            "writer_lost",
            format!("a thread that writes files is gone: {error}"),
        )),
    }
}
