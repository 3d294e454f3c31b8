//! An endpoint is one declaration: route, who may call, what it costs, and what it does.
//!
//! From the list of declarations come the router, the printed table and the refusal tests; no handler
//! knows a status code or a header.

use crate::answer::{Answer, Form};
use crate::guard::Call;
use crate::input::{Field, Input, Raw, Unknown};
use crate::refusal::Refusal;
use rollcall_model::{Permission, Scopes};
use rollcall_service::{AnyPrincipal, Principal};

/// What the router, the guard and the docs need to know of an endpoint.
pub trait Endpoint: Sized + Send + Sync + 'static {
    /// Where it answers.
    const ROUTES: &'static [Route];
    /// What it does, in a few words.
    const SUMMARY: &'static str;
    /// Whom it answers, and at what price.
    const POLICY: Policy<Self>;
    /// Who is calling: a [`Principal`], maybe one, or anyone.
    type Caller: Caller;
    /// Its parameters in the query.
    type Query: Input;
    /// Its parameters in the body.
    type Body: Input;
    /// What it answers with when all goes well.
    type Answer: Answer;

    /// Does it. The caller has passed every stage of the guard.
    fn act(call: Call<Self>) -> impl Future<Output = Result<Self::Answer, Refusal>> + Send;
}

/// A method and a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The whole path; a method's name.
    pub path: &'static str,
}

/// The versions of the API. They differ in how they authenticate, count, and say what is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Rocket.Chat's wire.
    V1,
    /// Our own.
    V2,
}

impl Version {
    /// The version that a path belongs to. What belongs to none is answered as the first does.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/api/v2/") { Self::V2 } else { Self::V1 }
    }

    /// As in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

impl Route {
    /// The version of the API that it belongs to.
    pub fn version(self) -> Version {
        Version::of(self.path)
    }
}

/// The methods that endpoints have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; a body is not looked at.
    Get,
    /// Changes something.
    Post,
    /// Puts something in its place, whatever was there.
    Put,
    /// Ends or removes something; a body is not looked at.
    Delete,
    /// A method of the socket protocol, by its name; over HTTP it is called through `method.call`.
    Call,
    /// The same, on a socket only: it says whose socket it is.
    Socket,
}

impl Method {
    /// As on the request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Call => "CALL",
            Self::Socket => "SOCKET",
        }
    }
}

/// A route that reads.
pub const fn get(path: &'static str) -> Route {
    Route { method: Method::Get, path }
}

/// A route that changes something.
pub const fn post(path: &'static str) -> Route {
    Route { method: Method::Post, path }
}

/// A route that puts something in its place.
pub const fn put(path: &'static str) -> Route {
    Route { method: Method::Put, path }
}

/// A route that ends or removes something.
pub const fn delete(path: &'static str) -> Route {
    Route { method: Method::Delete, path }
}

/// A method of the socket protocol.
pub const fn call(name: &'static str) -> Route {
    Route { method: Method::Call, path: name }
}

/// A method of the socket protocol that is called on a socket only.
pub const fn socket(name: &'static str) -> Route {
    Route { method: Method::Socket, path: name }
}

/// Whom an endpoint answers, and at what price. No field has a default: whoever forgets one does not compile.
pub struct Policy<E: Endpoint> {
    /// The right that is asked for.
    pub needs: Needs,
    /// The rights that depend on what the parameters name, in the order in which they are asked for.
    pub of_target: &'static [OfTarget<E>],
    /// How calls are counted.
    pub rate: Rate,
    /// Whether a second factor is asked for.
    pub step_up: StepUp,
    /// Whether a user may call it that must have a factor and has none.
    pub without_factor: WithoutFactor,
    /// What the ledger is told of a call.
    pub record: Record,
}

/// The right that an endpoint asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Nothing,
    /// A permission; and how its lack is answered.
    Permission(Permission, DeniedAs),
    /// One of these permissions; and how the lack of all is answered.
    AnyOf(&'static [Permission], DeniedAs),
}

impl Needs {
    /// The permissions of which one is asked for, and how their lack is answered.
    pub const fn permissions(&self) -> Option<(&[Permission], DeniedAs)> {
        match self {
            Self::Nothing => None,
            Self::Permission(permission, denied) => Some((std::slice::from_ref(permission), *denied)),
            Self::AnyOf(permissions, denied) => Some((permissions, *denied)),
        }
    }
}

/// How the lack of a right is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeniedAs {
    /// 403, in the words of a declared permission.
    Forbidden,
    /// 403 `unauthorized`, as older endpoints say it.
    Unauthorized,
    /// 400 `error-action-not-allowed`: the sentence, and what is named in the details.
    ActionNotAllowed {
        /// The sentence.
        sentence: &'static str,
        /// The method.
        method: &'static str,
        /// The action.
        action: &'static str,
    },
}

/// A right that depends on what the parameters name.
pub struct OfTarget<E: Endpoint> {
    /// When it is asked for, for the docs.
    pub when: &'static str,
    /// The right.
    pub permission: Permission,
    /// How its lack is answered.
    pub denied: DeniedAs,
    /// Whether these parameters ask for it, of this caller.
    pub asks: fn(&E::Caller, &E::Body) -> bool,
}

/// How calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// By address and endpoint; holders of `api-bypass-rate-limit` are not counted.
    Default,
    /// As the default, everybody; a token that is resumed is counted by connection instead.
    SignIn,
    /// By principal, over all endpoints; who is none, by address.
    Principal,
    /// Not at all.
    Uncounted,
}

/// Whether a second factor is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepUp {
    /// No.
    No,
    /// Not before: the act itself asks for one where it finds that it needs one, as a sign-in does.
    Within,
    /// Yes, unless one is remembered for this client.
    Required,
    /// Yes, whatever is remembered; and it is not remembered.
    Always,
}

impl StepUp {
    /// Whether the guard asks, before anything is done.
    pub const fn asks_first(self) -> bool {
        matches!(self, Self::Required | Self::Always)
    }
}

/// Whether a user may call an endpoint that must have a factor (a setting, by role) and has not enrolled one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutFactor {
    /// No: it is asked for one.
    Refused,
    /// Yes: it serves to enrol one, to sign out, or to know who one is.
    Allowed,
}

/// What the ledger is told of a call, refusals apart: those are always told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// Nothing: what it changes is an event of its own, or it shows the caller to itself.
    Nothing,
    /// That sessions of others were read.
    Read,
}

/// Who is calling, as a type: what an endpoint asks for it has.
pub trait Caller: Sized + Send {
    /// For the docs and the refusal tests.
    const WHO: Who;
    /// Whether programs may call, by a service token whose scopes hold the permission that the endpoint needs.
    const ADMITS_SERVICES: bool;

    /// The caller, when there is a principal or not; refuses whom the endpoint does not answer.
    fn admit(principal: Option<AnyPrincipal>) -> Result<Self, Refusal>;

    /// The principal, where there is one.
    fn principal(&self) -> Option<AnyPrincipal>;
}

/// Whom an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody; credentials are not looked at.
    Anyone,
    /// Everybody; wrong credentials are as none.
    Optional,
    /// Signed-in users.
    SignedIn,
}

/// Nobody in particular.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

impl Caller for Anyone {
    const WHO: Who = Who::Anyone;
    const ADMITS_SERVICES: bool = false;

    fn admit(_principal: Option<AnyPrincipal>) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn principal(&self) -> Option<AnyPrincipal> {
        None
    }
}

/// A user, or nobody in particular.
impl Caller for Option<Principal> {
    const WHO: Who = Who::Optional;
    const ADMITS_SERVICES: bool = false;

    fn admit(principal: Option<AnyPrincipal>) -> Result<Self, Refusal> {
        principal.map(user).transpose()
    }

    fn principal(&self) -> Option<AnyPrincipal> {
        self.map(AnyPrincipal::User)
    }
}

/// A user, and no program.
impl Caller for Principal {
    const WHO: Who = Who::SignedIn;
    const ADMITS_SERVICES: bool = false;

    fn admit(principal: Option<AnyPrincipal>) -> Result<Self, Refusal> {
        principal.ok_or(Refusal::NotSignedIn).and_then(user)
    }

    fn principal(&self) -> Option<AnyPrincipal> {
        Some(AnyPrincipal::User(*self))
    }
}

/// A user, or a program.
impl Caller for AnyPrincipal {
    const WHO: Who = Who::SignedIn;
    const ADMITS_SERVICES: bool = true;

    fn admit(principal: Option<AnyPrincipal>) -> Result<Self, Refusal> {
        principal.ok_or(Refusal::NotSignedIn)
    }

    fn principal(&self) -> Option<AnyPrincipal> {
        Some(self.clone())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it becomes what is given back")]
fn user(principal: AnyPrincipal) -> Result<Principal, Refusal> {
    match principal {
        AnyPrincipal::User(principal) => Ok(principal),
        AnyPrincipal::Service(_) => Err(Refusal::NotForServices),
    }
}

/// A declaration as data, for whatever goes over all of them.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the same names as in Endpoint and Policy")]
pub struct Declaration {
    pub routes: &'static [Route],
    pub summary: &'static str,
    pub who: Who,
    pub admits_services: bool,
    pub needs: Needs,
    pub of_target: Vec<(&'static str, Permission, DeniedAs)>,
    pub rate: Rate,
    pub step_up: StepUp,
    pub without_factor: WithoutFactor,
    pub record: Record,
    pub query: &'static [Field],
    pub query_unknown: Unknown,
    pub body: &'static [Field],
    pub body_unknown: Unknown,
    pub answers: fn() -> Vec<Form>,
    /// Reads a query or a body without a server, as the guard would.
    pub decode: fn(Raw<'_>) -> Result<(), Refusal>,
}

impl Declaration {
    /// The scopes by any of which a service token opens it. Without a permission to ask for there are none.
    pub fn scopes(&self) -> Vec<Permission> {
        let permissions = self.needs.permissions().filter(|_| self.admits_services);
        let permissions = permissions.map_or(&[][..], |(permissions, _)| permissions);
        permissions.iter().copied().filter(|permission| Scopes::ALL.contains(permission)).collect()
    }

    /// The version of the API that it belongs to.
    pub fn version(&self) -> Version {
        self.routes.first().map_or(Version::V1, |route| route.version())
    }

    /// The routes that it has over HTTP, methods by `method.call` among them.
    pub fn routes_over_http(&self) -> impl Iterator<Item = Route> + use<> {
        self.routes.iter().copied().filter(|route| route.method != Method::Socket)
    }

    /// The methods that it is on a socket.
    pub fn routes_on_sockets(&self) -> impl Iterator<Item = Route> + use<> {
        self.routes.iter().copied().filter(|route| matches!(route.method, Method::Call | Method::Socket))
    }

    /// An endpoint's declaration.
    pub fn of<E: Endpoint>() -> Self {
        let policy = E::POLICY;
        Self {
            routes: E::ROUTES,
            summary: E::SUMMARY,
            who: E::Caller::WHO,
            admits_services: E::Caller::ADMITS_SERVICES,
            needs: policy.needs,
            of_target: (policy.of_target.iter())
                .map(|right| (right.when, right.permission, right.denied))
                .collect(),
            rate: policy.rate,
            step_up: policy.step_up,
            without_factor: policy.without_factor,
            record: policy.record,
            query: E::Query::FIELDS,
            query_unknown: E::Query::UNKNOWN,
            body: E::Body::FIELDS,
            body_unknown: E::Body::UNKNOWN,
            answers: E::Answer::forms,
            decode: |raw| match raw {
                Raw::Query(_) => E::Query::decode(raw).map(drop),
                Raw::Body(_) => E::Body::decode(raw).map(drop),
            },
        }
    }
}
