//! The live index by itself, in this process, without a wire: token checks, lists, and events taken in.

use crate::data;
use crate::drive::count;
use crate::figures::percentile;
use crate::mixed::HOSTILE;
use anyhow::{Result, bail};
use rollcall_auth::{SystemRandomness, digest};
use rollcall_http::client_fragment;
use rollcall_index::{Direction, List, Loaded, Readers, Scope, SortKey, Standing, TextFilter};
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::{
    Actor, EndReason, Event, Happening, Seq, Session, SessionId, SessionNo, Timestamp, Token, TokenHash,
    limits,
};
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Tokens that are hashed.
const TOKENS: usize = 100_000;
/// Sessions that are opened and ended again.
const CHANGES: usize = 20_000;
/// Sessions opened in one commit, where a commit has many.
const BATCH: usize = 100;

/// What was measured.
pub struct Figures {
    /// Reading the rows out of the store, in milliseconds.
    pub read_ms: f64,
    /// Taking them into the index, in milliseconds.
    pub load_ms: f64,
    /// One SHA-256 of a token, in nanoseconds.
    pub sha256_ns: f64,
    /// Whom a known token is good for, its digest given, in nanoseconds.
    pub known_ns: f64,
    /// The same while a filter scans that takes long.
    pub known_while_scanning_ns: f64,
    /// The same for a digest that is nobody's.
    pub unknown_ns: f64,
    /// Lists, by name: half of them, and 99 in 100, took no longer, in microseconds; and their totals.
    pub lists: Vec<Listed>,
    /// Taking in the opening of one session in a commit of its own, in nanoseconds.
    pub open_ns: f64,
    /// The same in commits of many.
    pub open_batched_ns: f64,
    /// Taking in its ending, in a commit of its own.
    pub end_ns: f64,
}

/// A list, measured.
pub struct Listed {
    /// What was asked.
    pub name: String,
    /// Rows found.
    pub total: usize,
    /// Half took no longer, in microseconds.
    pub p50_us: f64,
    /// 99 in 100 took no longer, in microseconds.
    pub p99_us: f64,
    /// Making the filter out of its text, in microseconds; half took no longer.
    pub compile_us: Option<f64>,
}

/// Measures on the sessions of this store, `times` times what takes long.
pub async fn measure(data_dir: &Path, times: usize) -> Result<Figures> {
    let now = SystemClock.now();
    let began = Instant::now();
    let sessions = data::sessions(data_dir).await?;
    let read_ms = ms(began);
    if sessions.is_empty() {
        bail!("the store has no sessions");
    }
    let began = Instant::now();
    let standing = standing(&sessions);
    let load_ms = ms(began);
    let known: Vec<TokenHash> = shuffled(sessions.iter().map(|loaded| loaded.session.token).collect());
    let tokens: Vec<Token> = (0..TOKENS).map(|_| Token::random(&SystemRandomness)).collect();
    let unknown: Vec<TokenHash> = tokens.iter().map(|token| digest::token(token.reveal())).collect();
    let sha256_ns = each_ns(times, &tokens, |token| digest::token(token.reveal()).0[0] != 1);
    let mut found = 0;
    let known_ns = each_ns(times, &known, |token| {
        let bearer = standing.bearer(token, now);
        found += usize::from(bearer.is_some());
        black_box(bearer).is_some()
    });
    let known_while_scanning_ns = while_scanning(&standing, now, || {
        each_ns(times, &known, |token| black_box(standing.bearer(token, now)).is_some())
    });
    let unknown_ns = each_ns(times, &unknown, |token| black_box(standing.bearer(token, now)).is_none());
    // Some may have expired; most have not, or it is something else that is measured.
    if found < known.len() * times / 2 {
        bail!("{found} of {} tokens are known", known.len() * times);
    }
    let lists = lists(&standing, now, times);
    let template: Vec<Session> = sessions.into_iter().take(CHANGES).map(|loaded| loaded.session).collect();
    let [open_ns, open_batched_ns, end_ns] = changes(&standing, &template, now);
    Ok(Figures {
        read_ms,
        load_ms,
        sha256_ns,
        known_ns,
        known_while_scanning_ns,
        unknown_ns,
        lists,
        open_ns,
        open_batched_ns,
        end_ns,
    })
}

/// An index of these sessions.
pub fn standing(sessions: &[Loaded]) -> Standing {
    let readers =
        Readers { device: |agent| rollcall_user_agent::device(Some(agent)), fragment: client_fragment };
    let standing = Standing::new(readers, None);
    standing.load(sessions.iter().cloned());
    standing.loaded();
    standing
}

/// Does something while another thread scans for a filter that takes long, again and again.
fn while_scanning<T>(standing: &Standing, now: Timestamp, work: impl FnOnce() -> T) -> T {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for nth in 0.. {
                let filter = Some(not_asked_lately(HOSTILE, nth).into());
                let list = List {
                    scope: Scope::Everyone,
                    filter,
                    sort: Vec::new(),
                    after: None,
                    offset: 0,
                    count: 1,
                };
                let _ = standing.list(&list, now, &|| is_done.load(Ordering::Relaxed), |_| ());
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let done = work();
        is_done.store(true, Ordering::Relaxed);
        done
    })
}

fn lists(standing: &Standing, now: Timestamp, times: usize) -> Vec<Listed> {
    let (mut total, page) = (0, 50);
    let all = |sort: Vec<(SortKey, Direction)>, offset| List {
        scope: Scope::Everyone,
        filter: None,
        sort,
        after: None,
        offset,
        count: page,
    };
    // What a reader does with the rows is the wire's; here each is looked up once.
    let mut read = |list: &List| {
        let read = standing.list(list, now, &|| false, |page| {
            for row in page.rows() {
                black_box((row.id(), row.username(), row.fragment(), row.address(), row.opened_at()));
            }
            page.total()
        });
        read.inspect(|found| total = *found).unwrap_or(0)
    };
    let whole = read(&all(Vec::new(), 0));
    let by = |key| vec![(key, Direction::Ascending)];
    let plain = [
        ("first page", all(Vec::new(), 0)),
        ("last page", all(Vec::new(), whole.saturating_sub(page))),
        ("sort _user.name, middle", all(by(SortKey::Name), whole / 2)),
        ("sort _user.username, middle", all(by(SortKey::Username), whole / 2)),
        ("sort device.name, middle", all(by(SortKey::DeviceName), whole / 2)),
        ("sort device.os.version, end", all(by(SortKey::OsVersion), whole.saturating_sub(page))),
    ];
    let mut listed = Vec::new();
    for (name, list) in plain {
        let mut found = 0;
        let waits = waits_ns(times * 400, || found = read(&list));
        listed.push(Listed::new(name, found, &waits, None));
    }
    for text in ["a", "chrome", "zoe", "nothing-like-this", r"^10\.1\."] {
        let compiling = waits_ns(times * 40, || {
            black_box(TextFilter::new(text));
        });
        let mut found = 0;
        let mut nth = 0;
        // One letter is in every row.
        let first_uses = if text.len() == 1 { times } else { times * 40 };
        let first_use = waits_ns(first_uses, || {
            let filter = Some(not_asked_lately(text, nth).into());
            found = read(&List { filter, ..all(Vec::new(), 0) });
            nth += 1;
        });
        let compile_us = Some(percentile(&compiling, 50) / 1e3);
        listed.push(Listed::new(&format!("filter {text}, first use"), found, &first_use, compile_us));
        let list = List { filter: Some(text.into()), ..all(Vec::new(), 0) };
        let again = waits_ns(times * 400, || found = read(&list));
        listed.push(Listed::new(&format!("filter {text}, again"), found, &again, None));
    }
    let sorted = List { filter: Some("chrome".into()), ..all(by(SortKey::Name), whole / 4) };
    let mut found = 0;
    let again = waits_ns(times * 400, || found = read(&sorted));
    listed.push(Listed::new("filter chrome, sort _user.name, deep, again", found, &again, None));
    listed
}

/// A text that finds what this one finds, and is another than those before: the index remembers what it was asked.
pub fn not_asked_lately(text: &str, nth: usize) -> String {
    let letters = text.chars().take_while(char::is_ascii_alphabetic).count();
    let change = |(at, letter): (usize, char)| {
        if at < letters && nth >> at & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
    };
    let varied: String = text.chars().enumerate().map(change).collect();
    varied + &"(?:)".repeat((nth >> letters) % 50)
}

impl Listed {
    fn new(name: &str, total: usize, waits: &[u32], compile_us: Option<f64>) -> Self {
        let (p50_us, p99_us) = (percentile(waits, 50) / 1e3, percentile(waits, 99) / 1e3);
        Self { name: name.into(), total, p50_us, p99_us, compile_us }
    }
}

/// Opens sessions one by one, then in commits of many, and ends those of the first kind one by one.
fn changes(standing: &Standing, template: &[Session], now: Timestamp) -> [f64; 3] {
    // Above all numbers of the store.
    let mut next = 1_u64 << 40;
    let mut opened = |session: &Session| {
        next += 1;
        let session = Session {
            no: SessionNo(next),
            id: SessionId::random(&SystemRandomness),
            token: digest::token(Token::random(&SystemRandomness).reveal()),
            opened_at: now,
            expires_at: now + limits::SESSION_LIFETIME,
            ..session.clone()
        };
        event(next, &session, Happening::SessionOpened(Box::new(session.clone())), now)
    };
    let single: Vec<Event> = template.iter().map(&mut opened).collect();
    let batched: Vec<Event> = template.iter().map(&mut opened).collect();
    let endings: Vec<Event> = single.iter().filter_map(|opening| ended(opening, now)).collect();
    let per_event = |events: &[Event], at_once: usize| {
        let began = Instant::now();
        for commit in events.chunks(at_once) {
            standing.apply(commit);
        }
        began.elapsed().as_secs_f64() * 1e9 / count(events.len())
    };
    [per_event(&single, 1), per_event(&batched, BATCH), per_event(&endings, 1)]
}

fn ended(opening: &Event, now: Timestamp) -> Option<Event> {
    let Happening::SessionOpened(session) = &opening.happening else { return None };
    let ending = Happening::SessionEnded { id: session.id, reason: EndReason::SignedOut, due: None };
    Some(event(opening.seq.0 + (1 << 32), session, ending, now))
}

fn event(seq: u64, session: &Session, happening: Happening, at: Timestamp) -> Event {
    let (subject, session) = (Some(session.owner.no), Some(session.no));
    Event { seq: Seq(seq), at, actor: Actor::System, subject, session, live: 0, happening }
}

/// The time of one of many calls, the least of so many goes through all of them, in nanoseconds. Each call
/// says whether it went as foreseen.
fn each_ns<T>(times: usize, of: &[T], mut call: impl FnMut(&T) -> bool) -> f64 {
    let goes = (0..times).map(|_| {
        let began = Instant::now();
        black_box(of.iter().filter(|one| call(one)).count());
        began.elapsed().as_secs_f64() * 1e9 / count(of.len())
    });
    goes.fold(f64::INFINITY, f64::min)
}

/// How long each of so many calls takes, sorted.
fn waits_ns(calls: usize, mut call: impl FnMut()) -> Vec<u32> {
    let mut waits: Vec<u32> = (0..calls)
        .map(|_| {
            let began = Instant::now();
            call();
            u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX)
        })
        .collect();
    waits.sort_unstable();
    waits
}

/// In an order that memory knows nothing of, the same each time.
pub fn shuffled<T>(mut of: Vec<T>) -> Vec<T> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for last in (1..of.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % (last as u64 + 1)).unwrap_or(0);
        of.swap(last, other);
    }
    of
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}
