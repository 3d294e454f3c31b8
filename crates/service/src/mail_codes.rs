//! Codes by mail: when one is mailed, to whom, and what it says.
//!
//! **Invariants:** a code leaves the process in the mail and nowhere else; whether one is mailed is decided in
//! the commit that queues it; who asks for one for somebody else learns nothing, whoever that is, not by time
//! either: one commit is made in any case.

use crate::error::{MailedCodes, NotWritten, StepUpKind, StepUpMethod, StepUpRefusal};
use crate::{Client, Principal, Refusal, Service};
use rollcall_auth::mailed;
use rollcall_model::command::Mailing;
use rollcall_model::failure::{FailureKey, FailureLimit};
use rollcall_model::mail::{About, Mail};
use rollcall_model::user::NameKey;
use rollcall_model::{Actor, AddressKey, Command, Owner, Refused, Timestamp, UserNo, limits};
use rollcall_store::{Credential, WhichUser};
use std::net::IpAddr;

impl Service {
    /// Mails a code to whoever asks, or to the user of that username or address; to nobody who has not enrolled
    /// mail.
    pub async fn mail_code(
        &self,
        caller: Option<&Principal>,
        name: &str,
        client: &Client,
    ) -> Result<(), Refusal> {
        let which = match caller {
            Some(principal) => WhichUser::No(principal.user()),
            None if name.contains('@') => WhichUser::Email(NameKey::of(name)),
            None => WhichUser::Username(NameKey::of(name)),
        };
        let by = caller.map_or(Actor::Anyone, Principal::actor);
        let found = self.store.credential(which).await?;
        if let Some(credential) = &found
            && let Some(mailing) = self.mailing(credential, client.ip, by)
        {
            self.queue_code(mailing).await?;
        } else {
            // As if it were mailed.
            let counted = Command::CountFailure(vec![from_address(client.ip)]);
            match self.writer.run(counted).await {
                Ok(_) | Err(NotWritten::Refused(Refused::Blocked(..))) => {}
                Err(error) => return Err(error.unforeseen()),
            }
        }
        Ok(())
    }

    /// What a user is told who is asked for a code: with mail as the method, one is mailed when none is good.
    pub(crate) async fn asked_for_code(
        &self,
        owner: &Owner,
        kind: StepUpKind,
        method: StepUpMethod,
        client: &Client,
    ) -> Result<StepUpRefusal, Refusal> {
        let mut refusal = self.step_up_refusal(owner, kind, method);
        if method == StepUpMethod::Email && self.standing.factors(owner.no).mail {
            refusal.mailed = self.codes_for(owner, kind, client.ip).await?;
        }
        Ok(refusal)
    }

    async fn codes_for(&self, owner: &Owner, kind: StepUpKind, ip: IpAddr) -> Result<MailedCodes, Refusal> {
        let until = self.good_codes(owner.no).await?;
        // While locked, no code is looked at.
        if !until.is_empty() || matches!(kind, StepUpKind::MaxAttempts(_)) {
            return Ok(MailedCodes { now: false, until });
        }
        let found = self.store.credential(WhichUser::No(owner.no)).await?;
        let mailing = found.and_then(|credential| self.mailing(&credential, ip, Actor::User(owner.no)));
        let Some(mailing) = mailing else { return Ok(MailedCodes::default()) };
        let now = self.queue_code(Mailing { if_none_is_good: true, ..mailing }).await?;
        Ok(MailedCodes { now, until: self.good_codes(owner.no).await? })
    }

    /// When the codes that are good will be so no more.
    async fn good_codes(&self, user: UserNo) -> Result<Vec<Timestamp>, Refusal> {
        let now = self.clock.now();
        let codes = self.store.mailed_codes(user).await?;
        Ok(codes.into_iter().map(|code| code.until).filter(|until| now < *until).collect())
    }

    /// A new code for a user, and the mail that brings it; `None` for one that has not enrolled mail.
    fn mailing(&self, credential: &Credential, ip: IpAddr, by: Actor) -> Option<Mailing> {
        let user = credential.user.owner.no;
        let to = credential.address().filter(|_| credential.factors().mail && credential.user.active)?;
        let code = mailed::code(&*self.randomness);
        Some(Mailing {
            user,
            about: About::Code(self.key.mailed_hash(&code, user)),
            mail: self.key.seal_mail(&code_mail(to, &code, ip), &*self.randomness),
            life: limits::MAILED_CODE_LIFE,
            if_none_is_good: false,
            counters: counters(user, ip),
            by,
        })
    }

    /// Gives whether the code is on its way.
    async fn queue_code(&self, mailing: Mailing) -> Result<bool, Refusal> {
        match self.writer.run(Command::MailCode(Box::new(mailing))).await {
            Ok(_) => Ok(true),
            Err(NotWritten::Refused(refused @ (Refused::MailQueueFull | Refused::DiskFull))) => {
                tracing::warn!(?refused, "a code is not mailed");
                Ok(false)
            }
            Err(NotWritten::Refused(
                Refused::CodeIsGood
                | Refused::Blocked(..)
                | Refused::NoSuchFactor
                | Refused::NoSuchUser
                | Refused::UserNotActive,
            )) => Ok(false),
            Err(error) => Err(error.unforeseen()),
        }
    }
}

/// Where a code that is mailed to a user counts.
pub(crate) fn counters(user: UserNo, ip: IpAddr) -> Vec<(FailureKey, FailureLimit)> {
    vec![(FailureKey::MailedTo(user), limits::CODES_MAILED_TO_USER), from_address(ip)]
}

fn from_address(ip: IpAddr) -> (FailureKey, FailureLimit) {
    (FailureKey::MailedFrom(AddressKey::of(ip)), limits::CODES_MAILED_FROM_ADDRESS)
}

/// It says what the server knows, and nothing that a client chose: who asks may be anyone.
fn code_mail(to: &str, code: &str, ip: IpAddr) -> Mail {
    let (code, minutes) = (mailed::shown(code), limits::MAILED_CODE_LIFE.as_secs() / 60);
    Mail {
        to: to.into(),
        subject: "Your code".into(),
        text: format!(
            "Your code is {code}. It is good once, for {minutes} minutes.\n\n\
             It was asked for from the address {ip}. If that was not you, do not give it to anybody; and \
             somebody may know your password: change it.\n"
        ),
    }
}
