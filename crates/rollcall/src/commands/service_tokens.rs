//! `rollcall service-tokens`: the tokens that programs call with.

use super::connection::{Connection, confirm, tabled};
use crate::clean::{clean, json as fit};
use crate::output::{print, say};
use crate::remote::http::{Request, segment};
use crate::remote::pages::Listed;
use crate::remote::{Failure, Remote, parse};
use crate::table::Column;
use crate::when;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

const EXAMPLE: &str = "\
Example:
  rollcall service-tokens create --name siem --scope view-audit --network 192.0.2.0/28 > secret-file";

const LIST: &str = "\
Example:
  rollcall service-tokens list";

const CREATE: &str = "\
Example:
  rollcall service-tokens create --name siem --scope view-audit --network 192.0.2.0/28 > secret-file

The secret is printed this once, and nothing else on stdout. A second factor is asked for anew.";

const ROTATE: &str = "\
Example:
  rollcall service-tokens rotate 812 --overlap 24h > secret-file

The other secret is printed this once, and nothing else on stdout. A second factor is asked for anew.";

const REVOKE: &str = "\
Example:
  rollcall service-tokens revoke 812";

/// What `rollcall service-tokens` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct ServiceTokens {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List those that are not revoked, without their secrets
    List(List),
    /// Make one, and print its secret
    Create(Create),
    /// Give one another secret, and print it
    Rotate(Rotate),
    /// End one at once
    Revoke(Revoke),
}

/// What `rollcall service-tokens list` is told.
#[derive(Args, Debug)]
#[command(after_help = LIST)]
struct List {
    /// Print one JSON document, {"items":[…]}, as the API gives it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What `rollcall service-tokens create` is told.
#[derive(Args, Debug)]
#[command(after_help = CREATE)]
struct Create {
    /// What it is for; it stands in the audit
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it opens: view-device-management, logout-device-management, view-audit, introspect-tokens
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// From where alone it is good, such as 192.0.2.0/24; from anywhere otherwise
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<String>,
    #[command(flatten)]
    issue: Issue,
}

/// What `rollcall service-tokens rotate` is told.
#[derive(Args, Debug)]
#[command(after_help = ROTATE)]
struct Rotate {
    /// Its id, as `rollcall service-tokens list` shows it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// How long the secret of before stays good: up to 7d, 0m for not at all; 24h by default
    #[arg(long, value_name = "TIME")]
    overlap: Option<String>,
    #[command(flatten)]
    issue: Issue,
}

/// What making and rotating have in common.
#[derive(Args, Debug)]
struct Issue {
    /// How long it is good, such as 90d
    #[arg(long, value_name = "TIME")]
    expires_in: Option<String>,
    /// Until when it is good, instead
    #[arg(long, value_name = "WHEN", conflicts_with = "expires_in")]
    expires_at: Option<String>,
    /// Print the JSON that the API gives, the secret in it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What `rollcall service-tokens revoke` is told.
#[derive(Args, Debug)]
#[command(after_help = REVOKE)]
struct Revoke {
    /// Its id, as `rollcall service-tokens list` shows it
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// Do not ask before
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Token {
    id: String,
    name: String,
    scopes: Vec<String>,
    networks: Vec<String>,
    expires_at: String,
    last_used_at: Option<String>,
}

#[derive(Deserialize)]
struct Issued {
    #[serde(flatten)]
    token: Token,
    secret: String,
}

/// Does it.
pub fn run(command: &ServiceTokens) -> anyhow::Result<()> {
    match &command.command {
        Command::List(command) => list(command),
        Command::Create(command) => {
            let Create { name, scopes, networks, issue } = command;
            let body = json!({ "name": name, "scopes": scopes, "networks": networks });
            issue.ask("service-tokens", body)
        }
        Command::Rotate(command) => {
            let mut body = json!({});
            if let Some(overlap) = &command.overlap {
                body["overlap"] = json!(overlap);
            }
            command.issue.ask(&format!("service-tokens/{}/rotate", segment(&command.id)), body)
        }
        Command::Revoke(command) => revoke(command),
    }
}

fn list(command: &List) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let listed = all(&remote)?;
    print(&if command.json { listed.document() } else { readable(&listed) })?;
    Ok(())
}

fn all(remote: &Remote) -> Result<Listed<Token>, Failure> {
    Listed::read(&remote.act(&Request::get("service-tokens", vec![]))?)
}

fn readable(listed: &Listed<Token>) -> String {
    if listed.rows.is_empty() {
        return "no service tokens\n".into();
    }
    let column = |title, rank, least, cell: &dyn Fn(&Token) -> String| Column {
        title,
        rank,
        least,
        cells: listed.rows.iter().map(|row| clean(&cell(&row.item), 300)).collect(),
    };
    tabled(&[
        column("TOKEN", 0, None, &|token| token.id.clone()),
        column("NAME", 1, Some(12), &|token| token.name.clone()),
        column("EXPIRES (UTC)", 2, None, &|token| when::shown(&token.expires_at)),
        column("LAST USED", 3, None, &|token| token.last_used_at.as_deref().map_or("-".into(), when::shown)),
        column("SCOPES", 4, Some(12), &|token| token.scopes.join(" ")),
        column("NETWORKS", 5, Some(12), &|token| token.networks.join(" ")),
    ])
}

impl Issue {
    /// Has a secret made, and prints it.
    fn ask(&self, path: &str, mut body: Value) -> anyhow::Result<()> {
        for (name, value) in [("expires_in", &self.expires_in), ("expires_at", &self.expires_at)] {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        let remote = self.connection.signed_in()?;
        let body = remote.act(&Request::post(path, Some(body)))?;
        if self.json {
            print(&format!("{}\n", fit(&String::from_utf8_lossy(&body))))?;
            return Ok(());
        }
        let Issued { token, secret } = parse(&body)?;
        let Token { id, name, expires_at, .. } = token;
        let (name, id) = (clean(&name, 100), clean(&id, 80));
        say(&format!("The secret of {name} (token {id}), good until {} UTC:", when::shown(&expires_at)));
        print(&format!("{}\n", clean(&secret, 200)))?;
        Ok(())
    }
}

fn revoke(command: &Revoke) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let shown = clean(&command.id, 80);
    confirm(&format!("Revoke the service token {shown}"), command.yes)?;
    remote.act(&Request::delete(&format!("service-tokens/{}", segment(&command.id))))?;
    print(&format!("{shown}: revoked\n"))?;
    Ok(())
}
