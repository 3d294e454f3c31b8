//! Sessions as columns of a table, in the order of what they are worth.

use crate::clean::clean;
use crate::remote::Session;
use crate::remote::session::Named;
use crate::table::{Column, SPARE};
use crate::when;
use rollcall_model::Timestamp;

/// Characters of a value that are looked at.
const CELL_CHARS: usize = 200;

/// The columns of these sessions, as of now.
pub fn columns(sessions: &[Session], now: Timestamp) -> Vec<Column> {
    let column = |title, rank, least, cell: &dyn Fn(&Session) -> String| Column {
        title,
        rank,
        least,
        cells: sessions.iter().map(|session| clean(&cell(session), CELL_CHARS)).collect(),
    };
    let user = |session: &Session| session.user.clone().unwrap_or_default();
    let instant = |session: &Session| when::parse(&session.login_at);
    let mut columns = vec![column("SESSION", 0, None, &|session| session.session_id.clone())];
    if sessions.iter().any(|session| session.user.is_some()) {
        columns.push(column("USER", 1, Some(12), &|session| user(session).username));
        columns.push(column("NAME", 6, Some(10), &|session| user(session).name));
    }
    if sessions.iter().any(|session| session.current.is_some()) {
        let this = |session: &Session| if session.current == Some(true) { "*" } else { "" };
        columns.push(column("THIS", 1, None, &|session| this(session).into()));
    }
    columns.extend([
        column("SIGNED IN", 2, None, &|session| {
            instant(session).map_or(String::new(), |instant| when::ago(instant, now))
        }),
        column("AT (UTC)", SPARE, None, &|session| {
            instant(session).map_or(session.login_at.clone(), when::short)
        }),
        column("DEVICE", 3, Some(12), &device),
        column("SYSTEM", 4, Some(10), &|session| named(&session.device.os)),
        column("ADDRESS", 5, Some(15), &|session| session.ip.clone()),
        column("TYPE", SPARE + 1, None, &|session| session.device.device_type.clone()),
        column("HOST", SPARE + 2, Some(12), &|session| session.host.clone()),
    ]);
    columns
}

/// A device as one reads it: its name, and the first number of its version.
pub fn device(session: &Session) -> String {
    let version = session.device.version.split('.').next().unwrap_or_default();
    named(&Named { name: session.device.name.clone(), version: version.into() })
}

/// A name with its version, where there is one.
pub fn named(named: &Named) -> String {
    format!("{} {}", named.name, named.version).trim().into()
}
