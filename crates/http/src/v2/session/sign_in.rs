//! `POST session`: signs a page of ours in. The token goes into a cookie that no script reads, and nowhere else; always a
//! new one, so that nobody can have it before its user.

use crate::answer::{Created, WithCookie};
use crate::endpoint::{Endpoint, Needs, Policy, Rate, Record, Route, StepUp, WithoutFactor, post};
use crate::guard::{Call, Way};
use crate::input::{Field, Input, Kind, Nothing, Unknown, Values, required};
use crate::refusal::Refusal;
use crate::v2::me::Myself;
use rollcall_auth::{PasswordDigest, digest};
use rollcall_model::limits;
use rollcall_service::{LoginName, Principal, SignIn as Wanted};

/// The endpoint.
pub struct SignIn;

impl Endpoint for SignIn {
    const ROUTES: &'static [Route] = &[post("/api/v2/session")];
    const SUMMARY: &'static str = "Sign a page of this server in: its cookie holds the token";
    const POLICY: Policy<Self> = Policy {
        needs: Needs::Nothing,
        of_target: &[],
        rate: Rate::SignIn,
        step_up: StepUp::Within,
        without_factor: WithoutFactor::Allowed,
        record: Record::Nothing,
    };
    type Caller = Option<Principal>;
    type Query = Nothing;
    type Body = SignInBody;
    type Answer = WithCookie<Created<Myself<'static>>>;

    async fn act(call: Call<Self>) -> Result<Self::Answer, Refusal> {
        let (service, cookie) = (&call.service, call.page.cookie()?);
        let SignInBody { user, password } = call.body;
        let wanted = Wanted { user: Some(user), password, code: call.code };
        let signed_in = service.sign_in(wanted, call.client.clone()).await?;
        // The browser forgets the token that it had: nobody holds it any more.
        let had = call.credentials.is_some_and(|credentials| credentials.way == Way::Cookie);
        if let Some(before) = call.caller.filter(|_| had)
            && let Err(refusal) = service.sign_out(&before).await
        {
            tracing::warn!(?refusal, "the session that a browser had before could not be ended");
        }
        let token = digest::token(&signed_in.token);
        let principal = service.authenticate(&token).await?.ok_or(Refusal::NotSignedIn)?;
        let ends = service.expires_at(&principal).ok_or(Refusal::NotSignedIn)?;
        let cookie = cookie.keep(&signed_in, ends.since(service.now()));
        let me = Myself::of(service, &principal, &call.client).await?;
        Ok(WithCookie { answer: Created(me), cookie: Some(cookie) })
    }
}

/// Who, and its password; an empty one is none.
pub struct SignInBody {
    user: LoginName,
    password: Option<PasswordDigest>,
}

impl Input for SignInBody {
    const FIELDS: &'static [Field] = &[
        required("user", Kind::Text(limits::TEXT_CHARS)),
        required("password", Kind::Text(limits::TEXT_CHARS)),
    ];
    const UNKNOWN: Unknown = Unknown::Refused;

    fn read(mut values: Values) -> Self {
        let password = values.text("password").filter(|password| !password.is_empty());
        Self {
            user: LoginName::of(values.text("user").unwrap_or_default()),
            password: password.map(|password| PasswordDigest::of(&password)),
        }
    }
}
