//! `rollcall login`: signs in with a password, and keeps the token.

use super::connection::{Connection, codes};
use crate::clean::clean;
use crate::output::{print, say};
use crate::remote::credentials::{given_url, variable};
use crate::remote::http::Request;
use crate::remote::prompt::{Ask, Terminal, line_of_stdin};
use crate::remote::stored::{self, Stored};
use crate::remote::{Failure, Kind, Remote, Secret, parse};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

const EXAMPLE: &str = "\
Example:
  rollcall login --url https://chat.example.org --user ann

Asks for the password on the terminal; when stdin is none, the password is its first line:
  rollcall login --user ann < password-file
A second factor is asked for too, or taken from ROLLCALL_CODE.";

/// What `rollcall login` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Login {
    /// Username or email address; asked for when it is not given
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    auth_token: String,
    #[serde(default)]
    me: Me,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Me {
    username: String,
}

/// Signs in.
pub fn run(command: &Login) -> anyhow::Result<()> {
    let Connection { url, insecure_http } = &command.connection;
    let path = stored::path(&variable)?;
    // One that cannot be read is replaced all the same.
    let before = stored::read(&path).ok().flatten();
    let given = given_url(url.as_ref(), &variable)?;
    let url = given.or_else(|| before.as_ref().map(|login| login.url.clone())).unwrap_or_default();
    // Before anybody types a password for nothing.
    let remote = Remote::anonymous(url.clone(), *insecure_http, codes())?;
    let (user, password) = name_and_password(command.user.as_deref(), url.as_str())?;
    let body = json!({ "user": user, "password": password.reveal() });
    let answer =
        remote.act(&Request::sign_in(body, password)).map_err(|failure| wrong(failure, url.as_str()))?;
    let Data { auth_token, me } = parse::<Answer>(&answer)?.data;
    let username = if me.username.is_empty() { user } else { me.username };
    let login = Stored { url, username, token: Secret::new(auth_token) };
    stored::write(&path, &login)?;
    if let Some(before) = before {
        say(&format!(
            "The login of {} at {} that was stored before is forgotten here; its session lives on until it is ended.",
            clean(&before.username, 80),
            before.url
        ));
    }
    let (username, url) = (clean(&login.username, 80), &login.url);
    print(&format!("Signed in as {username} at {url}. The token is kept in {}.\n", path.display()))?;
    Ok(())
}

fn name_and_password(name: Option<&str>, url: &str) -> Result<(String, Secret), Failure> {
    let (name, password) = match (Terminal::open(), name) {
        (Some(terminal), Some(name)) => {
            (name.to_owned(), terminal.hidden(&format!("Password of {} at {url}: ", clean(name, 80)))?)
        }
        (Some(terminal), None) => {
            let name = terminal.line(&format!("Username at {url}: "))?;
            (name.trim().to_owned(), terminal.hidden("Password: ")?)
        }
        (None, Some(name)) => (name.to_owned(), Secret::new(line_of_stdin()?)),
        (None, None) => {
            return Err(Kind::Usage
                .because("stdin is no terminal: name the user by --user, the password is read from stdin"));
        }
    };
    if name.is_empty() || password.reveal().is_empty() {
        return Err(Kind::Usage.because("a username and a password are needed"));
    }
    Ok((name, password))
}

/// The server says the same of a user that is not there and of a wrong password.
fn wrong(failure: Failure, url: &str) -> Failure {
    if failure.kind == Kind::NotSignedIn && failure.what == "Unauthorized" {
        return Kind::NotSignedIn.because(format!("{url} knows no such user, or the password is wrong"));
    }
    failure
}
