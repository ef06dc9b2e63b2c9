//! Routes with what the document tells of them: the router and the document are made from one
//! table.

use std::collections::BTreeMap;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;

use super::Operation;
use crate::app::App;

/// A table of routes. Paths are written as Azure writes them.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    all: Vec<Route>,
    models: BTreeMap<String, Value>,
}

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    /// Its path with `{names}`, in Azure's case.
    pub(super) path: String,
    pub(super) method: Method,
    pub(super) operation: Operation,
    handler: MethodRouter<App>,
}

/// A route for each method of HTTP that is served.
macro_rules! methods {
    ($($name:ident $method:ident;)*) => {
        impl Routes {$(
            #[doc = concat!("`", stringify!($method), " path`")]
            pub(crate) fn $name<H, T>(self, path: &str, handler: H, operation: Operation) -> Self
            where
                H: Handler<T, App>,
                T: 'static,
            {
                self.route(Method::$method, path, handler, operation)
            }
        )*}
    };
}

methods! {
    get GET;
    head HEAD;
    put PUT;
    patch PATCH;
    post POST;
    delete DELETE;
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A model that operations name.
    pub(crate) fn model(mut self, name: &str, schema: Value) -> Self {
        self.models.insert(name.to_owned(), schema);
        self
    }

    /// These and those.
    pub(crate) fn merge(mut self, more: Self) -> Self {
        self.all.extend(more.all);
        self.models.extend(more.models);
        self
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Route> {
        self.all.iter()
    }

    pub(super) fn models(&self) -> &BTreeMap<String, Value> {
        &self.models
    }

    /// The router: of paths in the form that [`crate::path`] brings them to.
    pub(crate) fn router(self) -> Router<App> {
        self.all.into_iter().fold(Router::new(), |router, route| {
            #[expect(clippy::disallowed_methods, reason = "here every route is described")]
            router.route(&folded(&route.path), route.handler)
        })
    }

    fn route<H, T>(mut self, method: Method, path: &str, handler: H, operation: Operation) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("one that is routed");
        self.all.push(Route {
            path: path.to_owned(),
            method,
            operation,
            handler: on(filter, handler),
        });
        self
    }
}

/// What a path's segment is in lower case; names as they are.
fn folded(path: &str) -> String {
    let segment = |s: &str| match s.starts_with('{') {
        true => s.to_owned(),
        false => s.to_ascii_lowercase(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}
