//! The only paths that expansions of the macros name. Nothing here is for users, and nothing keeps its name.

pub use inventory;
pub use jiff;
pub use kis_conf;
pub use kis_conn;
pub use kis_conn::BoxFuture;
pub use serde;

pub use crate::{
    error::Error,
    flow::FlowSet,
    function::{
        AnyError, ArgNeed, BatchFn, ByRef, ByVal, Call, Ctx, Facts, FromContext, Function, FunctionInfo, Job,
        Need, RowFn, StateFn, VariantsOf, Verdict, call::*,
    },
    link,
    registry::Registered,
    row::{
        AnyRow, Batch, Fails, Field, FieldError, FieldValue, JsonFields, Kind, Row, RowInfo, Rows, Shape,
        Texts, Value, expand::*,
    },
    state::{Before, State, StateInfo},
};
pub use kis_conf::Mode;
