//! One commit: facts under the locked head, decisions by the model, events and rows in one transaction.
//!
//! Two round trips: one takes the lock and reads the facts, one writes and commits. What is sent behind the lock is
//! answered when the lock is had, each statement by what was committed until then.

use crate::changes::Changes;
use crate::connection::{Connection, wanted};
use crate::rows::{self, get, number, unsigned, user_no};
use crate::{damaged, follow, read, revocations, service_tokens, sql};
use rollcall_model::address::ip_from_bits;
use rollcall_model::decide::{Decided, decide};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::RecoveryHash;
use rollcall_model::facts::{Facts, PersonalFact, UserFact};
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{TokenNo, UserNo};
use rollcall_model::needs::Needs;
use rollcall_model::user::NameKey;
use rollcall_model::{AddressKey, Command, Event, Happening, Randomness, Role, RoleSet, Timestamp};
use rollcall_store::chain::SALT_BYTES;
use rollcall_store::remembered::Remembered;
use rollcall_store::{ChainEnd, Committed, KeptServiceToken, LiveSets, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a commit works with.
pub struct Committing<'a> {
    /// The connection that writes.
    pub connection: &'a Connection,
    /// What it remembers of the commits before.
    pub remembered: &'a mut Remembered,
    /// Randomness for salts.
    pub randomness: &'a dyn Randomness,
}

impl Committing<'_> {
    /// Decides and writes a batch, each command at the instant beside it. On an error, the connection is of no further
    /// use.
    pub async fn commit(
        mut self,
        batch: &[(Timestamp, &Command)],
        sets: &dyn LiveSets,
    ) -> Result<Committed, NotCommitted> {
        let result = self.try_commit(batch, sets).await;
        if result.is_err() {
            self.remembered.forget();
        }
        result
    }

    async fn try_commit(
        &mut self,
        batch: &[(Timestamp, &Command)],
        sets: &dyn LiveSets,
    ) -> Result<Committed, NotCommitted> {
        let needs = Needs::of(batch.iter().map(|(_, command)| *command));
        let (facts, end) = gather(self.connection, needs, sets, self.remembered).await?;
        let mut decided = decide(batch.iter().copied(), facts);
        let changes = self.changes(end, &decided).await?;
        let sent = changes.send(self.connection, decided.events.last()).await;
        self.remembered.note_written(&mut decided, changes.end);
        let committed = Committed { events: decided.events, answers: decided.answers, end: changes.end };
        match sent {
            Ok(()) => Ok(committed),
            Err(error @ StoreError::Rejected(_)) => Err(NotCommitted::Surely(error)),
            Err(error) => Err(NotCommitted::Perhaps(error, committed)),
        }
    }

    async fn changes(&mut self, end: ChainEnd, decided: &Decided) -> Result<Changes, StoreError> {
        self.learn_texts(&decided.events).await?;
        let mut salts = vec![0; decided.events.len() * SALT_BYTES];
        self.randomness.fill(&mut salts);
        Changes::of(decided, end, &salts, self.remembered)
    }

    /// Gives numbers to the agents and hosts of sessions that have none yet.
    async fn learn_texts(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let mut unknown = HashSet::<&Arc<str>>::new();
        for event in events {
            if let Happening::SessionOpened(session) = &event.happening {
                unknown.extend(
                    [&session.agent, &session.host]
                        .into_iter()
                        .filter(|text| self.remembered.text(text).is_none()),
                );
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let texts: Vec<&str> = unknown.iter().map(|text| &***text).collect();
        self.connection.run(sql::INSERT_TEXTS, &[&texts]).await?;
        for row in self.connection.rows(sql::FIND_TEXTS, &[&texts]).await? {
            self.remembered.note_text(get::<&str>(&row, 1)?.into(), get(&row, 0)?);
        }
        Ok(())
    }
}

/// Why there is no answer to a commit.
pub enum NotCommitted {
    /// Nothing was written.
    Surely(StoreError),
    /// The answer to its end did not come. When it took place, this is what it committed.
    Perhaps(StoreError, Committed),
}

impl From<StoreError> for NotCommitted {
    fn from(error: StoreError) -> Self {
        Self::Surely(error)
    }
}

/// Whether a commit took place whose answer did not come, as a new connection sees it.
pub async fn took_place(connection: &Connection, committed: &Committed) -> Result<bool, StoreError> {
    connection.command("BEGIN").await?;
    // Whoever was about to commit still holds it: from here on it is decided.
    connection.row(sql::LOCK_HEAD, &[]).await?;
    let row = connection.row(sql::HASH_OF_EVENT, &[&number(committed.end.seq.0)]).await?;
    connection.command("COMMIT").await?;
    row.map_or(Ok(false), |row| Ok(get::<&[u8]>(&row, 0)? == committed.end.hash))
}

/// Begins a transaction, takes the lock, and reads what the commands need.
async fn gather(
    connection: &Connection,
    needs: Needs,
    sets: &dyn LiveSets,
    remembered: &mut Remembered,
) -> Result<(Facts, ChainEnd), StoreError> {
    let mut facts = Facts::default();
    let (before, remembered_to) = (sets.end(), remembered.up_to());
    let asked = take_remembered(remembered, &needs.users, &mut facts.users);
    let sessions;
    (facts.sessions_of, sessions) = needs.sessions(|user| sets.count_of(user), |user| sets.sessions_of(user));
    let texts =
        |names: &[NameKey]| -> Vec<String> { names.iter().map(|name| name.as_str().to_owned()).collect() };
    let (users, passwords, personal) =
        (numbers(&asked), numbers(&needs.passwords), numbers(&needs.personal_of));
    let sessions: Vec<i64> = sessions.iter().map(|session| number(session.0)).collect();
    let (usernames, emails) = (texts(&needs.usernames), texts(&needs.emails));
    let (recovery_users, recovery_hashes): (Vec<i64>, Vec<&[u8]>) =
        needs.recovery.iter().map(|(user, code)| (number(user.0), &code.0[..])).unzip();
    let admin = i64::from([Role::Admin].into_iter().collect::<RoleSet>().bits());
    // In this order they are sent.
    let (
        begun,
        head,
        workspace,
        administrators,
        users,
        profiles,
        sessions,
        passwords,
        personal,
        usernames,
        emails,
        failures,
        mailed,
        mails,
        service_tokens,
        revocations,
        recovery,
    ) = tokio::join!(
            biased;
            connection.begin(),
            connection.row(sql::LOCK_HEAD, &[]),
            read::workspace(connection),
            wanted(needs.administrators, async { connection.rows(sql::ACTIVE_ADMINISTRATORS, &[&admin]).await }),
            wanted(!users.is_empty(), async { connection.rows(sql::OWNERS, &[&users]).await }),
            wanted(!needs.profiles.is_empty(), read::users_of(connection, &needs.profiles)),
            wanted(!sessions.is_empty(), async { connection.rows(sql::SESSION_FACTS, &[&sessions]).await }),
            wanted(!passwords.is_empty(), async { connection.rows(sql::PASSWORDS, &[&passwords]).await }),
            wanted(!personal.is_empty(), async { connection.rows(sql::PERSONAL_FACTS, &[&personal]).await }),
            wanted(!usernames.is_empty(), async { connection.rows(sql::USERS_OF_USERNAMES, &[&usernames]).await }),
            wanted(!emails.is_empty(), async { connection.rows(sql::USERS_OF_EMAILS, &[&emails]).await }),
            wanted(!needs.failures.is_empty(), read::failures(connection, needs.failures.clone())),
            wanted(!needs.mailed_to.is_empty(), read::mailed_codes(connection, &needs.mailed_to)),
            wanted(needs.mails, read::count_mails(connection)),
            wanted(needs.service_tokens, service_tokens::service_tokens(connection)),
            wanted(!needs.revocations.is_empty(), revocations::facts(connection, &needs.revocations)),
            wanted(
                !needs.recovery.is_empty(),
                async {
    connection.rows(sql::FIND_RECOVERY_CODES, &[&recovery_users, &recovery_hashes]).await
                    }
            ),
        );
    begun?;
    let head = head?.ok_or_else(|| damaged("there is no head of the ledger"))?;
    let (head, end) = rows::head(&head)?;
    let mut sessions = sessions?;
    if before.is_some_and(|before| before != end) {
        bring_up(connection, end, sets).await?;
        let needed;
        (facts.sessions_of, needed) =
            needs.sessions(|user| sets.count_of(user), |user| sets.sessions_of(user));
        let needed: Vec<i64> = needed.iter().map(|session| number(session.0)).collect();
        sessions = connection.rows(sql::SESSION_FACTS, &[&needed]).await?;
    }
    note_users(&users?, &mut facts.users)?;
    if let Some(behind) = remembered_to.filter(|behind| *behind != end) {
        renew(connection, behind, remembered, &mut facts.users).await?;
    }
    let workspace = workspace?;
    facts.head = head;
    facts.had_administrator = workspace.is_some_and(|workspace| workspace.had_administrator);
    facts.key = workspace.and_then(|workspace| workspace.key);
    facts.active_administrators = administrators?.first().map_or(Ok(0), |row| unsigned(row, 0))?;
    facts.profiles = profiles?.into_iter().map(|found| (found.user.owner.no, found.user)).collect();
    facts.sessions = sessions.iter().map(rows::session_fact).collect::<Result<_, _>>()?;
    for row in passwords? {
        facts.passwords.insert(user_no(&row, 0)?, PasswordHash(get(&row, 1)?));
    }
    facts.personal = personal_facts(&personal?, &needs.personal_of)?;
    facts.usernames = owners_of(&usernames?, needs.usernames)?;
    facts.emails = owners_of(&emails?, needs.emails)?;
    facts.failures = failures?;
    for user in needs.failures_of {
        facts.failures.extend(failures_of(connection, user).await?);
    }
    facts.mailed = mailed?;
    facts.mails = mails?;
    facts.service_tokens = KeptServiceToken::standing(service_tokens?);
    facts.revocations = revocations?;
    facts.recovery = recovery?.iter().map(recovery_code).collect::<Result<_, _>>()?;
    Ok((facts, end))
}

type Users = HashMap<UserNo, UserFact>;

/// Takes the users that are remembered, and gives those that have to be asked for.
fn take_remembered(remembered: &mut Remembered, users: &[UserNo], facts: &mut Users) -> Vec<UserNo> {
    let mut unknown = Vec::new();
    for no in users {
        match remembered.take_user(*no) {
            Some(fact) => drop(facts.insert(*no, fact)),
            None if facts.contains_key(no) => {}
            None => unknown.push(*no),
        }
    }
    unknown
}

/// Asks anew for those of the users that others changed since they were remembered.
async fn renew(
    connection: &Connection,
    behind: ChainEnd,
    remembered: &mut Remembered,
    facts: &mut Users,
) -> Result<(), StoreError> {
    let mut stale = Vec::new();
    for row in connection.rows(sql::USERS_CHANGED_AFTER, &[&number(behind.seq.0)]).await? {
        let user = user_no(&row, 0)?;
        remembered.forget_user(user);
        stale.extend(facts.remove(&user).map(|_| user));
    }
    if stale.is_empty() {
        return Ok(());
    }
    note_users(&connection.rows(sql::OWNERS, &[&numbers(&stale)]).await?, facts)
}

fn note_users(rows: &[tokio_postgres::Row], facts: &mut Users) -> Result<(), StoreError> {
    for row in rows {
        let fact = rows::user_fact(row)?;
        facts.insert(fact.owner.no, fact);
    }
    Ok(())
}

fn numbers(users: &[UserNo]) -> Vec<i64> {
    users.iter().map(|user| number(user.0)).collect()
}

/// Takes in what others committed up to the head, which is locked. Whoever follows the ledger may have done so since
/// the lock was asked for.
async fn bring_up(connection: &Connection, end: ChainEnd, sets: &dyn LiveSets) -> Result<(), StoreError> {
    if let Some(behind) = sets.end().filter(|at| *at != end) {
        sets.take_in(follow::missed(connection, behind).await?);
    }
    Ok(())
}

fn recovery_code(row: &tokio_postgres::Row) -> Result<(UserNo, RecoveryHash), StoreError> {
    let hash: &[u8] = get(row, 1)?;
    let hash = hash.try_into().map_err(|_| damaged("a recovery code of another length"))?;
    Ok((user_no(row, 0)?, RecoveryHash(hash)))
}

fn personal_facts(
    rows: &[tokio_postgres::Row],
    users: &[UserNo],
) -> Result<HashMap<UserNo, Vec<PersonalFact>>, StoreError> {
    let mut held: HashMap<_, _> = users.iter().map(|user| (*user, Vec::new())).collect();
    for row in rows {
        let token = PersonalFact { no: TokenNo(unsigned(row, 1)?), name: get(row, 2)? };
        held.entry(user_no(row, 0)?).or_default().push(token);
    }
    Ok(held)
}

fn owners_of(
    rows: &[tokio_postgres::Row],
    names: Vec<NameKey>,
) -> Result<HashMap<NameKey, UserNo>, StoreError> {
    let mut found = HashMap::new();
    for row in rows {
        found.insert(get::<&str>(row, 0)?, user_no(row, 1)?);
    }
    Ok(names.into_iter().filter_map(|name| found.get(name.as_str()).map(|no| (name, *no))).collect())
}

/// All counters that are kept for a user: those of its own, and those of one address each.
async fn failures_of(
    connection: &Connection,
    user: UserNo,
) -> Result<HashMap<FailureKey, Failure>, StoreError> {
    let keys = vec![FailureKey::User(user), FailureKey::Code(user), FailureKey::MailedTo(user)];
    let mut all = read::failures(connection, keys).await?;
    let from = |bits| FailureKey::UserFrom(user, AddressKey::of(ip_from_bits(bits)));
    // From the least address to what is past the greatest.
    let (start, end) = (from(0).to_bytes(), [from(u128::MAX).to_bytes(), vec![0]].concat());
    for row in connection.rows(sql::FAILURES_BETWEEN, &[&start, &end]).await? {
        let bits = get::<&[u8]>(&row, 0)?.last_chunk().copied().map(u128::from_be_bytes);
        let failure = rows::failure(&row)?;
        all.extend(bits.map(|bits| (from(bits), failure)));
    }
    Ok(all)
}
