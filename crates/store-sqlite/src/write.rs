//! One commit: facts under the locked head, decisions by the model, events and rows in one transaction.

use crate::append::Append;
use crate::rows::{id, ip_bytes, number, time, unavailable, unsigned, user_fact};
use crate::{open, revocations, rows, service_tokens, sql};
use rollcall_model::address::ip_from_bits;
use rollcall_model::decide::{Decided, decide};
use rollcall_model::event::PasswordHash;
use rollcall_model::factor::{Factors, RecoveryHash, Used};
use rollcall_model::facts::{Facts, Head, PersonalFact, SessionFact};
use rollcall_model::failure::{Failure, FailureKey};
use rollcall_model::ids::{SessionNo, TokenNo, UserNo};
use rollcall_model::mail::About;
use rollcall_model::needs::Needs;
use rollcall_model::session::{EndReason, Session};
use rollcall_model::text::folded;
use rollcall_model::user::NameKey;
use rollcall_model::{
    AddressKey, Command, Event, Grants, Happening, Permission, PersonalToken, Randomness, Role, RoleSet, Seq,
    Timestamp, User,
};
use rollcall_store::chain::SALT_BYTES;
use rollcall_store::remembered::Remembered;
use rollcall_store::{ChainEnd, Committed, KeptServiceToken, LiveSets, StoreError, WhichUser};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::collections::HashMap;
use std::sync::Arc;

/// What a commit works with.
pub struct Committing<'a> {
    /// The connection that writes.
    pub connection: &'a mut Connection,
    /// What it remembers of the commits before.
    pub remembered: &'a mut Remembered,
    /// Randomness for salts.
    pub randomness: &'a dyn Randomness,
    /// Whether the disk is full.
    pub disk_full: bool,
}

impl Committing<'_> {
    /// Decides and writes a batch, each command at the instant beside it. On an error nothing was written.
    pub fn commit<'a>(
        &mut self,
        batch: impl Iterator<Item = (Timestamp, &'a Command)> + Clone,
        sets: &dyn LiveSets,
    ) -> Result<Committed, StoreError> {
        let result = self.try_commit(batch, sets);
        if result.is_err() {
            self.remembered.forget();
        }
        result.map_err(unavailable)
    }

    /// The same, in the log and not yet on the disk.
    pub fn commit_ahead<'a>(
        &mut self,
        batch: impl Iterator<Item = (Timestamp, &'a Command)> + Clone,
        sets: &dyn LiveSets,
    ) -> Result<Committed, StoreError> {
        if !self.connection.is_autocommit() {
            return self.commit(batch, sets);
        }
        open::sync_commits(self.connection, false).map_err(unavailable)?;
        let committed = self.commit(batch, sets);
        // Others are answered by their commits alone.
        let synced_again = open::sync_commits(self.connection, true);
        synced_again.map_err(|error| StoreError::SyncFailed(format!("none would be made: {error}")))?;
        committed
    }

    fn try_commit<'a>(
        &mut self,
        batch: impl Iterator<Item = (Timestamp, &'a Command)> + Clone,
        sets: &dyn LiveSets,
    ) -> Result<Committed, rusqlite::Error> {
        let (remembered, randomness, disk_full) = (&mut *self.remembered, self.randomness, self.disk_full);
        if !self.connection.is_autocommit() {
            // A store that is being filled is one transaction: what commits it is its last step.
            let transaction = &*self.connection;
            return run(Writing { transaction, remembered, randomness, disk_full }, batch, sets);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let writing = Writing { transaction: &transaction, remembered, randomness, disk_full };
        let committed = run(writing, batch, sets)?;
        transaction.commit()?;
        Ok(committed)
    }
}

/// Decides and writes a batch within a transaction.
fn run<'a>(
    mut writing: Writing<'_>,
    batch: impl Iterator<Item = (Timestamp, &'a Command)> + Clone,
    sets: &dyn LiveSets,
) -> Result<Committed, rusqlite::Error> {
    let (head, end) = head(writing.transaction)?;
    let needs = Needs::of(batch.clone().map(|(_, command)| command));
    let facts = writing.gather(head, needs, sets)?;
    let mut decided = decide(batch, Facts { disk_full: writing.disk_full, ..facts });
    let end = writing.write(end, &decided)?;
    writing.remembered.note_written(&mut decided, end);
    Ok(Committed { events: decided.events, answers: decided.answers, end })
}

/// The ledger's end.
pub fn head(connection: &Connection) -> Result<(Head, ChainEnd), rusqlite::Error> {
    connection.prepare_cached(sql::HEAD)?.query_row([], |row| {
        let head = Head { seq: Seq(unsigned(row, 0)?), at: time(row, 1)?, live: unsigned(row, 2)? };
        Ok((head, ChainEnd { seq: head.seq, hash: row.get(3)? }))
    })
}

fn session_fact(row: &rusqlite::Row<'_>) -> Result<SessionFact, rusqlite::Error> {
    let user = UserNo(unsigned(row, 1)?);
    Ok(SessionFact { id: id(row, 0)?, user, expires_at: time(row, 2)?, seen_at: time(row, 3)? })
}

fn owners_of(
    connection: &Connection,
    sql: &str,
    names: Vec<NameKey>,
) -> Result<HashMap<NameKey, UserNo>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut owners = HashMap::new();
    for name in names {
        let owner = statement.query_row([name.as_str()], |row| unsigned(row, 0)).optional()?;
        owners.extend(owner.map(|no| (name, UserNo(no))));
    }
    Ok(owners)
}

/// Those of the counters that stand.
pub fn failures(
    connection: &Connection,
    keys: Vec<FailureKey>,
) -> Result<HashMap<FailureKey, Failure>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql::FAILURE)?;
    let mut failures = HashMap::new();
    for key in keys {
        let failure = statement.query_row([key.to_bytes()], rows::failure).optional()?;
        failures.extend(failure.map(|failure| (key, failure)));
    }
    Ok(failures)
}

/// All counters that are kept for a user: those of its own, and those of one address each.
fn failures_of(
    connection: &Connection,
    user: UserNo,
) -> Result<HashMap<FailureKey, Failure>, rusqlite::Error> {
    let keys = vec![FailureKey::User(user), FailureKey::Code(user), FailureKey::MailedTo(user)];
    let mut all = failures(connection, keys)?;
    let from = |bits| FailureKey::UserFrom(user, AddressKey::of(ip_from_bits(bits)));
    // From the least address to what is past the greatest.
    let end = [from(u128::MAX).to_bytes(), vec![0]].concat();
    let mut statement = connection.prepare_cached(sql::FAILURES_BETWEEN)?;
    let mut rows = statement.query(params![from(0).to_bytes(), end])?;
    while let Some(row) = rows.next()? {
        let key: Vec<u8> = row.get(0)?;
        let bits = key.last_chunk().copied().map(u128::from_be_bytes);
        let failure = Failure { count: row.get(1)?, first_at: time(row, 2)?, blocked_until: time(row, 3)? };
        all.extend(bits.map(|bits| (from(bits), failure)));
    }
    Ok(all)
}

struct Writing<'a> {
    transaction: &'a Connection,
    remembered: &'a mut Remembered,
    randomness: &'a dyn Randomness,
    disk_full: bool,
}

impl Writing<'_> {
    /// Reads what a batch is decided on.
    fn gather(
        &mut self,
        head: Head,
        mut needs: Needs,
        sets: &dyn LiveSets,
    ) -> Result<Facts, rusqlite::Error> {
        let transaction = self.transaction;
        let workspace = crate::read::workspace(transaction)?;
        let mut facts = Facts {
            head,
            had_administrator: workspace.is_some_and(|workspace| workspace.had_administrator),
            key: workspace.and_then(|workspace| workspace.key),
            ..Facts::default()
        };
        if needs.administrators {
            let admin: RoleSet = [Role::Admin].into_iter().collect();
            facts.active_administrators = transaction
                .prepare_cached(sql::ACTIVE_ADMINISTRATORS)?
                .query_row([admin.bits()], |row| unsigned(row, 0))?;
        }
        let sessions;
        (facts.sessions_of, sessions) =
            needs.sessions(|user| sets.count_of(user), |user| sets.sessions_of(user));
        let mut owner = transaction.prepare_cached(sql::OWNER)?;
        // In the order in which they lie: a large batch goes through the table once.
        needs.users.sort_unstable();
        needs.users.dedup();
        for no in needs.users {
            let mut read = || owner.query_row([number(no.0)], user_fact).optional();
            let fact = match self.remembered.take_user(no) {
                Some(fact) => {
                    debug_assert_eq!(read()?.as_ref(), Some(&fact));
                    Some(fact)
                }
                None => read()?,
            };
            facts.users.extend(fact.map(|fact| (no, fact)));
        }
        for no in needs.profiles {
            let found = crate::read::user(transaction, &WhichUser::No(no))?;
            facts.profiles.extend(found.map(|found| (no, found.user)));
        }
        let mut session = transaction.prepare_cached(sql::SESSION_FACT)?;
        for no in sessions {
            let fact = session.query_row([number(no.0)], session_fact).optional()?;
            facts.sessions.extend(fact.map(|fact| (no, fact)));
        }
        let mut password = transaction.prepare_cached(sql::PASSWORD)?;
        for user in needs.passwords {
            let found =
                password.query_row([number(user.0)], |row| row.get(0).map(PasswordHash)).optional()?;
            facts.passwords.extend(found.map(|found| (user, found)));
        }
        for user in needs.personal_of {
            let fact = |row: &rusqlite::Row<'_>| {
                Ok(PersonalFact { no: TokenNo(unsigned(row, 0)?), name: row.get(1)? })
            };
            let mut personal = transaction.prepare_cached(sql::PERSONAL_FACTS)?;
            let tokens = personal.query_map([number(user.0)], fact)?.collect::<Result<_, _>>()?;
            facts.personal.insert(user, tokens);
        }
        facts.usernames = owners_of(transaction, sql::USER_OF_USERNAME, needs.usernames)?;
        facts.emails = owners_of(transaction, sql::USER_OF_EMAIL, needs.emails)?;
        facts.failures = failures(transaction, needs.failures)?;
        for user in needs.failures_of {
            facts.failures.extend(failures_of(transaction, user)?);
        }
        for user in needs.mailed_to {
            facts.mailed.insert(user, crate::read::mailed_codes(transaction, user)?);
        }
        if needs.service_tokens {
            facts.service_tokens = KeptServiceToken::standing(service_tokens::service_tokens(transaction)?);
        }
        if needs.mails {
            facts.mails = crate::read::count_mails(transaction)?;
        }
        for id in needs.revocations {
            let found = revocations::revocation(transaction, id)?;
            facts.revocations.extend(found.map(|found| (id, found.revocation)));
        }
        let mut recovery = transaction.prepare_cached(sql::FIND_RECOVERY_CODE)?;
        for (user, code) in needs.recovery {
            if recovery.exists(params![number(user.0), code.0])? {
                facts.recovery.insert((user, code));
            }
        }
        Ok(facts)
    }

    fn write(&mut self, mut end: ChainEnd, decided: &Decided) -> Result<ChainEnd, rusqlite::Error> {
        let mut salts = vec![0; decided.events.len() * SALT_BYTES];
        self.randomness.fill(&mut salts);
        let mut append = Append::to(self.transaction, end)?;
        for (event, salt) in decided.events.iter().zip(salts.chunks_exact(SALT_BYTES)) {
            append.event(event, salt)?;
        }
        end = append.end;
        for event in &decided.events {
            self.change_rows(event)?;
        }
        if let Some(last) = decided.events.last() {
            self.transaction.prepare_cached(sql::SET_HEAD)?.execute(params![
                number(last.seq.0),
                last.at.as_ms(),
                number(last.live),
                end.hash
            ])?;
        }
        for (id, progress) in &decided.progress {
            let counts = params![id.as_str(), number(progress.gone_through), number(progress.ended)];
            self.execute(sql::SET_PROGRESS, counts)?;
        }
        for (key, failure) in &decided.failures {
            let key = key.to_bytes();
            match failure {
                Some(failure) => self.transaction.prepare_cached(sql::PUT_FAILURE)?.execute(params![
                    key,
                    failure.count,
                    failure.first_at.as_ms(),
                    failure.blocked_until.as_ms()
                ])?,
                None => self.transaction.prepare_cached(sql::DROP_FAILURE)?.execute([key])?,
            };
        }
        Ok(end)
    }

    fn change_rows(&mut self, event: &Event) -> Result<(), rusqlite::Error> {
        match &event.happening {
            Happening::WorkspaceCreated { test } => self.create_workspace(*test, event.at),
            Happening::UserCreated { user, password } => self.insert_user(user, &password.0),
            Happening::UserDeleted { .. } => {
                let no = number(event.subject.map_or(0, |user| user.0));
                self.transaction.prepare_cached(sql::DELETE_USER)?.execute([no, event.at.as_ms()])?;
                self.transaction.prepare_cached(sql::DROP_VIEWS)?.execute([no])?;
                self.transaction.prepare_cached(sql::FREE_EMAILS)?.execute([no])?;
                self.drop_factors(event, Factors::ALL)
            }
            Happening::UserErased => self.erase_user(event),
            Happening::UserChanged { before, after } => {
                if before.emails != after.emails {
                    // They were mailed to an address that may be somebody else's now.
                    self.execute(sql::DROP_MAILED_CODES, [subject(event)])?;
                }
                self.change_user(after, event.at)
            }
            Happening::UserActivated | Happening::UserDeactivated => {
                let active = matches!(event.happening, Happening::UserActivated);
                self.execute(sql::SET_ACTIVE, params![subject(event), active, event.at.as_ms()])
            }
            Happening::PasswordSet { password } => {
                self.execute(sql::SET_PASSWORD, params![subject(event), password.0, event.at.as_ms()])
            }
            Happening::RolesChanged { owner, .. } => {
                let admin = owner.roles.contains(Role::Admin);
                self.execute(sql::SET_ROLES, params![subject(event), owner.roles.bits(), event.at.as_ms()])?;
                if admin { self.execute(sql::SET_HAD_ADMINISTRATOR, []) } else { Ok(()) }
            }
            Happening::GrantsChanged { grants } => grants.iter().try_for_each(|(permission, roles)| {
                let changed = params![permission.as_str(), roles.bits(), event.at.as_ms()];
                self.execute(sql::SET_PERMISSION, changed)
            }),
            Happening::PasswordRehashed { password } => {
                self.execute(sql::SET_HASH, params![subject(event), password.0])
            }
            Happening::KeyAdopted(key) => self.execute(sql::SET_KEY, [key.0]),
            Happening::FactorBegun { seed } => {
                let begun = number(event.seq.0);
                self.execute(sql::BEGIN_AUTHENTICATOR, params![subject(event), begun, seed.0])
            }
            Happening::FactorEnrolled { step, codes } => {
                self.execute(sql::SET_LAST_STEP, [subject(event), number(step.0)])?;
                self.replace_recovery(event, codes)
            }
            Happening::FactorUsed(Used::Step(step)) => {
                self.execute(sql::SET_LAST_STEP, [subject(event), number(step.0)])
            }
            Happening::FactorUsed(Used::Recovery(code)) => {
                self.execute(sql::DROP_RECOVERY_CODE, params![subject(event), code.0])
            }
            Happening::FactorUsed(Used::Mailed(code)) => {
                self.execute(sql::DROP_MAILED_CODE, params![subject(event), code.0])
            }
            Happening::MailEnrolled => self.execute(sql::SET_WANTS_MAIL, params![subject(event), true]),
            Happening::FactorsRemoved(factors) => self.drop_factors(event, *factors),
            Happening::MailQueued { mail, about, until } => {
                if let About::Code(code) = about {
                    let mailed = params![subject(event), code.0, until.as_ms()];
                    self.execute(sql::PUT_MAILED_CODE, mailed)?;
                }
                let (no, at) = (number(event.seq.0), event.at.as_ms());
                self.execute(sql::INSERT_MAIL, params![no, about.as_str(), at, until.as_ms(), mail.0])
            }
            Happening::RecoveryReplaced { codes } => self.replace_recovery(event, codes),
            Happening::SessionOpened(session) => self.insert_session(session),
            Happening::SessionEnded { reason, due, .. } => {
                self.insert_ending(event, *reason, due.unwrap_or(event.at))
            }
            Happening::PersonalTokenMade(token) => self.insert_personal_token(event, token),
            Happening::PersonalTokenRemoved { token, .. } => {
                self.execute(sql::DROP_PERSONAL_TOKEN, [number(token.0)])?;
                self.execute(sql::DROP_STEP_UPS, [number(token.0)])
            }
            Happening::ServiceTokenMade(_)
            | Happening::ServiceTokenRotated(_)
            | Happening::ServiceTokenRevoked { .. } => service_tokens::change_rows(self.transaction, event),
            Happening::StepUpPassed(window) => {
                self.transaction.prepare_cached(sql::PUT_STEP_UP)?.execute(params![
                    number(window.token.0),
                    window.agent.0,
                    ip_bytes(window.ip),
                    window.until.as_ms()
                ])?;
                Ok(())
            }
            Happening::RevocationBegun { .. } | Happening::RevocationFinished { .. } => {
                revocations::change_rows(self.transaction, event)
            }
            Happening::UserUnlocked | Happening::Observed(_) => Ok(()),
        }
    }

    fn insert_personal_token(&self, event: &Event, token: &PersonalToken) -> Result<(), rusqlite::Error> {
        self.execute(
            sql::INSERT_PERSONAL_TOKEN,
            params![
                number(token.no.0),
                subject(event),
                token.token.0,
                token.name,
                token.last_part,
                token.bypasses_step_up,
                token.made_at.as_ms()
            ],
        )
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), rusqlite::Error> {
        self.transaction.prepare_cached(sql)?.execute(values).map(|_| ())
    }

    fn erase_user(&self, event: &Event) -> Result<(), rusqlite::Error> {
        self.execute(sql::ERASE_USER, [subject(event), event.at.as_ms()])?;
        self.execute(sql::DROP_EMAILS, [subject(event)])?;
        self.execute(sql::DROP_REVOCATIONS_OF, [subject(event)])?;
        self.execute(sql::DROP_SETS_OF_NONE, [])
    }

    fn drop_factors(&self, event: &Event, factors: Factors) -> Result<(), rusqlite::Error> {
        if factors.authenticator {
            self.execute(sql::DROP_AUTHENTICATOR, [subject(event)])?;
            self.execute(sql::DROP_RECOVERY_CODES, [subject(event)])?;
        }
        if factors.mail {
            self.execute(sql::SET_WANTS_MAIL, params![subject(event), false])?;
            self.execute(sql::DROP_MAILED_CODES, [subject(event)])?;
        }
        Ok(())
    }

    fn replace_recovery(&self, event: &Event, codes: &[RecoveryHash]) -> Result<(), rusqlite::Error> {
        self.execute(sql::DROP_RECOVERY_CODES, [subject(event)])?;
        codes
            .iter()
            .try_for_each(|code| self.execute(sql::INSERT_RECOVERY_CODE, params![subject(event), code.0]))
    }

    fn create_workspace(&self, test: bool, at: Timestamp) -> Result<(), rusqlite::Error> {
        self.transaction.prepare_cached(sql::INSERT_WORKSPACE)?.execute([test])?;
        let grants = Grants::defaults();
        let mut insert = self.transaction.prepare_cached(sql::INSERT_PERMISSION)?;
        for permission in Permission::ALL {
            insert.execute(params![permission.as_str(), grants.roles(*permission).bits(), at.as_ms()])?;
        }
        Ok(())
    }

    fn insert_user(&self, user: &User, password: &str) -> Result<(), rusqlite::Error> {
        let no = number(user.owner.no.0);
        self.transaction.prepare_cached(sql::INSERT_USER)?.execute(params![
            no,
            user.owner.id.as_str(),
            user.owner.username,
            NameKey::of(&user.owner.username).as_str(),
            user.owner.name,
            user.kind.as_str(),
            user.active,
            user.owner.roles.bits(),
            password,
            user.created_at.as_ms(),
            user.updated_at.as_ms(),
            user.profile.bio,
            user.profile.nickname,
            user.profile.status_text,
            user.profile.require_password_change,
            user.profile.custom_fields,
            user.owner.name.as_deref().map(folded)
        ])?;
        self.insert_emails(user)?;
        if user.owner.roles.contains(Role::Admin) {
            self.transaction.prepare_cached(sql::SET_HAD_ADMINISTRATOR)?.execute([])?;
        }
        Ok(())
    }

    /// Writes names, addresses and free fields; what else there is of a user has events of its own.
    fn change_user(&self, user: &User, at: Timestamp) -> Result<(), rusqlite::Error> {
        let no = number(user.owner.no.0);
        self.execute(
            sql::CHANGE_USER,
            params![
                no,
                user.owner.username,
                NameKey::of(&user.owner.username).as_str(),
                user.owner.name,
                user.owner.name.as_deref().map(folded),
                user.profile.bio,
                user.profile.nickname,
                user.profile.status_text,
                user.profile.require_password_change,
                user.profile.custom_fields,
                at.as_ms()
            ],
        )?;
        self.execute(sql::DROP_EMAILS, [no])?;
        self.insert_emails(user)
    }

    fn insert_emails(&self, user: &User) -> Result<(), rusqlite::Error> {
        let no = number(user.owner.no.0);
        let mut insert = self.transaction.prepare_cached(sql::INSERT_EMAIL)?;
        for (place, email) in (0_i64..).zip(&user.emails) {
            let key = NameKey::of(&email.address);
            insert.execute(params![no, place, email.address, key.as_str(), email.verified])?;
        }
        Ok(())
    }

    fn insert_session(&mut self, session: &Session) -> Result<(), rusqlite::Error> {
        let agent = self.text_number(&session.agent)?;
        let host = self.text_number(&session.host)?;
        self.transaction.prepare_cached(sql::INSERT_SESSION)?.execute(params![
            number(session.no.0),
            session.id.as_str(),
            number(session.owner.no.0),
            session.token.0,
            session.opened_at.as_ms(),
            session.expires_at.as_ms(),
            ip_bytes(session.ip),
            agent,
            host
        ])?;
        Ok(())
    }

    fn insert_ending(
        &self,
        event: &Event,
        reason: EndReason,
        ended_at: Timestamp,
    ) -> Result<(), rusqlite::Error> {
        let session = number(event.session.map_or(0, |session| session.0));
        let ending = params![session, number(event.seq.0), ended_at.as_ms(), reason as u8];
        self.execute(sql::INSERT_ENDING, ending)?;
        self.execute(sql::DROP_STEP_UPS, [session])
    }

    fn text_number(&mut self, text: &Arc<str>) -> Result<i64, rusqlite::Error> {
        if let Some(no) = self.remembered.text(text) {
            return Ok(no);
        }
        let mut find = self.transaction.prepare_cached(sql::FIND_TEXT)?;
        let no = match find.query_row([&**text], |row| row.get(0)).optional()? {
            Some(no) => no,
            None => self.transaction.prepare_cached(sql::INSERT_TEXT)?.insert([&**text])?,
        };
        self.remembered.note_text(text.clone(), no);
        Ok(no)
    }
}

/// Whom an event is about, as rows have it.
fn subject(event: &Event) -> i64 {
    number(event.subject.map_or(0, |user| user.0))
}

/// The sessions' numbers as the sweep and the load need them.
pub fn session_no(row: &rusqlite::Row<'_>, column: usize) -> Result<SessionNo, rusqlite::Error> {
    unsigned(row, column).map(SessionNo)
}
