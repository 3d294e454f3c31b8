//! A preview and its execution, while others list.

use super::{Effort, lists};
use crate::caller::Caller;
use crate::cases;
use crate::child::Server;
use crate::figures::percentile;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long one measurement of lists beside a revocation is.
const SLICE: Duration = Duration::from_millis(250);

/// Freezes about as many as asked, and ends them.
pub async fn measure(server: &Server, caller: &Caller, effort: &Effort) -> Result<()> {
    let total = cases::total(caller).await?;
    let quiet = lists::ask(server, caller, "/api/v2/sessions", effort.time).await?;
    let quiet_ms = percentile(&quiet.waits_ns, 99) / 1e6;
    // The administrator's own session stays, and so do the newest of everybody when fewer are to end.
    let (mut kept, mut frozen, mut took) = (0, Value::Null, Duration::ZERO);
    while frozen["count"].as_u64().is_none_or(|count| count > effort.ended as u64) {
        let body = json!({ "q": "", "except_current": true, "keep_newest": kept });
        let began = Instant::now();
        frozen = caller.post("/api/v2/revocations/preview", &body).await?;
        (took, kept) = (began.elapsed(), kept + 1);
        ensure!(kept < 50, "everybody has too many sessions: {frozen}");
    }
    println!("revocation of {} of {total} sessions ...", frozen["count"]);
    println!("preview: {:.0} ms", took.as_secs_f64() * 1e3);
    let body = json!({ "preview": frozen["preview"], "digest": frozen["digest"], "reason": "measured" });
    let executing = {
        let caller = caller.clone();
        tokio::spawn(async move { caller.post_with_code("/api/v2/revocations", &body).await })
    };
    let mut waits_ns = Vec::new();
    while !executing.is_finished() {
        waits_ns.extend(lists::ask(server, caller, "/api/v2/sessions", SLICE).await?.waits_ns);
    }
    let mut receipt = executing.await??;
    while receipt["state"] != "finished" {
        waits_ns.extend(lists::ask(server, caller, "/api/v2/sessions", SLICE).await?.waits_ns);
        let id = receipt["id"].as_str().context("a receipt without an id")?.to_owned();
        receipt = caller.sample(&caller.get(&format!("/api/v2/revocations/{id}"))).await?.0;
        sleep(Duration::from_millis(10)).await;
    }
    waits_ns.sort_unstable();
    let busy_ms = percentile(&waits_ns, 99) / 1e6;
    println!(
        "execution: {} ended, {} already gone, in {} ms; lag {}",
        receipt["ended"], receipt["already_gone"], receipt["took_ms"], receipt["lag"]
    );
    println!(
        "a list's 99 %, ms: at rest {quiet_ms:.2}, meanwhile {busy_ms:.2} of {} lists: {:.2} times\n",
        waits_ns.len(),
        busy_ms / quiet_ms
    );
    Ok(())
}
