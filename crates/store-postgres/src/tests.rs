//! The engine's tests: the suite of every engine, and what is PostgreSQL's own. All share one server; each has a
//! database of its own.

use super::*;
use crate::rows::get;
use rollcall_model::{Actor, Refused};
use rollcall_store::suite::Fixture;
use rollcall_testkit::{Database, Postgres, WithTls};
use std::path::Path;

/// Bytes that are good enough for salts of a test.
pub(crate) struct Zeros;

impl Randomness for Zeros {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

pub(crate) async fn open(database: &Database) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(reach(database), Arc::new(Zeros)).await
}

pub(crate) fn reach(database: &Database) -> Reach {
    let url: DatabaseUrl = database.url().parse().unwrap();
    Reach::new(&url, &Settings::default(), None).unwrap()
}

async fn opened() -> (Arc<dyn Store>, Database) {
    let database = Database::new().await;
    let store = open(&database).await.unwrap();
    (Arc::new(store), database)
}

rollcall_store::suite!(opened().await);

struct Nobody;

impl LiveSets for Nobody {
    fn sessions_of(&self, _user: UserNo) -> Vec<SessionNo> {
        Vec::new()
    }
}

async fn begin(store: &PostgresStore) -> Result<Committed, StoreError> {
    let create = [Command::CreateWorkspace { test: false }];
    store.commit(create.into(), Arc::new(Nobody), Timestamp::from_ms(1)).await
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_schema() {
    let database = Database::new().await;
    let opened = futures_util::future::join_all((0..8).map(|_| open(&database))).await;
    let stores: Vec<_> = opened.into_iter().map(Result::unwrap).collect();
    begin(&stores[0]).await.unwrap();
    for store in &stores {
        assert_eq!(store.end().await.unwrap().seq, Seq(1));
    }
}

#[tokio::test]
async fn commits_of_two_nodes_are_one_chain() {
    let database = Database::new().await;
    let nodes = [open(&database).await.unwrap(), open(&database).await.unwrap()];
    begin(&nodes[0]).await.unwrap();
    let observe = Command::Observe(vec![rollcall_model::event::Observation {
        by: rollcall_model::Actor::Anyone,
        from: None,
        endpoint: "login",
        what: rollcall_model::event::Observed::Refused { reason: "Unauthorized" },
        times: 1,
    }]);
    let commits = (0..40)
        .map(|n| nodes[n % 2].commit([observe.clone()].into(), Arc::new(Nobody), Timestamp::from_ms(2)));
    let ends = connection::all(commits).await.unwrap();
    let mut seqs: Vec<u64> = ends.iter().map(|committed| committed.end.seq.0).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=41).collect::<Vec<_>>());
    assert_eq!(nodes[0].verify().await.unwrap(), nodes[1].verify().await.unwrap());
    assert_eq!(nodes[1].verify().await.unwrap().unwrap().seq, Seq(41));
}

/// Whoever decides remembers users: what others changed of them is asked for anew.
#[tokio::test]
async fn what_another_node_changed_of_a_user_is_known_to_the_next_decision() {
    let database = Database::new().await;
    let [one, other] = [open(&database).await.unwrap(), open(&database).await.unwrap()]
        .map(|store| Fixture::new(Arc::new(store)));
    let user = one.user("zoe", &[]).await;
    one.open(user).await;
    other.run(Command::DeleteUser { user, by: Actor::System }).await.unwrap();
    let opening = Command::OpenSession(Box::new(one.opening(user)));
    assert_eq!(one.run(opening).await, Err(Refused::NoSuchUser));
}

#[tokio::test]
async fn a_changed_schema_is_noticed() {
    let database = Database::new().await;
    drop(open(&database).await.unwrap());
    let client = Connection::bare(&reach(&database)).await.unwrap();
    client.batch_execute("UPDATE migrations SET checksum = 'x' WHERE no = 1").await.unwrap();
    assert!(matches!(open(&database).await, Err(StoreError::Corrupt(_))));
}

/// Refused, because somebody changed the schema.
fn too_old<T>(answer: Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::NotOurs(why)) if why.contains("schema version 2") && why.contains("newer rollcall"))
}

#[tokio::test]
async fn beside_a_schema_that_says_so_older_nodes_go_on_and_start() {
    let database = Database::new().await;
    let store = open(&database).await.unwrap();
    migrate::run_of_tomorrow(&reach(&database), 1).await.unwrap();
    begin(&store).await.unwrap();
    let another = open(&database).await.unwrap();
    assert_eq!([store.head().await.unwrap().seq, another.head().await.unwrap().seq], [Seq(1); 2]);
    assert!(
        too_old(PostgresReader::open(&reach(&database)).await),
        "what is read whole has to be known whole"
    );
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_nodes_that_start_and_by_those_that_run() {
    let database = Database::new().await;
    let store = open(&database).await.unwrap();
    migrate::run_of_tomorrow(&reach(&database), 2).await.unwrap();
    assert!(too_old(store.head().await));
    assert!(too_old(begin(&store).await));
    assert!(too_old(open(&database).await));
    assert!(too_old(PostgresReader::open(&reach(&database)).await));
}

/// A commit that waits while the schema is changed comes behind the change.
#[tokio::test]
async fn a_commit_that_waits_for_a_newer_schema_is_refused() {
    let database = Database::new().await;
    let store = open(&database).await.unwrap();
    let holder = Connection::bare(&reach(&database)).await.unwrap();
    holder.batch_execute("BEGIN; SELECT 1 FROM ledger_head FOR UPDATE").await.unwrap();
    // Within a transaction it would show the same all the time.
    let observer = Connection::bare(&reach(&database)).await.unwrap();
    let until_waiting = async |waiting: i64| {
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while observer.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) < waiting {}
    };
    let (there, changed) = (reach(&database), async |reach: &Reach| migrate::run_of_tomorrow(reach, 2).await);
    let (changed, committed, ()) = tokio::join!(
        changed(&there),
        async {
            // Behind the one who changes the schema.
            until_waiting(1).await;
            begin(&store).await
        },
        async {
            until_waiting(2).await;
            holder.batch_execute("COMMIT").await.unwrap();
        },
    );
    changed.unwrap();
    assert!(too_old(committed));
}

/// Has each commit meet a disk that is full.
const FULL: &str =
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END';
    CREATE TRIGGER full_disk BEFORE INSERT ON ledger FOR EACH STATEMENT EXECUTE FUNCTION full_disk()";

#[tokio::test]
async fn a_full_disk_is_told_apart_and_everything_is_taken_when_there_is_room() {
    let database = Database::new().await;
    let store = open(&database).await.unwrap();
    let hand = Connection::bare(&reach(&database)).await.unwrap();
    hand.batch_execute(FULL).await.unwrap();
    assert_eq!(store.hindrance(), None);
    for _ in 0..2 {
        let refused = begin(&store).await.unwrap();
        assert_eq!((refused.answers, refused.events.len()), (vec![Err(Refused::DiskFull)], 0));
        assert_eq!(store.hindrance(), Some(Hindrance::DiskFull));
    }
    hand.batch_execute("DROP TRIGGER full_disk ON ledger").await.unwrap();
    assert_eq!(begin(&store).await.unwrap().events.len(), 1);
    assert_eq!(store.hindrance(), None);
}

/// Why a database at a port cannot be reached, if it cannot.
async fn refusal(url: &str, ca_file: Option<&Path>, password: &str) -> Option<String> {
    let settings = Settings { ca_file: ca_file.map(Into::into), ..Settings::default() };
    let reach = match Reach::new(&url.parse().unwrap(), &settings, Some(password)) {
        Ok(reach) => reach,
        Err(error) => return Some(error.to_string()),
    };
    PostgresStore::open(reach, Arc::new(Zeros)).await.err().map(|error| error.to_string())
}

#[tokio::test]
async fn who_is_not_the_host_of_the_url_is_told_nothing() {
    let WithTls { server: _server, port, certificate } = Postgres::start_with_tls("right").await.unwrap();
    let url = |host: &str, rest: &str| format!("postgres://postgres@{host}:{port}/postgres{rest}");
    let trusted = Some(&*certificate);
    assert_eq!(refusal(&url("127.0.0.1", ""), trusted, "right").await, None);
    assert_eq!(refusal(&url("127.0.0.1", "?sslmode=require"), None, "right").await, None);
    for (host, rest, ca_file, why) in [
        ("localhost", "", trusted, "certificate not valid for name"),
        ("127.0.0.1", "", None, "certificate"),
        ("127.0.0.1", "?sslmode=disable", None, "no pg_hba.conf entry"),
        ("127.0.0.1", "", Some(Path::new("/nowhere")), "/nowhere"),
    ] {
        let refusal = refusal(&url(host, rest), ca_file, "right").await.unwrap();
        assert!(refusal.contains(why), "{host}{rest}: {refusal}");
    }
    let wrong = refusal(&url("127.0.0.1", ""), trusted, "wrong-secret").await.unwrap();
    assert!(wrong.contains("password authentication failed") && !wrong.contains("wrong-secret"), "{wrong}");
}

/// A planner that knows nothing of a table would read a third of it.
#[tokio::test]
async fn what_is_newer_than_an_event_is_found_by_keys_whatever_the_planner_knows() {
    let database = Database::new().await;
    let store = open(&database).await.unwrap();
    begin(&store).await.unwrap();
    let plans = async |reach: &Reach| {
        let connection = Connection::open(reach).await.unwrap();
        let mut plans = String::new();
        for sql in [
            sql::ENDED_AFTER,
            sql::SESSIONS_AFTER,
            sql::OWNERS_CHANGED_AFTER,
            sql::SUBJECTS_AFTER,
            sql::FACTORS_AFTER,
            sql::PERSONAL_AFTER,
            sql::STEP_UPS_AFTER,
            sql::ENDED_ADDRESSES,
            sql::USERS_CHANGED_AFTER,
            sql::ERASED_AFTER,
            sql::PERMISSIONS_AFTER,
            sql::SERVICE_TOKENS_AFTER,
        ] {
            connection.command(&format!("PREPARE it (bigint) AS {sql}")).await.unwrap();
            for row in connection.rows_of_text("EXPLAIN EXECUTE it (1)", &[]).await.unwrap() {
                plans.push_str(get(&row, 0).unwrap());
                plans.push('\n');
            }
            connection.command("DEALLOCATE it").await.unwrap();
        }
        plans
    };
    let bad = |plans: &str| {
        let whole = ["ledger", "sessions", "users"]
            .iter()
            .any(|table| plans.contains(&format!("Seq Scan on {table}")));
        let otherwise = ["Hash Join", "Merge Join", "Join Filter", "Gather", "ledger_by_session"];
        whole || otherwise.iter().any(|way| plans.contains(way))
    };
    let by_keys = plans(&reach(&database).for_little()).await;
    assert!(!bad(&by_keys), "{by_keys}");
    // What it found small once it takes for small: it would go through all of a table for each row of another.
    Connection::open(&reach(&database)).await.unwrap().command("ANALYZE").await.unwrap();
    let when_small = plans(&reach(&database).for_little()).await;
    assert!(!bad(&when_small), "{when_small}");
    // And of a large one it may read what it thinks to be less, or have others help, who take longer to come.
    let grown = "INSERT INTO ledger (seq, at, kind, outcome, actor, subject, session, live, digest, hash)
        SELECT n, n, CASE WHEN n % 1000 = 0 THEN 6 ELSE 4 END, 0, 0, n % 1000, n, n, '', ''
        FROM generate_series(1000, 300000) AS n";
    Connection::open(&reach(&database)).await.unwrap().command(&format!("{grown}; ANALYZE")).await.unwrap();
    let when_large = plans(&reach(&database).for_little()).await;
    assert!(!bad(&when_large), "{when_large}");
    assert!(bad(&plans(&reach(&database)).await), "it is found so anyway, and this test shows nothing");
}
