//! Copies from engine to engine, and what is refused.

use super::*;
use crate::PostgresStore;
use crate::tests::{Zeros, open, reach};
use rollcall_store::copy::{Copied, Ended, copy, end_all, verify};
use rollcall_store::suite::Fixture;
use rollcall_store::suite::everything::{all_of, everything, someone};
use rollcall_store_sqlite::{SqliteDestination, SqliteSource};
use rollcall_testkit::Database;
use std::path::Path;
use tempfile::TempDir;

/// A store with everything in it.
async fn store() -> (Database, Fixture) {
    let database = Database::new().await;
    let fixture = Fixture::new(Arc::new(open(&database).await.unwrap()));
    everything(&fixture).await;
    (database, fixture)
}

async fn source(database: &Database) -> Result<PostgresSource, StoreError> {
    PostgresSource::open(&reach(database)).await
}

async fn to_database(database: &Database) -> Result<PostgresDestination, StoreError> {
    PostgresDestination::begin(&reach(database), Arc::new(Zeros)).await
}

fn to_directory(directory: &Path) -> SqliteDestination {
    SqliteDestination::store(directory, Arc::new(Zeros)).unwrap()
}

async fn copied(from: &mut dyn Source, mut to: impl Destination) -> Result<Copied, StoreError> {
    let copied = copy(from, &mut to, &mut |_, _, _| ()).await?;
    Box::new(to).finish().await?;
    Ok(copied)
}

/// Why it is none.
fn refusal<T>(result: Result<T, StoreError>) -> String {
    result.map(drop).unwrap_err().to_string()
}

async fn client(database: &Database) -> Client {
    Connection::bare(&reach(database)).await.unwrap()
}

async fn tables(database: &Database) -> i64 {
    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    client(database).await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_tables_of_copies_are_those_of_the_schema() {
    let database = Database::new().await;
    drop(open(&database).await.unwrap());
    let client = client(&database).await;
    let sql = "SELECT relname::text FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE \"C\"";
    let mut found: Vec<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    // What is no store's, but its engine's.
    found.retain(|name| !["leases", "migrations", "node_reports"].contains(&&**name));
    assert_eq!(found, TABLES.iter().map(|table| table.name).collect::<Vec<_>>());
    for table in TABLES {
        let columns = columns_of(&client, table.name).await.unwrap();
        assert_eq!(columns, table.columns.iter().copied().map(Into::into).collect(), "{}", table.name);
        let key = "SELECT attname::text FROM pg_index, unnest(indkey) WITH ORDINALITY AS part (no, place)
                JOIN pg_attribute ON attnum = no
            WHERE indrelid = to_regclass($1) AND indisprimary AND attrelid = indrelid ORDER BY place";
        let key = client.query(key, &[&table.name]).await.unwrap();
        let key: Vec<String> = key.iter().map(|row| row.get(0)).collect();
        assert_eq!(key, table.columns[..table.key], "{}", table.name);
    }
}

#[tokio::test]
async fn a_store_is_the_same_on_both_engines() {
    let (database, fixture) = store().await;
    let all = all_of(&mut source(&database).await.unwrap()).await;
    let directory = TempDir::new().unwrap();
    let there = copied(&mut source(&database).await.unwrap(), to_directory(directory.path())).await.unwrap();
    assert_eq!((&there.contents, there.end), (&all, fixture.store.end().await.unwrap()));
    let back = Database::new().await;
    let mut from = SqliteSource::open(directory.path()).unwrap();
    assert_eq!(copied(&mut from, to_database(&back).await.unwrap()).await.unwrap(), there);
    assert_eq!(all_of(&mut source(&back).await.unwrap()).await, all);

    let again = Fixture::new(Arc::new(open(&back).await.unwrap()));
    again.set_now(2_000_000);
    assert_eq!(again.loaded_seen().await, fixture.loaded_seen().await);
    // A text that none has had gets a number that none has.
    let user = someone(&again).await;
    let opening = rollcall_model::command::Opening { agent: "another".into(), ..again.opening(user) };
    again.run(Command::OpenSession(Box::new(opening))).await.unwrap();
    assert_eq!(again.store.verify().await.unwrap().unwrap().seq, there.end.seq.next(), "it goes on");
}

#[tokio::test]
async fn a_copy_is_of_the_instant_at_which_it_began() {
    let (database, fixture) = store().await;
    let before = fixture.store.end().await.unwrap();
    let mut from = source(&database).await.unwrap();
    fixture.user("later", &[]).await;
    let to = Database::new().await;
    assert_eq!(copied(&mut from, to_database(&to).await.unwrap()).await.unwrap().end, before);
}

#[tokio::test]
async fn what_is_not_finished_leaves_the_database_as_it_was() {
    let (database, _fixture) = store().await;
    let to = Database::new().await;
    let mut destination = to_database(&to).await.unwrap();
    copy(&mut source(&database).await.unwrap(), &mut destination, &mut |_, _, _| ()).await.unwrap();
    drop(destination);
    assert!(refusal(source(&to).await).contains("there is no store in the database"));
    assert_eq!(tables(&to).await, 0);
    copied(&mut source(&database).await.unwrap(), to_database(&to).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_refused_and_not_touched() {
    let (database, fixture) = store().await;
    let end = fixture.store.end().await.unwrap();
    let why = refusal(to_database(&database).await);
    assert!(why.contains("there is a store in the database already, and nothing was changed"), "{why}");
    assert_eq!(fixture.store.end().await.unwrap(), end);
    let foreign = Database::new().await;
    client(&foreign).await.batch_execute("CREATE TABLE invoices (no bigint)").await.unwrap();
    let why = refusal(to_database(&foreign).await);
    assert!(
        why.contains("not empty: it has a table `invoices`") && why.contains("name an empty one"),
        "{why}"
    );
    assert!(refusal(source(&foreign).await).contains("there is no store in the database"));
    assert_eq!(tables(&foreign).await, 1);
}

#[tokio::test]
async fn all_that_stands_in_a_copy_can_be_ended_before_it_is_a_store() {
    let (database, fixture) = store().await;
    let to = Database::new().await;
    let mut destination = to_database(&to).await.unwrap();
    let mut from = source(&database).await.unwrap();
    let copied = copy(&mut from, &mut destination, &mut |_, _, _| ()).await.unwrap();
    let ended = end_all(&mut destination, fixture.now(), &mut |_, _, _| ()).await.unwrap();
    assert_eq!(ended, Ended { sessions: 3, personal_tokens: 1, service_tokens: 1 });
    assert_eq!(tables(&to).await, 0, "nobody sees it before");
    let end = verify(&mut destination, &mut |_, _, _| ()).await.unwrap();
    assert_eq!(end.seq.0, copied.end.seq.0 + 5);
    Box::new(destination).finish().await.unwrap();
    let store = Fixture::new(Arc::new(PostgresStore::open(reach(&to), Arc::new(Zeros)).await.unwrap()));
    assert!(store.loaded_sessions().await.is_empty());
    assert_eq!(fixture.loaded_sessions().await.len(), 3, "those of the source go on");
}

#[tokio::test]
async fn rows_that_were_edited_by_hand_are_refused() {
    for (sql, what) in [
        ("UPDATE ledger SET at = at + 1 WHERE seq = 4", "event 4 of the ledger is not as it was written"),
        (
            "DELETE FROM sessions WHERE opened_seq = (SELECT min(opened_seq) FROM sessions)",
            "2 sessions stand",
        ),
        ("ALTER TABLE users RENAME COLUMN bio TO biography", "its table `users` is not the one"),
        ("DROP TABLE mails", "its table `mails` is not the one"),
        ("UPDATE migrations SET checksum = 'x' WHERE no = 1", "schema version 1 is not the one released"),
        ("INSERT INTO migrations VALUES (99, '')", "start a newer rollcall"),
        ("DELETE FROM migrations WHERE no > 0", "the store has schema version 0"),
        ("UPDATE ledger SET seq = -seq WHERE seq = 2", "event 2 of the ledger is not as it was written"),
    ] {
        let (database, _fixture) = store().await;
        client(&database).await.batch_execute(sql).await.unwrap();
        let to = TempDir::new().unwrap();
        let why = match source(&database).await {
            Ok(mut from) => refusal(copied(&mut from, to_directory(to.path())).await),
            Err(error) => error.to_string(),
        };
        assert!(why.contains(what), "{sql}: {why}");
        assert!(!rollcall_store_sqlite::exists(to.path()).unwrap(), "{sql}");
    }
}
