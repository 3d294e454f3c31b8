//! Sessions as columns of a table, in the order of what they are worth.

use super::describe::{device, system};
use crate::clean::clean;
use crate::remote::Session;
use crate::table::{Column, SPARE};
use crate::when;
use rollcall_model::Timestamp;

/// Characters of a value that are looked at.
const CELL_CHARS: usize = 200;

/// The columns of these sessions, as of now.
pub fn columns(sessions: &[&Session], now: Timestamp) -> Vec<Column> {
    let column = |title, rank, least, cell: &dyn Fn(&Session) -> String| Column {
        title,
        rank,
        least,
        cells: sessions.iter().map(|session| clean(&cell(session), CELL_CHARS)).collect(),
    };
    let ago = |text: &str| when::parse(text).map_or(String::new(), |instant| when::ago(instant, now));
    let mut columns = vec![
        column("SESSION", 0, None, &|session| session.id.clone()),
        column("USER", 1, Some(12), &|session| session.username.clone()),
        column("NAME", 6, Some(10), &|session| session.name.clone().unwrap_or_default()),
    ];
    if sessions.iter().any(|session| session.current == Some(true)) {
        let this = |session: &Session| if session.current == Some(true) { "*" } else { "" };
        columns.push(column("THIS", 1, None, &|session| this(session).into()));
    }
    columns.extend([
        column("SIGNED IN", 2, None, &|session| ago(&session.login_at)),
        column("AT (UTC)", SPARE, None, &|session| when::shown(&session.login_at)),
        column("SEEN", 7, None, &|session| session.seen_at.as_deref().map_or(String::new(), ago)),
        column("DEVICE", 3, Some(12), &device),
        column("SYSTEM", 4, Some(10), &system),
        column("ADDRESS", 5, Some(15), &|session| session.ip.clone()),
        column("TYPE", SPARE + 1, None, &|session| session.device_type.clone()),
        column("HOST", SPARE + 2, Some(12), &|session| session.host.clone()),
    ]);
    columns
}
