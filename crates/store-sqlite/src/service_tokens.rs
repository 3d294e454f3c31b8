//! Service tokens: their rows, what events make of them, and when they were last used.

use crate::rows::{conversion, number, optional_time, time, unsigned};
use crate::sql;
use rollcall_model::service_token::SecretBefore;
use rollcall_model::{Event, Happening, Scopes, ServiceNo, ServiceToken, Timestamp, TokenHash, UserNo};
use rollcall_store::KeptServiceToken;
use rusqlite::{Connection, Error, Row, params};

/// All of them, the revoked ones too.
pub fn service_tokens(connection: &Connection) -> Result<Vec<KeptServiceToken>, Error> {
    connection.prepare_cached(sql::SERVICE_TOKENS)?.query_map([], kept)?.collect()
}

fn kept(row: &Row<'_>) -> Result<KeptServiceToken, Error> {
    let before = row.get::<_, Option<[u8; 32]>>(3)?.map(TokenHash).zip(optional_time(row, 4)?);
    let networks: String = row.get(6)?;
    let token = ServiceToken {
        no: ServiceNo(unsigned(row, 0)?),
        name: row.get(1)?,
        secret: TokenHash(row.get(2)?),
        before: before.map(|(secret, until)| SecretBefore { secret, until }),
        scopes: Scopes::parse(&row.get::<_, String>(5)?),
        networks: networks.parse().map_err(|error| conversion(6, error))?,
        expires_at: time(row, 7)?,
        made_at: time(row, 8)?,
        made_by: UserNo(unsigned(row, 9)?),
    };
    Ok(KeptServiceToken { token, last_used_at: optional_time(row, 10)?, revoked_at: optional_time(row, 11)? })
}

/// Writes what an event changes.
pub fn change_rows(transaction: &Connection, event: &Event) -> Result<(), Error> {
    match &event.happening {
        Happening::ServiceTokenMade(token) => {
            transaction.prepare_cached(sql::INSERT_SERVICE_TOKEN)?.execute(params![
                number(token.no.0),
                token.name,
                token.secret.0,
                token.scopes.to_string(),
                token.networks.to_string(),
                token.expires_at.as_ms(),
                token.made_at.as_ms(),
                number(token.made_by.0)
            ])
        }
        Happening::ServiceTokenRotated(token) => {
            transaction.prepare_cached(sql::ROTATE_SERVICE_TOKEN)?.execute(params![
                number(token.no.0),
                token.secret.0,
                token.before.map(|before| before.secret.0),
                token.before.map(|before| before.until.as_ms()),
                token.expires_at.as_ms()
            ])
        }
        Happening::ServiceTokenRevoked { no, .. } => {
            let revoked = [number(no.0), event.at.as_ms()];
            transaction.prepare_cached(sql::REVOKE_SERVICE_TOKEN)?.execute(revoked)
        }
        _ => Ok(0),
    }
    .map(drop)
}

/// Lets the rows know when their tokens were last used.
pub fn note_use(connection: &mut Connection, used: &[(ServiceNo, Timestamp)]) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    for (no, at) in used {
        transaction.prepare_cached(sql::NOTE_SERVICE_USE)?.execute([number(no.0), at.as_ms()])?;
    }
    transaction.commit()
}
