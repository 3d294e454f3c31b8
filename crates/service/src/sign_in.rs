//! Signing in: by password, which opens a session, or by a token that lives.
//!
//! **Invariants:** a wrong password, an unknown user and nothing usable take the same way (counters, one
//! hash, one commit, the floor) and get the same answer; a failure is counted before it is answered.

use crate::codes::{Code, NotTaken};
use crate::error::{NotWritten, SignInRefusal, StepUpKind, Wait, unforeseen};
use crate::principal::Client;
use crate::{Principal, Refusal, Service};
use rollcall_auth::{PasswordDigest, digest};
use rollcall_model::command::Opening;
use rollcall_model::factor::Proof;
use rollcall_model::failure::FailureKey;
use rollcall_model::user::NameKey;
use rollcall_model::{AddressKey, Command, Owner, Receipt, Refused, SessionId, Timestamp, Token, UserNo};
use rollcall_store::{Credential, WhichUser};
use tokio::time::Instant;

/// What a client brings to sign in; what is not usable is not there.
#[derive(Debug)]
pub struct SignIn {
    /// How the user is named.
    pub user: Option<LoginName>,
    /// The password.
    pub password: Option<PasswordDigest>,
    /// A second factor's code.
    pub code: Code,
}

/// How a sign-in names its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// By username.
    Username(String),
    /// By address.
    Email(String),
}

impl LoginName {
    /// By address where there is an `@`, which no username has.
    pub fn of(name: String) -> Self {
        if name.contains('@') { Self::Email(name) } else { Self::Username(name) }
    }
}

/// A token and who holds it.
#[expect(missing_debug_implementations, reason = "it holds a token in the clear")]
pub struct SignedIn {
    /// The token: new, or the one that was resumed.
    pub token: String,
    /// The user.
    pub credential: Credential,
}

impl Service {
    /// Opens a session for the right password.
    pub async fn sign_in(&self, sign_in: SignIn, client: Client) -> Result<SignedIn, Refusal> {
        let started = Instant::now();
        let result = self.try_sign_in(sign_in, client).await;
        if matches!(result, Err(Refusal::SignIn(SignInRefusal::Unauthorized))) {
            tokio::time::sleep_until(started + self.hashing.floor()).await;
        }
        self.metrics.signed_in(&result);
        result
    }

    async fn try_sign_in(&self, sign_in: SignIn, client: Client) -> Result<SignedIn, Refusal> {
        let which = sign_in.user.map(|name| match name {
            LoginName::Username(name) => WhichUser::Username(NameKey::of(&name)),
            LoginName::Email(address) => WhichUser::Email(NameKey::of(&address)),
        });
        let found = match &which {
            Some(which) => self.store.credential(which.clone()).await?,
            None => None,
        };
        let address = AddressKey::of(client.ip);
        let of_user = self.failure_key(which.as_ref(), found.as_ref(), address);
        let guards: Vec<_> = of_user.into_iter().chain([FailureKey::Address(address)]).collect();
        self.not_blocked(&guards).await?;

        let usable = sign_in.password.is_some();
        let password = sign_in.password.unwrap_or_else(|| PasswordDigest::of(""));
        let hash = found.as_ref().map(|credential| credential.password.clone());
        let right = self.hashing.verify(password.clone(), hash).await? && usable;
        match found.filter(|_| right) {
            // Only whoever has the password learns that the user is deactivated.
            Some(credential) if !credential.user.active => Err(Refusal::SignIn(SignInRefusal::UserNotActive)),
            Some(credential) => {
                let signed_in = self.open(credential, client, guards, of_user, &sign_in.code).await?;
                let Credential { user, password: hash, .. } = &signed_in.credential;
                self.rehash(&user.owner, password, hash.clone());
                Ok(signed_in)
            }
            None => Err(self.wrong_password(&guards).await),
        }
    }

    /// Gives back a login token that lives, with its user. Opens nothing. A personal token is as unknown: it
    /// holds no session that could be gone on with.
    pub async fn resume(&self, token: String) -> Result<SignedIn, Refusal> {
        let dead = Refusal::SignIn(SignInRefusal::TokenNotLive);
        let principal = self.authenticate(&digest::token(&token)).await?;
        let of_session = principal.filter(|principal| principal.session().is_some());
        let principal = of_session.ok_or_else(|| dead.clone())?;
        let credential = self.store.credential(WhichUser::No(principal.user())).await?.ok_or(dead)?;
        Ok(SignedIn { token, credential })
    }

    /// The principal's own user, whole.
    pub async fn myself(&self, principal: &Principal) -> Result<Credential, Refusal> {
        // Deleted since the token was checked: as good as gone.
        let found = self.store.credential(WhichUser::No(principal.user())).await?;
        found.ok_or(Refusal::SignIn(SignInRefusal::TokenNotLive))
    }

    /// Which counter a failure of this name from this address goes to.
    fn failure_key(
        &self,
        which: Option<&WhichUser>,
        found: Option<&Credential>,
        address: AddressKey,
    ) -> Option<FailureKey> {
        let Some(credential) = found else {
            return match which? {
                WhichUser::Username(name) | WhichUser::Email(name) => {
                    Some(FailureKey::Name(digest::name(name)))
                }
                WhichUser::No(_) | WhichUser::Id(_) => None,
            };
        };
        Some(self.failure_key_of(credential.user.owner.no, address))
    }

    /// The same of a user that there is.
    pub(crate) fn failure_key_of(&self, user: UserNo, address: AddressKey) -> FailureKey {
        // A stranger elsewhere must not lock a user out of the place it is known to sign in from.
        let known = self.standing.knows_address(user, address, self.clock.now());
        if known { FailureKey::UserFrom(user, address) } else { FailureKey::User(user) }
    }

    pub(crate) async fn not_blocked(&self, guards: &[FailureKey]) -> Result<(), Refusal> {
        let now = self.clock.now();
        let failures = self.store.failures(guards.to_vec()).await?;
        let blocked = |key: &FailureKey| {
            let failure = failures.get(key).filter(|failure| failure.blocks(now))?;
            Some(self.blocked(*key, failure.blocked_until))
        };
        guards.iter().find_map(blocked).map_or(Ok(()), Err)
    }

    pub(crate) async fn wrong_password(&self, guards: &[FailureKey]) -> Refusal {
        let counted = guards
            .iter()
            .map(|key| {
                let of_address = matches!(key, FailureKey::Address(_));
                (*key, if of_address { self.settings.address_failures } else { self.settings.user_failures })
            })
            .collect();
        match self.writer.run(Command::CountFailure(counted)).await {
            Ok(_) => Refusal::SignIn(SignInRefusal::Unauthorized),
            Err(NotWritten::Refused(Refused::Blocked(key, until))) => self.blocked(key, until),
            Err(error) => error.unforeseen(),
        }
    }

    async fn open(
        &self,
        credential: Credential,
        client: Client,
        guards: Vec<FailureKey>,
        of_user: Option<FailureKey>,
        code: &Code,
    ) -> Result<SignedIn, Refusal> {
        let token = Token::random(&*self.randomness);
        let owner = &credential.user.owner;
        let Client { ip, agent, host } = client.clone();
        let opening = Opening {
            user: owner.no,
            id: SessionId::random(&*self.randomness),
            token: digest::token(token.reveal()),
            lifetime: self.settings.session_lifetime,
            per_user_max: self.settings.sessions_per_user,
            proof: Proof::Password,
            ip,
            agent,
            host,
            guards,
            clears: of_user.into_iter().collect(),
        };
        let opened = if self.standing.factors(owner.no).any() {
            self.open_with_code(owner, opening, code).await
        } else {
            let opened = self.writer.run(Command::OpenSession(Box::new(opening))).await;
            opened.map_err(|error| match error {
                NotWritten::Refused(refused) => NotTaken::Refused(refused),
                NotWritten::Unavailable => NotTaken::Outcome(Refusal::Unavailable),
            })
        };
        let refusal = match opened {
            Ok(_) => return Ok(SignedIn { token: token.reveal().into(), credential }),
            Err(NotTaken::Code(kind)) => self.second_factor(owner, kind, code, &client).await?,
            // Enrolled while the password was looked at.
            Err(NotTaken::Refused(Refused::FactorRequired)) => {
                self.second_factor(owner, StepUpKind::Required, code, &client).await?
            }
            Err(NotTaken::Refused(Refused::UserNotActive)) => SignInRefusal::UserNotActive,
            Err(NotTaken::Refused(Refused::NoSuchUser)) => SignInRefusal::Unauthorized,
            Err(NotTaken::Refused(Refused::Blocked(key, until))) => return Err(self.blocked(key, until)),
            Err(NotTaken::Refused(refused)) => return Err(unforeseen(refused)),
            Err(NotTaken::Outcome(outcome)) => return Err(outcome),
        };
        Err(Refusal::SignIn(refusal))
    }

    async fn open_with_code(
        &self,
        owner: &Owner,
        mut opening: Opening,
        code: &Code,
    ) -> Result<Receipt, NotTaken> {
        let counter = FailureKey::Code(owner.no);
        opening.guards.push(counter);
        opening.clears.push(counter);
        let method = self.method(owner, code);
        let command = |proof| Command::OpenSession(Box::new(Opening { proof, ..opening }));
        self.with_code(owner, method, code.given(), command).await
    }

    async fn second_factor(
        &self,
        owner: &Owner,
        kind: StepUpKind,
        code: &Code,
        client: &Client,
    ) -> Result<SignInRefusal, Refusal> {
        let method = self.method(owner, code);
        self.asked_for_code(owner, kind, method, client).await.map(SignInRefusal::SecondFactor)
    }

    fn blocked(&self, key: FailureKey, until: Timestamp) -> Refusal {
        let wait = Wait::new(until, self.clock.now());
        Refusal::SignIn(match key {
            FailureKey::Address(_) => SignInRefusal::BlockedForAddress(wait),
            _ => SignInRefusal::BlockedForUser(wait),
        })
    }
}
