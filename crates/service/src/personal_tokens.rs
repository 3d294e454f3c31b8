//! Personal access tokens: a user makes them for its programs. They authenticate like login tokens, are no
//! sessions, and end when they are removed, or when somebody else ends all that the user has.
//!
//! **Invariant:** a token leaves the process once, in the answer that made it.

use crate::error::{NotWritten, PersonalTokenRefusal, SignInRefusal};
use crate::{Principal, Refusal, Service};
use rollcall_auth::digest;
use rollcall_model::command::NewPersonalToken;
use rollcall_model::{Actor, Command, EndReason, PersonalToken, Refused, Token, TokenNo, limits};

impl Service {
    /// Makes a token of this name for the principal's user, and gives it.
    pub async fn make_personal_token(
        &self,
        principal: &Principal,
        name: String,
        bypasses_step_up: bool,
    ) -> Result<Token, Refusal> {
        let token = Token::random(&*self.randomness);
        let text = token.reveal();
        let new = NewPersonalToken {
            user: principal.user(),
            by: principal.token(),
            token: digest::token(text),
            name: named(name)?,
            last_part: text[text.len() - limits::TOKEN_PART_CHARS..].into(),
            bypasses_step_up,
        };
        match self.writer.run(Command::MakePersonalToken(Box::new(new))).await {
            Ok(_) => Ok(token),
            Err(error) => Err(not_written(error)),
        }
    }

    /// The tokens of the principal's user, in the order of their making.
    pub async fn personal_tokens(&self, principal: &Principal) -> Result<Vec<PersonalToken>, Refusal> {
        Ok(self.store.personal_tokens(principal.user()).await?)
    }

    /// Ends the token of this name of the principal's user.
    pub async fn remove_personal_token(&self, principal: &Principal, name: String) -> Result<(), Refusal> {
        let name = named(name)?;
        let held = self.personal_tokens(principal).await?.into_iter().find(|token| token.name == name);
        let held = held.ok_or(Refusal::PersonalToken(PersonalTokenRefusal::Unknown))?;
        self.end_personal(principal, held.no, EndReason::EndedByUser).await
    }

    pub(crate) async fn end_personal(
        &self,
        principal: &Principal,
        token: TokenNo,
        reason: EndReason,
    ) -> Result<(), Refusal> {
        let (user, by) = (principal.user(), Actor::User(principal.user()));
        let command = Command::RemovePersonalToken { user, token, reason, by };
        self.writer.run(command).await.map(|_| ()).map_err(not_written)
    }
}

fn named(name: String) -> Result<String, Refusal> {
    if name.is_empty() { Err(Refusal::PersonalToken(PersonalTokenRefusal::NoName)) } else { Ok(name) }
}

fn not_written(error: NotWritten) -> Refusal {
    let refused = Refusal::PersonalToken;
    match error {
        NotWritten::Refused(Refused::TokenNameInUse) => refused(PersonalTokenRefusal::NameInUse),
        NotWritten::Refused(Refused::TooManyTokens) => refused(PersonalTokenRefusal::TooMany),
        NotWritten::Refused(Refused::NoSuchToken) => refused(PersonalTokenRefusal::Unknown),
        // Ended since the token that asks was looked at.
        NotWritten::Refused(Refused::SessionNotLive | Refused::NoSuchUser) => {
            Refusal::SignIn(SignInRefusal::TokenNotLive)
        }
        error => error.unforeseen(),
    }
}
