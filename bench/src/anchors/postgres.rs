//! PostgreSQL, on a Unix socket: memory for all of it, and a trigram index.

use super::Database;
use super::rows::{Rows, sort_key};
use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::SinkExt;
use rollcall_testkit::Postgres;
use std::collections::HashMap;
use std::fmt::Write;
use std::pin::pin;
use tokio::task::JoinHandle;
use tokio_postgres::{NoTls, Statement};

/// What the server is started with.
pub const SETTINGS: &[(&str, &str)] = &[
    ("shared_buffers", "2GB"),
    ("effective_cache_size", "4GB"),
    ("work_mem", "256MB"),
    ("maintenance_work_mem", "1GB"),
    ("max_wal_size", "8GB"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("random_page_cost", "1.1"),
    ("autovacuum", "off"),
    // Compiling a plan takes longer than most of these queries.
    ("jit", "off"),
];

const TABLES: &str = "
    CREATE EXTENSION pg_trgm;
    CREATE TABLE clients (no bigint PRIMARY KEY, device_name text, device_type text, os_name text, host text,
        fragment text);
    CREATE TABLE users (no bigint PRIMARY KEY, id text, username text, name text);
    CREATE TABLE sessions (no bigint PRIMARY KEY, id text, owner bigint, client bigint, ip text, opened_at bigint,
        name_key text COLLATE \"C\", name text COLLATE \"C\");
    CREATE TABLE texts (no bigint PRIMARY KEY, text text);";

const INDEXES: &str = "
    CREATE INDEX ON sessions (name_key NULLS FIRST, name NULLS FIRST, no DESC);
    CREATE INDEX ON sessions (owner);
    CREATE INDEX ON sessions (client);
    CREATE INDEX ON sessions (ip text_pattern_ops);
    CREATE INDEX ON texts USING gin (text gin_trgm_ops);";

/// Bytes that are sent at once.
const PIECE: usize = 1 << 20;

/// A connection.
pub struct Client {
    asking: tokio_postgres::Client,
    statements: HashMap<String, Statement>,
    connection: JoinHandle<()>,
}

impl Client {
    /// Connects.
    pub async fn connect(server: &Postgres) -> Result<Self> {
        let mut config = tokio_postgres::Config::new();
        config.host_path(server.host()).user(Postgres::user()).dbname(Postgres::user());
        let (asking, connection) = config.connect(NoTls).await.context("PostgreSQL does not answer")?;
        let connection = tokio::spawn(async move {
            // Its end is seen by whoever asks next.
            let _ = connection.await;
        });
        Ok(Self { asking, statements: HashMap::new(), connection })
    }

    /// Fills a new one.
    pub async fn fill(&self, rows: &Rows) -> Result<()> {
        self.asking.batch_execute(TABLES).await?;
        let clients = rows.clients.iter().enumerate().map(|(no, client)| {
            let device = &client.device;
            let kind = device.device_type.as_str();
            line(
                &no,
                &[
                    Some(&device.name),
                    Some(kind),
                    Some(&device.os_name),
                    Some(&client.host),
                    Some(&client.fragment),
                ],
            )
        });
        self.copy("clients", clients).await?;
        let users = rows.users.iter().map(|owner| {
            line(&owner.no.0, &[Some(owner.id.as_str()), Some(&owner.username), owner.name.as_deref()])
        });
        self.copy("users", users).await?;
        let sessions = rows.sessions.iter().map(|row| {
            let (session, name) = (&row.session, row.session.owner.name.as_deref());
            let (owner, client) = (session.owner.no.0.to_string(), row.client.to_string());
            let (ip, at) = (session.ip.to_string(), session.opened_at.as_ms().to_string());
            let fields = [Some(session.id.as_str()), Some(&owner), Some(&client), Some(&ip), Some(&at)];
            line(&session.no.0, &[&fields[..], &[sort_key(name).as_deref(), name]].concat())
        });
        self.copy("sessions", sessions).await?;
        let texts = rows.sessions.iter().map(|row| line(&row.session.no.0, &[Some(&row.text)]));
        self.copy("texts", texts).await?;
        self.asking.batch_execute(INDEXES).await?;
        // Not within a transaction. Freezing it lets an index alone say which rows there are.
        for statement in ["VACUUM (FREEZE, ANALYZE)", "CHECKPOINT"] {
            self.asking.batch_execute(statement).await?;
        }
        Ok(())
    }

    /// What it calls itself.
    pub async fn version(&self) -> Result<String> {
        let row = self.asking.query_one("SHOW server_version", &[]).await?;
        let version: &str = row.try_get(0)?;
        Ok(format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()))
    }

    /// What its database takes on the disk.
    pub async fn bytes(&self) -> Result<u64> {
        let row = self.asking.query_one("SELECT pg_database_size(current_database())", &[]).await?;
        Ok(u64::try_from(row.try_get::<_, i64>(0)?)?)
    }

    async fn copy(&self, table: &str, lines: impl Iterator<Item = String>) -> Result<()> {
        let mut sink = pin!(self.asking.copy_in::<_, Bytes>(&format!("COPY {table} FROM STDIN")).await?);
        let mut piece = String::new();
        for line in lines {
            piece.push_str(&line);
            if piece.len() > PIECE {
                sink.send(std::mem::take(&mut piece).into()).await?;
            }
        }
        sink.send(piece.into()).await?;
        sink.finish().await?;
        Ok(())
    }

    async fn prepared(&mut self, text: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.asking.prepare(text).await?;
        self.statements.insert(text.into(), statement.clone());
        Ok(statement)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Database for Client {
    async fn page(&mut self, statement: &str) -> Result<usize> {
        let statement = self.prepared(statement).await?;
        Ok(self.asking.query(&statement, &[]).await?.len())
    }

    async fn count(&mut self, statement: &str) -> Result<usize> {
        let statement = self.prepared(statement).await?;
        let count: i64 = self.asking.query_one(&statement, &[]).await?.try_get(0)?;
        Ok(usize::try_from(count)?)
    }
}

/// A line of COPY's text format.
fn line(no: &impl ToString, fields: &[Option<&str>]) -> String {
    let mut line = no.to_string();
    for field in fields {
        line.push('\t');
        let Some(text) = field else {
            line.push_str("\\N");
            continue;
        };
        for letter in text.chars() {
            match letter {
                '\\' => line.push_str("\\\\"),
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                '\t' => line.push_str("\\t"),
                _ => line.push(letter),
            }
        }
    }
    let _ = writeln!(line);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_field_is_escaped() {
        assert_eq!(line(&7, &[Some("a\tb\\\n"), None]), "7\ta\\tb\\\\\\n\t\\N\n");
    }
}
