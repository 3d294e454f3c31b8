//! A user's own addresses: which they are, and how one is shown to be the user's, by a code that is mailed to it.
//!
//! **Invariants:** a code leaves the process in the mail and nowhere else; it is good for the very address that it was
//! mailed to; a wrong one is counted before it is answered, with the other codes of the user.

use crate::codes::NotTaken;
use crate::error::{NotWritten, StepUpKind, StepUpMethod, Wait};
use crate::mail_codes::counters;
use crate::{Client, Principal, Refusal, Service, UserUpdate};
use rollcall_auth::mailed;
use rollcall_model::command::Mailing;
use rollcall_model::mail::{About, Mail};
use rollcall_model::user::Email;
use rollcall_model::{Command, Refused, Timestamp, UserChange};
use rollcall_store::Credential;
use std::net::IpAddr;

/// A code that is on its way to an address.
#[derive(Debug)]
pub struct AddressCode {
    /// The address.
    pub address: String,
    /// Until when the code is good.
    pub until: Timestamp,
}

impl Service {
    /// Gives the principal another address in the place of all that it has; it is to be verified.
    pub async fn change_address(
        &self,
        principal: &Principal,
        address: String,
    ) -> Result<Vec<Email>, Refusal> {
        let change = UserChange { email: Some(address), ..UserChange::default() };
        let update = UserUpdate { change, ..UserUpdate::default() };
        Ok(self.update_user(principal, principal.user_id().as_str(), update).await?.emails)
    }

    /// Mails a code to the first of the principal's addresses that is not verified.
    pub async fn mail_address_code(
        &self,
        principal: &Principal,
        client: &Client,
    ) -> Result<AddressCode, Refusal> {
        let (user, now) = (principal.user(), self.clock.now());
        let address = to_verify(&self.myself(principal).await?)?;
        let (code, until) = self.key.address_code(&address, user, now);
        let mailing = Mailing {
            user,
            about: About::Address,
            mail: self.key.seal_mail(&address_mail(&address, &code, client.ip), &*self.randomness),
            life: until.since(now),
            if_none_is_good: false,
            counters: counters(user, client.ip),
            by: principal.actor(),
        };
        match self.writer.run(Command::MailCode(Box::new(mailing))).await {
            Ok(_) => Ok(AddressCode { address, until }),
            Err(NotWritten::Refused(Refused::Blocked(_, until))) => {
                Err(Refusal::TooManyMails(Wait::new(until, now)))
            }
            Err(NotWritten::Refused(Refused::NothingToVerify)) => Err(Refusal::NothingToVerify),
            Err(NotWritten::Refused(Refused::MailQueueFull)) => Err(Refusal::Unavailable),
            Err(error) => Err(error.unforeseen()),
        }
    }

    /// Takes that address as verified, by the code that was mailed to it.
    pub async fn verify_address(&self, principal: &Principal, code: &str) -> Result<Vec<Email>, Refusal> {
        let (user, owner) = (principal.user(), &*self.owner(principal)?);
        let address = to_verify(&self.myself(principal).await?)?;
        let refused = |not| self.change_refused(owner, StepUpMethod::Email, not);
        self.not_locked(owner).await.map_err(refused)?;
        if !self.key.is_address_code(code, &address, user, self.clock.now()) {
            return Err(match self.wrong_code(owner).await {
                NotTaken::Code(StepUpKind::Invalid) => Refusal::WrongAddressCode,
                not => refused(not),
            });
        }
        match self.writer.run(Command::VerifyAddress { user, token: principal.token(), address }).await {
            Ok(_) => Ok(self.myself(principal).await?.user.emails),
            Err(NotWritten::Refused(refused_for)) => Err(refused(NotTaken::Refused(refused_for))),
            Err(NotWritten::Unavailable) => Err(Refusal::Unavailable),
        }
    }
}

/// The address that is verified next.
fn to_verify(credential: &Credential) -> Result<String, Refusal> {
    let first = credential.user.emails.iter().find(|email| !email.verified);
    first.map(|email| email.address.clone()).ok_or(Refusal::NothingToVerify)
}

/// It goes to somebody who may be nobody's user: it says nothing of the account.
fn address_mail(to: &str, code: &str, ip: IpAddr) -> Mail {
    let code = mailed::shown(code);
    Mail {
        to: to.into(),
        subject: "Verify your address".into(),
        text: format!(
            "Your code is {code}. It shows that this address is yours.\n\n\
             It was asked for from the address {ip}. If that was not you, there is nothing to do: without the code \
             nothing happens.\n"
        ),
    }
}
