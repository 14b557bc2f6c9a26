//! The text files of a workspace, read once.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold no text of the project.
const SKIPPED: &[&str] = &[".git", "target", "kis-data", "corpus", "artifacts"];

#[derive(Debug, Default)]
pub(super) struct Tree {
    files: Vec<TextFile>,
}

/// A file of valid UTF-8; `path` is relative to the root and has forward slashes.
#[derive(Debug)]
pub(super) struct TextFile {
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    /// Everything below `root`; files that are not UTF-8 hold no text and are left out.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter()
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = &TextFile> {
        self.files().filter(|file| file.has_extension(&["rs"]))
    }

    /// The text of one file.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.files()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }

    /// The names of the folders directly below `dir` that hold text files.
    pub(super) fn folders(&self, dir: &str) -> Vec<&str> {
        let mut names: Vec<_> = self
            .files()
            .filter_map(|file| file.path.strip_prefix(dir)?.strip_prefix('/')?.split_once('/'))
            .map(|(name, _)| name)
            .collect();
        names.dedup();
        names
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        Self {
            files: files.iter().map(file).collect(),
        }
    }
}

impl TextFile {
    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    /// Whether the whole file is a test or belongs to one.
    pub(super) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// Whether it is a case for a compiler test, whose first lines stand in the expected messages.
    pub(super) fn is_ui_case(&self) -> bool {
        self.path.contains("/tests/ui/")
    }
}

fn walk(dir: &Path, prefix: &str, files: &mut Vec<TextFile>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("failed to read {}", dir.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let (kind, path) = (entry.file_type()?, format!("{prefix}{name}"));
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
