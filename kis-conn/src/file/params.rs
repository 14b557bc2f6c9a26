//! What may stand under `params:` of a file source, and the layout that follows from it.

use kis_conf::{
    ByteSize, Code, Data, Format, Node, Param, ParamKind, ParamShape, ParamValue, Params, ParamsReader,
    ParamsShape, Place, Problem, Problems,
};

use crate::rows::{Cutter, Dialect, one_byte};

/// The params of a file source.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileParams {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    /// Unquoted fields with one of these texts have no value.
    pub(crate) na: Vec<String>,
    pub(crate) header: Header,
    pub(crate) max_row: usize,
}

/// Where the names of CSV columns come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// The first record of each file.
    InFile,
    /// The configuration; files hold rows only.
    Given(Vec<String>),
}

impl Params for FileParams {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "file source",
        params: &[
            ParamShape {
                name: "delimiter",
                kind: ParamKind::Text,
                required: false,
                default: Some(","),
                doc: "the character between CSV fields; \\t for a tab",
            },
            ParamShape {
                name: "quote",
                kind: ParamKind::Text,
                required: false,
                default: Some("\""),
                doc: "the character around CSV fields that hold delimiters or line ends",
            },
            ParamShape {
                name: "na",
                kind: ParamKind::List(&ParamKind::Text),
                required: false,
                default: Some("[\"\"]"),
                doc: "CSV fields with one of these texts, unquoted, have no value",
            },
            ParamShape {
                name: "header",
                kind: ParamKind::Any,
                required: false,
                default: Some("true"),
                doc: "true: the first record of a CSV file names its columns; a list: the names, for files without such a record",
            },
            ParamShape {
                name: "max_row",
                kind: ParamKind::Bytes,
                required: false,
                default: Some("16MiB"),
                doc: "a longer row is an error",
            },
        ],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let delimiter: Option<Node> = reader.field(0);
        let quote: Option<Node> = reader.field(1);
        let na: Option<Vec<String>> = reader.field(2);
        let header: Option<Node> = reader.field(3);
        let max_row: Option<ByteSize> = reader.field(4);
        let all = (|| Some((delimiter?, quote?, na?, header?, max_row?)))();
        let (delimiter, quote, na, header, max_row) = reader.finish(all)?;
        let mut problems = Problems::new();
        let mut keep = |found: Result<u8, Problem>| found.map_err(|problem| problems.push(problem)).ok();
        let given_quote = &quote;
        let both = (
            keep(character("delimiter", &delimiter)),
            keep(character("quote", &quote)),
        );
        if both.0.is_some() && both.0 == both.1 {
            let message = "param quote is the same character as param delimiter";
            problems.push(Problem::error(Code::WrongType, &given_quote.place, message));
        }
        let header = read_header(&header)
            .map_err(|problem| problems.push(problem))
            .ok();
        if max_row.0 == 0 || max_row.0 > u64::from(u32::MAX / 4) {
            let message = format!("param max_row is {} bytes, allowed is 1 byte to 1GiB", max_row.0);
            problems.push(Problem::error(Code::ParamRange, at, message));
        }
        match (both, header) {
            ((Some(delimiter), Some(quote)), Some(header)) if problems.is_empty() => Ok(FileParams {
                delimiter,
                quote,
                na,
                header,
                max_row: max_row.0 as usize,
            }),
            _ => Err(problems),
        }
    }
}

impl FileParams {
    /// How rows of a format are told apart.
    pub(crate) fn cutter(&self, format: Format) -> Cutter {
        let dialect = match format {
            Format::Csv => Dialect::Csv {
                delimiter: self.delimiter,
                quote: self.quote,
            },
            Format::Raw => Dialect::AllLines,
            _ => Dialect::Lines,
        };
        Cutter {
            dialect,
            max_row: self.max_row,
        }
    }
}

fn character(name: &str, node: &Node) -> Result<u8, Problem> {
    let text = String::read(node)?;
    one_byte(&text).ok_or_else(|| {
        let message = format!(
            "param {name} must be one ASCII character, found {}",
            node.describe()
        );
        Problem::error(Code::ParamType, &node.place, message).help("for a tab write \"\\t\"")
    })
}

fn read_header(node: &Node) -> Result<Header, Problem> {
    let help = "true: the first record names the columns; [a, b]: the columns are a and b and there is no such record";
    let wrong = |message: String| Problem::error(Code::ParamType, &node.place, message).help(help);
    match &node.data {
        Data::List(items) if !items.is_empty() => {
            let names = items.iter().map(String::read).collect::<Result<Vec<_>, _>>()?;
            match check_names(&names) {
                Ok(()) => Ok(Header::Given(names)),
                Err(what) => Err(wrong(format!("param header: {what}"))),
            }
        }
        Data::Scalar(scalar) if scalar.as_bool() == Some(true) => Ok(Header::InFile),
        _ => Err(wrong(format!(
            "param header must be true or a list of names, found {}",
            node.describe()
        ))),
    }
}

/// Column names must be there and differ.
pub(super) fn check_names(names: &[String]) -> Result<(), String> {
    for (i, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(format!("column {} has no name", i + 1));
        }
        if names[..i].contains(name) {
            return Err(format!("two columns have the name {name}"));
        }
    }
    Ok(())
}
