//! Revoking by a filter: a preview freezes what was found, and its maker ends exactly that, once.
//!
//! Whoever carries a preview out waits until it is finished, or is told to ask later; [`crate::revoking`] does the work.

use crate::error::NotWritten;
use crate::{AnyPrincipal, Refusal, RevocationRefusal, Service};
use rollcall_index::filter::Tree;
use rollcall_index::{Matching, Row, Tally};
use rollcall_model::command::Beginning;
use rollcall_model::revocation::{FrozenSet, Preview, SetDigest};
use rollcall_model::{Command, Refused, RevocationId, Role, RoleSet, SessionId, SessionNo, UserNo, limits};
use rollcall_store::{KeptRevocation, chain};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::Instant;

/// What is to be frozen.
#[derive(Clone, Debug)]
pub struct PreviewRequest {
    /// The filter.
    pub q: String,
    /// Whether the session that asks is left out.
    pub except_current: bool,
    /// How many of each user's sessions among the found are left out, the newest.
    pub keep_newest: usize,
}

/// What was frozen, and what it is.
#[derive(Clone, Debug)]
pub struct Previewed {
    /// The preview.
    pub preview: Preview,
    /// Whether the session that asks is in it.
    pub includes_current: bool,
    /// Sessions by user.
    pub by_user: Tally,
    /// By browser or app.
    pub by_device: Tally,
    /// By role: a session counts for each of its user's.
    pub by_role: Tally,
    /// Some of them, the newest.
    pub sample: Vec<SessionId>,
}

impl Service {
    /// Freezes what a filter finds at this moment.
    pub async fn preview_revocation(
        self: &Arc<Self>,
        request: PreviewRequest,
        principal: &AnyPrincipal,
    ) -> Result<Previewed, Refusal> {
        let tree = Tree::parse(&request.q).map_err(|error| Refusal::Filter(Box::new(error)))?;
        let (filter, caller) =
            (self.bind(&self.live(), &tree, principal.session()).await?, principal.session());
        let (standing, now) = (self.standing.clone(), self.clock.now());
        // Before the search: what is opened meanwhile is newer, or frozen and ended.
        let after = self.following.end().seq;
        let except = caller.filter(|_| request.except_current);
        let gather = move |stop: &dyn Fn() -> bool| {
            let mut found = Found::of(standing.matching(filter.as_ref(), now, stop)?);
            found.leave_out(except, request.keep_newest);
            Ok(found)
        };
        let found = self.scan(false, gather).await?;
        let newest = found.rows.iter().rev().take(limits::PREVIEW_SAMPLE);
        let sample = newest.filter_map(|row| self.standing.session_id(row.no)).collect();
        let preview = Preview {
            id: RevocationId::random(&*self.randomness),
            maker: principal.actor(),
            caller,
            made_at: now,
            expires_at: now + limits::PREVIEW_TIME,
            after,
            filter: tree.to_string(),
            digest: found.digest(),
            count: found.rows.len() as u64,
        };
        let sessions = FrozenSet::of(found.rows.iter().map(|row| row.no));
        self.store.keep_preview(preview.clone(), sessions, limits::PREVIEWS_PER_USER).await?;
        let [by_user, by_device, by_role] = found.tallies();
        let includes_current = found.rows.iter().any(|row| Some(row.no) == caller);
        Ok(Previewed { preview, includes_current, by_user, by_device, by_role, sample })
    }

    /// Ends what a preview froze, and returns when that is finished, or has not been for long.
    pub async fn revoke_by_filter(
        &self,
        principal: &AnyPrincipal,
        preview: &str,
        digest: SetDigest,
        reason: String,
    ) -> Result<KeptRevocation, Refusal> {
        let id = revocation_id(preview)?;
        let beginning = Beginning { id, digest, reason, by: principal.actor() };
        self.writer.run(Command::BeginRevocation(beginning)).await.map_err(|error| match error {
            NotWritten::Refused(Refused::NoSuchPreview) => RevocationRefusal::NoSuchPreview.into(),
            NotWritten::Refused(Refused::PreviewOfAnother) => RevocationRefusal::OfAnother.into(),
            NotWritten::Refused(Refused::PreviewExpired) => RevocationRefusal::Expired.into(),
            NotWritten::Refused(Refused::OtherDigest) => RevocationRefusal::OtherDigest.into(),
            error => error.unforeseen(),
        })?;
        let (mut finished, mut ticks) =
            (self.revoking.finished.subscribe(), self.ticks(limits::REVOCATION_ASKED));
        self.revoking.begun.notify_one();
        let deadline = Instant::now() + limits::REVOCATION_WAIT;
        loop {
            finished.mark_unchanged();
            let kept = self.revocation(preview).await?;
            if kept.revocation.finished.is_some() || Instant::now() >= deadline {
                return Ok(kept);
            }
            // Here it is heard of; another node's finishing is looked up.
            let goes_on = tokio::select! {
                heard = finished.changed() => heard.is_ok(),
                goes_on = ticks.next() => goes_on,
            };
            if !goes_on {
                return Ok(kept);
            }
        }
    }

    /// A preview, and what became of it.
    pub async fn revocation(&self, id: &str) -> Result<KeptRevocation, Refusal> {
        let found = self.store.revocation(revocation_id(id)?).await?;
        found.ok_or_else(|| RevocationRefusal::NoSuchPreview.into())
    }
}

fn revocation_id(text: &str) -> Result<RevocationId, Refusal> {
    text.parse().map_err(|_| RevocationRefusal::NoSuchPreview.into())
}

/// What was found: each row in few bytes, since they may be very many.
#[derive(Default)]
struct Found {
    users: Vec<FoundUser>,
    devices: Vec<Box<str>>,
    /// Oldest first.
    rows: Vec<FoundRow>,
}

struct FoundUser {
    username: Box<str>,
    roles: RoleSet,
}

struct FoundRow {
    no: SessionNo,
    /// Places in the two lists.
    user: u32,
    device: u32,
}

impl Found {
    fn of(mut matching: Matching<'_>) -> Self {
        let mut found = Self::default();
        let (mut users, mut devices) = (HashMap::<UserNo, u32>::new(), HashMap::<Box<str>, u32>::new());
        let mut note = |row: &Row<'_>| {
            let user = *users.entry(row.user()).or_insert_with(|| {
                found.users.push(FoundUser { username: row.username().into(), roles: row.roles() });
                place_of_last(found.users.len())
            });
            let name = &*row.device().name;
            let device = devices.get(name).copied().unwrap_or_else(|| {
                found.devices.push(name.into());
                let place = place_of_last(found.devices.len());
                devices.insert(name.into(), place);
                place
            });
            found.rows.push(FoundRow { no: row.no(), user, device });
        };
        while matching.read(limits::FROZEN_AT_ONCE, |rows| rows.iter().for_each(&mut note)).is_some() {}
        found
    }

    /// Leaves one session out, and so many of each user, the newest.
    fn leave_out(&mut self, except: Option<SessionNo>, keep_newest: usize) {
        let mut newer_of = vec![0_usize; self.users.len()];
        self.rows.reverse();
        self.rows.retain(|row| {
            let newer = &mut newer_of[row.user as usize];
            *newer += 1;
            *newer > keep_newest && Some(row.no) != except
        });
        self.rows.reverse();
    }

    fn digest(&self) -> SetDigest {
        let numbers: Vec<u8> = self.rows.iter().flat_map(|row| row.no.0.to_be_bytes()).collect();
        SetDigest(chain::digest(&numbers))
    }

    /// How many there are by user, by device and by role.
    fn tallies(&self) -> [Tally; 3] {
        let (mut of_user, mut of_device) = (vec![0; self.users.len()], vec![0; self.devices.len()]);
        for row in &self.rows {
            of_user[row.user as usize] += 1;
            of_device[row.device as usize] += 1;
        }
        let users = self.users.iter().zip(&of_user);
        let of_role = |role| {
            let holders = users.clone().filter(|(user, _)| user.roles.contains(role));
            holders.map(|(_, count)| count).sum()
        };
        let roles = Role::ALL.iter().map(|role| (role.as_str(), of_role(*role)));
        [
            tally(users.clone().map(|(user, count)| (&*user.username, *count)).collect()),
            tally(self.devices.iter().map(|name| &**name).zip(of_device).collect()),
            tally(roles.collect()),
        ]
    }
}

fn place_of_last(length: usize) -> u32 {
    u32::try_from(length - 1).unwrap_or(u32::MAX)
}

fn tally(mut values: Vec<(&str, usize)>) -> Tally {
    values.sort_unstable();
    Tally::of(values.into_iter(), limits::FACET_VALUES, |value| value)
}
