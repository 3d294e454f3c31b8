//! Lists of v2 beside the same of v1.

use super::Effort;
use crate::caller::Caller;
use crate::cases;
use crate::child::Server;
use crate::drive::{Load, Measured, drive};
use crate::figures::{Spread, percentile};
use crate::table::Table;
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;

const CONNECTIONS: usize = 4;

/// What is asked, of v1 and of v2. Where v1 has nothing like it, the first page stands beside it.
fn pairs(total: usize) -> [(&'static str, String, String); 6] {
    let middle = total / 2;
    let sorted = cases::sort("_user.username", 1);
    let first = cases::list("", 0);
    let v2 = |query: &str| format!("/api/v2/sessions?{query}");
    [
        ("first page", first.clone(), v2("")),
        ("sorted by user, middle", cases::list(&sorted, middle), v2(&format!("sort=user&offset={middle}"))),
        ("a text again", cases::list(&cases::filter("chrome"), 0), v2("q=chrome")),
        ("a field again (÷ a text of v1)", cases::list(&cases::filter("chrome"), 0), v2("q=device:chrome")),
        ("facets os, type (÷ first page)", first.clone(), v2("limit=1&facets=os,type")),
        ("facets of a filter (÷ first page)", first, v2("limit=1&facets=os,type,device&q=chrome")),
    ]
}

/// Measures all of them.
pub async fn measure(server: &Server, caller: &Caller, effort: &Effort) -> Result<()> {
    let total = cases::total(caller).await?;
    println!("lists of {total} sessions ...\n");
    let mut table = Table::new(&["list", "v2 ÷ v1", "v1 CPU ÷ v2 CPU", "v2, requests/s", "v2, 99 % ms"]);
    for (name, v1, v2) in pairs(total) {
        let mut rounds = Vec::new();
        for _ in 0..effort.rounds {
            let one = ask(server, caller, &v1, effort.time).await?;
            rounds.push((one, ask(server, caller, &v2, effort.time).await?));
        }
        let spread = |of: &dyn Fn(&(Measured, Measured)) -> f64, digits: usize| {
            let Spread { min, median, max } = Spread::of(rounds.iter().map(of));
            format!("{median:.digits$} ({min:.digits$}–{max:.digits$})")
        };
        table.row([
            name.into(),
            spread(&|(v1, v2)| v2.per_s / v1.per_s, 2),
            spread(&|(v1, v2)| v1.server_us / v2.server_us, 2),
            spread(&|(_, v2)| v2.per_s, 0),
            spread(&|(_, v2)| percentile(&v2.waits_ns, 99) / 1e6, 2),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// Asks a path for a while.
pub async fn ask(server: &Server, caller: &Caller, path: &str, time: Duration) -> Result<Measured> {
    let requests = Arc::new(std::iter::once(caller.get(path)).collect());
    drive(server.address, server.pid(), &Load { requests, connections: CONNECTIONS, time, awake: false })
        .await
}
