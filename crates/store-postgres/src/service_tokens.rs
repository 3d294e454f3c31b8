//! Service tokens: their rows, and when they were last used.

use crate::connection::Connection;
use crate::rows::{get, networks, number, optional_time, time, token_hash, unsigned, user_no};
use crate::sql;
use rollcall_model::service_token::SecretBefore;
use rollcall_model::{Scopes, ServiceNo, ServiceToken, Timestamp};
use rollcall_store::{KeptServiceToken, StoreError};
use tokio_postgres::Row;

/// All of them, the revoked ones too.
pub async fn service_tokens(connection: &Connection) -> Result<Vec<KeptServiceToken>, StoreError> {
    kept(&connection.rows(sql::SERVICE_TOKENS, &[]).await?)
}

/// Out of rows with the columns of `SERVICE_TOKENS`.
pub fn kept(rows: &[Row]) -> Result<Vec<KeptServiceToken>, StoreError> {
    let each = rows.iter().map(|row| {
        let before = match optional_time(row, 4)? {
            Some(until) => Some(SecretBefore { secret: token_hash(row, 3)?, until }),
            None => None,
        };
        let token = ServiceToken {
            no: ServiceNo(unsigned(row, 0)?),
            name: get(row, 1)?,
            secret: token_hash(row, 2)?,
            before,
            scopes: Scopes::parse(get(row, 5)?),
            networks: networks(row, 6)?,
            expires_at: time(row, 7)?,
            made_at: time(row, 8)?,
            made_by: user_no(row, 9)?,
        };
        let (last_used_at, revoked_at) = (optional_time(row, 10)?, optional_time(row, 11)?);
        Ok(KeptServiceToken { token, last_used_at, revoked_at })
    });
    each.collect()
}

/// Lets the rows know when their tokens were last used.
pub async fn note_use(connection: &Connection, used: &[(ServiceNo, Timestamp)]) -> Result<(), StoreError> {
    let (tokens, at): (Vec<i64>, Vec<i64>) = used.iter().map(|(no, at)| (number(no.0), at.as_ms())).unzip();
    connection.run(sql::NOTE_SERVICE_USE, &[&tokens, &at]).await.map(drop)
}
