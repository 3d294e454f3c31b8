//! The methods by name: endpoints whose route is a name, called on a socket or by `method.call`.

use crate::answer::Reply;
use crate::app::App;
use crate::endpoint::{Endpoint, Method as Way, Route};
use crate::guard::{self, Arrival};
use crate::refusal::Refusal;
use futures_util::FutureExt;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

type Run = fn(Arc<App>, Arrival) -> Pin<Box<dyn Future<Output = Result<Reply, Refusal>> + Send>>;

/// A method.
#[derive(Clone, Copy)]
pub struct Method {
    /// Its route: its path is the method's name.
    pub route: Route,
    run: Run,
}

impl Method {
    /// Takes a call through the guard to the endpoint.
    pub async fn run(self, app: Arc<App>, arrival: Arrival) -> Result<Reply, Refusal> {
        // A panic is a bug; it must not take the socket's other methods along.
        AssertUnwindSafe((self.run)(app, arrival)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("a method panicked");
            Err(Refusal::Internal)
        })
    }
}

/// All of them.
#[derive(Default)]
pub struct Methods {
    named: HashMap<&'static str, Method>,
    /// One that may be called over HTTP: names that nobody has are refused in its stead, after credentials.
    any: Option<Method>,
}

impl Methods {
    /// Puts a method among them.
    pub fn add<E: Endpoint>(&mut self, route: Route) {
        let run: Run =
            |app, arrival| Box::pin(async move { guard::run::<E>(&app.guard, arrival).await.outcome });
        let method = Method { route, run };
        self.named.insert(route.path, method);
        if route.method == Way::Call {
            self.any = Some(method);
        }
    }

    /// The method of this name.
    pub fn get(&self, name: &str) -> Option<Method> {
        self.named.get(name).copied()
    }

    /// The same over HTTP; any method, when there is none of this name.
    pub fn over_http(&self, name: &str) -> Option<Method> {
        self.get(name).filter(|method| method.route.method == Way::Call).or(self.any)
    }
}
