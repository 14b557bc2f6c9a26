//! Flows are compiled into their programs: a new file in a folder `conf` makes a new program.

use std::{fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    for example in fs::read_dir("src/bin")? {
        let conf = example?.path().join("conf");
        if conf.is_dir() {
            println!("cargo::rerun-if-changed={}", conf.display());
        }
    }
    Ok(())
}
