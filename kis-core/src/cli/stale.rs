//! In a debug build, warns of configuration files that were added after the program was built: the compiler cannot
//! know that a folder has a new file.

use std::path::{Path, PathBuf};

use kis_conf::{ReadOptions, Values, read_dir};

use crate::flow::FlowSet;

/// The files that the folder of `flows` has and the program has not, if the folder is there.
pub(super) fn missing(flows: &FlowSet, near: &[PathBuf]) -> Vec<String> {
    let Some(folder) = near
        .iter()
        .map(|near| near.join(flows.root))
        .find(|folder| folder.is_dir())
    else {
        return Vec::new();
    };
    let options = ReadOptions {
        values: Values::Defer,
        base: PathBuf::new(),
    };
    let (conf, _) = read_dir(&folder, &options);
    let known = |name: &str| flows.files.iter().any(|(known, _)| same_file(known, name));
    conf.files
        .into_iter()
        .map(|file| file.name)
        .filter(|name| !known(name))
        .collect()
}

/// Where the folder may be: where the program was started, and the crate that `cargo run` runs.
pub(super) fn near() -> Vec<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    manifest.into_iter().chain([PathBuf::from(".")]).collect()
}

/// What to do about a missing file.
pub(super) fn warning(name: &str, root: &str) -> String {
    format!(
        "warning: {name} is new and not built into this program; build again after a change in the source that has \
         flows!, or let a build.rs say so for good: println!(\"cargo::rerun-if-changed={root}\")"
    )
}

/// Both are named from the folder's parent on; separators differ between systems.
fn same_file(a: &str, b: &str) -> bool {
    Path::new(a).components().eq(Path::new(b).components())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_files_are_found() {
        let temp = tempfile::tempdir().unwrap();
        let conf = temp.path().join("conf");
        std::fs::create_dir_all(conf.join("more")).unwrap();
        for name in ["a.yml", "more/b.yaml", "notes.txt"] {
            std::fs::write(conf.join(name), "kistype: global\n").unwrap();
        }
        let near = [temp.path().to_owned()];
        let flows = |files| FlowSet {
            files,
            ..FlowSet::empty()
        };
        assert_eq!(
            missing(&flows(&[("conf/a.yml", ""), ("conf/more/b.yaml", "")]), &near),
            [""; 0]
        );
        assert_eq!(
            missing(&flows(&[("conf/a.yml", "")]), &near),
            ["conf/more/b.yaml"]
        );
        assert_eq!(missing(&flows(&[]), &[temp.path().join("elsewhere")]), [""; 0]);
    }
}
