//! A preview and its execution, while others list.

use super::Effort;
use crate::arrivals::{Answered, Arrivals, InTurn};
use crate::caller::Caller;
use crate::cases;
use crate::child::Server;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long one measurement of lists beside a revocation is.
const SLICE: Duration = Duration::from_millis(250);
/// Lists that are offered in a second, whatever becomes of those before: many people at their consoles. A closed loop would
/// take all cores, and tell how the system shares them.
const LISTS_PER_S: f64 = 400.0;
const CONNECTIONS: usize = 16;

/// Freezes about as many as asked, and ends them.
pub async fn measure(server: &Server, caller: &Caller, effort: &Effort) -> Result<()> {
    let total = cases::total(caller).await?;
    let lists = InTurn::new(vec![caller.get("/api/v2/sessions")]);
    let lists = Arrivals::open(server.address, lists, LISTS_PER_S, CONNECTIONS).await?;
    let quiet = offer(&lists, effort.time * 4).await?;
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
    let mut busy = offer(&lists, SLICE).await?;
    while !executing.is_finished() {
        busy.add(offer(&lists, SLICE).await?);
    }
    let mut receipt = executing.await??;
    while receipt["state"] != "finished" {
        busy.add(offer(&lists, SLICE).await?);
        let id = receipt["id"].as_str().context("a receipt without an id")?.to_owned();
        receipt = caller.sample(&caller.get(&format!("/api/v2/revocations/{id}"))).await?.0;
        sleep(Duration::from_millis(10)).await;
    }
    println!(
        "execution: {} ended, {} already gone, in {} ms; lag {}",
        receipt["ended"], receipt["already_gone"], receipt["took_ms"], receipt["lag"]
    );
    for (name, hundredths) in [("half", 50), ("99 %", 99)] {
        let (quiet, busy) = (quiet.ms(hundredths), busy.ms(hundredths));
        println!("{name} of lists, ms: at rest {quiet:.2}, meanwhile {busy:.2}: {:.2} times", busy / quiet);
    }
    println!();
    Ok(())
}

async fn offer(lists: &Arrivals<InTurn>, time: Duration) -> Result<Answered> {
    let answered = lists.offer(time).await?;
    answered.expect_answers("lists")?;
    Ok(answered)
}
