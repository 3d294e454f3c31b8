//! `rollcall user add`: a user made by the operator's hand, with a new password or with the hash of one that
//! the user has elsewhere.
//!
//! **Invariants:** the names follow the rules of `users.create`; a hash that no sign-in could verify is refused;
//! nothing is made of what was asked wrongly.

use super::new_password;
use super::user::{commit, on_store_of};
use super::which_store::WhichStore;
use crate::config::Config;
use crate::output::print;
use crate::remote::{Failure, Kind, Secret};
use anyhow::Context;
use clap::Args;
use rollcall_auth::{Hasher, PasswordDigest, SystemRandomness, is_known};
use rollcall_model::event::PasswordHash;
use rollcall_model::user::{Email, NameKey, Profile, UserKind};
use rollcall_model::{Actor, Command, NewUser, Role, UserId, UserNo, limits};
use rollcall_service::is_username;
use rollcall_store::{Store, WhichUser};
use serde_json::json;
use std::fs::File;
use std::io::{Read, stdin};

/// The end of its help.
pub const HELP: &str = "\
Examples:
  rollcall user add ann --data-dir /var/lib/rollcall
  rollcall user add ann --name 'Ann Berg' --email ann@example.org --verified --config /etc/rollcall.toml --random
  rollcall user add ann --password-hash-file ann.hash --role user --role admin --data-dir /var/lib/rollcall

Without a hash, asks for the password twice on a terminal; elsewhere it is the first line of stdin. With
--random, one is made and printed, this once. It has 1 to 1000 characters.

The file of --password-hash-file (- is stdin) holds one line: the hash of a password that the user has elsewhere, over
the lower-case hex SHA-256 of its text. It is bcrypt ($2a$, $2b$ or $2y$, cost 4 to 14) or argon2id in PHC form
(version 19; at most 64 MiB, 10 passes, 4 lanes). At the user's next sign-in it is replaced by one of ours.

Exit code 0: done; 1: it failed, as when a server holds the data directory or the name is in use; 2: asked wrongly.";

/// What `rollcall user add` is told.
#[derive(Args, Debug)]
pub struct Add {
    /// Username: letters, digits, `-`, `_`, `.`
    username: String,
    /// The name that people read; the username if there is none
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Email address
    #[arg(long, value_name = "ADDR")]
    email: Option<String>,
    /// Take the address as verified
    #[arg(long, requires = "email")]
    verified: bool,
    /// A role of the user; `user` if none is named
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Take the hash of a password from elsewhere: bcrypt or argon2id; `-` is stdin
    #[arg(long, value_name = "FILE", conflicts_with = "random")]
    password_hash_file: Option<String>,
    /// Make a random password, and print it
    #[arg(long)]
    random: bool,
    #[command(flatten)]
    pub store: WhichStore,
    /// Say what was done as JSON
    #[arg(long)]
    json: bool,
}

/// Where the password comes from.
enum Source {
    Hash(PasswordHash),
    Random,
    Asked,
}

/// Makes the user, and says so.
pub fn add(add: &Add, config: &Config) -> anyhow::Result<()> {
    let user = new_user(add)?;
    let source = match &add.password_hash_file {
        Some(file) => Source::Hash(hash_in(file)?),
        None if add.random => Source::Random,
        None => Source::Asked,
    };
    let (event, password) = on_store_of(config, async |store| on_store(store, &user, source).await)?;
    print(&said(&user, event, password.as_ref(), add.json)).context("what was done cannot be printed")
}

fn new_user(add: &Add) -> Result<NewUser, Failure> {
    let wrong = |what: String| Err(Kind::Usage.because(what));
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= limits::TEXT_CHARS;
    let Add { username, name, email, verified, .. } = add;
    if !is_username(username) || !fits(username) {
        return wrong(format!(
            "`{username}` cannot be a username: it has letters, digits, `-`, `_` and `.`, at most {} of them",
            limits::TEXT_CHARS
        ));
    }
    let name = name.as_ref().unwrap_or(username);
    if !fits(name) {
        return wrong(format!("a name has 1 to {} characters", limits::TEXT_CHARS));
    }
    let address = email.as_ref().map(|address| address.trim().to_owned());
    if let Some(address) = address.as_ref().filter(|address| !fits(address) || !address.contains('@')) {
        return wrong(format!("`{address}` is no email address"));
    }
    let mut roles = Vec::new();
    for role in &add.roles {
        let Some(role) = Role::parse(role) else { return wrong(format!("there is no role `{role}`")) };
        roles.push(role);
    }
    if roles.is_empty() {
        roles.push(Role::User);
    }
    Ok(NewUser {
        id: UserId::random(&SystemRandomness),
        username: username.clone(),
        name: Some(name.clone()),
        roles: roles.into_iter().collect(),
        emails: address.into_iter().map(|address| Email { address, verified: *verified }).collect(),
        kind: UserKind::User,
        active: true,
        profile: Profile::default(),
    })
}

/// The one hash in a file. What is in it is never said.
fn hash_in(file: &str) -> anyhow::Result<PasswordHash> {
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if file == "-" {
        Box::new(stdin().lock())
    } else {
        Box::new(File::open(file).with_context(|| format!("cannot read {file}"))?)
    };
    let read = input.take(limits::HASH_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read {file}"))?;
    Ok(hash_of(&bytes).ok_or_else(|| {
        let name = if file == "-" { "stdin" } else { file };
        Kind::Usage.because(format!(
            "{name} holds no password hash that can be verified: expected one line with bcrypt ($2a$, $2b$ or $2y$, \
             cost {} to {}) or argon2id ($argon2id$v=19$m=…,t=…,p=…$salt$hash, at most {} MiB, {} passes, {} lanes), \
             over the hex SHA-256 of the password",
            limits::BCRYPT_COST.start(),
            limits::BCRYPT_COST.end(),
            limits::ARGON2_MEMORY_KIB >> 10,
            limits::ARGON2_PASSES,
            limits::ARGON2_LANES
        ))
    })?)
}

fn hash_of(bytes: &[u8]) -> Option<PasswordHash> {
    if bytes.len() as u64 > limits::HASH_FILE_BYTES {
        return None;
    }
    let line = std::str::from_utf8(bytes).ok()?.trim();
    is_known(line).then(|| PasswordHash(line.into()))
}

async fn on_store(
    store: &dyn Store,
    user: &NewUser,
    source: Source,
) -> anyhow::Result<(u64, Option<Secret>)> {
    // Looked at before anybody types a password; the commit looks again.
    let address = user.emails.first().map(|email| &email.address);
    let names = [Some((WhichUser::Username(NameKey::of(&user.username)), &user.username))];
    let addresses = [address.map(|address| (WhichUser::Email(NameKey::of(address)), address))];
    for (which, name) in names.into_iter().chain(addresses).flatten() {
        if store.credential(which).await?.is_some() {
            return Err(Kind::Failed.because(format!("`{name}` is in use")).into());
        }
    }
    let hashed =
        |password: &Secret| Hasher::default().hash(&PasswordDigest::of(password.reveal()), &SystemRandomness);
    let (hash, shown) = match source {
        Source::Hash(hash) => (hash, None),
        Source::Random => {
            let password = new_password::random(&SystemRandomness);
            (hashed(&password), Some(password))
        }
        Source::Asked => (hashed(&new_password::asked_for(&user.username)?), None),
    };
    let command = Command::CreateUser {
        user: Box::new(user.clone()),
        password: hash,
        welcome: None,
        by: Actor::Operator,
    };
    // It has no sessions yet, nor a number.
    let committed = commit(store, command, UserNo(0)).await?;
    Ok((committed.end.seq.0, shown))
}

fn said(user: &NewUser, event: u64, password: Option<&Secret>, as_json: bool) -> String {
    if as_json {
        let mut value = json!({
            "user": { "id": user.id.as_str(), "username": user.username, "active": user.active },
            "done": "user.created",
            "sessions_ended": 0,
            "event": event,
        });
        if let Some(password) = password {
            value["password"] = json!(password.reveal());
        }
        return format!("{value}\n");
    }
    let shown = password.map(|password| format!("password: {}\n", password.reveal())).unwrap_or_default();
    format!("{} was made; event {event} of the ledger\n{shown}", user.username)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_hash_and_little_else() {
        let hash = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        for good in [hash.to_owned(), format!("{hash}\n"), format!("{hash}\r\n")] {
            assert_eq!(hash_of(good.as_bytes()), Some(PasswordHash(hash.into())));
        }
        for bad in [
            String::new(),
            format!("{hash}\n{hash}\n"),
            format!("{hash}{}", " ".repeat(1_024)),
            hash.replace("$10$", "$15$"),
            "a password".into(),
        ] {
            assert_eq!(hash_of(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(hash_of(b"\xff"), None);
    }

    #[test]
    fn the_help_says_the_bounds_that_hold() {
        let (costs, mib) = (limits::BCRYPT_COST, limits::ARGON2_MEMORY_KIB >> 10);
        for bound in [
            format!("1 to {} characters", limits::TEXT_CHARS),
            format!("cost {} to {}", costs.start(), costs.end()),
            format!("{mib} MiB, {} passes, {} lanes", limits::ARGON2_PASSES, limits::ARGON2_LANES),
        ] {
            assert!(HELP.contains(&bound), "{bound}");
        }
    }
}
