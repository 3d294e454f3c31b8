//! Service tokens: made, rotated and revoked by whoever manages them.

use super::{Effects, live_token};
use crate::command::{NewServiceToken, Refused, Rotation};
use crate::event::{Actor, Happening};
use crate::facts::Facts;
use crate::ids::ServiceNo;
use crate::limits;
use crate::service_token::{SecretBefore, ServiceToken};

pub(super) fn make_service_token(
    effects: &mut Effects,
    facts: &Facts,
    new: &NewServiceToken,
) -> Result<(), Refused> {
    live_token(facts, new.by.user, new.by.token, effects.at)?;
    if facts.service_tokens.iter().any(|token| token.name == new.name) {
        return Err(Refused::ServiceNameInUse);
    }
    if facts.service_tokens.len() >= limits::SERVICE_TOKENS {
        return Err(Refused::TooManyServiceTokens);
    }
    let token = Box::new(ServiceToken {
        no: ServiceNo(effects.next.0),
        name: new.name.clone(),
        secret: new.secret,
        before: None,
        scopes: new.scopes,
        networks: new.networks.clone(),
        expires_at: new.expires_at,
        made_at: effects.at,
        made_by: new.by.user,
    });
    effects.record(Actor::User(new.by.user), None, None, Happening::ServiceTokenMade(token));
    Ok(())
}

/// At most two secrets are good: the one that an overlap of before spared is good no more.
pub(super) fn rotate_service_token(
    effects: &mut Effects,
    facts: &Facts,
    rotation: &Rotation,
) -> Result<(), Refused> {
    let Rotation { no, by, secret, overlap, expires_at } = *rotation;
    live_token(facts, by.user, by.token, effects.at)?;
    let token = standing(facts, no)?;
    let expires_at = expires_at.unwrap_or(token.expires_at);
    if expires_at <= effects.at {
        return Err(Refused::ServiceTokenExpired);
    }
    let until = token.expires_at.min(effects.at + overlap);
    let before = (until > effects.at).then_some(SecretBefore { secret: token.secret, until });
    let token = Box::new(ServiceToken { secret, before, expires_at, ..token.clone() });
    effects.record(Actor::User(by.user), None, None, Happening::ServiceTokenRotated(token));
    Ok(())
}

pub(super) fn revoke_service_token(
    effects: &mut Effects,
    facts: &Facts,
    no: ServiceNo,
    by: Actor,
) -> Result<(), Refused> {
    let name = standing(facts, no)?.name.clone();
    effects.record(by, None, None, Happening::ServiceTokenRevoked { no, name });
    Ok(())
}

/// One that is not revoked; its time may be over.
fn standing(facts: &Facts, no: ServiceNo) -> Result<&ServiceToken, Refused> {
    facts.service_tokens.iter().find(|token| token.no == no).ok_or(Refused::NoSuchServiceToken)
}
