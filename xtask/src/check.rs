//! `cargo xtask check`: judges the YAML of a folder without compiling anything.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use kis_conf::{Problems, ReadOptions, Values};

use crate::flags::CheckFlags;

/// The exit code of a faulty configuration, `EX_CONFIG` of sysexits.
const CONFIGURATION: u8 = 78;

/// What is known of a folder after reading it.
#[derive(Debug)]
struct Verdict {
    /// All problems, each with the lines it is about; or what the folder holds.
    text: String,
    usable: bool,
}

pub(crate) fn run(flags: &CheckFlags) -> Result<ExitCode> {
    let verdict = judge(&flags.dir);
    if verdict.usable {
        print!("{}", verdict.text);
        return Ok(ExitCode::SUCCESS);
    }
    eprint!("{}", verdict.text);
    Ok(ExitCode::from(CONFIGURATION))
}

/// Everything that can be said without knowing the functions. Values from the environment are left open,
/// as they are while compiling: this machine need not be the one that runs the flows.
fn judge(dir: &Path) -> Verdict {
    let options = ReadOptions {
        values: Values::Defer,
        base: dir.to_path_buf(),
    };
    let read = kis_conf::read_dir(dir, &options);
    let files = read.0.files.clone();
    match kis_conf::check_read(read) {
        Ok(conf) => {
            let warnings = conf.warnings.into_iter().collect::<Problems>();
            let holds = [
                count(files.len(), "file"),
                count(conf.flows.len(), "flow"),
                count(conf.conns.len(), "connector"),
            ];
            let text = format!(
                "{}{}: {}",
                warnings.render(&files),
                dir.display(),
                holds.join(", ")
            );
            Verdict { text, usable: true }
        }
        Err(problems) => Verdict {
            text: problems.render(&files),
            usable: false,
        },
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
