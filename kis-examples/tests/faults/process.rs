//! A process that a test starts, watches, signals and kills.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::scale::{pass, patience};

/// A running process. What it prints goes into files of the test's folder.
pub(crate) struct Process {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Nothing for one that was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts it; `log` is the path, without ending, of the files with its output.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Process {
        let (stdout, stderr) = (log.with_extension("out"), log.with_extension("err"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Process {
            child,
            stdout,
            stderr,
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.wait()
    }

    /// Sends a signal: `TERM`, `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> Ended {
        let stderr = self.stderr.clone();
        until(
            || format!("the end of the process\n{}", text(&stderr)),
            || self.child.try_wait().unwrap().is_some(),
        );
        Ended {
            code: self.child.wait().unwrap().code(),
            stdout: text(&self.stdout),
            stderr: text(&self.stderr),
        }
    }

    /// Waits until `condition` holds or the process has ended; says whether it holds.
    pub(crate) fn until(&mut self, what: &str, mut condition: impl FnMut(&Process) -> bool) -> bool {
        let mut holds = false;
        until(
            || what.to_owned(),
            || {
                holds = condition(self);
                holds || self.has_ended()
            },
        );
        holds
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it has written to the error stream so far.
    pub(crate) fn said(&self) -> String {
        text(&self.stderr)
    }

    /// A metric, summed over its labels; nothing as long as nobody answers.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let page = self.get("/metrics")?;
        let values = page.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with(['{', ' '])
                .then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
        });
        Some(values.sum())
    }

    /// The largest resident memory so far, in bytes.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
    }

    /// What the process answers to a request at the port that it named.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let said = self.said();
        let address = said.lines().find_map(|line| {
            let rest = line.split_once("metrics and probes: http://")?.1;
            Some(rest.split_once('/')?.0.to_owned())
        })?;
        let mut stream = TcpStream::connect(address).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: kis\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Process {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The same, if the exit code is this one.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    /// The same, if the error stream says this.
    #[track_caller]
    pub(crate) fn saying(self, words: &str) -> Ended {
        assert!(self.stderr.contains(words), "not said: {words}\n{}", self.stderr);
        self
    }
}

/// Polls until `condition` holds.
#[track_caller]
pub(crate) fn until(what: impl Fn() -> String, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < patience(), "waited too long for {}", what());
        pass(Duration::from_millis(2));
    }
}

fn text(path: &PathBuf) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
