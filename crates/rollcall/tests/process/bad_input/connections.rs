//! Connections that are not used as they are meant to: several requests at once, half of one, slow ones, many.

use super::case::{From, JSON, Target, request};
use super::run::Run;
use super::wire::Wire;
use rollcall_model::limits;

/// Connections that stay half-open at once.
const HALF_OPEN: usize = 300;
/// Long bodies that wait for a place.
const WITHOUT_PLACE: usize = 8;

/// Good and bad requests behind each other in one go are answered in their order.
pub fn pipelined(run: &mut Run) {
    let good = run.good();
    let bad = [
        (request("GET", "/nowhere", &[], b""), 404),
        (request("BREW", "/api/v1/me", &[], b""), 405),
        (request("GET", "/api/v1/me", &[], b""), 401),
        (request("POST", "/api/v1/login", &[JSON], b"{"), 400),
    ];
    let mut wire = Wire::open(run.address);
    let (bytes, wanted): (Vec<_>, Vec<_>) =
        (0..20).flat_map(|i| [(good.clone(), 200), bad[i % bad.len()].clone()]).unzip();
    wire.send(&bytes.concat());
    let answered: Vec<u16> = wanted.iter().map(|_| wire.read(false).status).collect();
    run.requests += wanted.len();
    if answered != wanted {
        run.wrong.push(format!("pipelined: {answered:?}"));
    }
    run.goes_on_after(Some(wire), "pipelined requests", false);
}

/// Half of a request to each route, head or body, then nothing: the connection stays while others work.
pub fn half_sent(run: &mut Run, targets: &[Target]) {
    let mut open = Vec::new();
    for target in targets {
        let whole = request(target.method(), &target.path(), &[JSON], &[b' '; 500]);
        let mut case = target.case("half of it", whole, target.taken());
        case.from = if target.from() == From::Stranger { From::Stranger } else { From::Administrator };
        let whole = run.identified(&case);
        let head = whole.len() - 500;
        for length in [1, head / 2, head - 2, head + 1, head + 499] {
            let mut wire = Wire::open(run.address);
            wire.send(&whole[..length]);
            run.requests += 1;
            open.push(wire);
            run.goes_on_after(None, &format!("{length} bytes to {}", target.route.path), true);
        }
    }
    drop(open);
    run.goes_on_after(None, "half-sent requests that were given up", false);
}

/// Bytes that come one by one are a request like any other.
pub fn byte_by_byte(run: &mut Run) {
    let mut wire = Wire::open(run.address);
    let good = run.good();
    for byte in &good[..good.len() - 1] {
        wire.send(&[*byte]);
    }
    run.goes_on_after(None, "most of a request byte by byte", false);
    wire.send(&good[good.len() - 1..]);
    let answer = wire.read(false);
    run.requests += 1;
    if answer.status != 200 {
        run.wrong.push(format!("byte by byte: {}", answer.text()));
    }
}

/// Requests whose answers nobody waits for.
pub fn given_up(run: &mut Run) {
    for _ in 0..50 {
        let mut wire = Wire::open(run.address);
        wire.send(&run.good());
        run.requests += 1;
    }
    run.goes_on_after(None, "answers that nobody waited for", false);
}

/// More long bodies than there are places for, each one all but its last byte, beside many half heads. Short
/// requests work meanwhile, and long ones when the places are free again.
pub fn crowded(run: &mut Run) {
    let long = request("POST", "/api/v1/login", &[JSON], &vec![b' '; limits::BODY_BYTES]);
    let mut open = Vec::new();
    // Each of them has a place: none has to wait for another.
    for _ in 0..limits::LONG_BODIES {
        let mut wire = Wire::open(run.address);
        wire.send(&long[..long.len() - 1]);
        open.push(wire);
    }
    for _ in 0..WITHOUT_PLACE {
        let mut wire = Wire::open(run.address);
        wire.send(&long[..limits::SHORT_BODY_BYTES * 4]);
        open.push(wire);
    }
    for _ in 0..HALF_OPEN {
        let mut wire = Wire::open(run.address);
        wire.send(b"GET /api/v1/me HTTP/1.1\r\nHos");
        open.push(wire);
    }
    run.requests += open.len();
    for _ in 0..20 {
        run.goes_on_after(None, "a crowd of half-open connections", false);
    }
    drop(open);
    let answer = Wire::open(run.address).ask(&long);
    run.requests += 1;
    if answer.status != 400 {
        run.wrong.push(format!("a long body after the crowd: {}", answer.text()));
    }
    run.goes_on_after(None, "the crowd", false);
}
