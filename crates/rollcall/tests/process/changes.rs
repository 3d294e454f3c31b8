//! Role and factor changes under a load that is cut off, written down like sign-ins: what was answered has to be so
//! after a restart, what was not may be either.

use crate::observer::{Lost, ask};
use reqwest::RequestBuilder;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_testkit::{Authenticator, Caller, PASSWORD};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Is(bool),
    /// It was asked to become so, and the answer never came.
    Asked(bool),
}

/// A user whose role and factor come and go. It keeps one session.
struct Changing {
    caller: Caller,
    session: String,
    username: String,
    role: Known,
    factor: Known,
    authenticator: Option<Authenticator>,
}

/// The users that change, one task at a time.
pub struct Changes(Mutex<Vec<Changing>>);

/// How many changes were answered.
pub type Count = usize;

const ROLE: &str = "guest";

impl Changes {
    /// Makes the users through the administrator, and signs each in.
    pub async fn of_users(admin: &Caller, anyone: &Caller, count: usize) -> Self {
        let mut users = Vec::new();
        for n in 0..count {
            let username = format!("changing-{n}");
            let email = format!("{username}@example.test");
            let body =
                json!({ "username": username, "name": username, "email": email, "password": PASSWORD });
            assert_eq!(admin.post("users.create", &body).await.status, 200);
            let caller = anyone.sign_in(&username, PASSWORD).await;
            let session = caller.session_id().await;
            let (role, factor) = (Known::Is(false), Known::Is(false));
            users.push(Changing { caller, session, username, role, factor, authenticator: None });
        }
        Self(Mutex::new(users))
    }

    fn users(&self) -> MutexGuard<'_, Vec<Changing>> {
        self.0.lock().unwrap()
    }

    /// The sessions that these users keep, with their owners.
    pub fn sessions(&self) -> Vec<(String, String)> {
        let users = self.users();
        users.iter().map(|user| (user.session.clone(), user.caller.user_id.clone())).collect()
    }

    /// Changes one user after the other until the server is gone; gives how many changes were answered.
    pub async fn load(&self, anyone: &Caller, admin: &Caller) -> Count {
        let count = self.users().len();
        for turn in 0.. {
            let at = turn % count;
            let changed = if (turn / count).is_multiple_of(2) {
                self.change_role(admin, at).await
            } else {
                self.change_factor(anyone, at).await
            };
            if changed.is_none() {
                return turn;
            }
        }
        0
    }

    async fn change_role(&self, admin: &Caller, at: usize) -> Option<()> {
        let (username, before) = {
            let user = &self.users()[at];
            (user.username.clone(), user.role)
        };
        let is = is(before);
        let path = if is { "roles.removeUserFromRole" } else { "roles.addUserToRole" };
        let body = json!({ "roleId": ROLE, "username": username });
        self.users()[at].role = Known::Asked(!is);
        let answer = ask(admin.request("POST", &format!("/api/v1/{path}")).json(&body)).await;
        self.users()[at].role = after(&answer, before, !is);
        answer.ok().map(|_| ())
    }

    async fn change_factor(&self, anyone: &Caller, at: usize) -> Option<()> {
        let (caller, before, authenticator) = {
            let user = &self.users()[at];
            let own = anyone.with_credentials(&user.caller.user_id, &user.caller.token);
            (own, user.factor, user.authenticator.clone())
        };
        if let (true, Some(authenticator)) = (is(before), authenticator) {
            // Codes are lost with the answer that brought them; then the authenticator itself shows another.
            let next = || authenticator.code_at(SystemClock.now(), 1);
            let code = authenticator.recovery.first().cloned().unwrap_or_else(next);
            self.users()[at].factor = Known::Asked(false);
            let answer = method(&caller, "2fa:disable", &[json!(code)]).await;
            self.users()[at].factor = after(&answer, before, false);
            return answer.ok().map(|_| ());
        }
        let begun = method(&caller, "2fa:enable", &[]).await.ok()?;
        let mut authenticator = Authenticator::new(begun["secret"].as_str().unwrap());
        let code = authenticator.code_at(SystemClock.now(), 0);
        {
            let user = &mut self.users()[at];
            user.factor = Known::Asked(true);
            user.authenticator = Some(authenticator.clone());
        }
        let answer = method(&caller, "2fa:validateTempToken", &[json!(code)]).await;
        if let Ok(enrolled) = &answer {
            let codes = enrolled["codes"].as_array().unwrap();
            authenticator.recovery = codes.iter().map(|code| code.as_str().unwrap().into()).collect();
        }
        let user = &mut self.users()[at];
        user.factor = after(&answer, before, true);
        user.authenticator = Some(authenticator);
        answer.ok().map(|_| ())
    }

    /// Holds a server that has just started against what is known; gives each promise that it broke.
    pub async fn compare(&self, anyone: &Caller) -> Vec<String> {
        let (mut broken, count) = (Vec::new(), self.users().len());
        for at in 0..count {
            let caller = {
                let user = &self.users()[at];
                anyone.with_credentials(&user.caller.user_id, &user.caller.token)
            };
            let me = caller.get("me").await;
            assert_eq!(me.status, 200, "{me:?}");
            let role = me.body["roles"].as_array().unwrap().iter().any(|role| role == ROLE);
            let factor = me.body["services"]["totp"]["enabled"] == true;
            let user = &mut self.users()[at];
            for (what, known, found) in [("role", &mut user.role, role), ("factor", &mut user.factor, factor)]
            {
                if *known == Known::Is(!found) {
                    broken.push(format!("{}'s {what} is {found}, against {known:?}", user.username));
                }
                *known = Known::Is(found);
            }
        }
        broken
    }

    /// Lets it be claimed that a role was given that was not.
    pub fn invent_a_role(&self) {
        let user = &mut self.users()[0];
        user.role = Known::Is(!is(user.role));
    }
}

fn is(known: Known) -> bool {
    match known {
        Known::Is(is) => is,
        Known::Asked(_) => panic!("it is asked for again before a restart told what it is"),
    }
}

fn after<T>(answer: &Result<T, Lost>, before: Known, asked: bool) -> Known {
    match answer {
        Ok(_) => Known::Is(asked),
        Err(Lost::NeverAsked) => before,
        Err(Lost::NoAnswer) => Known::Asked(asked),
    }
}

/// Calls a method of the socket protocol, and gives its result.
async fn method(caller: &Caller, name: &str, params: &[Value]) -> Result<Value, Lost> {
    let message = json!({ "msg": "method", "id": "1", "method": name, "params": params }).to_string();
    let request: RequestBuilder = caller.request("POST", &format!("/api/v1/method.call/{name}"));
    let answer = ask(request.json(&json!({ "message": message }))).await?;
    let message: Value = serde_json::from_str(answer["message"].as_str().unwrap()).unwrap();
    Ok(message["result"].clone())
}
