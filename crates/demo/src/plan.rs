//! Makes a workspace: who joined when, how often each signs in, when, and how that ends.
//!
//! One pass over the members, each with all of their visits, then one sort by time.
//!
//! **Invariants**: a member's openings of one sort are at least [`GAP_MS`] apart, so the order of all visits does not
//! hang on the sort, and a crowded member's visit can end before a later one opens.

use crate::devices::Catalogue;
use crate::habits::Habits;
use crate::people::{Register, Role};
use crate::random::Random;
use crate::rhythm::{self, DAY_MS, HOUR_MS, Hours, Lean, MINUTE_MS, Window};
use crate::shares;
use crate::{Ended, How, LIVE_AT_ONCE_MAX, Size, Visit, Workspace};

/// Two less than may be live at once: the two left are for the visits that end, however many they are.
const LIVE_PER_MEMBER_MAX: u16 = LIVE_AT_ONCE_MAX - 2;

const ENDED_PER_MEMBER_MAX: u16 = 5_000;

/// So much of the workspace's life before the visits have accounts been made.
const HISTORY_MS: i64 = 700 * DAY_MS;

/// One member in so many joined during the visits.
const OF_MEMBERS_NEW: usize = 10;

const GAP_MS: i64 = 2;

impl Size {
    /// Whether a workspace can be that: on average at most 48 live and 5,000 ended sessions a user.
    pub fn is_possible(&self) -> bool {
        let room = |per_member: u16| u64::from(self.users) * u64::from(per_member);
        u64::from(self.live_sessions) <= room(LIVE_PER_MEMBER_MAX)
            && u64::from(self.ended_sessions) <= room(ENDED_PER_MEMBER_MAX)
            && self.live_sessions.checked_add(self.ended_sessions).is_some()
    }
}

impl Workspace {
    /// The workspace of that seed and size as it is now.
    ///
    /// # Panics
    ///
    /// If the size [is not possible](Size::is_possible).
    pub fn plan(seed: u64, size: &Size, now_ms: i64) -> Self {
        assert!(size.is_possible(), "more sessions than the users can have: {size:?}");
        // An instant takes as many draws as it takes to suit the hour: what hangs on time has a stream of its
        // own, so that the people and their habits are the same whenever the workspace is made.
        let (mut random, mut times) = (Random::new(seed), Random::new(!seed));
        let span_ms = i64::from(size.days.max(1)) * DAY_MS;
        let since_ms = now_ms - span_ms;
        let activities: Vec<u32> = (0..size.users).map(|i| activity(Role::of(i), &mut random)).collect();
        let live = shares::deal(size.live_sessions, &activities, LIVE_PER_MEMBER_MAX, &mut random);
        let ended = shares::deal(size.ended_sessions, &activities, ENDED_PER_MEMBER_MAX, &mut random);
        let joined = joining_times(activities.len(), since_ms, span_ms, &mut times);

        let catalogue = Catalogue::new();
        let mut register = Register::new();
        let mut members = Vec::with_capacity(activities.len());
        let mut visits = Vec::with_capacity((size.live_sessions + size.ended_sessions) as usize);
        let mut diary = Diary::new(now_ms);
        let counts = live.into_iter().zip(ended);
        for ((index, joined_at_ms), (live, ended)) in (0..).zip(joined).zip(counts) {
            let role = Role::of(index);
            let (member, office) = register.member(role, joined_at_ms, &mut random);
            members.push(member);
            let habits = Habits::of(role, office, live, &catalogue, &mut random);
            diary.draw(since_ms.max(joined_at_ms + 1), live, ended, habits.hours(), &mut times);
            visits.extend(diary.visits.iter().map(|&(opened_at_ms, ended)| {
                let age_ms = now_ms - opened_at_ms;
                habits.visit((index, opened_at_ms, ended), age_ms, &catalogue, &mut times)
            }));
        }
        visits.sort_unstable_by_key(|visit: &Visit| {
            (visit.opened_at_ms, visit.member, visit.ended.map(|ended| ended.at_ms))
        });
        Self { members, visits }
    }
}

/// How much a member signs in, next to others. Half do so less than half the average, and a few a dozen times it.
fn activity(role: Role, random: &mut Random) -> u32 {
    const MEAN: u32 = 3_100;
    match role {
        Role::Zoe => MEAN,
        Role::Machine => MEAN / 2,
        Role::Person if random.percent(12) => 1,
        Role::Person => 1_000_000_000 / (30_000 + random.below(1_000_000)),
    }
}

/// When each member joined, in order: most before the visits begin, some while they go on.
fn joining_times(members: usize, since_ms: i64, span_ms: i64, random: &mut Random) -> Vec<i64> {
    let before = Window { first_ms: since_ms - HISTORY_MS, last_ms: since_ms - 1 };
    // The newest have been here for a while too, so that there is time for their visits.
    let during = Window { first_ms: since_ms, last_ms: since_ms + span_ms / 8 * 7 };
    let new = members / OF_MEMBERS_NEW;
    let hours = Hours::Local { ahead_ms: HOUR_MS };
    let mut times: Vec<i64> = (0..members)
        .map(|i| rhythm::instant(random, if i < new { during } else { before }, Lean::Even, hours))
        .collect();
    times.sort_unstable();
    times
}

/// One member's openings and endings; the room for them is used again for the next.
struct Diary {
    now_ms: i64,
    openings: Vec<i64>,
    visits: Vec<(i64, Option<Ended>)>,
}

impl Diary {
    const fn new(now_ms: i64) -> Self {
        Self { now_ms, openings: Vec::new(), visits: Vec::new() }
    }

    fn draw(&mut self, first_ms: i64, live: u16, ended: u16, hours: Hours, random: &mut Random) {
        self.visits.clear();
        self.open(first_ms, live, Lean::Late, hours, random);
        self.visits.extend(self.openings.iter().map(|&opened_at_ms| (opened_at_ms, None)));
        self.open(first_ms, ended, Lean::Even, hours, random);
        let free = usize::from(LIVE_AT_ONCE_MAX - live);
        for (i, &opened_at_ms) in self.openings.iter().enumerate() {
            let mut at_ms = opened_at_ms + stay_ms(random);
            if at_ms >= self.now_ms {
                at_ms = random.between(opened_at_ms + 1, self.now_ms - 1);
            }
            // With the live ones at most `free` may be open: the oldest makes room.
            if let Some(next_ms) = self.openings.get(i + free) {
                at_ms = at_ms.min(next_ms - 1);
            }
            let how = how(at_ms - opened_at_ms, random);
            self.visits.push((opened_at_ms, Some(Ended { at_ms, how })));
        }
    }

    /// Draws so many openings, in order and apart, the last of them a minute ago or before.
    fn open(&mut self, first_ms: i64, count: u16, lean: Lean, hours: Hours, random: &mut Random) {
        let last_ms = self.now_ms - MINUTE_MS - GAP_MS * i64::from(count);
        let window = Window { first_ms, last_ms };
        self.openings.clear();
        self.openings.extend((0..count).map(|_| rhythm::instant(random, window, lean, hours)));
        self.openings.sort_unstable();
        let mut earliest_ms = first_ms;
        for opened_at_ms in &mut self.openings {
            *opened_at_ms = earliest_ms.max(*opened_at_ms);
            earliest_ms = *opened_at_ms + GAP_MS;
        }
    }
}

/// How long a visit lasts that is ended: a working day, a few days, or some weeks.
fn stay_ms(random: &mut Random) -> i64 {
    match random.below(100) {
        0..50 => random.between(5 * MINUTE_MS, 9 * HOUR_MS),
        50..85 => random.between(9 * HOUR_MS, 3 * DAY_MS),
        _ => random.between(3 * DAY_MS, 20 * DAY_MS),
    }
}

/// How common each way to an end is.
const HOWS: &[(u32, How)] = &[
    (56, How::SignedOut),
    (14, How::ByMember),
    (8, How::Everywhere),
    (8, How::PasswordSet),
    (3, How::FactorEnrolled),
    (9, How::ByAdministrator),
    (2, How::Unlocked),
];
/// The same of visits of some days: many were left open and not used.
const HOWS_AFTER_DAYS: &[(u32, How)] = &[
    (60, How::Idle),
    (22, How::SignedOut),
    (8, How::ByMember),
    (5, How::PasswordSet),
    (5, How::ByAdministrator),
];

/// One draw, whatever comes out: what is drawn after it does not hang on it.
fn how(stay_ms: i64, random: &mut Random) -> How {
    *random.weighted(if stay_ms < 3 * DAY_MS { HOWS } else { HOWS_AFTER_DAYS })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::Happening;

    /// Friday, 2026-11-20, 15:00 UTC.
    const NOW_MS: i64 = 1_795_186_800_000;

    const BENCH: Size = Size { users: 38_000, live_sessions: 100_000, ended_sessions: 10_000, days: 30 };

    fn demo(seed: u64) -> Workspace {
        Workspace::plan(seed, &Size::DEMO, NOW_MS)
    }

    /// The device name is Chrome: Chromium with no other name of its own.
    fn is_chrome(agent: &str) -> bool {
        const OTHERS: [&str; 7] =
            [" Edg", " OPR/", " Vivaldi/", " SamsungBrowser/", " Electron/", "; Web0S", "EdgiOS/"];
        (agent.contains(" Chrome/") || agent.contains(" CriOS/"))
            && !OTHERS.iter().any(|other| agent.contains(other))
    }

    fn chrome_per_mille(workspace: &Workspace) -> usize {
        let live = workspace.visits.iter().filter(|visit| visit.ended.is_none());
        let (all, chrome) = live
            .fold((0, 0), |(all, chrome), visit| (all + 1, chrome + usize::from(is_chrome(&visit.agent))));
        chrome * 1000 / all
    }

    /// FNV-1a of everything there is, so that a change of any table or draw shows. Written out by hand: `Debug`
    /// escapes letters by the Unicode tables of the day.
    fn fingerprint(workspace: &Workspace) -> u64 {
        let mut text = String::new();
        for member in &workspace.members {
            let name = member.name.as_deref().unwrap_or_default();
            writeln!(text, "{} {} {} {}", member.username, name, member.email, member.joined_at_ms).unwrap();
        }
        for visit in &workspace.visits {
            let ended = visit.ended.map(|ended| (ended.at_ms, ended.how));
            writeln!(text, "{} {} {ended:?}", visit.member, visit.opened_at_ms).unwrap();
            writeln!(text, "{} {} {}", visit.agent, visit.host, visit.ip).unwrap();
        }
        text.bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    fn check(workspace: &Workspace, size: &Size) {
        let since_ms = NOW_MS - i64::from(size.days.max(1)) * DAY_MS;
        let ended = workspace.visits.iter().filter(|visit| visit.ended.is_some()).count();
        assert_eq!(workspace.members.len(), size.users as usize);
        assert_eq!(ended, size.ended_sessions as usize);
        assert_eq!(workspace.visits.len() - ended, size.live_sessions as usize);
        assert!(workspace.members.is_sorted_by_key(|member| member.joined_at_ms));
        assert!(workspace.visits.is_sorted_by_key(|visit| visit.opened_at_ms));
        for visit in &workspace.visits {
            let member = &workspace.members[visit.member as usize];
            assert!(member.joined_at_ms < visit.opened_at_ms, "{member:?} {visit:?}");
            assert!((since_ms..=NOW_MS - MINUTE_MS).contains(&visit.opened_at_ms), "{visit:?}");
            let ends_between = |ended: Ended| visit.opened_at_ms < ended.at_ms && ended.at_ms < NOW_MS;
            assert!(visit.ended.is_none_or(ends_between), "{visit:?}");
        }
        check_timeline(workspace);
    }

    fn check_timeline(workspace: &Workspace) {
        let mut live = vec![0_u16; workspace.members.len()];
        let mut happenings = 0;
        let mut before_ms = i64::MIN;
        for happening in workspace.timeline() {
            assert!(before_ms <= happening.at_ms());
            before_ms = happening.at_ms();
            happenings += 1;
            match happening {
                Happening::Joined(..) => {}
                Happening::Opened(_, visit) => {
                    let live = &mut live[visit.member as usize];
                    *live += 1;
                    assert!(*live <= LIVE_AT_ONCE_MAX, "{visit:?}");
                }
                Happening::Ended(_, visit, _) => live[visit.member as usize] -= 1,
            }
        }
        let endings = workspace.visits.iter().filter(|visit| visit.ended.is_some()).count();
        assert_eq!(happenings, workspace.members.len() + workspace.visits.len() + endings);
    }

    #[test]
    fn people_are_the_same_whenever_the_workspace_is_made() {
        let usernames = |now_ms| -> Vec<String> {
            let workspace = Workspace::plan(7, &Size::DEMO, now_ms);
            workspace.members.into_iter().map(|member| member.username).collect()
        };
        let now_ms = 1_767_603_600_000;
        assert_eq!(usernames(now_ms), usernames(now_ms + 5 * HOUR_MS + 1));
    }

    #[test]
    fn the_same_seed_gives_the_same_workspace_and_another_another() {
        assert_eq!(demo(1), demo(1));
        assert_ne!(fingerprint(&demo(1)), fingerprint(&demo(2)));
    }

    /// Pinned, so that a platform or a compiler that differs is noticed. A change of the tables changes it too.
    #[test]
    fn the_demonstration_is_the_one_we_know() {
        assert_eq!(fingerprint(&demo(1)), 5_344_677_379_266_168_047);
    }

    #[test]
    fn a_demonstration_keeps_every_promise() {
        for seed in 0..20 {
            check(&demo(seed), &Size::DEMO);
        }
    }

    #[test]
    fn a_demonstration_looks_like_a_workspace() {
        for seed in 0..20 {
            let workspace = demo(seed);
            let chrome = chrome_per_mille(&workspace);
            assert!((500..=700).contains(&chrome), "seed {seed}: {chrome}");

            let agents: BTreeSet<_> = workspace.visits.iter().map(|visit| &visit.agent).collect();
            assert!((130..=400).contains(&agents.len()), "seed {seed}: {}", agents.len());

            let mut live: BTreeMap<u32, u16> = BTreeMap::new();
            for visit in workspace.visits.iter().filter(|visit| visit.ended.is_none()) {
                *live.entry(visit.member).or_default() += 1;
            }
            assert!((180..290).contains(&live.len()), "seed {seed}: {} members are signed in", live.len());
            assert!(live.values().any(|&count| count >= 20), "seed {seed}: nobody is busy");

            let v6 = workspace.visits.iter().filter(|visit| visit.ip.is_ipv6()).count();
            assert!((200..800).contains(&v6), "seed {seed}: {v6}");
            let hosts: BTreeSet<_> = workspace.visits.iter().map(|visit| visit.host).collect();
            assert_eq!(hosts.len(), 3);
            let zoe = workspace.visits.iter().filter(|visit| visit.member == 41).count();
            assert!((3..=10).contains(&zoe), "seed {seed}: {zoe}");
        }
    }

    #[test]
    fn a_hundred_thousand_sessions_keep_the_same_proportions() {
        let workspace = Workspace::plan(3, &BENCH, NOW_MS);
        check(&workspace, &BENCH);
        let chrome = chrome_per_mille(&workspace);
        assert!((580..=620).contains(&chrome), "{chrome}");
        let zoe = workspace.visits.iter().filter(|visit| Role::of(visit.member) == Role::Zoe).count();
        assert!((280..=380).contains(&zoe), "{zoe}");
    }

    #[test]
    fn most_visits_are_opened_on_weekdays() {
        let visits = demo(4).visits;
        let by_day = |day: i64| visits.iter().filter(|v| (v.opened_at_ms / DAY_MS + 3) % 7 == day).count();
        let weekend = by_day(5) + by_day(6);
        assert!(weekend * 6 < visits.len(), "{weekend} of {}", visits.len());
    }

    #[test]
    fn the_fullest_workspace_is_still_possible() {
        let size = Size { users: 3, live_sessions: 144, ended_sessions: 15_000, days: 0 };
        check(&Workspace::plan(5, &size, NOW_MS), &size);
        assert!(!Size { live_sessions: 145, ..size }.is_possible());
        assert!(!Size { ended_sessions: 15_001, ..size }.is_possible());
    }

    #[test]
    fn a_workspace_may_be_empty() {
        let size = Size { users: 0, live_sessions: 0, ended_sessions: 0, days: 30 };
        check(&Workspace::plan(6, &size, NOW_MS), &size);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_possible_size_is_met_exactly(
            seed: u64,
            users in 1_u32..40,
            live_part in 0_u32..=48,
            ended_part in 0_u32..=80,
            days in 0_u32..90,
        ) {
            let size = Size {
                users,
                live_sessions: users * live_part,
                ended_sessions: users * ended_part,
                days,
            };
            check(&Workspace::plan(seed, &size, NOW_MS), &size);
        }
    }
}
