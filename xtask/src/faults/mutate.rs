//! Breaks the code in a copy of the workspace, one mutation at a time, and demands that the named test fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::mutations::{MUTATIONS, Mutation};
use super::{LONG, PATIENCE};
use crate::workspace;

/// How long a test waits for something that a mutation may keep from ever coming, in seconds.
const WAIT: &str = "30";

/// How many lines of what a test says are shown.
const SAID: usize = 3;

/// What came of a mutation.
enum Outcome {
    /// With what the test said.
    Noticed(String),
    Unnoticed,
    /// With what the compiler said.
    DoesNotCompile(String),
}

/// The copy of the workspace, and the tests that were built from it before it was broken: what they look at the results
/// with is never broken.
struct Bench<'a> {
    sh: &'a Shell,
    copy: PathBuf,
    tests: PathBuf,
}

pub(super) fn run(sh: &Shell, names: &[String]) -> Result<ExitCode> {
    let chosen: Vec<&Mutation> = MUTATIONS
        .iter()
        .filter(|mutation| names.is_empty() || names.iter().any(|name| mutation.name.contains(name)))
        .collect();
    if chosen.is_empty() {
        let known: Vec<_> = MUTATIONS.iter().map(|mutation| mutation.name).collect();
        bail!("no such mutation; known are {}", known.join(", "));
    }
    let bench = Bench::new(sh)?;
    let tests: BTreeSet<_> = chosen.iter().map(|mutation| mutation.test).collect();
    for test in tests {
        // A test that fails anyway would prove nothing.
        if let Some(said) = bench.failure(test, "")? {
            bail!("{test} fails without any mutation: {said}");
        }
    }
    let mut unproved = 0;
    for mutation in &chosen {
        let (name, test) = (mutation.name, mutation.test);
        match bench.outcome(mutation)? {
            Outcome::Noticed(said) => println!("{name}: noticed by {test}: {said}"),
            Outcome::Unnoticed => {
                unproved += 1;
                println!("{name}: NOT NOTICED by {test}");
            }
            Outcome::DoesNotCompile(said) => {
                unproved += 1;
                println!("{name}: DOES NOT COMPILE: {said}");
            }
        }
    }
    println!("{} mutations, {unproved} not noticed", chosen.len());
    Ok(if unproved == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl<'a> Bench<'a> {
    /// Brings the copy up to date and builds it.
    fn new(sh: &'a Shell) -> Result<Bench<'a>> {
        let base = workspace::root().join("target/mutations");
        let copy = base.join("workspace");
        copy_workspace(sh, &copy)?;
        sh.change_dir(&copy);
        sh.set_var("CARGO_TARGET_DIR", base.join("target"));
        sh.set_var(PATIENCE, WAIT);
        let built = cmd!(
            sh,
            "cargo test --locked --package kis-examples --features kis-examples/faults --test faults --no-run
             --message-format json"
        );
        let built = built.read()?;
        let tests = built
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["kind"][0] == "test")
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .context("cargo names no program of the tests")?;
        let bench = Bench { sh, copy, tests };
        for program in ["faults", "flights"] {
            if let Some(said) = bench.build(program)? {
                bail!("the copy does not compile: {said}");
            }
        }
        Ok(bench)
    }

    /// Builds a program that the tests start; what the compiler says if that fails. The tests stay as they are.
    fn build(&self, program: &str) -> Result<Option<String>> {
        let built = cmd!(
            self.sh,
            "cargo build --quiet --locked --package kis-examples --features kis-examples/faults --bin {program}"
        );
        let output = built.quiet().ignore_status().output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let error = || said.lines().find(|line| line.starts_with("error"));
        Ok((!output.status.success()).then(|| error().unwrap_or(&said).to_owned()))
    }

    /// Runs a test, with few faults or with many; what it says if it fails.
    fn failure(&self, name: &str, long: &str) -> Result<Option<String>> {
        let (sh, tests) = (self.sh, &self.tests);
        let ran = cmd!(sh, "{tests} {name}").env(LONG, long);
        let output = ran.quiet().ignore_status().output()?;
        if output.status.success() {
            return Ok(None);
        }
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        // The message stands behind the place.
        let lines = said.lines().skip_while(|line| !line.contains("panicked at"));
        let lines: Vec<_> = lines
            .skip(1)
            .take_while(|line| !line.starts_with("stack backtrace"))
            .take(SAID)
            .collect();
        Ok(Some(if lines.is_empty() { said } else { lines.join(" | ") }))
    }

    /// What the test says to the mutation. The file is put back.
    fn outcome(&self, mutation: &Mutation) -> Result<Outcome> {
        let file = self.copy.join(mutation.file);
        let text = fs::read_to_string(&file).with_context(|| mutation.file.to_owned())?;
        fs::write(&file, mutation.apply(&text)?)?;
        let outcome = self.try_out(mutation.test);
        fs::write(&file, text)?;
        outcome
    }

    fn try_out(&self, test: &str) -> Result<Outcome> {
        let program = if test.starts_with("flights") {
            "flights"
        } else {
            "faults"
        };
        if let Some(said) = self.build(program)? {
            return Ok(Outcome::DoesNotCompile(said));
        }
        // Few faults do for most mutations.
        for long in ["", "counts"] {
            if let Some(said) = self.failure(test, long)? {
                return Ok(Outcome::Noticed(said));
            }
        }
        Ok(Outcome::Unnoticed)
    }
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
