//! The bad-input run, against the built binary: a list of requests that is generated from the declarations, so
//! that an endpoint is in it by being declared. Each is answered in the contract's words, the request after it
//! works, memory stays within its bounds, and no secret is in anything that the process wrote.

mod case;
mod connections;
mod memory;
mod parameters;
mod run;
mod secrets;
mod sockets;
mod transport;
mod wire;

use crate::process::{Process, serve};
use case::Target;
use memory::Memory;
use rollcall_model::limits;
use rollcall_testkit::{ADMIN, PASSWORD};
use run::Run;
use secrets::Search;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A shorter list says too little.
const CASES_MIN: usize = 400;
/// What hashing a password takes.
const HASH_KIB: u32 = 19 << 10;
/// What connections, parsing and the ledger may take beside, and what of it may stay. Half of what the long
/// bodies take: if those stay, it shows.
const SLACK_KIB: u32 = 32 << 10;
/// How long the memory of the last connections may take to come back; a busy machine has many things to do.
const RETURN_TIME: Duration = Duration::from_secs(30);

#[test]
fn whatever_is_sent_the_answer_is_the_contracts_and_the_process_stands() {
    let directory = TempDir::new().unwrap();
    let (data, stdout) = (directory.path().join("data"), directory.path().join("stdout"));
    let mut command = serve(&data);
    command
        .env("ROLLCALL__LOG__LEVEL", "trace")
        .env("ROLLCALL__PROXIES__TRUSTED", "127.0.0.0/8")
        // A wrong code is a parameter like any other here.
        .env("ROLLCALL__FAILURES__CODE", "1000")
        .stdout(std::fs::File::create(&stdout).unwrap());
    let server = Process::start(command);
    let address = server.base.trim_start_matches("http://").parse().unwrap();
    let mut run = Run::new(address, ADMIN, PASSWORD);
    let before = Memory::of(server.id());

    let slow = sockets::Slow::open(address);
    let targets = Target::all();
    for target in &targets {
        for case in parameters::cases(target).into_iter().chain(transport::cases(target)) {
            run.case(&case);
        }
    }
    for case in transport::no_http() {
        run.case(&case);
    }
    connections::pipelined(&mut run);
    connections::half_sent(&mut run, &targets);
    connections::byte_by_byte(&mut run);
    connections::given_up(&mut run);
    connections::crowded(&mut run);
    sockets::crowded(&mut run);
    for case in sockets::cases() {
        sockets::run(&mut run, &case);
    }
    slow.were_closed(&mut run);

    let after = after_return(&mut run, server.id(), before);
    let mut written = on_disk(&data);
    let (status, log) = server.terminate();
    written.extend(on_disk(&data));
    written.push(("the log".into(), log.join("\n")));
    written.push(("stdout".into(), std::fs::read_to_string(stdout).unwrap()));
    let search = Search::new(&[PASSWORD], &run.tokens);
    let leaked: Vec<_> = written.iter().flat_map(|(place, text)| search.found_in(place, text)).collect();
    let report = report(&run, before.zip(after), &written, search.count());
    println!("{report}");
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad-input.txt"), report).unwrap();

    let first = run.wrong.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(run.wrong.is_empty(), "{} wrong answers, among them:\n\n{first}", run.wrong.len());
    assert!(leaked.is_empty(), "{leaked:#?}");
    // What is searched is what was written: what must be there is found.
    let finds = |place: &str, text: &str| {
        written.iter().any(|(name, text_there)| name.contains(place) && text_there.contains(text))
    };
    assert!(finds("data", ADMIN) && finds("the log", "\"answered\""));
    assert!(run.cases >= CASES_MIN);
    assert!(status.success());
    if let Some((before, after)) = before.zip(after) {
        let held_kib = u32::try_from(limits::LONG_BODIES * limits::BODY_BYTES / 1_024).unwrap();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = u32::try_from(cores).unwrap();
        let bound = before.now_kib + held_kib + cores * HASH_KIB + SLACK_KIB;
        assert!(after.peak_kib <= bound, "a peak of {} KiB; the bound is {bound}", after.peak_kib);
        let bound = before.now_kib + SLACK_KIB;
        assert!(after.now_kib <= bound, "{} KiB stay; the bound is {bound}", after.now_kib);
    }
}

/// What the process holds when its memory has come back, or the time for that is over. The server may still be
/// ending what the last connections began; each look is one more request that works.
fn after_return(run: &mut Run, process: u32, before: Option<Memory>) -> Option<Memory> {
    let began = Instant::now();
    loop {
        let now = Memory::of(process)?;
        if now.now_kib <= before?.now_kib + SLACK_KIB || began.elapsed() > RETURN_TIME {
            return Some(now);
        }
        run.goes_on_after(None, "everything", false);
    }
}

/// Every file of the data directory. What is no text in them is no secret of ours.
fn on_disk(data: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    files.map(|path| (path.display().to_string(), read(&path))).collect()
}

fn report(
    run: &Run,
    memory: Option<(Memory, Memory)>,
    written: &[(String, String)],
    secrets: usize,
) -> String {
    let mut text = format!("{} requests, {} of them out of the list\n", run.requests, run.cases);
    for (kind, times) in &run.kinds {
        let _ = writeln!(text, "{times:>7}  {kind}");
    }
    let (took, what) = &run.slowest;
    let _ = writeln!(text, "slowest answer: {:.1} ms, {what}", took.as_secs_f64() * 1_000.0);
    if let Some((before, after)) = memory {
        let mib = |kib: u32| format!("{:.1} MiB", f64::from(kib) / 1_024.0);
        let (began, peak, ended) = (mib(before.now_kib), mib(after.peak_kib), mib(after.now_kib));
        let _ = writeln!(text, "memory: {began} before, {peak} at the peak, {ended} after");
    }
    let bytes: usize = written.iter().map(|(_, text)| text.len()).sum();
    let _ = writeln!(text, "{secrets} secrets looked for in {bytes} bytes");
    text
}
