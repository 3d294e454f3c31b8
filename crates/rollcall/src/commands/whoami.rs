//! `rollcall whoami`: as whom the commands act, and where.

use super::connection::{Connection, codes};
use crate::clean::{clean, json as fit};
use crate::output::print;
use crate::remote::credentials::{find, variable};
use crate::remote::http::Request;
use crate::remote::{Remote, Source, parse};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

const EXAMPLE: &str = "\
Example:
  rollcall whoami --json";

/// What `rollcall whoami` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Whoami {
    /// Print JSON: id, username, name, roles, url, source, file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Me {
    id: String,
    username: String,
    name: Option<String>,
    roles: Vec<String>,
}

/// Asks who is signed in.
pub fn run(command: &Whoami) -> anyhow::Result<()> {
    let Connection { url, insecure_http } = &command.connection;
    let credentials = find(url.as_ref(), &variable)?;
    let (url, source) = (credentials.url.clone(), credentials.source.clone());
    let remote = Remote::signed_in(credentials, *insecure_http, codes())?;
    let me: Me = parse(&remote.act(&Request::get("me", vec![]))?)?;
    if command.json {
        let (name, file) = match &source {
            Source::Environment => ("environment", None),
            Source::Stored(path) => ("stored", Some(path.display().to_string())),
        };
        let document = json!({
            "id": me.id,
            "username": me.username,
            "name": me.name,
            "roles": me.roles,
            "url": url.as_str(),
            "source": name,
            "file": file,
        });
        print(&format!("{}\n", fit(&document.to_string())))?;
        return Ok(());
    }
    let roles: Vec<_> = me.roles.iter().map(|role| clean(role, 40)).collect();
    print(&format!(
        "user    {} ({})\nname    {}\nroles   {}\nserver  {url}\ntoken   from {source}\n",
        clean(&me.username, 200),
        clean(&me.id, 80),
        me.name.map_or("-".into(), |name| clean(&name, 200)),
        roles.join(", "),
    ))?;
    Ok(())
}
