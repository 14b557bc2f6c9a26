//! The YAML files of a folder, at any depth: the only module that reads configuration files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::read::{FileText, MAX_FILE, too_large};
use crate::{Code, Place, Problem, Problems};

/// Folders within folders.
const MAX_DEPTH: usize = 32;

/// All files of a folder, or the one file that the path names, sorted by name.
pub(crate) fn files(root: &Path, problems: &mut Problems) -> Vec<FileText> {
    let shown = root.display().to_string();
    let full = match fs::canonicalize(root) {
        Ok(full) => full,
        Err(error) => {
            let problem = Problem::error(Code::Unreadable, &Place::file(shown.as_str()), unreadable(&error));
            problems.push(problem.help("name the folder that holds the configuration"));
            return Vec::new();
        }
    };
    let name = root.file_name().or_else(|| full.file_name());
    let name = name.map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    let mut walk = Walk {
        files: Vec::new(),
        problems,
    };
    match full.is_dir() {
        true => walk.folder(&full, &name, &mut vec![full.clone()]),
        false => walk.file(&full, &name),
    }
    walk.files.sort_by(|a, b| a.name.cmp(&b.name));
    walk.files
}

struct Walk<'a> {
    files: Vec<FileText>,
    problems: &'a mut Problems,
}

impl Walk<'_> {
    /// `above` are the real paths of this folder and those above it: a link back to one of them would never end.
    fn folder(&mut self, folder: &Path, name: &str, above: &mut Vec<PathBuf>) {
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => entries,
            Err(error) => return self.report(name, unreadable(&error)),
        };
        for entry in entries {
            let file_name = entry.file_name();
            let Some(file_name) = file_name.to_str() else {
                let name = format!("{name}/{}", file_name.to_string_lossy());
                self.report(&name, "its name is not UTF-8".to_owned());
                continue;
            };
            if !file_name.starts_with('.') {
                self.entry(&entry.path(), &format!("{name}/{file_name}"), above);
            }
        }
    }

    fn entry(&mut self, path: &Path, name: &str, above: &mut Vec<PathBuf>) {
        let is_yaml = matches!(
            path.extension().and_then(|ext| ext.to_str()),
            Some("yml" | "yaml")
        );
        // Only what could be configuration is reported: a folder may hold anything else.
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if is_yaml || fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink()) => {
                return self.report(name, unreadable(&error));
            }
            Err(_) => return,
        };
        if real.is_dir() {
            if above.contains(&real) {
                return self.report(name, "the link leads back to a folder above it".to_owned());
            }
            if above.len() > MAX_DEPTH {
                return self.report(name, format!("folders are nested deeper than {MAX_DEPTH} levels"));
            }
            above.push(real);
            self.folder(path, name, above);
            above.pop();
        } else if is_yaml {
            self.file(path, name);
        }
    }

    fn file(&mut self, path: &Path, name: &str) {
        match fs::metadata(path) {
            Ok(meta) if !meta.is_file() => return self.report(name, "it is not a file".to_owned()),
            Ok(meta) if meta.len() > MAX_FILE => return self.problems.push(too_large(name)),
            Ok(_) => {}
            Err(error) => return self.report(name, unreadable(&error)),
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => return self.report(name, unreadable(&error)),
        };
        match String::from_utf8(bytes) {
            Ok(text) => self.files.push(FileText {
                name: name.to_owned(),
                text,
            }),
            Err(error) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let problem =
                    Problem::error(Code::NotUtf8, &place_behind(name, valid), "the file is not UTF-8");
                self.problems
                    .push(problem.label("the first bad byte").help("save it as UTF-8"));
            }
        }
    }

    fn report(&mut self, name: &str, reason: String) {
        self.problems
            .push(Problem::error(Code::Unreadable, &Place::file(name), reason));
    }
}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it cannot be read: permission denied".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}

/// The place behind some text.
fn place_behind(name: &str, text: &[u8]) -> Place {
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let last = text.rsplit(|byte| *byte == b'\n').next().unwrap_or(text);
    let column = String::from_utf8_lossy(last).chars().count();
    Place::new(
        name,
        u32::try_from(lines + 1).unwrap_or(u32::MAX),
        u32::try_from(column + 1).unwrap_or(u32::MAX),
    )
}
