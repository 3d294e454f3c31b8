//! One socket, from its upgrade to its end: what comes is heard, what is asked is done in order, and the end
//! of its session ends it.

use super::conversation::{Conversation, Reaction, Work};
use super::message::{self, MethodCall};
use super::methods::Methods;
use super::wire::{Frame, Wire};
use super::{Close, errors, login, logout};
use crate::app::{App, Connection};
use crate::guard::{Arrival, Credentials, PathParams, Way};
use crate::input::Body;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::v1::errors::wire;
use axum::http::StatusCode;
use rollcall_auth::digest;
use rollcall_service::{Client, Code, Ending, Watch};
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

/// A socket and what is known of it.
pub struct Socket<S> {
    wire: Wire<S>,
    conversation: Conversation,
    app: Arc<App>,
    methods: Arc<Methods>,
    client: Client,
    /// Holds the connection's place until the socket is gone.
    connection: Connection,
    /// Whose socket it is.
    signed_in: Option<SignedIn>,
    /// The user that the other end was told of.
    user_told: Option<String>,
    running: Option<Running>,
}

/// A session that a socket is bound to.
struct SignedIn {
    user_id: String,
    credentials: Credentials,
    /// Waits for its end; not while the socket signs out by itself.
    watch: Option<Watch>,
}

/// A method that is under way.
type Running = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// A method's answer.
struct Answered {
    id: Value,
    name: String,
    outcome: Result<Option<Value>, Refusal>,
}

/// What comes next on a socket.
enum Step {
    Ended(Ending),
    Stop,
    Answered(Answered),
    Heard(Frame),
    Due,
}

/// The other end is gone, or was closed.
struct Over;

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// A socket of nobody yet.
    pub async fn new(
        io: S,
        app: Arc<App>,
        methods: Arc<Methods>,
        client: Client,
        mut connection: Connection,
    ) -> Self {
        // What came on it before may have been another client's.
        connection.resumes = Arc::default();
        Self {
            wire: Wire::new(io).await,
            conversation: Conversation::new(Instant::now()),
            app,
            methods,
            client,
            connection,
            signed_in: None,
            user_told: None,
            running: None,
        }
    }

    /// Serves it to its end.
    pub async fn run(mut self) {
        self.wire.say(message::server_id());
        while self.turn().await.is_ok() {}
        self.wire.linger().await;
    }

    async fn turn(&mut self) -> Result<(), Over> {
        self.work().await?;
        let due = self.conversation.due();
        let read = !self.conversation.is_full();
        let watch = self.signed_in.as_mut().and_then(|signed_in| signed_in.watch.as_mut());
        let step = tokio::select! {
            biased;
            ending = ended(watch) => Step::Ended(ending),
            () = self.connection.stopped() => Step::Stop,
            answered = answered(&mut self.running) => Step::Answered(answered),
            frame = self.wire.next(read) => Step::Heard(frame),
            () = sleep_until(due) => Step::Due,
        };
        match step {
            Step::Ended(ending) => self.force_logout(Some(ending)).await,
            Step::Stop => self.close(Close::STOPPING).await,
            Step::Answered(answered) => self.answer(answered).await,
            Step::Heard(Frame::Text(text)) => {
                self.is_used().await;
                let draw = || self.app.guard.service.random_id();
                let reaction = self.conversation.heard(&text, Instant::now(), draw);
                self.react(reaction).await
            }
            Step::Heard(Frame::Alive) => {
                self.is_used().await;
                self.conversation.alive(Instant::now());
                Ok(())
            }
            Step::Heard(Frame::Bad(close)) => self.close(close).await,
            Step::Heard(Frame::Closing) => {
                self.wire.answer_close().await;
                Err(Over)
            }
            Step::Heard(Frame::Gone) => Err(Over),
            Step::Due => {
                let reaction = self.conversation.at(Instant::now());
                self.react(reaction).await
            }
        }
    }

    async fn react(&mut self, reaction: Reaction) -> Result<(), Over> {
        self.wire.say_all(reaction.say);
        match reaction.close {
            Some(close) => self.close(close).await,
            None => Ok(()),
        }
    }

    async fn close(&mut self, close: Close) -> Result<(), Over> {
        self.wire.close(None, close, false).await;
        Err(Over)
    }

    /// Does what waits, up to the next method.
    async fn work(&mut self) -> Result<(), Over> {
        while self.running.is_none()
            && let Some(work) = self.conversation.next_work()
        {
            match work {
                Work::Method(call) => self.start(call),
                Work::Sub(sub) => {
                    let user_id = self.live().await.map(|signed_in| signed_in.user_id.clone());
                    let reaction = self.conversation.subscribe(sub, user_id.as_deref());
                    self.react(reaction).await?;
                }
                Work::Unsub { id } => {
                    let nosub = self.conversation.unsubscribe(&id);
                    self.wire.say(nosub);
                }
            }
        }
        Ok(())
    }

    /// The session that the socket is bound to, while it lives; none when that cannot be known.
    async fn live(&mut self) -> Option<&SignedIn> {
        let signed_in = self.signed_in.as_ref()?;
        let token = digest::token(&signed_in.credentials.token);
        let principal = self.app.guard.service.authenticate(&token).await;
        principal.ok().flatten().map(|_| signed_in)
    }

    /// Whoever holds a socket open uses its session: it is seen by every frame, heartbeats too.
    async fn is_used(&mut self) {
        let _ = self.live().await;
    }

    fn start(&mut self, call: MethodCall) {
        let MethodCall { id, name, params } = call;
        let Some(method) = self.methods.get(&name) else {
            let refusal = Refusal::NoSuchCall { name: name.clone() };
            self.running = Some(Box::pin(async { Answered { id, name, outcome: Err(refusal) } }));
            return;
        };
        if name == logout::NAME
            && let Some(signed_in) = &mut self.signed_in
        {
            // It knows of the end that it brings about itself.
            signed_in.watch = None;
        }
        let arrival = Arrival {
            route: method.route,
            credentials: self.signed_in.as_ref().map(|signed_in| signed_in.credentials.clone()),
            code: Code::default(),
            client: self.client.clone(),
            page: Page::NONE,
            path: PathParams::default(),
            query: String::new(),
            body: Body::Params(params),
            last_event_id: None,
            resumes: self.connection.resumes.clone(),
        };
        let app = self.app.clone();
        let (_, span) = app.span(method.route);
        let asked_at = Instant::now();
        let run = async move {
            let outcome = method.run(app.clone(), arrival).await;
            let status =
                outcome.as_ref().map_or_else(|refusal| wire(refusal).status, |_| StatusCode::OK.as_u16());
            app.answered(method.route, status, asked_at.elapsed());
            tracing::debug!(done = outcome.is_ok(), "answered");
            // A reply is JSON of our own making, or nothing.
            let outcome =
                outcome.map(|reply| reply.json_bytes().and_then(|json| serde_json::from_slice(json).ok()));
            Answered { id, name, outcome }
        };
        self.running = Some(Box::pin(run.instrument(span)));
    }

    async fn answer(&mut self, answered: Answered) -> Result<(), Over> {
        let Answered { id, name, outcome } = answered;
        self.running = None;
        self.conversation.answered();
        let said = match &outcome {
            Ok(result) => Ok(result.clone()),
            Err(refusal) => Err(errors::error(refusal)),
        };
        self.wire.say_all(message::answered(&id, said));
        match (name.as_str(), outcome) {
            (login::NAME, Ok(Some(result))) => self.bind(&result).await,
            (logout::NAME, Ok(_)) => {
                self.signed_in = None;
                let nosubs = self.conversation.unsubscribe_all();
                self.wire.say_all(nosubs);
                Ok(())
            }
            (logout::NAME, Err(_)) => match self.signed_in.take() {
                Some(SignedIn { user_id, credentials, .. }) => {
                    self.wait_for_its_end(user_id, credentials.token).await
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Takes from a sign-in's answer what the client takes from it: whose socket it is, and with which token.
    async fn bind(&mut self, result: &Value) -> Result<(), Over> {
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        self.wait_for_its_end(text("id"), text("token")).await
    }

    async fn wait_for_its_end(&mut self, user_id: String, token: String) -> Result<(), Over> {
        let service = &self.app.guard.service;
        let credentials = Credentials { user_id: Some(user_id.clone()), token, way: Way::Pair };
        let token = digest::token(&credentials.token);
        let principal = service.authenticate(&token).await.ok().flatten();
        let watch = principal.and_then(|principal| service.watch(&principal));
        // It may have ended before the watch began.
        let principal = service.authenticate(&token).await;
        self.signed_in = Some(SignedIn { user_id: user_id.clone(), credentials, watch });
        let principal = match principal {
            Ok(Some(principal)) => principal,
            Ok(None) => return self.force_logout(None).await,
            // Whether it lives cannot be known here.
            Err(_) => return self.close(Close::STOPPING).await,
        };
        if self.user_told.as_ref() != Some(&user_id) {
            let Ok(owner) = self.app.guard.service.owner(&principal) else {
                return self.force_logout(None).await;
            };
            self.wire.say(message::user_added(&user_id, &owner.username, owner.name.as_deref()));
            self.user_told = Some(user_id);
        }
        Ok(())
    }

    /// The session has ended: the other end is told, and the socket closed. Whoever ended it waits for that.
    async fn force_logout(&mut self, ending: Option<Ending>) -> Result<(), Over> {
        let event = ending.as_ref().and_then(|ending| {
            let user_id = &self.signed_in.as_ref()?.user_id;
            self.conversation.force_logout(user_id, ending.session.as_str())
        });
        self.wire.close(event, Close::SESSION_ENDED, true).await;
        drop(ending);
        Err(Over)
    }
}

async fn ended(watch: Option<&mut Watch>) -> Ending {
    match watch {
        Some(watch) => watch.ended().await,
        None => std::future::pending().await,
    }
}

async fn answered(running: &mut Option<Running>) -> Answered {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}
