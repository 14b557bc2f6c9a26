//! Finds and reads the folder, with the code that the loader uses at run time.

use std::path::{Path, PathBuf};

use kis_conf::{CheckedConf, Problem, Problems, ReadOptions, Values, check_read, read_dir};
use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use crate::diag::Diag;

/// The folder of the YAML files.
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) dir: PathBuf,
    /// The package's own folder.
    pub(crate) package: PathBuf,
    /// Its parent as `include_str!` takes it, with a slash at the end: file names begin with the folder's own name.
    parent: Parent,
}

enum Parent {
    /// Relative to the package.
    Package(String),
    /// Relative to the source file.
    Source(String),
}

impl Folder {
    pub(crate) fn find(literal: &LitStr, diag: &mut Diag) -> Option<Folder> {
        let text = literal.value();
        let given = Path::new(&text);
        if given.is_absolute() {
            diag.error(literal, "the folder is relative to the package (\"conf/\"), or to this file (\"./conf/\"), so that the package builds anywhere");
            return None;
        }
        let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
            diag.error(literal, "CARGO_MANIFEST_DIR is not set; flows! is built by cargo");
            return None;
        };
        let by_source = text.starts_with("./");
        let trimmed = text.strip_prefix("./").unwrap_or(&text).trim_end_matches('/');
        if trimmed.is_empty() {
            diag.error(literal, "name the folder of the YAML files, such as \"conf/\"");
            return None;
        }
        let parent = match trimmed.rsplit_once('/') {
            Some((parent, _)) => format!("{parent}/"),
            None => String::new(),
        };
        let base = if by_source {
            source_dir(literal).unwrap_or_else(|| package.join("src"))
        } else {
            package.clone()
        };
        let parent = if by_source {
            Parent::Source(parent)
        } else {
            Parent::Package(parent)
        };
        Some(Folder {
            dir: base.join(trimmed),
            package,
            parent,
        })
    }

    /// Everything that can be judged without the functions.
    pub(crate) fn read(&self) -> Result<CheckedConf, Problems> {
        let options = ReadOptions {
            values: Values::Defer,
            base: self.dir.parent().unwrap_or(&self.dir).to_owned(),
        };
        check_read(read_dir(&self.dir, &options))
    }

    /// The text of a file as a constant that the compiler watches. No path of this machine enters the tokens.
    pub(crate) fn include(&self, file: &str) -> TokenStream {
        match &self.parent {
            Parent::Package(parent) => {
                let path = format!("/{parent}{file}");
                quote!(::core::include_str!(
                    ::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #path)
                ))
            }
            Parent::Source(parent) => {
                let path = format!("{parent}{file}");
                quote!(::core::include_str!(#path))
            }
        }
    }

    /// Makes the compiler watch the files of a folder that is wrong.
    pub(crate) fn watch(&self) -> TokenStream {
        let options = ReadOptions {
            values: Values::Defer,
            base: self.dir.clone(),
        };
        let (conf, _) = read_dir(&self.dir, &options);
        let files = conf.files.iter().map(|file| self.include(&file.name));
        quote!(#(const _: &str = #files;)*)
    }
}

/// The folder of the source file in which the literal stands.
fn source_dir(literal: &LitStr) -> Option<PathBuf> {
    literal.span().unwrap().local_file()?.parent().map(Path::to_owned)
}

/// The problem as one message, with the other places that matter and without paths of this machine.
pub(crate) fn say(problem: &Problem, folder: &Folder) -> String {
    let mut text = problem.to_string();
    for (place, note) in &problem.notes {
        if !text.contains(&place.to_string()) {
            text.push_str(&format!("\n  {place}: {note}"));
        }
    }
    let name = folder
        .dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    text.replace(&folder.dir.display().to_string(), &name)
}
