//! `rollcall user`: what the operator does for a user by hand: on a data directory that no server holds, or on a
//! database beside its nodes.
//!
//! **Invariants:** each is one commit by the writer's own rules, with the operator as its actor, and ends
//! the sessions of the user, if it had any, in it; no store is made where none is.

use super::connection::finish;
use super::erase::{self, Erase};
use super::new_password;
use super::new_user::{self, Add};
use super::which_store::WhichStore;
use crate::config::Config;
use crate::output::{print, say};
use crate::remote::{Kind, Secret};
use crate::store;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use rollcall_auth::{Hasher, PasswordDigest, SystemRandomness};
use rollcall_model::user::NameKey;
use rollcall_model::{
    Actor, Command, Event, Happening, Session, SessionNo, Timestamp, User as Account, UserChange, UserNo,
};
use rollcall_store::{ChainEnd, Committed, LiveSets, Loading, Missed, Store, StoreError, WhichUser};
use serde_json::json;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const RESET_PASSWORD: &str = "\
Examples:
  rollcall user reset-password ann --data-dir /var/lib/rollcall
  rollcall user reset-password ann@example.org --config /etc/rollcall.toml --random
  rollcall user reset-password ann --store postgres://rollcall@db.example.org/rollcall
  rollcall user reset-password ann --config /etc/rollcall.toml < password-file

Asks for the new password twice on a terminal; elsewhere it is the first line of stdin. With --random, one is
made and printed, this once. It has 1 to 1000 characters. The user's sessions end.

Exit code 0: done; 1: it failed, as when a server holds the data directory; 2: asked wrongly; 6: no such user.";

const RESET_FACTORS: &str = "\
Example:
  rollcall user reset-factors ann --data-dir /var/lib/rollcall

The authenticator and the recovery codes are gone: the password alone signs the user in, until another is
enrolled. The user's sessions end. The cluster key is not needed.

Exit code 0: done; 1: it failed, as when a server holds the data directory; 2: asked wrongly; 6: no such user.";

const UNLOCK: &str = "\
Example:
  rollcall user unlock ann --data-dir /var/lib/rollcall

Wrong passwords and wrong codes that were counted for the user are forgotten; those of a client address
stay. The user's sessions end.

Exit code 0: done; 1: it failed, as when a server holds the data directory; 2: asked wrongly; 6: no such user.";

const ACTIVATE: &str = "\
Example:
  rollcall user activate ann --data-dir /var/lib/rollcall

Exit code 0: done; 1: it failed, as when a server holds the data directory; 2: asked wrongly; 6: no such user.";

/// What is done for a user.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make a user, with a new password or the hash of one from elsewhere
    #[command(after_help = new_user::HELP)]
    Add(Add),
    /// Give a user another password
    #[command(after_help = RESET_PASSWORD)]
    ResetPassword(ResetPassword),
    /// Take a user's authenticator and recovery codes away
    #[command(after_help = RESET_FACTORS)]
    ResetFactors(Named),
    /// Forget the wrong guesses that lock a user out
    #[command(after_help = UNLOCK)]
    Unlock(Named),
    /// Let a user that was deactivated sign in again
    #[command(after_help = ACTIVATE)]
    Activate(Named),
    /// Delete a user and everything that is kept of it, for good
    #[command(
        after_help = erase::HELP,
        mut_arg("name", |name| name.help("Username, in capitals or not, an email address, or an id"))
    )]
    Erase(Erase),
}

/// Whom it is done for.
#[derive(Args, Debug)]
pub struct Named {
    /// Username, in capitals or not, or an email address
    pub(super) name: String,
    #[command(flatten)]
    pub(super) store: WhichStore,
    /// Say what was done as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// What `rollcall user reset-password` is told.
#[derive(Args, Debug)]
pub struct ResetPassword {
    #[command(flatten)]
    who: Named,
    /// Make a random password, and print it
    #[arg(long)]
    random: bool,
}

/// What is to be done, before anybody was asked for a password.
#[derive(Clone, Copy, Debug)]
enum Deed {
    SetPassword { random: bool },
    RemoveFactors,
    Unlock,
    Activate,
}

/// What was done, to be told.
#[derive(Debug)]
struct Done {
    user: Account,
    kind: Option<&'static str>,
    event: u64,
    sessions_ended: usize,
    /// One that nobody knows yet.
    password: Option<Secret>,
}

/// Does it, and says what was done.
pub fn run(command: User) -> ExitCode {
    let (deed, who) = match command {
        User::Add(add) => {
            return on(&add.store, |config| new_user::add(&add, config));
        }
        User::Erase(erase) => {
            return on(&erase.who.store, |config| erase::erase(&erase, config));
        }
        User::ResetPassword(ResetPassword { who, random }) => (Deed::SetPassword { random }, who),
        User::ResetFactors(who) => (Deed::RemoveFactors, who),
        User::Unlock(who) => (Deed::Unlock, who),
        User::Activate(who) => (Deed::Activate, who),
    };
    on(&who.store, |config| {
        let done = on_store_of(config, async |store| on_store(store, deed, &who.name).await)?;
        tell(&done, who.json)
    })
}

fn on(which: &WhichStore, act: impl FnOnce(&Config) -> anyhow::Result<()>) -> ExitCode {
    match which.config() {
        Ok(config) => finish(act(&config)),
        Err(errors) => {
            say(&errors.to_string());
            ExitCode::from(2)
        }
    }
}

/// Does something on the store that the settings name: a database, beside its nodes, or a directory that no server
/// holds meanwhile.
pub(super) fn on_store_of<T>(
    config: &Config,
    act: impl AsyncFnOnce(&dyn Store) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    store::runtime()?.block_on(async {
        let store = store::open_existing(config, Arc::new(SystemRandomness)).await?;
        let done = act(&*store).await;
        store.close().await?;
        done
    })
}

async fn on_store(store: &dyn Store, deed: Deed, name: &str) -> anyhow::Result<Done> {
    let found = store.credential(which(name)).await?;
    let found = found.ok_or_else(|| Kind::NotFound.because(format!("there is no user `{name}`")))?;
    let mut user = found.user;
    let (no, by) = (user.owner.no, Actor::Operator);
    let mut shown = None;
    let command = match deed {
        Deed::SetPassword { random } => {
            let password = if random {
                new_password::random(&SystemRandomness)
            } else {
                new_password::asked_for(&user.owner.username)?
            };
            let digest = PasswordDigest::of(password.reveal());
            shown = random.then_some(password);
            let hash = Hasher::default().hash(&digest, &SystemRandomness);
            Command::change_user(no, UserChange::of_password(hash), by)
        }
        Deed::RemoveFactors => Command::RemoveFactors { user: no, shown: None, by },
        Deed::Unlock => Command::Unlock { user: no, by },
        Deed::Activate => Command::change_user(no, UserChange::of_active(true), by),
    };
    let committed = commit(store, command, no).await?;
    user.active |= matches!(deed, Deed::Activate);
    let ended = |event: &&Event| matches!(event.happening, Happening::SessionEnded { .. });
    Ok(Done {
        user,
        kind: committed.events.last().map(Event::kind),
        event: committed.end.seq.0,
        sessions_ended: committed.events.iter().filter(ended).count(),
        password: shown,
    })
}

/// A username has no `@`.
fn which(name: &str) -> WhichUser {
    let key = NameKey::of(name);
    if name.contains('@') { WhichUser::Email(key) } else { WhichUser::Username(key) }
}

/// Carries out a command that is about one user.
pub(super) async fn commit(store: &dyn Store, command: Command, user: UserNo) -> anyhow::Result<Committed> {
    let sets = Arc::new(Sessions::of(store, user).await?);
    let committed = store.commit([command].into(), sets, store::clock(store).now()).await?;
    if let Some(Err(refused)) = committed.answers.first() {
        bail!("it was refused: {refused:?}");
    }
    Ok(committed)
}

/// The sessions of the one user that the command is about, the oldest first, up to an end of the ledger.
struct Sessions {
    user: UserNo,
    up_to: Mutex<(Vec<SessionNo>, ChainEnd)>,
}

impl LiveSets for Sessions {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        self.lock().0.clone()
    }

    fn end(&self) -> Option<ChainEnd> {
        Some(self.lock().1)
    }

    fn take_in(&self, missed: Missed) {
        let (sessions, end) = &mut *self.lock();
        for piece in missed.pieces {
            match piece {
                Loading::Ended(ended) => sessions.retain(|session| !ended.contains(session)),
                Loading::Sessions(opened) => sessions.extend(sessions_of(self.user, &opened)),
                _ => {}
            }
        }
        *end = missed.end;
    }
}

impl Sessions {
    async fn of(store: &dyn Store, user: UserNo) -> Result<Self, StoreError> {
        let found = Arc::new(Mutex::new(Vec::new()));
        let found_by_the_store = found.clone();
        let visit = move |loading: Loading| {
            if let Loading::Sessions(sessions) = loading {
                let mut found = found_by_the_store.lock().unwrap_or_else(PoisonError::into_inner);
                found.extend(sessions_of(user, &sessions));
            }
        };
        // Addresses of sessions that ended are of no use here.
        let end = store.load(Timestamp::from_ms(i64::MAX), Box::new(visit)).await?;
        let sessions = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self { user, up_to: Mutex::new((sessions, end)) })
    }

    fn lock(&self) -> MutexGuard<'_, (Vec<SessionNo>, ChainEnd)> {
        self.up_to.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sessions_of(user: UserNo, sessions: &[(Session, Timestamp)]) -> impl Iterator<Item = SessionNo> {
    sessions.iter().filter(move |(session, _)| session.owner.no == user).map(|(session, _)| session.no)
}

fn tell(done: &Done, as_json: bool) -> anyhow::Result<()> {
    let text = if as_json { done.json() } else { done.text() };
    print(&text).context("what was done cannot be printed")?;
    if !done.user.active {
        let name = &done.user.owner.username;
        say(&format!(
            "rollcall: {name} is deactivated and cannot sign in: `rollcall user activate {name}` changes that, and so \
             can an administrator"
        ));
    }
    Ok(())
}

impl Done {
    fn text(&self) -> String {
        let name = &self.user.owner.username;
        let what = match self.kind {
            Some("password.set") => "has another password",
            Some("factors.removed") => "has no second factor any more",
            Some("user.unlocked") => "is not locked out any more",
            Some(_) => "can sign in again",
            None => return format!("{name} is active already; nothing was changed\n"),
        };
        let ended = match self.sessions_ended {
            1 => "1 session".into(),
            number => format!("{number} sessions"),
        };
        let mut text = format!("{name} {what}; {ended} ended; event {} of the ledger\n", self.event);
        if let Some(password) = &self.password {
            text.push_str("password: ");
            text.push_str(password.reveal());
            text.push('\n');
        }
        text
    }

    fn json(&self) -> String {
        let owner = &self.user.owner;
        let mut value = json!({
            "user": { "id": owner.id.as_str(), "username": owner.username, "active": self.user.active },
            "done": self.kind,
            "sessions_ended": self.sessions_ended,
            "event": self.event,
        });
        if let Some(password) = &self.password {
            value["password"] = json!(password.reveal());
        }
        format!("{value}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_an_at_is_an_email_address() {
        assert_eq!(which("Ann"), WhichUser::Username(NameKey::of("ann")));
        assert_eq!(which("Ann@Example.org"), WhichUser::Email(NameKey::of("ann@example.org")));
    }

    #[test]
    fn the_help_says_the_bound_that_holds() {
        assert!(RESET_PASSWORD.contains(&format!("1 to {} characters", rollcall_model::limits::TEXT_CHARS)));
    }
}
