//! `cargo xtask bench hostile`: looks for lists that take long, in process, without a wire.
//!
//! A hill is climbed: of the worst found so far, one is changed a little, and kept when it is worse. Each is asked
//! for the first time, and again before it is believed, since whatever else runs makes any list slow once.

use crate::data::{self, Data};
use crate::drive::count;
use crate::in_process::{not_asked_lately, standing};
use crate::patterns::{Dice, Pattern};
use crate::process;
use crate::table::{Table, figure};
use anyhow::Result;
use rollcall_index::{Direction, Finder, List, Scope, SortKey, Standing};
use rollcall_model::clock::{Clock, SystemClock};
use rollcall_model::{Timestamp, limits};
use std::cell::RefCell;
use std::fmt::{self, Display, Write};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The worst that are kept and changed.
const KEPT: usize = 8;
/// How often what looks worse is asked again.
const AGAIN: usize = 2;
/// How long a page is asked again.
const TYPICAL_TIME: Duration = Duration::from_millis(5);
/// Rows of a page.
const ROWS: usize = 50;
/// A scan is given up after this: it is found to be slow, and others are still to be tried.
const SCAN_MAX: Duration = Duration::from_secs(3);
/// Distinct filters that are asked one after another to see what they leave in memory, and for how long.
const DISTINCT: usize = 1_000;
const DISTINCT_TIME: Duration = Duration::from_secs(1);

const KEYS: [SortKey; 6] = [
    SortKey::LoginAt,
    SortKey::DeviceName,
    SortKey::OsName,
    SortKey::OsVersion,
    SortKey::Name,
    SortKey::Username,
];

/// A list that may be slow.
#[derive(Clone)]
struct Trial {
    pattern: Option<Pattern>,
    sort: Vec<(SortKey, Direction)>,
    offset: usize,
}

/// What a list took.
#[derive(Clone, Copy)]
struct Took {
    /// All of it.
    whole: Duration,
    /// The longest time between two moments at which others could have had the lock.
    hold: Duration,
    /// Whether it was given up.
    refused: bool,
}

/// What is climbed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hill {
    /// Pages of everything, by sort and offset.
    Page,
    /// Filters, by all of their time.
    Scan,
    /// Filters, by how long they hold the lock.
    Hold,
}

/// Searches for so long, from this seed.
pub async fn measure(data: &Data, seed: u64, time: Duration) -> Result<()> {
    let sessions = data::sessions(&data.directory).await?;
    let field = Field { standing: standing(&sessions), now: SystemClock.now(), sessions: sessions.len() };
    drop(sessions);
    let first = field.typical(&Trial { pattern: None, sort: Vec::new(), offset: 0 });
    println!("{} sessions, seed {seed}; the first page takes {} µs", field.sessions, us(first));
    let mut table = Table::new(&["the worst", "tried", "takes ms", "holds the lock ms", "÷ first page"]);
    for hill in [Hill::Page, Hill::Scan, Hill::Hold] {
        let (tried, (trial, took)) = field.climb(hill, &mut Dice(seed), time / 3);
        let ms = |time: Duration| figure(time.as_secs_f64() * 1e3);
        let ratio = took.whole.as_secs_f64() / first.as_secs_f64();
        table.row([hill.to_string(), tried.to_string(), ms(took.whole), ms(took.hold), figure(ratio)]);
        println!("{hill}: {trial}");
        if hill == Hill::Scan {
            println!("{}", field.refusal(&trial));
        }
    }
    println!("\n{table}\n{}", field.distinct_filters()?);
    Ok(())
}

/// An index that is searched.
struct Field {
    standing: Standing,
    now: Timestamp,
    sessions: usize,
}

impl Field {
    /// The worst that was found in so long, and how many were tried.
    fn climb(&self, hill: Hill, dice: &mut Dice, time: Duration) -> (usize, (Trial, Took)) {
        let (began, mut tried) = (Instant::now(), 0);
        let mut worst: Vec<(Trial, Took)> = Vec::new();
        while began.elapsed() < time || worst.is_empty() {
            let known = (!worst.is_empty()).then(|| &worst[dice.below(worst.len())].0);
            // Now and then from somewhere else, so as not to stay on the first hill.
            let trial = match known {
                Some(known) if dice.below(4) > 0 => known.changed(hill, self.sessions, dice),
                _ => Trial::new(hill, self.sessions, dice),
            };
            let mut took = self.took(hill, &trial, tried);
            tried += 1;
            for again in 0..AGAIN {
                let is_worse = worst.len() < KEPT
                    || worst.last().is_none_or(|(_, least)| hill.height(&took) > hill.height(least));
                if is_worse {
                    let once_more = self.took(hill, &trial, tried + again);
                    took.whole = took.whole.min(once_more.whole);
                    took.hold = took.hold.min(once_more.hold);
                }
            }
            worst.push((trial, took));
            worst.sort_by_key(|(_, took)| std::cmp::Reverse(hill.height(took)));
            worst.truncate(KEPT);
        }
        (tried, worst.swap_remove(0))
    }

    fn took(&self, hill: Hill, trial: &Trial, nth: usize) -> Took {
        if hill == Hill::Page {
            let whole = self.typical(trial);
            return Took { whole, hold: whole, refused: false };
        }
        self.list(&trial.list(nth), SCAN_MAX)
    }

    /// What a page of everything takes when nothing else runs.
    fn typical(&self, trial: &Trial) -> Duration {
        let list = trial.list(0);
        // Often where that takes no time, to be less than the machine's noise.
        let (began, mut least) = (Instant::now(), Duration::MAX);
        for run in 0.. {
            if run >= 2 && (run >= 15 || began.elapsed() > TYPICAL_TIME) {
                break;
            }
            least = least.min(self.list(&list, SCAN_MAX).whole);
        }
        least
    }

    /// Lists once, and gives up at a deadline.
    fn list(&self, list: &List, deadline: Duration) -> Took {
        // Made without the lock; made here once more to know how long that takes.
        let made = list.filter.as_ref().map(|filter| {
            let began = Instant::now();
            black_box(Finder::of(filter));
            began.elapsed()
        });
        let began = Instant::now();
        let seen_at = RefCell::new(began + made.unwrap_or_default());
        let longest = RefCell::new(Duration::ZERO);
        let note = || {
            let now = Instant::now();
            let gap = now.saturating_duration_since(seen_at.replace(now));
            let most = gap.max(*longest.borrow());
            longest.replace(most);
        };
        let stop = || {
            note();
            began.elapsed() > deadline
        };
        let listed = self.standing.list(list, self.now, &stop, |page| {
            page.rows().for_each(|row| {
                black_box((row.id(), row.username(), row.fragment(), row.address(), row.opened_at()));
            });
        });
        note();
        Took { whole: began.elapsed(), hold: longest.into_inner(), refused: listed.is_err() }
    }

    /// How it is refused at the deadline that the product has.
    fn refusal(&self, trial: &Trial) -> String {
        let took = self.list(&trial.list(usize::MAX >> 1), limits::FILTER_TIME);
        let ms = took.whole.as_secs_f64() * 1e3;
        let deadline = limits::FILTER_TIME.as_millis();
        let word = if took.refused { "refused" } else { "answered" };
        format!("  it is {word} after {} ms, its deadline being {deadline} ms", figure(ms))
    }

    /// What many filters leave in memory.
    fn distinct_filters(&self) -> Result<String> {
        let pid = std::process::id();
        let (before, _) = process::resident(pid)?;
        let (began, mut asked) = (Instant::now(), 0);
        let mut most = before;
        while asked < DISTINCT && began.elapsed() < DISTINCT_TIME {
            // What many rows have, or something that none has: each time another text.
            let text = format!("chrome|qx{asked:05}");
            let list = List { filter: Some(text.into()), ..plain() };
            self.list(&list, SCAN_MAX);
            asked += 1;
            if asked % 50 == 0 {
                most = most.max(process::resident(pid)?.0);
            }
        }
        let (after, _) = process::resident(pid)?;
        let mib = |bytes: u64| figure(count(usize::try_from(bytes >> 10).unwrap_or(0)) / 1_024.0);
        Ok(format!(
            "{asked} distinct filters in {} s: resident {} MiB before, {} MiB at the most, {} MiB after",
            figure(began.elapsed().as_secs_f64()),
            mib(before),
            mib(most.max(after)),
            mib(after),
        ))
    }
}

fn plain() -> List {
    List { scope: Scope::Everyone, filter: None, sort: Vec::new(), after: None, offset: 0, count: ROWS }
}

impl Trial {
    fn new(hill: Hill, sessions: usize, dice: &mut Dice) -> Self {
        let pattern = (hill != Hill::Page).then(|| Pattern::grow(dice));
        let mut trial = Self { pattern, sort: Vec::new(), offset: 0 };
        // How long a stretch of a scan takes does not hang on the page.
        if hill != Hill::Hold {
            trial.sort_anew(dice);
            trial.offset = dice.below(sessions);
        }
        trial
    }

    /// The same with one thing otherwise.
    fn changed(&self, hill: Hill, sessions: usize, dice: &mut Dice) -> Self {
        let mut trial = self.clone();
        let what = if hill == Hill::Hold { 5 } else { dice.below(6) };
        match (what, &self.pattern) {
            (1, _) => trial.offset = dice.below(sessions),
            (2, None) => trial.offset = (self.offset + dice.below(2_000)).saturating_sub(1_000).min(sessions),
            (2.., Some(pattern)) => trial.pattern = Some(pattern.changed(dice)),
            _ => trial.sort_anew(dice),
        }
        trial
    }

    fn sort_anew(&mut self, dice: &mut Dice) {
        let direction = [Direction::Ascending, Direction::Descending];
        self.sort = (0..dice.below(4)).map(|_| (dice.one_of(&KEYS), dice.one_of(&direction))).collect();
    }

    /// The list; its filter is another one for another `nth`.
    fn list(&self, nth: usize) -> List {
        let text = self.pattern.as_ref().map(|pattern| not_asked_lately(&format!("(?:){pattern}"), nth));
        List { filter: text.map(Into::into), sort: self.sort.clone(), offset: self.offset, ..plain() }
    }
}

impl Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut keys = String::new();
        for (key, direction) in &self.sort {
            write!(keys, " {key:?} {direction:?},")?;
        }
        let keys = if keys.is_empty() { " newest first" } else { keys.trim_end_matches(',') };
        match &self.pattern {
            Some(pattern) => write!(f, "`{pattern}`, sorted{keys}, offset {}", self.offset),
            None => write!(f, "sorted{keys}, offset {}", self.offset),
        }
    }
}

impl Hill {
    const fn height(self, took: &Took) -> Duration {
        match self {
            Self::Page | Self::Scan => took.whole,
            Self::Hold => took.hold,
        }
    }
}

impl Display for Hill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Page => "page without a filter",
            Self::Scan => "filter by its time",
            Self::Hold => "filter by its hold of the lock, first page",
        })
    }
}

fn us(time: Duration) -> String {
    figure(time.as_secs_f64() * 1e6)
}
