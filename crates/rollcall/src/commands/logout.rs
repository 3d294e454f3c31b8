//! `rollcall logout`: ends the session of the stored login, and forgets it.

use super::connection::{Connection, codes};
use crate::output::print;
use crate::remote::credentials::{TOKEN, find, variable};
use crate::remote::http::Request;
use crate::remote::{Failure, Remote, stored};
use clap::Args;

const EXAMPLE: &str = "\
Example:
  rollcall logout";

/// What `rollcall logout` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Logout {
    /// Forget the stored login without asking the server; its session lives on until it is ended
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Signs out.
pub fn run(command: &Logout) -> anyhow::Result<()> {
    // A variable's token is not this program's to end or to forget.
    let stored_only = |name: &str| variable(name).filter(|_| name != TOKEN);
    let path = stored::path(&variable)?;
    if command.forget {
        stored::remove(&path)?;
        print("The stored login is forgotten.\n")?;
        return Ok(());
    }
    let Connection { url, insecure_http } = &command.connection;
    let credentials = find(url.as_ref(), &stored_only)?;
    let url = credentials.url.clone();
    let remote = Remote::signed_in(credentials, *insecure_http, codes())?;
    // It is well when the session had ended before.
    remote.act(&Request::delete("session")).map_err(|failure| {
        let what = format!("{failure}. The stored login is kept; --forget removes it all the same");
        Failure { what, ..failure }
    })?;
    stored::remove(&path)?;
    print(&format!("Signed out of {url}: the session is ended, and the stored login is gone.\n"))?;
    Ok(())
}
