//! A store in a database as a source of copies, and an empty database as their destination.
//!
//! **Invariants:** a source changes nothing and sees one snapshot, beside the nodes; a destination is one transaction,
//! its schema with it, so that a database in which none was finished is as it was before.

use crate::connection::Connection;
use crate::database::Reach;
use crate::load::SNAPSHOT;
use crate::rows::{get, unavailable};
use crate::write::{Committing, NotCommitted};
use crate::{migrate, read};
use futures_util::future::try_join_all;
use rollcall_model::facts::Head;
use rollcall_model::{Command, Randomness, SessionNo, Timestamp, UserNo};
use rollcall_store::chain::BEFORE_THE_FIRST;
use rollcall_store::copy::{Destination, ROWS_AT_ONCE, Rows, Seen, Source, TABLES, Table, Value};
use rollcall_store::remembered::Remembered;
use rollcall_store::{Answer, BadEvent, ChainEnd, Committed, LiveSets, StoreError, WorkspaceRow};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

/// All of it is one transaction, and takes as long as it takes: no statement's time is for so much.
const WHOLE: &str = "BEGIN;
     SET LOCAL statement_timeout = 0;
     SET LOCAL lock_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0";
/// Its schema's tables; those of extensions do not count.
const ANY_TABLE: &str = "SELECT to_regclass('ledger_head') IS NOT NULL, relname::text FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT 1 FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    LIMIT 1";
/// But for what tells nodes of the schema: it is this engine's own, as its table of migrations is.
const COLUMNS: &str = "SELECT attname::text FROM pg_attribute
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
        AND NOT (attrelid = to_regclass('ledger_head') AND attname = 'needs')";
/// The next text gets a number that none has.
const SET_TEXT_NUMBERS: &str =
    "SELECT setval(pg_get_serial_sequence('texts', 'no'), max(no)) FROM texts HAVING count(*) > 0";

/// A store, to be copied.
pub struct PostgresSource(Tables);

impl PostgresSource {
    /// The store in a database, as it is now.
    pub async fn open(reach: &Reach) -> Result<Self, StoreError> {
        if !migrate::exists(reach).await? {
            return Err(StoreError::NotOurs("there is no store in the database".into()));
        }
        migrate::version(reach).await?;
        as_released(&Connection::bare(reach).await?).await?;
        let connection = Connection::open(reach).await?;
        connection.command(SNAPSHOT).await?;
        Ok(Self(Tables::of(connection).await?))
    }
}

/// Whether each table is as its version has it: a hand leaves others.
async fn as_released(client: &Client) -> Result<(), StoreError> {
    for Table { name, columns, .. } in TABLES {
        if columns_of(client, name).await? != columns.iter().copied().map(Into::into).collect() {
            return Err(StoreError::Corrupt(format!(
                "its table `{name}` is not the one of its schema's version: somebody changed it; keep what is there \
                 as it is, and restore a backup"
            )));
        }
    }
    Ok(())
}

/// A table's columns; none when there is no such table.
pub async fn columns_of(client: &Client, table: &str) -> Result<BTreeSet<String>, StoreError> {
    let rows = client.query(COLUMNS, &[&table]).await.map_err(unavailable)?;
    rows.iter().map(|row| get(row, 0)).collect()
}

/// A connection within one transaction, and what its tables are made of.
struct Tables {
    connection: Connection,
    types: HashMap<&'static str, Vec<Type>>,
}

impl Tables {
    async fn of(connection: Connection) -> Result<Self, StoreError> {
        let types = async |table: &'static Table| {
            let sql = format!("SELECT {} FROM {}", table.columns.join(", "), table.name);
            Ok::<_, StoreError>((table.name, connection.types_of(&sql).await?))
        };
        let types = try_join_all(TABLES.iter().map(types)).await?.into_iter().collect();
        Ok(Self { connection, types })
    }

    fn types(&self, table: &Table) -> &[Type] {
        &self.types[table.name]
    }

    async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let rows = self.connection.rows_of_text(&format!("SELECT count(*) FROM {}", table.name), &[]).await?;
        rows.first().map_or(Ok(0), |row| crate::rows::unsigned(row, 0))
    }

    /// Some rows of a table, in the order of their keys.
    async fn page(&self, table: &Table, after: Option<Vec<Value>>) -> Result<Rows, StoreError> {
        let (name, columns) = (table.name, table.columns.join(", "));
        let key = table.columns[..table.key].join(", ");
        let behind = match after {
            Some(_) => format!("WHERE ({key}) > ({})", places(table.key)),
            None => String::new(),
        };
        let sql = format!("SELECT {columns} FROM {name} {behind} ORDER BY {key} LIMIT {ROWS_AT_ONCE}");
        let after = after.unwrap_or_default();
        let after = cells(&after, self.types(table))?;
        let after: Vec<_> = after.iter().map(Cell::as_sql).collect();
        let rows = self.connection.rows_of_text(&sql, &after).await?;
        rows.iter().map(values).collect()
    }

    async fn write(&self, table: &Table, rows: &Rows) -> Result<(), StoreError> {
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns.join(", "));
        let (sink, types) = (self.connection.copy_in(&sql).await?, self.types(table));
        let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, types));
        for row in rows.iter() {
            let cells = cells(row, types)?;
            let cells: Vec<_> = cells.iter().map(Cell::as_sql).collect();
            self.connection.answer(writer.as_mut().write(&cells)).await?;
        }
        self.connection.answer(writer.finish()).await.map(|_| ())
    }
}

fn places(number: usize) -> String {
    (1..=number).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// A value as a column of the database takes it.
enum Cell<'a> {
    Number(Option<i64>),
    Small(Option<i16>),
    Truth(Option<bool>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

impl<'a> Cell<'a> {
    fn of(value: &'a Value, kind: &Type) -> Option<Self> {
        Some(match (kind, value) {
            (&Type::INT8, Value::Null) => Self::Number(None),
            (&Type::INT8, Value::Integer(number)) => Self::Number(Some(*number)),
            (&Type::INT2, Value::Null) => Self::Small(None),
            (&Type::INT2, Value::Integer(number)) => Self::Small(Some(i16::try_from(*number).ok()?)),
            (&Type::BOOL, Value::Null) => Self::Truth(None),
            (&Type::BOOL, Value::Integer(0)) => Self::Truth(Some(false)),
            (&Type::BOOL, Value::Integer(1)) => Self::Truth(Some(true)),
            (&Type::TEXT, Value::Null) => Self::Text(None),
            (&Type::TEXT, Value::Text(text)) => Self::Text(Some(text)),
            (&Type::BYTEA, Value::Null) => Self::Bytes(None),
            (&Type::BYTEA, Value::Bytes(bytes)) => Self::Bytes(Some(bytes)),
            _ => return None,
        })
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Number(value) => value,
            Self::Small(value) => value,
            Self::Truth(value) => value,
            Self::Text(value) => value,
            Self::Bytes(value) => value,
        }
    }
}

/// The values of a row, or of its key.
fn cells<'a>(values: &'a [Value], types: &[Type]) -> Result<Vec<Cell<'a>>, StoreError> {
    let cells = values.iter().zip(types).map(|(value, kind)| Cell::of(value, kind));
    cells
        .collect::<Option<_>>()
        .ok_or_else(|| StoreError::Corrupt("a row holds a value of another kind".into()))
}

/// The values of a row as copies have them.
fn values(row: &Row) -> Result<Box<[Value]>, StoreError> {
    let value = |(column, kind): (usize, &tokio_postgres::Column)| {
        let value = match *kind.type_() {
            Type::INT8 => get::<Option<i64>>(row, column)?.map(Value::Integer),
            Type::INT2 => get::<Option<i16>>(row, column)?.map(|number| Value::Integer(number.into())),
            Type::BOOL => get::<Option<bool>>(row, column)?.map(|truth| Value::Integer(truth.into())),
            Type::TEXT => get::<Option<Box<str>>>(row, column)?.map(Value::Text),
            _ => get::<Option<&[u8]>>(row, column)?.map(|bytes| Value::Bytes(bytes.into())),
        };
        Ok(value.unwrap_or(Value::Null))
    };
    row.columns().iter().enumerate().map(value).collect()
}

/// What becomes a database's store.
pub struct PostgresDestination {
    filled: PostgresSource,
    remembered: Remembered,
    randomness: Arc<dyn Randomness>,
}

impl PostgresDestination {
    /// A store in a database that holds no table.
    pub async fn begin(reach: &Reach, randomness: Arc<dyn Randomness>) -> Result<Self, StoreError> {
        let client = Connection::bare(reach).await?;
        client.batch_execute(WHOLE).await.map_err(unavailable)?;
        if let Some(row) = client.query_opt(ANY_TABLE, &[]).await.map_err(unavailable)? {
            let what = if get(&row, 0)? {
                "there is a store in the database already".into()
            } else {
                format!("the database is not empty: it has a table `{}`", get::<&str>(&row, 1)?)
            };
            return Err(StoreError::NotOurs(format!("{what}, and nothing was changed: name an empty one")));
        }
        migrate::make(&client).await?;
        client.batch_execute("DELETE FROM ledger_head").await.map_err(unavailable)?;
        let connection = Connection::within_a_transaction(client, reach).await?;
        let filled = PostgresSource(Tables::of(connection).await?);
        Ok(Self { filled, remembered: Remembered::default(), randomness })
    }
}

impl Source for PostgresSource {
    fn head(&mut self) -> Answer<'_, (Head, ChainEnd)> {
        Box::pin(read::head(&self.0.connection))
    }

    fn workspace(&mut self) -> Answer<'_, Option<WorkspaceRow>> {
        Box::pin(read::workspace(&self.0.connection))
    }

    fn count(&mut self, table: &'static Table) -> Answer<'_, u64> {
        Box::pin(self.0.count(table))
    }

    fn rows(&mut self, table: &'static Table, after: Option<Vec<Value>>) -> Answer<'_, Rows> {
        Box::pin(self.0.page(table, after))
    }

    fn verify<'a>(&'a mut self, seen: Seen<'a>) -> Answer<'a, Result<ChainEnd, BadEvent>> {
        Box::pin(read::verify(&self.0.connection, BEFORE_THE_FIRST, seen))
    }
}

impl Source for PostgresDestination {
    fn head(&mut self) -> Answer<'_, (Head, ChainEnd)> {
        self.filled.head()
    }

    fn workspace(&mut self) -> Answer<'_, Option<WorkspaceRow>> {
        self.filled.workspace()
    }

    fn count(&mut self, table: &'static Table) -> Answer<'_, u64> {
        self.filled.count(table)
    }

    fn rows(&mut self, table: &'static Table, after: Option<Vec<Value>>) -> Answer<'_, Rows> {
        self.filled.rows(table, after)
    }

    fn verify<'a>(&'a mut self, seen: Seen<'a>) -> Answer<'a, Result<ChainEnd, BadEvent>> {
        self.filled.verify(seen)
    }
}

impl Destination for PostgresDestination {
    fn write(&mut self, table: &'static Table, rows: Rows) -> Answer<'_, ()> {
        Box::pin(async move { self.filled.0.write(table, &rows).await })
    }

    fn filled(&mut self) -> Answer<'_, ()> {
        Box::pin(async {
            let connection = &self.filled.0.connection;
            connection.rows_of_text(SET_TEXT_NUMBERS, &[]).await?;
            // What was filled just now, no plan knows of.
            let tables: Vec<_> = TABLES.iter().map(|table| table.name).collect();
            connection.command(&format!("ANALYZE {}", tables.join(", "))).await
        })
    }

    fn commit(&mut self, commands: Arc<[Command]>, now: Timestamp) -> Answer<'_, Committed> {
        Box::pin(async move {
            let Self { filled, remembered, randomness } = self;
            let committing =
                Committing { connection: &filled.0.connection, remembered, randomness: &**randomness };
            let batch: Vec<_> = commands.iter().map(|command| (now, command)).collect();
            committing.commit(&batch, &NoSets).await.map_err(|error| match error {
                NotCommitted::Surely(error) | NotCommitted::Perhaps(error, _) => error,
            })
        })
    }

    fn finish(self: Box<Self>) -> Answer<'static, ()> {
        Box::pin(async move {
            let committed = self.filled.0.connection.command("COMMIT").await;
            committed.map_err(|error| match error {
                StoreError::Unavailable(what) => StoreError::InDoubt(what),
                error => error,
            })
        })
    }
}

/// Nothing is asked of a copy that needs to know all sessions of a user.
struct NoSets;

impl LiveSets for NoSets {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
