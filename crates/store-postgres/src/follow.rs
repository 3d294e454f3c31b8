//! What commits changed since an event, by whichever node: asked for in one round trip.

use crate::connection::Connection;
use crate::load::session_of_owner;
use crate::rows::{self, get, ip, number, session_no, time, user_no};
use crate::{read, service_tokens, sql};
use rollcall_model::factor::Factors;
use rollcall_model::{AddressKey, PersonalToken, UserNo};
use rollcall_store::{ChainEnd, KeptServiceToken, Loading, Missed, StoreError};
use std::collections::HashMap;

/// What changed since an event, out of the statements' own states: in a transaction of one snapshot, or under the lock.
pub async fn missed(connection: &Connection, after: ChainEnd) -> Result<Missed, StoreError> {
    let no = &number(after.seq.0);
    let opened_from = &number(after.seq.next().0);
    // Sent behind one another, in this order.
    let (
        head,
        before,
        ended,
        opened,
        addresses,
        owners,
        subjects,
        factors,
        personal,
        services,
        windows,
        permissions,
    ) = tokio::join!(
        biased;
        read::head(connection),
        async { connection.row(sql::HASH_OF_EVENT, &[no]).await },
        async { connection.rows(sql::ENDED_AFTER, &[no]).await },
        async { connection.rows(sql::SESSIONS_AFTER, &[no]).await },
        async { connection.rows(sql::ENDED_ADDRESSES, &[opened_from]).await },
        async { connection.rows(sql::OWNERS_CHANGED_AFTER, &[no]).await },
        async { connection.rows(sql::SUBJECTS_AFTER, &[no]).await },
        async { connection.rows(sql::FACTORS_AFTER, &[no]).await },
        async { connection.rows(sql::PERSONAL_AFTER, &[no]).await },
        async { connection.rows(sql::SERVICE_TOKENS_AFTER, &[no]).await },
        async { connection.rows(sql::STEP_UPS_AFTER, &[no]).await },
        async { connection.rows(sql::PERMISSIONS_AFTER, &[no]).await },
    );
    let (_, end) = head?;
    is_the_same(after, before?.as_ref())?;
    let mut pieces = Vec::new();
    let ended: Vec<_> = ended?.iter().map(|row| session_no(row, 0)).collect::<Result<_, _>>()?;
    if !ended.is_empty() {
        pieces.push(Loading::Ended(ended));
    }
    let opened: Vec<_> = opened?.iter().map(session_of_owner).collect::<Result<_, _>>()?;
    if !opened.is_empty() {
        pieces.push(Loading::Sessions(opened));
    }
    for row in addresses? {
        let (user, from) = (user_no(&row, 0)?, AddressKey::of(ip(&row, 1)?));
        pieces.push(Loading::Address { user, from, opened_at: time(&row, 2)? });
    }
    for row in owners? {
        pieces.push(Loading::Owner(rows::owner(&row)?));
    }
    let (mut of_factors, mut of_personal) = (HashMap::new(), HashMap::<UserNo, Vec<PersonalToken>>::new());
    let mut made = Vec::new();
    for row in subjects? {
        let Some(user) = rows::optional(&row, 1)?.map(UserNo) else { continue };
        match get::<i16>(&row, 0)? {
            3 | 15 | 17 => drop(of_factors.insert(user, Factors::default())),
            2 => made.push(user),
            27 => pieces.push(Loading::Erased(user)),
            24 | 25 => drop(of_personal.entry(user).or_default()),
            _ => {}
        }
    }
    for row in factors? {
        let factors = Factors { authenticator: get(&row, 1)?, mail: get(&row, 2)? };
        of_factors.insert(user_no(&row, 0)?, factors);
    }
    for row in personal? {
        let token = rows::personal_token(&row)?;
        of_personal.entry(token.owner.no).or_default().push(token);
    }
    pieces.extend(of_factors.into_iter().map(|(user, factors)| Loading::Factors(user, factors)));
    pieces.extend(of_personal.into_iter().map(|(user, tokens)| Loading::PersonalOf(user, tokens)));
    // One that was ever made stays in its table, so no rows mean no change.
    let services = service_tokens::kept(&services?)?;
    if !services.is_empty() {
        pieces.push(Loading::ServiceTokens(KeptServiceToken::standing(services)));
    }
    for row in windows? {
        pieces.push(Loading::Window(rows::window(&row)?));
    }
    for row in permissions? {
        pieces.extend(rows::permission(&row)?.map(Loading::Permission));
    }
    Ok(Missed { end, pieces, made })
}

/// The same, by itself: all of it is out of one snapshot.
pub async fn missed_by_now(connection: &Connection, after: ChainEnd) -> Result<Missed, StoreError> {
    let (begun, missed, ended) = tokio::join!(
        biased;
        connection.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        missed(connection, after),
        connection.command("COMMIT"),
    );
    begun?;
    ended?;
    missed
}

/// Whether the ledger still has the event that was followed so far.
fn is_the_same(after: ChainEnd, found: Option<&tokio_postgres::Row>) -> Result<(), StoreError> {
    let is_it = match found {
        Some(row) => get::<&[u8]>(row, 0)? == after.hash,
        None => after.seq.0 == 0,
    };
    if is_it { Ok(()) } else { Err(StoreError::Forked(after.seq)) }
}
