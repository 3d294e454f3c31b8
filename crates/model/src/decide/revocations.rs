//! Revocations: begun once by whoever made the preview, gone through step by step, and finished once.

use super::{Effects, live_session};
use crate::command::{Beginning, Refused, RevocationStep};
use crate::event::Happening;
use crate::facts::Facts;
use crate::ids::RevocationId;
use crate::revocation::{Closing, Progress, Revocation};
use crate::session::EndReason;

pub(super) fn begin_revocation(
    effects: &mut Effects,
    facts: &Facts,
    beginning: &Beginning,
) -> Result<(), Refused> {
    let Beginning { id, digest, ref reason, by } = *beginning;
    let Revocation { preview, begun, .. } = facts.revocations.get(&id).ok_or(Refused::NoSuchPreview)?;
    if preview.maker != by {
        return Err(Refused::PreviewOfAnother);
    }
    // It is no secret: its maker was told it.
    if preview.digest != digest {
        return Err(Refused::OtherDigest);
    }
    // Who asks again is answered as before, however late.
    if begun.is_some() {
        return Ok(());
    }
    if effects.at >= preview.expires_at {
        return Err(Refused::PreviewExpired);
    }
    let (filter, count, reason) = (preview.filter.clone(), preview.count, reason.clone());
    let begun = Happening::RevocationBegun { id, filter, count, reason };
    effects.record(by, None, None, begun);
    Ok(())
}

/// Ends those of the next sessions that are live still. One whose time is up was gone already; its ending is told as
/// that of any other.
pub(super) fn step_revocation(
    effects: &mut Effects,
    facts: &Facts,
    step: &RevocationStep,
) -> Result<(), Refused> {
    let RevocationStep { id, from, ref sessions } = *step;
    let revocation = under_way(facts, id)?;
    let Progress { gone_through, mut ended } = revocation.progress;
    if gone_through != from {
        return Err(Refused::NotTheNextStep);
    }
    let by = revocation.preview.maker;
    for no in sessions {
        if let Ok(fact) = live_session(facts, *no, effects.at) {
            effects.end(*no, fact, EndReason::Revoked, None, by);
            ended += 1;
        }
    }
    let gone_through = gone_through + sessions.len() as u64;
    effects.progress = Some((id, Progress { gone_through, ended }));
    Ok(())
}

pub(super) fn finish_revocation(
    effects: &mut Effects,
    facts: &Facts,
    id: RevocationId,
    closing: &Closing,
) -> Result<(), Refused> {
    let revocation = under_way(facts, id)?;
    let Progress { gone_through, ended } = revocation.progress;
    if gone_through != revocation.preview.count {
        return Err(Refused::NotTheNextStep);
    }
    let already_gone = gone_through - ended;
    let finished = Happening::RevocationFinished { id, ended, already_gone, closing: closing.clone() };
    effects.record(revocation.preview.maker, None, None, finished);
    Ok(())
}

/// One that is begun and not finished.
fn under_way(facts: &Facts, id: RevocationId) -> Result<&Revocation, Refused> {
    let revocation = facts.revocations.get(&id).ok_or(Refused::NoSuchPreview)?;
    let is_under_way = revocation.begun.is_some() && revocation.finished.is_none();
    if is_under_way { Ok(revocation) } else { Err(Refused::NotTheNextStep) }
}
