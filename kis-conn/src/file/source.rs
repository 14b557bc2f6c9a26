//! The source kind `file`: one file, or a pattern whose files are partitions in the order of their names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kis_conf::{Code, Format, Params, Problem};
use tokio::task::spawn_blocking;

use super::head;
use super::params::FileParams;
use super::place::{FilePlace, POSITIONS};
use super::reader::FileReader;
use crate::single::only_earliest;
use crate::{
    BoxFuture, ConnError, Nature, OpenError, Partition, Position, Reader, Source, SourceFacts, SourceInfo,
    SourceSpec,
};

const FACTS: SourceFacts = SourceFacts {
    nature: Nature::Log,
    replayable: true,
    bounded: true,
};

/// The source kind `file`. `key:` is a path, or a pattern such as `data/*.csv.gz`.
pub(crate) const SOURCE: SourceInfo = SourceInfo {
    kind: "file",
    params: FileParams::SHAPE,
    facts: FACTS,
    positions: POSITIONS,
    open: |spec| Box::pin(open(spec)),
};

#[derive(Debug)]
struct FileSource {
    pattern: String,
    base: PathBuf,
    format: Format,
    params: Arc<FileParams>,
}

async fn open(spec: SourceSpec) -> Result<Arc<dyn Source>, OpenError> {
    let params = FileParams::read(&spec.params, &spec.place)?;
    only_earliest(&spec, "file")?;
    let problem =
        |code: Code, message: String| OpenError::Params(Problem::error(code, &spec.place, message).into());
    let Some(pattern) = spec.key.filter(|key| !key.is_empty()) else {
        let message = format!(
            "source {} of type file has no path; add key: data/rows.csv",
            spec.name
        );
        return Err(problem(Code::MissingKey, message));
    };
    let format = spec.format.unwrap_or_else(|| format_of(&pattern));
    if !matches!(format, Format::Json | Format::Csv | Format::Raw) {
        let word = format!("{format:?}").to_lowercase();
        let message = format!(
            "format {word} of source {} is not available in this version",
            spec.name
        );
        return Err(problem(Code::NotAvailable, message));
    }
    Ok(Arc::new(FileSource {
        pattern,
        base: spec.base,
        format,
        params: Arc::new(params),
    }))
}

/// The format that a name speaks of: CSV for `.csv` and `.tsv`, lines for `.txt` and `.log`, else JSON lines.
fn format_of(pattern: &str) -> Format {
    let name = pattern
        .strip_suffix(".gz")
        .or_else(|| pattern.strip_suffix(".zst"))
        .unwrap_or(pattern);
    match Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str())
    {
        Some("csv" | "tsv") => Format::Csv,
        Some("txt" | "log") => Format::Raw,
        _ => Format::Json,
    }
}

impl Source for FileSource {
    fn facts(&self) -> SourceFacts {
        FACTS
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>> {
        let (base, pattern) = (self.base.clone(), self.pattern.clone());
        Box::pin(blocking(move || files(&base, &pattern)))
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>> {
        Box::pin(async move {
            let name: Arc<str> = Arc::from(partition.as_str());
            let from = from.map(|from| FilePlace::of(from, &name)).transpose()?;
            let path = self.base.join(partition.as_str());
            let (format, params) = (self.format, Arc::clone(&self.params));
            let opened_name = Arc::clone(&name);
            let opened = blocking(move || head::open(&path, &opened_name, format, &params, from)).await?;
            Ok(Box::new(FileReader::new(name, opened)) as Box<dyn Reader>)
        })
    }

    fn commit<'a>(&'a self, _: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(async { Ok(()) })
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConnError> + Send + 'static,
) -> Result<T, ConnError> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ConnError::fatal(
            "reader_lost",
            format!("a thread that reads files is gone: {error}"),
        )),
    }
}

/// The files of a pattern by name; names are relative to `base` as the pattern is.
fn files(base: &Path, pattern: &str) -> Result<Vec<Partition>, ConnError> {
    // A file may have a name with the signs of a pattern.
    let is_pattern = pattern.contains(['*', '?', '[']) && !base.join(pattern).exists();
    if !is_pattern {
        return match base.join(pattern).try_exists() {
            Ok(true) => Ok(vec![Partition::new(pattern)]),
            Ok(false) => Err(missing(base, pattern)),
            Err(error) => Err(ConnError::io(pattern, &error)),
        };
    }
    let root = glob::Pattern::escape(&base.to_string_lossy());
    let full = Path::new(&root).join(pattern);
    let bad = |what: String| {
        ConnError::fatal(
            "bad_pattern",
            format!("{pattern} is not a pattern of files: {what}"),
        )
    };
    let paths = glob::glob(&full.to_string_lossy()).map_err(|error| bad(error.msg.to_owned()))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|error| ConnError::io(error.path().display(), error.error()))?;
        if path.is_file() {
            let name = path.strip_prefix(base).unwrap_or(&path).to_str();
            let utf8 = name.ok_or_else(|| bad(format!("the name of {} is not UTF-8", path.display())))?;
            found.push(Partition::new(utf8));
        }
    }
    if found.is_empty() {
        let message = format!("no file fits {pattern} in {}", base.display());
        return Err(ConnError::fatal("not_found", message));
    }
    found.sort();
    Ok(found)
}

/// "data/fligths.csv does not exist; did you mean data/flights.csv?"
fn missing(base: &Path, name: &str) -> ConnError {
    let path = base.join(name);
    let folder = path.parent().unwrap_or(base);
    let file = path
        .file_name()
        .map(|file| file.to_string_lossy().into_owned())
        .unwrap_or_default();
    let entries = std::fs::read_dir(folder);
    let cure = match entries {
        Err(_) => format!("the folder {} does not exist", folder.display()),
        Ok(entries) => {
            let names: Vec<String> = entries
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            let words: Vec<&str> = names.iter().map(String::as_str).collect();
            kis_conf::suggest::nearest(&file, &words).map_or_else(
                || format!("looked in {}", folder.display()),
                |near| {
                    format!(
                        "did you mean {}?",
                        Path::new(name).with_file_name(words[near]).display()
                    )
                },
            )
        }
    };
    ConnError::fatal("not_found", format!("{name} does not exist; {cure}"))
}
