//! Making a user.

use crate::user_fields::{Fields, not_written};
use crate::{Principal, Refusal, Service};
use rollcall_auth::PasswordDigest;
use rollcall_model::mail::Mail;
use rollcall_model::user::{Email, Profile, UserKind};
use rollcall_model::{Command, NewUser, Token, User, UserId};
use rollcall_store::WhichUser;

/// A user as asked for.
#[derive(Debug)]
pub struct UserRequest {
    /// The name that people read.
    pub name: String,
    /// The username.
    pub username: String,
    /// The address.
    pub email: String,
    /// Whether the address is taken as verified.
    pub verified: bool,
    /// The password; `None` for a random one that nobody learns.
    pub password: Option<Password>,
    /// Roles by their ids; `None` for the default role.
    pub roles: Option<Vec<String>>,
    /// Whether the user may sign in.
    pub active: bool,
    /// Whether a mail tells it of the account, where mails reach people.
    pub welcome: bool,
    /// Free fields.
    pub profile: Profile,
}

/// A password's text, on its way to its digest.
pub struct Password(pub String);

/// Says nothing of the password.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Service {
    /// Makes a user, and answers it.
    pub async fn create_user(&self, principal: &Principal, request: UserRequest) -> Result<User, Refusal> {
        let wanted = request.welcome && self.delivery.transport.reaches_people();
        let (user, password) = self.checked(request)?;
        let welcome = user.emails.first().filter(|_| wanted).map(|email| {
            self.key.seal_mail(&welcome_mail(&email.address, &user.username), &*self.randomness)
        });
        let id = user.id;
        let password = self.hashing.hash(password, self.randomness.clone()).await?;
        let names = [
            user.username.clone(),
            user.emails.first().map(|email| email.address.clone()).unwrap_or_default(),
        ];
        let command = Command::CreateUser { user: Box::new(user), password, welcome, by: principal.actor() };
        match self.writer.run(command).await {
            Ok(_) => {
                let made = self.store.credential(WhichUser::Id(id)).await?;
                made.map(|credential| credential.user).ok_or(Refusal::Unavailable)
            }
            Err(error) => Err(not_written(error, &names[0], &names[1])),
        }
    }

    fn checked(&self, request: UserRequest) -> Result<(NewUser, PasswordDigest), Refusal> {
        let password = request.password.as_ref().map(|password| password.0.as_str());
        let fields = Fields {
            roles: Some(request.roles.as_deref().unwrap_or_default()),
            name: Some(&request.name),
            username: Some(&request.username),
            password,
        };
        let roles = fields.check()?.unwrap_or_default();
        let digest = match password {
            Some(text) => PasswordDigest::of(text),
            None => PasswordDigest::of(Token::random(&*self.randomness).reveal()),
        };
        let address = request.email.trim().to_owned();
        let emails =
            if address.is_empty() { Vec::new() } else { vec![Email { address, verified: request.verified }] };
        let user = NewUser {
            id: UserId::random(&*self.randomness),
            username: request.username,
            name: Some(request.name),
            roles,
            emails,
            kind: UserKind::User,
            active: request.active,
            profile: request.profile,
        };
        Ok((user, digest))
    }
}

/// No password: whoever made the user knows it, or nobody.
fn welcome_mail(to: &str, username: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: "Your account".into(),
        text: format!(
            "An account was made for you. Your username is {username}.\n\n\
             If you were not told a password, ask whoever made the account.\n"
        ),
    }
}
