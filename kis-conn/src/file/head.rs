//! Opening a file for reading: is it the one we know, how is it packed, what are its columns, where do rows begin.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use kis_conf::Format;

use super::chunk::Chunks;
use super::fingerprint::Fingerprint;
use super::params::{FileParams, Header, check_names};
use super::place::FilePlace;
use super::unpack::Packing;
use crate::{ConnError, CsvLayout, Layout};

const BOM: &[u8] = b"\xEF\xBB\xBF";
const FRESH: &str =
    "put the file back that was read before, or run with --fresh to read again from the start";

/// An opened file.
pub(super) struct Opened {
    pub(super) layout: Arc<Layout>,
    pub(super) file: Fingerprint,
    /// The rows behind the asked place.
    pub(super) chunks: Chunks,
}

/// Opens a file behind `from`, or at its first row. Blocks.
pub(super) fn open(
    path: &Path,
    name: &Arc<str>,
    format: Format,
    params: &FileParams,
    from: Option<FilePlace>,
) -> Result<Opened, ConnError> {
    let failed = |error: io::Error| ConnError::io(name, &error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(ConnError::fatal(
            "not_a_file",
            format!("{name} is a folder; to read its files: key: {name}/*"),
        ));
    }
    let known = match from {
        Some(from) => from.file.fits(&file).map_err(failed)?,
        None => true,
    };
    if !known {
        let message = format!("{name} is not the file that was read before: its first bytes differ; {FRESH}");
        return Err(ConnError::fatal("replaced", message));
    }
    let fingerprint = Fingerprint::of(&file).map_err(failed)?;
    let mut first = [0; 4];
    let count = usize::from(fingerprint.len.min(4));
    file.read_exact_at(&mut first[..count], 0).map_err(failed)?;
    let packing = Packing::of(name, &first[..count]);
    let seekable = match packing {
        Packing::Plain => Some(file.try_clone().map_err(failed)?),
        _ => None,
    };
    let mut text = Text {
        input: packing.unpack(name, file)?,
        ahead: Vec::new(),
    };
    let head = begin(name, format, params, &mut text)?;
    let mut start = Start {
        byte: head.bytes,
        line: 1 + head.lines,
        row: 0,
        open_end: false,
    };
    if let Some(from) = from {
        go_to(name, &from, start.byte, &mut text, seekable)?;
        start = Start {
            byte: from.byte,
            line: from.line,
            row: from.row,
            open_end: from.open_end,
        };
    }
    let layout = layout(format, params, &head);
    let chunks = Chunks::new(Arc::clone(name), text, params.cutter(format), start);
    Ok(Opened {
        layout,
        file: fingerprint,
        chunks,
    })
}

/// How rows of a format are laid out, given what stands before them.
pub(crate) fn layout(format: Format, params: &FileParams, head: &Head) -> Arc<Layout> {
    Arc::new(match format {
        Format::Csv => Layout::Csv(CsvLayout {
            columns: head.columns.clone(),
            delimiter: params.delimiter,
            quote: params.quote,
            na: params.na.clone(),
        }),
        Format::Raw => Layout::Raw,
        _ => Layout::Json,
    })
}

/// The unpacked text, with what was read of it too early.
pub(crate) struct Text {
    pub(crate) input: Box<dyn Read + Send>,
    pub(crate) ahead: Vec<u8>,
}

/// Where a reader begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) byte: u64,
    pub(crate) line: u64,
    pub(crate) row: u64,
    pub(crate) open_end: bool,
}

/// What stands before the first row.
#[derive(Default)]
pub(crate) struct Head {
    columns: Vec<String>,
    bytes: u64,
    /// Line ends before the first row.
    pub(crate) lines: u64,
}

/// Reads what stands before the first row: a byte order mark and the CSV header.
pub(crate) fn begin(
    name: &str,
    format: Format,
    params: &FileParams,
    text: &mut Text,
) -> Result<Head, ConnError> {
    let failed = |error: io::Error| broken(name, 0, 1, &error);
    let mut head = Head::default();
    while text.ahead.len() < BOM.len() && BOM.starts_with(&text.ahead) && more(text).map_err(failed)? {}
    if text.ahead.starts_with(BOM) {
        text.ahead.drain(..BOM.len());
        head.bytes = BOM.len() as u64;
    }
    match (&params.header, format) {
        (_, Format::Json | Format::Raw) => return Ok(head),
        (Header::Given(names), _) => {
            head.columns.clone_from(names);
            return Ok(head);
        }
        (Header::InFile, _) => {}
    }
    let cutter = params.cutter(format);
    let mut cut = cutter.cut(&text.ahead, 1, false);
    while cut.spans.is_empty() && !cut.too_long {
        let goes_on = more(text).map_err(failed)?;
        cut = cutter.cut(&text.ahead, 1, !goes_on);
        if !goes_on {
            break;
        }
    }
    if cut.too_long && cut.spans.is_empty() {
        return Err(too_long(name, cut.line, cutter.max_row));
    }
    let Some(&(start, end)) = cut.spans.first() else {
        // An empty file has no rows, and so needs no columns.
        return Ok(head);
    };
    let record = &text.ahead[start as usize..end as usize];
    let names = fields(record, params);
    check_names(&names).map_err(|what| {
        let help = "for files without a header: params: { header: [names] }";
        ConnError::fatal(
            "bad_header",
            format!("{name}:{}: in the header {what}; {help}", cut.line_of(0)),
        )
    })?;
    let (bytes, line) = cut.behind(0);
    text.ahead.drain(..bytes);
    Ok(Head {
        columns: names,
        bytes: head.bytes + bytes as u64,
        lines: line - 1,
    })
}

/// Reads once, without waiting for more than there is; false: the text is at its end.
fn more(text: &mut Text) -> io::Result<bool> {
    let mut bytes = [0; 8 << 10];
    loop {
        match text.input.read(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => {
                let read = read?;
                text.ahead.extend_from_slice(&bytes[..read]);
                return Ok(read > 0);
            }
        }
    }
}

/// Goes to the place from which rows are wanted: by seeking, or by unpacking what is before it.
fn go_to(
    name: &str,
    from: &FilePlace,
    head: u64,
    text: &mut Text,
    seekable: Option<File>,
) -> Result<(), ConnError> {
    let shorter = |has: u64| {
        let message = format!(
            "{name} has only {has} bytes, but {} were read before; {FRESH}",
            from.byte
        );
        ConnError::fatal("shortened", message)
    };
    if let Some(mut file) = seekable {
        let failed = |error: io::Error| ConnError::io(name, &error);
        let has = file.metadata().map_err(failed)?.len();
        if has < from.byte {
            return Err(shorter(has));
        }
        file.seek(SeekFrom::Start(from.byte)).map_err(failed)?;
        *text = Text {
            input: Box::new(file),
            ahead: Vec::new(),
        };
        return Ok(());
    }
    let skip = from.byte.saturating_sub(head);
    let ahead = skip.min(text.ahead.len() as u64);
    text.ahead.drain(..ahead as usize);
    let skipped = io::copy(&mut text.input.by_ref().take(skip - ahead), &mut io::sink())
        .map_err(|error| broken(name, from.byte, from.line, &error))?;
    if ahead + skipped < skip {
        return Err(shorter(head + ahead + skipped));
    }
    Ok(())
}

/// The fields of one CSV record.
fn fields(record: &[u8], params: &FileParams) -> Vec<String> {
    let mut reader = csv_core::ReaderBuilder::new()
        .delimiter(params.delimiter)
        .quote(params.quote)
        .build();
    let (mut text, mut ends) = (vec![0; record.len() + 1], vec![0; record.len() + 1]);
    let (_, _, written, count) = reader.read_record(record, &mut text, &mut ends);
    let (_, _, _, more) = reader.read_record(&[], &mut text[written..], &mut ends[count..]);
    let mut start = 0;
    let field = |&end: &usize| {
        let field = String::from_utf8_lossy(&text[start..end]).trim().to_owned();
        start = end;
        field
    };
    ends[..count + more].iter().map(field).collect()
}

/// The text cannot be read on: what, and where.
pub(super) fn broken(name: &str, byte: u64, line: u64, error: &io::Error) -> ConnError {
    let at = format!("{name}:{line}: cannot be read behind byte {byte} of its text");
    match error.kind() {
        ErrorKind::UnexpectedEof => {
            let message = format!("{at}: the compressed data ends too early; get the whole file");
            ConnError::fatal("truncated", message)
        }
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            let message = format!("{at}: the compressed data is broken ({error}); get the file again");
            ConnError::fatal("broken_data", message)
        }
        _ => ConnError::io(at, error),
    }
}

/// A row is longer than allowed.
pub(super) fn too_long(name: &str, line: u64, max: usize) -> ConnError {
    let message = format!(
        "{name}:{line}: the row that begins here is longer than {max} bytes; if that is right, set params: {{ max_row: .. }}"
    );
    ConnError::fatal("row_too_long", message)
}
