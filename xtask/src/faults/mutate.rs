//! Breaks the code in a copy of the workspace, one mutation at a time, and demands that the named test fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use super::mutations::{MUTATIONS, Mutation};
use super::{LONG, tests};
use crate::workspace;

pub(super) fn run(sh: &Shell, name: Option<&str>) -> Result<ExitCode> {
    let chosen: Vec<&Mutation> = MUTATIONS
        .iter()
        .filter(|mutation| name.is_none_or(|name| mutation.name.contains(name)))
        .collect();
    if chosen.is_empty() {
        let known: Vec<_> = MUTATIONS.iter().map(|mutation| mutation.name).collect();
        bail!("no such mutation; known are {}", known.join(", "));
    }
    let base = workspace::root().join("target/mutations");
    let copy = base.join("workspace");
    copy_workspace(sh, &copy)?;
    sh.change_dir(&copy);
    sh.set_var("CARGO_TARGET_DIR", base.join("target"));
    // Few faults do for most mutations, and a test that fails anyway would prove nothing.
    sh.set_var(LONG, "");
    eprintln!("\n=== unbroken ===");
    tests(sh, None)
        .run()
        .context("a test fails without any mutation")?;
    let mut lines = Vec::new();
    let mut unnoticed = 0;
    for mutation in chosen {
        eprintln!("\n=== {} ===", mutation.name);
        let noticed = mutation.is_noticed(sh, &copy)?;
        unnoticed += usize::from(!noticed);
        let word = if noticed { "noticed by" } else { "NOT NOTICED by" };
        lines.push(format!("{:<45} {word} {}", mutation.name, mutation.test));
    }
    println!(
        "\n{}\n{} mutations, {unnoticed} not noticed",
        lines.join("\n"),
        lines.len()
    );
    Ok(if unnoticed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Mutation {
    /// The text of the file with the mutation.
    ///
    /// # Errors
    /// If what is to be replaced does not stand in the text, or more than once.
    pub(super) fn apply(&self, text: &str) -> Result<String> {
        match text.matches(self.from).count() {
            1 => Ok(text.replacen(self.from, self.to, 1)),
            0 => bail!(
                "mutation {}: {} holds no {:?} any more",
                self.name,
                self.file,
                self.from
            ),
            n => bail!(
                "mutation {}: {} holds {n} times {:?}",
                self.name,
                self.file,
                self.from
            ),
        }
    }

    /// Whether the test fails, with few faults or with many.
    fn fails(&self, sh: &Shell, long: &str) -> bool {
        tests(sh, Some(self.test)).env(LONG, long).run().is_err()
    }

    /// Whether the test fails with the mutation. The file is put back.
    fn is_noticed(&self, sh: &Shell, copy: &Path) -> Result<bool> {
        let file = copy.join(self.file);
        let text = fs::read_to_string(&file).with_context(|| self.file.to_owned())?;
        fs::write(&file, self.apply(&text)?)?;
        let built = cmd!(
            sh,
            "cargo test --locked --workspace --features kis-examples/faults --test faults --no-run"
        );
        let noticed = built
            .run()
            .with_context(|| format!("mutation {} does not compile", self.name))
            .map(|()| self.fails(sh, "") || self.fails(sh, "counts"));
        fs::write(&file, text)?;
        noticed
    }
}

/// Brings the copy up to date. Files that did not change are left alone, so that cargo builds little.
fn copy_workspace(sh: &Shell, copy: &Path) -> Result<()> {
    let root = workspace::root();
    let listed = cmd!(sh, "git ls-files --cached --others --exclude-standard").read()?;
    let files: Vec<PathBuf> = listed
        .lines()
        .map(PathBuf::from)
        .filter(|file| root.join(file).is_file())
        .collect();
    remove_others(copy, copy, &files)?;
    for file in files {
        let bytes = fs::read(root.join(&file))?;
        let to = copy.join(&file);
        if fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        if let Some(dir) = to.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(&to, bytes)?;
    }
    Ok(())
}

/// Removes what the workspace has no more.
fn remove_others(copy: &Path, dir: &Path, files: &[PathBuf]) -> Result<()> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(copy, &path, files)?;
        } else if !files.iter().any(|file| copy.join(file) == path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests_of_mutations {
    use super::*;

    #[test]
    fn every_mutation_has_its_place() {
        let faults: Vec<String> = MUTATIONS
            .iter()
            .filter_map(|mutation| {
                let text = fs::read_to_string(workspace::root().join(mutation.file)).unwrap_or_default();
                mutation.apply(&text).err().map(|error| error.to_string())
            })
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn every_mutation_names_a_test() {
        let dir = workspace::root().join("kis-examples/tests/faults");
        let mut texts = String::new();
        for file in fs::read_dir(dir).expect("the folder of the tests") {
            texts += &fs::read_to_string(file.expect("an entry").path()).expect("a text");
        }
        for Mutation { name, test, .. } in MUTATIONS {
            assert!(
                texts.contains(&format!("fn {test}()")),
                "mutation {name}: there is no test {test}"
            );
        }
    }

    #[test]
    fn what_stands_twice_is_no_place() {
        let mutation = Mutation {
            name: "x",
            file: "x.rs",
            from: "a",
            to: "b",
            test: "x",
        };
        assert_eq!(mutation.apply("cat").expect("one place"), "cbt");
        assert!(mutation.apply("dog").is_err());
        assert!(mutation.apply("banana").is_err());
    }
}
