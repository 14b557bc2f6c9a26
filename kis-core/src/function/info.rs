//! What is known of a function: its facts as constants, and the one pointer that runs it on a batch.

use std::{
    any::{Any, TypeId},
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
};

use kis_conf::{Mode, Param, ParamsShape, Place, Problems};
use kis_conn::{ConnectorInfo, Variants};

use super::{BatchFn, BatchReturn, Job, RowFn, RowReturn, Verdict};
use crate::{
    row::{HasInfo, RowInfo, Shape},
    state::StateInfo,
};

/// Everything that is known of a function, made while compiling.
#[derive(Clone, Copy, Debug)]
pub struct FunctionInfo {
    /// The name that YAML uses.
    pub name: &'static str,
    /// The name in Rust.
    pub rust_name: &'static str,
    /// The module it stands in.
    pub module: &'static str,
    /// Where it is written, `src/functions.rs:9`.
    pub at: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Its mode.
    pub mode: Mode,
    /// Its connectors: the argument's name (empty when the attribute names one for all), and the connector's.
    pub conns: &'static [(&'static str, &'static str)],
    /// What it takes.
    pub takes: Takes,
    /// What it hands on.
    pub on: HandsOn,
    /// Whether it may return `Outcome::reuse`.
    pub reuse: bool,
    /// The functions it may jump to.
    pub jumps: &'static [&'static str],
    /// What its arguments behind the rows need.
    pub needs: &'static [ArgNeed],
    /// Whether it can fail other than by a panic.
    pub can_fail: bool,
    /// Whether it says of each row whether the row goes on.
    pub filters: bool,
    /// The errors that it returns; nothing where they may have any code.
    pub variants: Option<Variants>,
    /// Whether it is called row at a time, needs no connector and no state, and is neither async nor blocking: such
    /// functions at the head of a flow run on all cores.
    pub stateless: bool,
    /// Runs it on a batch.
    pub call: Call,
}

/// What a function takes as its first argument.
#[derive(Clone, Copy, Debug)]
pub struct Takes {
    /// The row type; none for `&Rows`.
    pub row: Option<&'static RowInfo>,
    /// Whether it takes a batch.
    pub batch: bool,
    /// Whether it takes the rows instead of borrowing them.
    pub owned: bool,
}

/// What a function hands on to the next step.
#[derive(Clone, Copy, Debug)]
pub enum HandsOn {
    /// The rows that came in, all or some of them.
    WhatCameIn,
    /// Rows of this type.
    Rows(&'static RowInfo),
    /// Nothing; no step can follow.
    Nothing,
}

/// What one argument needs, by the argument's name.
#[derive(Clone, Copy, Debug)]
pub struct ArgNeed {
    /// The argument's name.
    pub arg: &'static str,
    /// What it needs.
    pub need: Need,
}

/// What an argument needs from the flow.
#[derive(Clone, Copy)]
pub enum Need {
    /// Nothing that could be missing.
    Nothing,
    /// Params of this shape.
    Params {
        /// The params' names, kinds and defaults.
        shape: &'static ParamsShape,
        /// Reads the given params into the type.
        read: ReadParams,
    },
    /// A connector of this kind.
    Conn {
        /// The connector's type as data.
        info: ConnectorInfo,
    },
    /// A value that the app put in.
    Ext {
        /// The name of its type.
        type_name: fn() -> &'static str,
        /// Its type.
        type_id: fn() -> TypeId,
    },
    /// State by key.
    State(StateInfo),
}

/// Reads the given params into a typed value.
pub type ReadParams = fn(&[Param], &Place) -> Result<Arc<dyn Any + Send + Sync>, Problems>;

/// The step without its types: one call handles one batch.
#[derive(Clone, Copy)]
pub enum Call {
    /// Runs on the lane's thread.
    Now(fn(&mut Job<'_>) -> Verdict),
    /// Awaits.
    Later(LaterFn),
    /// Runs on a thread for blocking work.
    Blocking(fn(&mut Job<'_>) -> Verdict),
}

/// A call that awaits.
pub type LaterFn = for<'a, 'b> fn(&'a mut Job<'b>) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// What the attribute and the signature say of a function; the types say the rest.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// See [`FunctionInfo`].
    pub rust_name: &'static str,
    /// See [`FunctionInfo`].
    pub module: &'static str,
    /// See [`FunctionInfo`].
    pub at: &'static str,
    /// See [`FunctionInfo`].
    pub doc: &'static str,
    /// See [`FunctionInfo`].
    pub mode: Mode,
    /// See [`FunctionInfo`].
    pub conns: &'static [(&'static str, &'static str)],
    /// See [`FunctionInfo`].
    pub reuse: bool,
    /// See [`FunctionInfo`].
    pub jumps: &'static [&'static str],
    /// See [`FunctionInfo`].
    pub needs: &'static [ArgNeed],
    /// See [`Takes`].
    pub owned: bool,
    /// The variants of the error that it returns, if they are known.
    pub variants: Option<Variants>,
}

impl FunctionInfo {
    /// The facts of a function that is called row at a time.
    pub const fn row<F: RowFn<By>, By>(facts: Facts, call: Call) -> FunctionInfo {
        let takes = Takes {
            row: Some(<F::In as HasInfo>::ROW),
            batch: false,
            owned: facts.owned,
        };
        let (on, can_fail) = (<F::Ret as RowReturn<By>>::ON, <F::Ret as RowReturn<By>>::CAN_FAIL);
        FunctionInfo {
            filters: <F::Ret as RowReturn<By>>::FILTERS,
            ..FunctionInfo::new(F::NAME, facts, takes, on, can_fail, call)
        }
    }

    /// The facts of a function that is called batch at a time.
    pub const fn batch<F: BatchFn<By>, By>(facts: Facts, call: Call) -> FunctionInfo {
        let takes = Takes {
            row: Some(<F::In as HasInfo>::ROW),
            batch: true,
            owned: facts.owned,
        };
        let can_fail = <F::Ret as BatchReturn<By>>::CAN_FAIL;
        FunctionInfo::new(
            F::NAME,
            facts,
            takes,
            <F::Ret as BatchReturn<By>>::ON,
            can_fail,
            call,
        )
    }

    /// The facts of a function that takes `&Rows`.
    pub const fn any<F: BatchFn<By>, By>(facts: Facts, call: Call) -> FunctionInfo {
        let takes = Takes {
            row: None,
            batch: true,
            owned: false,
        };
        let can_fail = <F::Ret as BatchReturn<By>>::CAN_FAIL;
        FunctionInfo::new(
            F::NAME,
            facts,
            takes,
            <F::Ret as BatchReturn<By>>::ON,
            can_fail,
            call,
        )
    }

    /// The facts of a function whose attribute or signature is wrong. Nothing is checked against it, so that its own
    /// mistake is the only one that is reported.
    #[doc(hidden)]
    pub const fn broken(name: &'static str) -> FunctionInfo {
        FunctionInfo {
            name,
            rust_name: name,
            module: "",
            at: "",
            doc: "",
            mode: Mode::Calculate,
            conns: &[],
            takes: Takes {
                row: None,
                batch: true,
                owned: false,
            },
            on: HandsOn::WhatCameIn,
            reuse: false,
            jumps: &[],
            needs: &[],
            can_fail: false,
            filters: false,
            variants: None,
            stateless: false,
            call: Call::Now(|_| unreachable!()),
        }
    }

    /// What stands for a function that is not there; `hint` says what may be meant.
    #[doc(hidden)]
    pub const fn unknown(name: &'static str, hint: &'static str) -> FunctionInfo {
        FunctionInfo {
            rust_name: "",
            doc: hint,
            ..FunctionInfo::broken(name)
        }
    }

    /// Whether this stands for a function that is not there.
    pub(crate) const fn is_unknown(&self) -> bool {
        self.rust_name.is_empty()
    }

    /// Whether this stands for a function of which nothing is known.
    pub(crate) const fn is_broken(&self) -> bool {
        self.at.is_empty()
    }

    const fn new(
        name: &'static str,
        facts: Facts,
        takes: Takes,
        on: HandsOn,
        can_fail: bool,
        call: Call,
    ) -> FunctionInfo {
        FunctionInfo {
            name,
            rust_name: facts.rust_name,
            module: facts.module,
            at: facts.at,
            doc: facts.doc,
            mode: facts.mode,
            conns: facts.conns,
            takes,
            on,
            reuse: facts.reuse,
            jumps: facts.jumps,
            needs: facts.needs,
            can_fail,
            filters: false,
            variants: if can_fail { facts.variants } else { Some(&[]) },
            stateless: !takes.batch && matches!(call, Call::Now(_)) && !is_bound(facts.needs),
            call,
        }
    }

    /// The shape of the rows it takes; none for `&Rows`.
    pub const fn shape(&self) -> Option<&'static Shape> {
        match self.takes.row {
            Some(row) => Some(row.shape),
            None => None,
        }
    }

    /// The shape of its params; none when it takes no params.
    pub const fn params(&self) -> Option<&'static ParamsShape> {
        let mut i = 0;
        while i < self.needs.len() {
            if let Need::Params { shape, .. } = self.needs[i].need {
                return Some(shape);
            }
            i += 1;
        }
        None
    }

    /// What is known of its state; none when it keeps none.
    pub const fn state(&self) -> Option<StateInfo> {
        let mut i = 0;
        while i < self.needs.len() {
            if let Need::State(info) = self.needs[i].need {
                return Some(info);
            }
            i += 1;
        }
        None
    }
}

const fn is_bound(needs: &[ArgNeed]) -> bool {
    let mut i = 0;
    while i < needs.len() {
        if matches!(needs[i].need, Need::Conn { .. } | Need::State(_)) {
            return true;
        }
        i += 1;
    }
    false
}

impl fmt::Debug for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::Nothing => f.write_str("Nothing"),
            Need::Params { shape, .. } => write!(f, "Params({})", shape.name),
            Need::Conn { info } => write!(f, "Conn({})", info.kind),
            Need::Ext { type_name, .. } => write!(f, "Ext({})", type_name()),
            Need::State(info) => write!(f, "State({info:?})"),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Call::Now(_) => "Now",
            Call::Later(_) => "Later",
            Call::Blocking(_) => "Blocking",
        })
    }
}
