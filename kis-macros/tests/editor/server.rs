//! A small client of the language server protocol.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A running language server that has loaded the sample.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: u64,
    root: PathBuf,
}

/// A cursor in a file of the sample.
pub(crate) struct Place {
    file: String,
    line: usize,
    column: usize,
}

impl Place {
    pub(crate) fn find(file: &str, at: &str) -> Place {
        let text = fs::read_to_string(sample().join(file)).expect("the sample is readable");
        let (before, after) = at.split_once('|').expect("a cursor");
        let needle = format!("{before}{after}");
        let offset = text
            .find(&needle)
            .unwrap_or_else(|| panic!("{file} holds {needle}"))
            + before.len();
        let line = text[..offset].matches('\n').count();
        let column = offset - text[..offset].rfind('\n').map_or(0, |i| i + 1);
        Place {
            file: file.to_owned(),
            line,
            column,
        }
    }
}

impl Server {
    /// Starts the server on a copy of the sample, and waits until everything is loaded.
    pub(crate) fn start() -> Server {
        let root = package();
        let mut child = Command::new(analyzer())
            .current_dir(&root)
            .env_remove("CARGO_TARGET_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let mut server = Server {
            child,
            input,
            output,
            next_id: 0,
            root,
        };
        server.initialize();
        server
    }

    pub(crate) fn definitions(&mut self, place: &Place) -> Vec<String> {
        let answer = self.ask("textDocument/definition", self.position(place));
        let mut lines: Vec<String> = answer
            .as_array()
            .into_iter()
            .flatten()
            .map(|target| self.line_of(target))
            .collect();
        lines.sort();
        lines.dedup();
        lines
    }

    pub(crate) fn hover(&mut self, place: &Place) -> String {
        let answer = self.ask("textDocument/hover", self.position(place));
        answer["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn completions(&mut self, place: &Place) -> Vec<String> {
        let answer = self.ask("textDocument/completion", self.position(place));
        let items = answer["items"]
            .as_array()
            .or_else(|| answer.as_array())
            .cloned()
            .unwrap_or_default();
        let name = |item: &Value| {
            item["filterText"]
                .as_str()
                .or_else(|| item["label"].as_str())
                .map(str::to_owned)
        };
        items.iter().filter_map(name).collect()
    }

    fn initialize(&mut self) {
        let uri = uri(&self.root);
        let params = json!({
            "processId": null,
            "rootUri": uri,
            "capabilities": {
                "experimental": { "serverStatusNotification": true },
                "window": { "workDoneProgress": true },
                "textDocument": { "definition": { "linkSupport": true } },
            },
            "initializationOptions": {
                "checkOnSave": false,
                "cachePriming": { "enable": false },
                "cargo": { "buildScripts": { "enable": true } },
                "procMacro": { "enable": true },
            },
        });
        self.ask("initialize", params);
        self.tell("initialized", json!({}));
        for file in ["src/lib.rs", "src/functions.rs", "src/rows.rs"] {
            let path = self.root.join(file);
            let text = fs::read_to_string(&path).expect("the copy is readable");
            let document =
                json!({ "uri": self::uri(&path), "languageId": "rust", "version": 1, "text": text });
            self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        }
        loop {
            let message = self.read();
            let params = &message["params"];
            if message["method"] == "experimental/serverStatus" && params["quiescent"] == true {
                assert_ne!(
                    params["health"], "error",
                    "rust-analyzer cannot load the sample: {}",
                    params["message"]
                );
                return;
            }
            self.answer(&message);
        }
    }

    fn position(&self, place: &Place) -> Value {
        json!({
            "textDocument": { "uri": uri(&self.root.join(&place.file)) },
            "position": { "line": place.line, "character": place.column },
        })
    }

    /// The file and the text of the line that a target points at.
    fn line_of(&self, target: &Value) -> String {
        let uri = target["targetUri"].as_str().unwrap_or_default();
        let path = uri.strip_prefix("file://").unwrap_or(uri);
        let line = target["targetSelectionRange"]["start"]["line"]
            .as_u64()
            .unwrap_or_default() as usize;
        let text = fs::read_to_string(path).unwrap_or_default();
        let file = Path::new(path)
            .strip_prefix(&self.root)
            .map_or(path.to_owned(), |p| p.display().to_string());
        format!("{file}: {}", text.lines().nth(line).unwrap_or_default())
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == id && message["method"].is_null() {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.answer(&message);
        }
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Answers what the server asks, so that it goes on.
    fn answer(&mut self, message: &Value) {
        if message["method"].is_string() && !message["id"].is_null() {
            self.write(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
        }
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("rust-analyzer listens");
        self.input.flush().expect("rust-analyzer listens");
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).expect("rust-analyzer talks");
            assert_ne!(read, 0, "rust-analyzer ended");
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a length"),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("rust-analyzer talks");
        serde_json::from_slice(&body).expect("rust-analyzer talks JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server has nothing to save; a child that is gone already is fine too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editor/sample")
}

/// A package of its own around a copy of the sample, in the target folder.
fn package() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor-sample");
    let copy = |from: &Path, to: PathBuf| {
        fs::create_dir_all(to.parent().expect("a folder")).expect("the target folder is writable");
        fs::copy(from, &to).unwrap_or_else(|error| panic!("cannot copy {}: {error}", from.display()));
    };
    for file in [
        "src/lib.rs",
        "src/functions.rs",
        "src/rows.rs",
        "conf/students.yml",
    ] {
        copy(&sample().join(file), root.join(file));
    }
    copy(&workspace.join("Cargo.lock"), root.join("Cargo.lock"));
    copy(
        &workspace.join("rust-toolchain.toml"),
        root.join("rust-toolchain.toml"),
    );
    let core = workspace.join("kis-core");
    let manifest = format!(
        "[package]\nname = \"sample\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nkis-core = {{ path = {core:?} }}\n\n[workspace]\n"
    );
    fs::write(root.join("Cargo.toml"), manifest).expect("the target folder is writable");
    root
}

/// The toolchain's language server.
fn analyzer() -> PathBuf {
    find().or_else(|| {
        let added = Command::new("rustup").args(["component", "add", "rust-analyzer", "rust-src"]).status();
        added.is_ok_and(|status| status.success()).then(find).flatten()
    })
    .expect("rust-analyzer is not there and rustup cannot add it; run `rustup component add rust-analyzer rust-src`")
}

fn find() -> Option<PathBuf> {
    let output = Command::new("rustup")
        .args(["which", "rust-analyzer"])
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (output.status.success() && path.is_file()).then_some(path)
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
