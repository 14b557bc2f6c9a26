//! A folder of YAML files, or their texts, as a [`Conf`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{
    Code, ConnConf, FlowDoc, FunctionDoc, GlobalConf, JobDoc, Place, Problem, Problems, SourceDoc, TestDoc,
    doc, walk, yaml,
};

/// The largest file that is read.
pub(crate) const MAX_FILE: u64 = 8 << 20;

/// A configuration file: its name as places show it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileText {
    /// The name, such as `conf/a.yml`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Where the values of `${env:..}` and `${file:..}` come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Values {
    /// From the environment and the file system, now.
    #[default]
    Resolve,
    /// They are not looked up: the program is being compiled.
    Defer,
    /// Variables from this map, files from the file system: for tests.
    Given(BTreeMap<String, String>),
    /// Variables from this map, then from the environment; files from the file system.
    Over(BTreeMap<String, String>),
}

/// How a configuration is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Where the values of `${..}` come from.
    pub values: Values,
    /// The folder that `${file:PATH}` is relative to; empty is the working folder.
    pub base: PathBuf,
}

/// Everything that was read, document by document, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Conf {
    /// `kistype: func`.
    pub functions: Vec<FunctionDoc>,
    /// `kistype: flow`.
    pub flows: Vec<FlowDoc>,
    /// `kistype: conn`.
    pub conns: Vec<ConnConf>,
    /// `kistype: source`.
    pub sources: Vec<SourceDoc>,
    /// `kistype: job`.
    pub jobs: Vec<JobDoc>,
    /// `kistype: test`.
    pub tests: Vec<TestDoc>,
    /// `kistype: global`.
    pub globals: Vec<GlobalConf>,
    /// The texts that were read.
    pub files: Vec<FileText>,
    /// Some document could not be read, so that a name which seems unknown may be declared there.
    pub partial: bool,
}

/// Reads all `.yml` and `.yaml` files of a folder, at any depth, in the order of their names. Hidden files and folders
/// are skipped; symbolic links are followed. A path to a single file will do too.
///
/// What can be read is read: the configuration is as complete as the problems allow.
pub fn read_dir(dir: &Path, options: &ReadOptions) -> (Conf, Problems) {
    let mut problems = Problems::new();
    let files = walk::files(dir, &mut problems);
    let nothing_else = problems.is_empty();
    if files.is_empty() && nothing_else {
        let message = format!("{} holds no .yml or .yaml file", dir.display());
        problems.push(
            Problem::anywhere(Code::EmptyDocument, message)
                .help("a flow is declared by a kistype: flow file"),
        );
    }
    let mut conf = read_all(files, options, &mut problems);
    conf.partial |= !nothing_else;
    (conf, problems)
}

/// Reads texts as if they were files.
pub fn read_files(files: Vec<FileText>, options: &ReadOptions) -> (Conf, Problems) {
    let mut problems = Problems::new();
    (read_all(files, options, &mut problems), problems)
}

fn read_all(files: Vec<FileText>, options: &ReadOptions, problems: &mut Problems) -> Conf {
    let mut conf = Conf::default();
    for mut file in files {
        if file.text.starts_with('\u{feff}') {
            file.text.remove(0);
        }
        read_file(&file, options, &mut conf, problems);
        conf.files.push(file);
    }
    conf
}

fn read_file(file: &FileText, options: &ReadOptions, conf: &mut Conf, problems: &mut Problems) {
    let name: Arc<str> = Arc::from(file.name.as_str());
    if file.text.len() as u64 > MAX_FILE {
        problems.push(too_large(&name));
        conf.partial = true;
        return;
    }
    let before = problems.len();
    let documents = yaml::documents(&name, &file.text, options, problems);
    // An empty document between others is a stray `---`; a file with nothing else is a mistake.
    if documents.iter().all(crate::Node::is_null) && problems.len() == before {
        let message = "the file holds no document";
        let problem = Problem::error(Code::EmptyDocument, &Place::file(name), message);
        problems.push(problem.help("begin it with kistype: flow, or remove the file"));
    }
    conf.partial |= problems.len() > before;
    for document in documents.iter().filter(|document| !document.is_null()) {
        conf.partial |= !doc::read(document, conf, problems);
    }
}

/// A file beyond the limit.
pub(crate) fn too_large(name: &str) -> Problem {
    let message = format!("the file is larger than {} MiB", MAX_FILE >> 20);
    Problem::error(Code::TooLarge, &Place::file(name), message).help("split it into several files")
}
