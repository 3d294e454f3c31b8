//! `rollcall user erase`: everything that is kept of a person goes; what happened stays, by number.
//!
//! The user's row is blanked in one commit, with its sessions ended; then details of events, ended sessions and mails
//! go in stretches of the ledger. Whatever interrupts it, asking again goes on.

use super::user::{Named, commit, on_store_of};
use crate::checkpoint_file::CheckpointFile;
use crate::config::Config;
use crate::output::{print, say};
use crate::progress::Progress;
use crate::remote::Kind;
use crate::remote::prompt::{Ask, Terminal};
use anyhow::{Context, bail};
use clap::Args;
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::{Actor, Command, Event, Happening, Seq, limits};
use rollcall_store::{ChainEnd, NamedUser, Store};
use serde_json::json;

/// What `rollcall user erase` shows behind its flags.
pub const HELP: &str = "\
Examples:
  rollcall user erase ann --data-dir /var/lib/rollcall
  rollcall user erase aobEdbYhXfu5hkeqG --store postgres://rollcall@db.example.org/rollcall --yes

The user is deleted, and nothing that is kept tells of it any more: names, addresses, devices, filters that it asked
for. What happened stays as numbers, and the ledger's chain holds. It cannot be undone. Backups from before still hold
everything; so does what others wrote, such as the filters that an administrator asked for.

A user that was deleted before is named by its id or its username. Interrupted, it goes on when it is asked again, by
the id that it printed.

Exit code 0: done; 1: it failed, as when a server holds the data directory; 2: asked wrongly, or not confirmed;
6: no such user.";

/// What `rollcall user erase` is told.
#[derive(Args, Debug)]
pub struct Erase {
    #[command(flatten)]
    pub who: Named,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

/// Erases a user, and says what was done.
pub fn erase(command: &Erase, config: &Config) -> anyhow::Result<()> {
    let Erase { who, yes } = command;
    let (user, ended, end) = on_store_of(config, async |store| {
        let user = named(store, &who.name).await?;
        if !yes && !confirmed(&user)? {
            return Err(Kind::Usage.because("nothing was erased").into());
        }
        say(&format!("rollcall: erasing {}", shown(&user)));
        let ended = blank(store, &user).await?;
        sweep(store).await?;
        erase_all(store, &user).await?;
        Ok((user, ended, store.end().await?))
    })?;
    if let Some(data_dir) = &config.server.data_dir {
        // It tells of addresses; the next start reads the store.
        CheckpointFile::of(data_dir).remove().context("the index's checkpoint could not be removed")?;
    }
    tell(&user, ended, end, who.json)
}

/// The one user that is meant.
async fn named(store: &dyn Store, name: &str) -> anyhow::Result<NamedUser> {
    let mut users = store.named(name).await?;
    // Whoever is there has the name; who had it before is named by its id.
    if users.iter().any(|user| !user.is_deleted) {
        users.retain(|user| !user.is_deleted);
    }
    match &users[..] {
        [] => Err(Kind::NotFound.because(format!("there is no user `{name}`")).into()),
        [user] => Ok(user.clone()),
        several => {
            let ids: Vec<_> = several.iter().map(|user| user.id.as_str()).collect();
            bail!("several users had the name `{name}`: say which by its id: {}", ids.join(", "))
        }
    }
}

fn confirmed(user: &NamedUser) -> anyhow::Result<bool> {
    let Some(terminal) = Terminal::open() else {
        return Err(Kind::Usage
            .because("stdin is no terminal, so nobody can be asked: say --yes to erase the user")
            .into());
    };
    let answer = terminal.line(&format!("Erase {} for good? Type its id: ", shown(user)))?;
    Ok(answer.trim() == user.id.as_str())
}

fn shown(user: &NamedUser) -> String {
    let name = if user.username.is_empty() { "a user that was erased before" } else { &user.username };
    format!("{name} ({})", user.id.as_str())
}

/// Deletes the user if it is not, and blanks its row; gives how many sessions ended.
async fn blank(store: &dyn Store, user: &NamedUser) -> anyhow::Result<usize> {
    if user.is_deleted && user.username.is_empty() {
        return Ok(0);
    }
    let command = Command::EraseUser { user: user.no, by: Actor::Operator };
    let committed = commit(store, command, user.no).await?;
    let ended = |event: &&Event| matches!(event.happening, Happening::SessionEnded { .. });
    Ok(committed.events.iter().filter(ended).count())
}

/// Lets all ended sessions go to history, where they are erased.
async fn sweep(store: &dyn Store) -> anyhow::Result<()> {
    let now = SystemClock.now();
    while store.sweep(now, now - limits::ADDRESS_FAILURES.window, limits::SWEPT_AT_ONCE).await? > 0 {}
    Ok(())
}

async fn erase_all(store: &dyn Store, user: &NamedUser) -> anyhow::Result<()> {
    let end = store.end().await?.seq;
    let mut progress = Progress::start(end.0);
    let mut after = Some(Seq(0));
    while let Some(from) = after {
        after = store.erase(user.no, from, limits::ERASED_AT_ONCE).await?;
        progress.reach(after.unwrap_or(end).0);
    }
    Ok(())
}

fn tell(user: &NamedUser, ended: usize, end: ChainEnd, as_json: bool) -> anyhow::Result<()> {
    let text = if as_json {
        let done = json!({
            "user": { "id": user.id.as_str() },
            "done": "user.erased",
            "sessions_ended": ended,
            "event": end.seq.0,
        });
        format!("{done}\n")
    } else {
        let sessions = if ended == 1 { "1 session".into() } else { format!("{ended} sessions") };
        format!("{} is erased; {sessions} ended; the ledger ends at event {}\n", user.id.as_str(), end.seq.0)
    };
    print(&text).context("what was done cannot be printed")
}
