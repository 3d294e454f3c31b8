//! What a commit writes: events and rows, gathered first and sent in one go.

use crate::connection::{Connection, all, wanted};
use crate::rows::{ip_bytes, number};
use crate::{damaged, sql};
use rollcall_model::decide::Decided;
use rollcall_model::factor::{Factors, RecoveryHash, Used};
use rollcall_model::mail::About;
use rollcall_model::revocation::NodeLag;
use rollcall_model::session::{EndReason, Session};
use rollcall_model::text::folded;
use rollcall_model::user::NameKey;
use rollcall_model::{
    Event, Grants, Happening, Permission, PersonalToken, Role, ServiceToken, Timestamp, User,
};
use rollcall_store::chain::{self, SALT_BYTES};
use rollcall_store::remembered::Remembered;
use rollcall_store::{ChainEnd, StoreError};
use tokio_postgres::types::ToSql;

type Value = Box<dyn ToSql + Sync + Send>;

/// What is to be written: of what there is much, columns; of the rest, statements in the order of their events.
pub struct Changes {
    /// Where the ledger ends with them.
    pub end: ChainEnd,
    ledger: Ledger,
    opened: Opened,
    ended: Ended,
    statements: Vec<(&'static str, Vec<Value>)>,
    failures: Counters,
    forgotten: Vec<Vec<u8>>,
}

/// The columns of `ledger` and `ledger_detail`.
#[derive(Default)]
struct Ledger {
    seq: Vec<i64>,
    at: Vec<i64>,
    kind: Vec<i16>,
    outcome: Vec<i16>,
    actor: Vec<i64>,
    subject: Vec<Option<i64>>,
    session: Vec<Option<i64>>,
    live: Vec<i64>,
    digest: Vec<Vec<u8>>,
    hash: Vec<Vec<u8>>,
    detail: Vec<Vec<u8>>,
}

/// Those of `sessions`.
#[derive(Default)]
struct Opened {
    no: Vec<i64>,
    id: Vec<String>,
    user: Vec<i64>,
    token: Vec<Vec<u8>>,
    at: Vec<i64>,
    expires_at: Vec<i64>,
    ip: Vec<Vec<u8>>,
    agent: Vec<i64>,
    host: Vec<i64>,
}

/// Those of `ended_sessions`.
#[derive(Default)]
struct Ended {
    session: Vec<i64>,
    seq: Vec<i64>,
    at: Vec<i64>,
    reason: Vec<i16>,
}

/// Those of `failures`.
#[derive(Default)]
struct Counters {
    key: Vec<Vec<u8>>,
    count: Vec<i64>,
    first_at: Vec<i64>,
    blocked_until: Vec<i64>,
}

/// The values of a statement, each kept until it is sent.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(Box::new($value) as Value),*] };
}

impl Changes {
    /// Those of a batch, after the ledger's end.
    pub fn of(
        decided: &Decided,
        end: ChainEnd,
        salts: &[u8],
        remembered: &Remembered,
    ) -> Result<Self, StoreError> {
        let mut changes = Self::after(end);
        for (event, salt) in decided.events.iter().zip(salts.chunks_exact(SALT_BYTES)) {
            changes.append(event, salt);
            changes.change_rows(event, remembered)?;
        }
        for (id, progress) in &decided.progress {
            let counts =
                values![id.as_str().to_owned(), number(progress.gone_through), number(progress.ended)];
            changes.change(sql::SET_PROGRESS, counts);
        }
        changes.note_failures(decided);
        Ok(changes)
    }

    fn after(end: ChainEnd) -> Self {
        Self {
            end,
            ledger: Ledger::default(),
            opened: Opened::default(),
            ended: Ended::default(),
            statements: Vec::new(),
            failures: Counters::default(),
            forgotten: Vec::new(),
        }
    }

    fn append(&mut self, event: &Event, salt: &[u8]) {
        let detail = [salt, event.detail().as_bytes()].concat();
        let envelope = event.envelope();
        let digest = chain::digest(&detail);
        let hash = chain::link(&self.end.hash, &envelope, &digest);
        self.end = ChainEnd { seq: event.seq, hash };
        let ledger = &mut self.ledger;
        ledger.seq.push(number(envelope.seq.0));
        ledger.at.push(envelope.at.as_ms());
        ledger.kind.push(envelope.kind.try_into().unwrap_or(i16::MAX));
        ledger.outcome.push(envelope.outcome.into());
        ledger.actor.push(envelope.actor.to_number());
        ledger.subject.push(envelope.subject.map(|user| number(user.0)));
        ledger.session.push(envelope.session.map(|session| number(session.0)));
        ledger.live.push(number(envelope.live));
        ledger.digest.push(digest.into());
        ledger.hash.push(hash.into());
        ledger.detail.push(detail);
    }

    fn change_rows(&mut self, event: &Event, remembered: &Remembered) -> Result<(), StoreError> {
        let (subject, at) = (number(event.subject.map_or(0, |user| user.0)), event.at.as_ms());
        match &event.happening {
            Happening::WorkspaceCreated { test } => self.create_workspace(*test, at),
            Happening::UserCreated { user, password } => self.insert_user(user, &password.0),
            Happening::UserDeleted { .. } => {
                self.change(sql::DELETE_USER, values![subject, at]);
                self.change(sql::DROP_VIEWS, values![subject]);
                self.change(sql::FREE_EMAILS, values![subject]);
                self.drop_factors(subject, Factors::ALL);
            }
            Happening::UserErased => self.erase_user(subject, at),
            Happening::UserChanged { before, after } => {
                if before.emails != after.emails {
                    // They were mailed to an address that may be somebody else's now.
                    self.change(sql::DROP_MAILED_CODES, values![subject]);
                }
                self.change_user(after, at);
            }
            Happening::UserActivated | Happening::UserDeactivated => {
                let active = matches!(event.happening, Happening::UserActivated);
                self.change(sql::SET_ACTIVE, values![subject, active, at]);
            }
            Happening::PasswordSet { password } => {
                self.change(sql::SET_PASSWORD, values![subject, password.0.clone(), at]);
            }
            Happening::RolesChanged { owner, .. } => {
                self.change(sql::SET_ROLES, values![subject, i64::from(owner.roles.bits()), at]);
                if owner.roles.contains(Role::Admin) {
                    self.change(sql::SET_HAD_ADMINISTRATOR, values![]);
                }
            }
            Happening::GrantsChanged { grants } => {
                for (permission, roles) in grants {
                    let changed = values![permission.as_str(), i64::from(roles.bits()), at];
                    self.change(sql::SET_PERMISSION, changed);
                }
            }
            Happening::PasswordRehashed { password } => {
                self.change(sql::SET_HASH, values![subject, password.0.clone()]);
            }
            Happening::KeyAdopted(key) => self.change(sql::SET_KEY, values![key.0.to_vec()]),
            Happening::FactorBegun { seed } => {
                let begun = number(event.seq.0);
                self.change(sql::BEGIN_AUTHENTICATOR, values![subject, begun, seed.0.clone()]);
            }
            Happening::FactorEnrolled { step, codes } => {
                self.change(sql::SET_LAST_STEP, values![subject, number(step.0)]);
                self.replace_recovery(subject, codes);
            }
            Happening::FactorUsed(Used::Step(step)) => {
                self.change(sql::SET_LAST_STEP, values![subject, number(step.0)]);
            }
            Happening::FactorUsed(Used::Recovery(code)) => {
                self.change(sql::DROP_RECOVERY_CODE, values![subject, code.0.to_vec()]);
            }
            Happening::FactorUsed(Used::Mailed(code)) => {
                self.change(sql::DROP_MAILED_CODE, values![subject, code.0.to_vec()]);
            }
            Happening::MailEnrolled => self.change(sql::SET_WANTS_MAIL, values![subject, true]),
            Happening::FactorsRemoved(factors) => self.drop_factors(subject, *factors),
            Happening::MailQueued { mail, about, until } => {
                if let About::Code(code) = about {
                    self.change(sql::PUT_MAILED_CODE, values![subject, code.0.to_vec(), until.as_ms()]);
                }
                let mail = values![number(event.seq.0), about.as_str(), at, until.as_ms(), mail.0.clone()];
                self.change(sql::INSERT_MAIL, mail);
            }
            Happening::RecoveryReplaced { codes } => self.replace_recovery(subject, codes),
            Happening::SessionOpened(session) => self.insert_session(session, remembered)?,
            Happening::SessionEnded { reason, due, .. } => {
                self.end_session(event, *reason, due.unwrap_or(event.at));
            }
            Happening::PersonalTokenMade(token) => self.insert_personal_token(subject, token),
            Happening::PersonalTokenRemoved { token, .. } => {
                self.change(sql::DROP_PERSONAL_TOKEN, values![number(token.0)]);
                self.change(sql::DROP_STEP_UPS, values![vec![number(token.0)]]);
            }
            Happening::ServiceTokenMade(token) => self.insert_service_token(token),
            Happening::ServiceTokenRotated(token) => self.rotate_service_token(token),
            Happening::ServiceTokenRevoked { no, .. } => {
                self.change(sql::REVOKE_SERVICE_TOKEN, values![number(no.0), at]);
            }
            Happening::StepUpPassed(window) => {
                let passed = values![
                    number(window.token.0),
                    window.agent.0.to_vec(),
                    ip_bytes(window.ip),
                    window.until.as_ms(),
                ];
                self.change(sql::PUT_STEP_UP, passed);
            }
            Happening::RevocationBegun { .. } | Happening::RevocationFinished { .. } => self.revoke(event),
            Happening::UserUnlocked | Happening::Observed(_) => {}
        }
        Ok(())
    }

    fn change(&mut self, sql: &'static str, values: Vec<Value>) {
        self.statements.push((sql, values));
    }

    fn erase_user(&mut self, subject: i64, at: i64) {
        self.change(sql::ERASE_USER, values![subject, at]);
        self.change(sql::DROP_EMAILS, values![subject]);
        self.change(sql::DROP_REVOCATIONS_OF, values![subject]);
    }

    fn revoke(&mut self, event: &Event) {
        let (seq, at) = (number(event.seq.0), event.at.as_ms());
        match &event.happening {
            Happening::RevocationBegun { id, reason, .. } => {
                let begun = values![id.as_str().to_owned(), seq, at, reason.clone()];
                self.change(sql::BEGIN_REVOCATION, begun);
            }
            Happening::RevocationFinished { id, closing, .. } => {
                let lags = NodeLag::all_to_text(&closing.lags);
                let (id, newer) = (id.as_str().to_owned(), closing.newer.map(number));
                let finished = values![id.clone(), seq, at, newer, lags];
                self.change(sql::FINISH_REVOCATION, finished);
                self.change(sql::DROP_FROZEN_SET, values![id]);
            }
            _ => {}
        }
    }

    fn drop_factors(&mut self, subject: i64, factors: Factors) {
        if factors.authenticator {
            self.change(sql::DROP_AUTHENTICATOR, values![subject]);
            self.change(sql::DROP_RECOVERY_CODES, values![subject]);
        }
        if factors.mail {
            self.change(sql::SET_WANTS_MAIL, values![subject, false]);
            self.change(sql::DROP_MAILED_CODES, values![subject]);
        }
    }

    fn replace_recovery(&mut self, subject: i64, codes: &[RecoveryHash]) {
        self.change(sql::DROP_RECOVERY_CODES, values![subject]);
        for code in codes {
            self.change(sql::INSERT_RECOVERY_CODE, values![subject, code.0.to_vec()]);
        }
    }

    fn create_workspace(&mut self, test: bool, at: i64) {
        self.change(sql::INSERT_WORKSPACE, values![test]);
        let grants = Grants::defaults();
        for permission in Permission::ALL {
            let roles = i64::from(grants.roles(*permission).bits());
            self.change(sql::INSERT_PERMISSION, values![permission.as_str(), roles, at]);
        }
    }

    fn insert_user(&mut self, user: &User, password: &str) {
        let (owner, profile) = (&user.owner, &user.profile);
        let made = values![
            number(owner.no.0),
            owner.id.as_str().to_owned(),
            owner.username.clone(),
            NameKey::of(&owner.username).as_str().to_owned(),
            owner.name.clone(),
            user.kind.as_str(),
            user.active,
            i64::from(owner.roles.bits()),
            password.to_owned(),
            user.created_at.as_ms(),
            user.updated_at.as_ms(),
            profile.bio.clone(),
            profile.nickname.clone(),
            profile.status_text.clone(),
            profile.require_password_change,
            profile.custom_fields.clone(),
            owner.name.as_deref().map(folded),
        ];
        self.change(sql::INSERT_USER, made);
        self.insert_emails(user);
        if owner.roles.contains(Role::Admin) {
            self.change(sql::SET_HAD_ADMINISTRATOR, values![]);
        }
    }

    /// Writes names, addresses and free fields; what else there is of a user has events of its own.
    fn change_user(&mut self, user: &User, at: i64) {
        let (owner, profile) = (&user.owner, &user.profile);
        let changed = values![
            number(owner.no.0),
            owner.username.clone(),
            NameKey::of(&owner.username).as_str().to_owned(),
            owner.name.clone(),
            owner.name.as_deref().map(folded),
            profile.bio.clone(),
            profile.nickname.clone(),
            profile.status_text.clone(),
            profile.require_password_change,
            profile.custom_fields.clone(),
            at,
        ];
        self.change(sql::CHANGE_USER, changed);
        self.change(sql::DROP_EMAILS, values![number(owner.no.0)]);
        self.insert_emails(user);
    }

    fn insert_emails(&mut self, user: &User) {
        for (place, email) in (0_i64..).zip(&user.emails) {
            let key = NameKey::of(&email.address).as_str().to_owned();
            let email = values![number(user.owner.no.0), place, email.address.clone(), key, email.verified];
            self.change(sql::INSERT_EMAIL, email);
        }
    }

    fn insert_session(&mut self, session: &Session, remembered: &Remembered) -> Result<(), StoreError> {
        let text = |text| remembered.text(text).ok_or_else(|| damaged("a text has got no number"));
        let opened = &mut self.opened;
        opened.agent.push(text(&session.agent)?);
        opened.host.push(text(&session.host)?);
        opened.no.push(number(session.no.0));
        opened.id.push(session.id.as_str().to_owned());
        opened.user.push(number(session.owner.no.0));
        opened.token.push(session.token.0.to_vec());
        opened.at.push(session.opened_at.as_ms());
        opened.expires_at.push(session.expires_at.as_ms());
        opened.ip.push(ip_bytes(session.ip));
        Ok(())
    }

    fn end_session(&mut self, event: &Event, reason: EndReason, at: Timestamp) {
        let ended = &mut self.ended;
        ended.session.push(number(event.session.map_or(0, |session| session.0)));
        ended.seq.push(number(event.seq.0));
        ended.at.push(at.as_ms());
        ended.reason.push(i16::from(reason as u8));
    }

    fn insert_personal_token(&mut self, subject: i64, token: &PersonalToken) {
        let made = values![
            number(token.no.0),
            subject,
            token.token.0.to_vec(),
            token.name.clone(),
            token.last_part.clone(),
            token.bypasses_step_up,
            token.made_at.as_ms(),
        ];
        self.change(sql::INSERT_PERSONAL_TOKEN, made);
    }

    fn insert_service_token(&mut self, token: &ServiceToken) {
        let made = values![
            number(token.no.0),
            token.name.clone(),
            token.secret.0.to_vec(),
            token.scopes.to_string(),
            token.networks.to_string(),
            token.expires_at.as_ms(),
            token.made_at.as_ms(),
            number(token.made_by.0),
        ];
        self.change(sql::INSERT_SERVICE_TOKEN, made);
    }

    fn rotate_service_token(&mut self, token: &ServiceToken) {
        let rotated = values![
            number(token.no.0),
            token.secret.0.to_vec(),
            token.before.map(|before| before.secret.0.to_vec()),
            token.before.map(|before| before.until.as_ms()),
            token.expires_at.as_ms(),
        ];
        self.change(sql::ROTATE_SERVICE_TOKEN, rotated);
    }

    fn note_failures(&mut self, decided: &Decided) {
        for (key, failure) in &decided.failures {
            match failure {
                Some(failure) => {
                    let counters = &mut self.failures;
                    counters.key.push(key.to_bytes());
                    counters.count.push(failure.count.into());
                    counters.first_at.push(failure.first_at.as_ms());
                    counters.blocked_until.push(failure.blocked_until.as_ms());
                }
                None => self.forgotten.push(key.to_bytes()),
            }
        }
    }

    /// Sends all of it, and the end of the transaction behind it.
    pub async fn send(&self, connection: &Connection, last: Option<&Event>) -> Result<(), StoreError> {
        let Self { end, ledger, opened, ended, statements, failures, forgotten } = self;
        let head =
            last.map(|last| (number(end.seq.0), last.at.as_ms(), number(last.live), end.hash.to_vec()));
        let changed = async |(sql, values): &(&'static str, Vec<Value>)| {
            let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
            connection.run(sql, &values).await
        };
        let set_head = async {
            match &head {
                Some((seq, at, live, hash)) => connection.run(sql::SET_HEAD, &[seq, at, live, hash]).await,
                None => Ok(0),
            }
        };
        // In this order they are sent, and so they are done. Each answer is looked at: after one that failed, COMMIT
        // takes everything back and says nothing of it.
        let (events, details, sessions, changed, endings, windows, counted, dropped, head, committed) = tokio::join!(
                    biased;
                    wanted(
                        last.is_some(),
                        async {
        connection.run(
                            sql::APPEND_EVENTS,
                            &[
                                &ledger.seq,
                                &ledger.at,
                                &ledger.kind,
                                &ledger.outcome,
                                &ledger.actor,
                                &ledger.subject,
                                &ledger.session,
                                &ledger.live,
                                &ledger.digest,
                                &ledger.hash,
                            ]
                        ).await
                        }
                    ),
                    wanted(last.is_some(), async { connection.run(sql::APPEND_DETAILS, &[&ledger.seq, &ledger.detail]).await }),
                    wanted(
                        !opened.no.is_empty(),
                        async {
        connection.run(
                            sql::INSERT_SESSIONS,
                            &[
                                &opened.no,
                                &opened.id,
                                &opened.user,
                                &opened.token,
                                &opened.at,
                                &opened.expires_at,
                                &opened.ip,
                                &opened.agent,
                                &opened.host,
                            ]
                        ).await
                        }
                    ),
                    all(statements.iter().map(changed)),
                    wanted(
                        !ended.session.is_empty(),
                        async {
        connection.run(sql::INSERT_ENDINGS, &[&ended.session, &ended.seq, &ended.at, &ended.reason]).await
                        }
                    ),
                    wanted(!ended.session.is_empty(), async { connection.run(sql::DROP_STEP_UPS, &[&ended.session]).await }),
                    wanted(
                        !failures.key.is_empty(),
                        async {
        connection.run(
                            sql::PUT_FAILURES,
                            &[&failures.key, &failures.count, &failures.first_at, &failures.blocked_until]
                        ).await
                        }
                    ),
                    wanted(!forgotten.is_empty(), async { connection.run(sql::DROP_FAILURES, &[forgotten]).await }),
                    set_head,
                    connection.commit(),
                );
        for answer in [events, details, sessions, endings, windows, counted, dropped, head] {
            answer?;
        }
        changed?;
        committed
    }
}
