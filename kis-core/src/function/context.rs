//! Where a call stands: flow, step, lane, and everything that arguments are fetched from.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    sync::Arc,
};

use kis_conn::Connector;

use super::{Cache, Meta};
use crate::error::{Error, Result};

/// Where a call stands: its flow, step and lane.
///
/// Tests make their own: `Ctx::builder().flow("f").build()`.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    flow: Arc<str>,
    step: Arc<str>,
    function: Arc<str>,
    lane: u32,
    params: Option<Shared>,
    conns: Vec<Client>,
    exts: Exts,
    cache: Cache,
    meta: Meta,
}

type Shared = Arc<dyn Any + Send + Sync>;

struct Client {
    arg: String,
    conn: String,
    client: Shared,
}

/// The values that the app put in, by type.
#[derive(Clone, Default)]
pub struct Exts(Arc<HashMap<TypeId, Shared>>);

/// Builds a [`Ctx`].
#[derive(Default)]
pub struct CtxBuilder {
    flow: String,
    step: String,
    function: String,
    lane: u32,
    params: Option<Shared>,
    conns: Vec<Client>,
    exts: Exts,
    cache: Cache,
    meta: Meta,
}

impl Ctx {
    /// Starts a context.
    pub fn builder() -> CtxBuilder {
        CtxBuilder::default()
    }

    /// The same with other clients of its connectors, in their order.
    pub(crate) fn with_clients(&self, clients: impl Iterator<Item = Arc<dyn Any + Send + Sync>>) -> Ctx {
        let old = &*self.0;
        let conns = old.conns.iter().zip(clients).map(|(conn, client)| Client {
            arg: conn.arg.clone(),
            conn: conn.conn.clone(),
            client,
        });
        Ctx(Arc::new(Inner {
            flow: Arc::clone(&old.flow),
            step: Arc::clone(&old.step),
            function: Arc::clone(&old.function),
            lane: old.lane,
            params: old.params.clone(),
            conns: conns.collect(),
            exts: old.exts.clone(),
            cache: old.cache.clone(),
            meta: old.meta.clone(),
        }))
    }

    /// The name of the flow.
    pub fn flow(&self) -> &str {
        &self.0.flow
    }

    /// The name of the step, unique in its flow.
    pub fn step(&self) -> &str {
        &self.0.step
    }

    /// The name of the function as YAML says it.
    pub fn function(&self) -> &str {
        &self.0.function
    }

    /// The lane that works on the batch.
    pub fn lane(&self) -> u32 {
        self.0.lane
    }

    /// The cache of the flow.
    pub fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// The texts that the flow, its functions and its connectors share.
    pub fn meta(&self) -> &Meta {
        &self.0.meta
    }

    /// The step's params.
    ///
    /// # Errors
    /// If the step has no params of this type.
    pub fn params<P: Send + Sync + 'static>(&self) -> Result<Arc<P>> {
        let params = self
            .0
            .params
            .as_ref()
            .and_then(|p| Arc::clone(p).downcast::<P>().ok());
        params.ok_or_else(|| self.missing("params", type_name::<P>(), "`.params(..)`"))
    }

    /// The client of the connector that the argument `arg` stands for.
    ///
    /// # Errors
    /// If the step has no such connector, or it is of another kind.
    pub fn conn<C: Connector>(&self, arg: &str) -> Result<Arc<C::Client>> {
        let conns = &self.0.conns;
        let client = conns
            .iter()
            .find(|c| c.arg == arg)
            .or_else(|| conns.iter().find(|c| c.arg.is_empty()));
        let client = client.and_then(|c| Arc::clone(&c.client).downcast::<C::Client>().ok());
        client.ok_or_else(|| self.missing("connector", type_name::<C>(), "`.conn(..)`"))
    }

    /// The name of the connector that the argument `arg` stands for.
    pub fn conn_name(&self, arg: &str) -> Option<&str> {
        self.0
            .conns
            .iter()
            .find(|c| c.arg == arg)
            .map(|c| c.conn.as_str())
    }

    /// The value of the type `T` that the app put in.
    ///
    /// # Errors
    /// If it put in none.
    pub fn ext<T: Send + Sync + 'static>(&self) -> Result<Arc<T>> {
        let value = self
            .0
            .exts
            .0
            .get(&TypeId::of::<T>())
            .and_then(|v| Arc::clone(v).downcast::<T>().ok());
        value.ok_or_else(|| self.missing("value", type_name::<T>(), "`App::ext(..)`"))
    }

    fn missing(&self, what: &str, of: &str, cure: &str) -> Error {
        Error::fatal(format!(
            "step {} of flow {} has no {what} of type {of}; give one with {cure}",
            self.step(),
            self.flow()
        ))
    }
}

impl CtxBuilder {
    /// Sets the name of the flow.
    #[must_use]
    pub fn flow(mut self, flow: impl Into<String>) -> CtxBuilder {
        self.flow = flow.into();
        self
    }

    /// Sets the name of the step.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> CtxBuilder {
        self.step = step.into();
        self
    }

    /// Sets the name of the function.
    #[must_use]
    pub fn function(mut self, function: impl Into<String>) -> CtxBuilder {
        self.function = function.into();
        self
    }

    /// Sets the lane.
    #[must_use]
    pub fn lane(mut self, lane: u32) -> CtxBuilder {
        self.lane = lane;
        self
    }

    /// Sets the params.
    #[must_use]
    pub fn params<P: Send + Sync + 'static>(self, params: P) -> CtxBuilder {
        self.any_params(Arc::new(params))
    }

    /// Sets the params, whatever their type.
    #[must_use]
    pub fn any_params(mut self, params: Arc<dyn Any + Send + Sync>) -> CtxBuilder {
        self.params = Some(params);
        self
    }

    /// Adds the client of a connector for the argument `arg`; an empty `arg` stands for all.
    #[must_use]
    pub fn conn<C: Connector>(self, arg: &str, conn: &str, client: C::Client) -> CtxBuilder {
        self.any_conn(arg, conn, Arc::new(client))
    }

    /// Adds the client of a connector, whatever its type.
    #[must_use]
    pub fn any_conn(mut self, arg: &str, conn: &str, client: Arc<dyn Any + Send + Sync>) -> CtxBuilder {
        self.conns.push(Client {
            arg: arg.to_owned(),
            conn: conn.to_owned(),
            client,
        });
        self
    }

    /// Adds a value that functions fetch as `Ext<T>`.
    #[must_use]
    pub fn ext<T: Send + Sync + 'static>(mut self, value: T) -> CtxBuilder {
        self.exts = self.exts.with(value);
        self
    }

    /// Sets all values that functions fetch as `Ext<T>`.
    #[must_use]
    pub fn exts(mut self, exts: Exts) -> CtxBuilder {
        self.exts = exts;
        self
    }

    /// Sets the cache.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> CtxBuilder {
        self.cache = cache;
        self
    }

    /// Sets the shared texts.
    #[must_use]
    pub fn meta(mut self, meta: Meta) -> CtxBuilder {
        self.meta = meta;
        self
    }

    /// The context.
    pub fn build(self) -> Ctx {
        Ctx(Arc::new(Inner {
            flow: self.flow.into(),
            step: self.step.into(),
            function: self.function.into(),
            lane: self.lane,
            params: self.params,
            conns: self.conns,
            exts: self.exts,
            cache: self.cache,
            meta: self.meta,
        }))
    }
}

impl Exts {
    /// The values with one more; a value of the same type is replaced.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(self, value: T) -> Exts {
        let mut map = (*self.0).clone();
        map.insert(TypeId::of::<T>(), Arc::new(value));
        Exts(Arc::new(map))
    }

    /// Whether there is a value of this type.
    pub(crate) fn has(&self, of: TypeId) -> bool {
        self.0.contains_key(&of)
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("flow", &self.0.flow)
            .field("step", &self.0.step)
            .field("lane", &self.0.lane)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Exts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exts({})", self.0.len())
    }
}

impl std::fmt::Debug for CtxBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CtxBuilder")
            .field("flow", &self.flow)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
