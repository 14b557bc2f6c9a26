//! The arguments that a function takes behind its rows.

use std::{
    any::{TypeId, type_name},
    fmt,
    ops::Deref,
    sync::Arc,
};

use kis_conn::{Connector, ConnectorInfo};

use super::{Cache, Ctx, Meta, Need};
use crate::error::Result;

/// A type that a function takes as an argument behind its rows, as `A` or `&A`.
///
/// It is fetched once per call, that is once per batch, and must be cheap: no waiting, no input or output.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an argument that a flow function can take",
    label = "not a flow argument",
    note = "behind the rows a flow function may take `Ctx`, `Params<P>`, `Conn<C>`, `Cache`, `Meta`, `Ext<T>`, each also with `&`, state as `&mut S` or `&mut Keyed<S>`, and your own types that implement `FromContext`"
)]
pub trait FromContext: Sized + Send + 'static {
    /// What must be there for it; checked before the flow starts.
    const NEED: Need = Need::Nothing;

    /// Fetches the argument called `arg`.
    ///
    /// # Errors
    /// If what it needs is not there.
    fn from_context(cx: &Ctx, arg: &'static str) -> Result<Self>;
}

/// The params of the step: what the flow says over what the function's document says over the type's defaults.
pub struct Params<P>(Arc<P>);

/// A connector's client, for the lane that the call runs in.
pub struct Conn<C: Connector>(Arc<C::Client>);

/// A value that the app put in with `App::ext`.
pub struct Ext<T>(Arc<T>);

impl FromContext for Ctx {
    fn from_context(cx: &Ctx, _: &'static str) -> Result<Ctx> {
        Ok(cx.clone())
    }
}

impl FromContext for Cache {
    fn from_context(cx: &Ctx, _: &'static str) -> Result<Cache> {
        Ok(cx.cache().clone())
    }
}

impl FromContext for Meta {
    fn from_context(cx: &Ctx, _: &'static str) -> Result<Meta> {
        Ok(cx.meta().clone())
    }
}

impl<P: kis_conf::Params> FromContext for Params<P> {
    const NEED: Need = Need::Params {
        shape: P::SHAPE,
        read: |given, at| Ok(Arc::new(P::read(given, at)?)),
    };

    fn from_context(cx: &Ctx, _: &'static str) -> Result<Params<P>> {
        cx.params().map(Params)
    }
}

impl<C: Connector> FromContext for Conn<C> {
    const NEED: Need = Need::Conn {
        info: ConnectorInfo::of::<C>(""),
    };

    fn from_context(cx: &Ctx, arg: &'static str) -> Result<Conn<C>> {
        cx.conn::<C>(arg).map(Conn)
    }
}

impl<T: Send + Sync + 'static> FromContext for Ext<T> {
    const NEED: Need = Need::Ext {
        type_name: type_name::<T>,
        type_id: TypeId::of::<T>,
    };

    fn from_context(cx: &Ctx, _: &'static str) -> Result<Ext<T>> {
        cx.ext().map(Ext)
    }
}

impl<P> Deref for Params<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

impl<C: Connector> Deref for Conn<C> {
    type Target = C::Client;

    fn deref(&self) -> &C::Client {
        &self.0
    }
}

impl<T> Deref for Ext<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<P> From<P> for Params<P> {
    fn from(params: P) -> Params<P> {
        Params(Arc::new(params))
    }
}

impl<T> From<T> for Ext<T> {
    fn from(value: T) -> Ext<T> {
        Ext(Arc::new(value))
    }
}

impl<C: Connector> Conn<C> {
    /// A connector from its client, for tests.
    pub fn new(client: C::Client) -> Conn<C> {
        Conn(Arc::new(client))
    }
}

impl<P> Clone for Params<P> {
    fn clone(&self) -> Params<P> {
        Params(Arc::clone(&self.0))
    }
}

impl<C: Connector> Clone for Conn<C> {
    fn clone(&self) -> Conn<C> {
        Conn(Arc::clone(&self.0))
    }
}

impl<T> Clone for Ext<T> {
    fn clone(&self) -> Ext<T> {
        Ext(Arc::clone(&self.0))
    }
}

impl<P: fmt::Debug> fmt::Debug for Params<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C: Connector> fmt::Debug for Conn<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conn({})", C::KIND)
    }
}

impl<T> fmt::Debug for Ext<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ext({})", type_name::<T>())
    }
}
