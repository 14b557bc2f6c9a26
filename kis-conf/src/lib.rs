//! The configuration of KIS flow as data: YAML read with places, checked, explained and exported.
//!
//! A configuration goes through three stages: files, [`Conf`] (what was read), [`CheckedConf`] (what fits together).
//! [`read_dir`] and [`read_files`] make the first step, [`check()`] the second; both report everything that is wrong at
//! once, as [`Problems`]. No step knows the Rust functions, needs a network or an async runtime: the macros call the
//! same code while compiling as the program does when it runs.
//!
//! ```
//! use kis_conf::{FileText, ReadOptions, check, read_files};
//!
//! let text = "kistype: flow\nstatus: 1\nflow_name: CalStuAvgScore\nflows:\n  - fname: verify_stu\n    parms: { a: 1 }\n";
//! let file = FileText { name: "conf/flow.yml".to_owned(), text: text.to_owned() };
//! let (conf, problems) = read_files(vec![file], &ReadOptions::default());
//! assert_eq!(problems.to_string(), "conf/flow.yml:6:5: [KIS0004] unknown key parms of a step; \
//!     did you mean params? (known: fname, as, cname, params, on_error, state)");
//! assert_eq!(check(conf).unwrap().flows[0].steps[0].name.value, "verify_stu");
//! ```

mod check;
mod checked;
mod code;
mod doc;
mod export;
mod fields;
mod mode;
mod msg;
mod name;
mod node;
mod out;
mod params;
mod place;
mod problem;
mod read;
mod render;
mod scalar;
mod setting;
pub mod suggest;
mod text;
pub mod unit;
mod walk;
mod word;
mod yaml;

pub use check::{check, check_read};
pub use checked::CheckedConf;
pub use code::Code;
pub use doc::{
    ConnConf, Delivery, FlowConf, FlowDoc, FlowOf, Format, FunctionDoc, GlobalConf, JobDoc, Kistype, Misfire,
    Overlap, Prometheus, RetryConf, SourceConf, SourceDoc, SourceFrom, StepConf, StepDoc, TestDoc,
};
pub use export::{export, export_flow};
pub use mode::Mode;
pub use msg::Msg;
pub use name::illegal_name;
pub use node::{Data, Entry, Node, Resolved, Scalar};
pub use params::{
    ByteSize, Given, GivenArena, GivenOwned, GivenValue, OwnedValue, Param, ParamKind, ParamShape,
    ParamValue, Params, ParamsReader, ParamsShape, check_missing, check_param, check_params,
};
pub use place::{Place, Placed};
pub use problem::{Problem, Problems, Severity};
pub use read::{Conf, FileText, ReadOptions, Values, read_dir, read_files};
pub use setting::{
    Backoff, BatchConf, Budget, BudgetThen, DeadLetterConf, Limits, OnError, OnFull, Order, Overflow, Parked,
    Policy, RetryPolicy, Start, Unavailable, Unit,
};
pub use word::Word;
