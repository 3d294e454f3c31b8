//! Figures over time: how many sessions were live, out of the ledger's running number; and when, with what and from where
//! people signed in, out of all sessions that are kept.

use crate::{Refusal, Service};
use rollcall_model::{Device, SessionNo, Timestamp, limits};
use rollcall_store::reading::SignInRow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

const HOURS: usize = 24;
const DAYS: usize = 7;
const DAY_MS: i64 = 86_400_000;
/// 1970-01-01 was a Thursday, and weeks begin with Monday.
const FIRST_WEEKDAY: i64 = 3;

/// Values and how often each was met, the most frequent first.
pub type Times = Vec<(String, usize)>;

/// Sign-ins, counted.
#[derive(Clone, Debug)]
pub struct SignIns {
    /// From when on they were counted: later than asked, when there were too many.
    pub from: Timestamp,
    /// How many.
    pub count: usize,
    /// By weekday from Monday and by hour, in UTC.
    pub hours: [[usize; HOURS]; DAYS],
    /// By browser or app.
    pub devices: Times,
    /// By operating system.
    pub systems: Times,
    /// By network: a /16 of IPv4, a /32 of IPv6.
    pub networks: Times,
}

impl Service {
    /// How many sessions were live at these instants, as the ledger told it then.
    pub async fn live_at(&self, instants: &[Timestamp]) -> Result<Vec<u64>, Refusal> {
        let last = self.last_events(instants).await?;
        Ok(last.into_iter().map(|moment| moment.map_or(0, |moment| moment.live)).collect())
    }

    /// Counts the sign-ins from an instant up to another, of sessions live and ended, as far as those are kept.
    pub async fn count_sign_ins(&self, from: Timestamp, to: Timestamp) -> Result<SignIns, Refusal> {
        let before_from = from - Duration::from_millis(1);
        let places = self.last_events(&[before_from, to]).await?;
        let [after, last] = [places[0], places[1]].map(|moment| moment.map_or(0, |moment| moment.seq.0));
        let (mut counts, mut before) = (Counts::default(), SessionNo(last + 1));
        loop {
            let rows = self.store.sign_ins_before(before, limits::SIGN_INS_STRETCH).await?;
            let Some(oldest) = rows.last() else { break };
            (before, counts.oldest) = (oldest.no, Some(oldest.at));
            let is_last = oldest.no.0 <= after;
            rows.iter().filter(|row| row.no.0 > after).for_each(|row| counts.add(row));
            if is_last {
                counts.oldest = None;
                break;
            }
            if counts.count >= limits::SIGN_INS_COUNTED {
                break;
            }
        }
        Ok(counts.told(from))
    }
}

#[derive(Default)]
struct Counts {
    count: usize,
    /// Of what was read; when that was all, `None`.
    oldest: Option<Timestamp>,
    hours: [[usize; HOURS]; DAYS],
    devices: HashMap<Arc<str>, (Device, usize)>,
    networks: HashMap<IpAddr, usize>,
}

impl Counts {
    fn add(&mut self, row: &SignInRow) {
        self.count += 1;
        let hour = usize::from(row.at.calendar().hour);
        let days = row.at.as_ms().div_euclid(DAY_MS) + FIRST_WEEKDAY;
        let weekday = usize::try_from(days.rem_euclid(7)).unwrap_or(0);
        self.hours[weekday][hour] += 1;
        if let Some((_, times)) = self.devices.get_mut(&row.agent) {
            *times += 1;
        } else {
            let device = rollcall_user_agent::device(Some(&row.agent));
            self.devices.insert(row.agent.clone(), (device, 1));
        }
        // Of an erased one nothing is known.
        if !row.ip.is_unspecified() {
            *self.networks.entry(network(row.ip)).or_default() += 1;
        }
    }

    fn told(self, from: Timestamp) -> SignIns {
        let by = |name: fn(&Device) -> &str| {
            let mut times: HashMap<String, usize> = HashMap::new();
            for (device, count) in self.devices.values() {
                *times.entry(name(device).to_owned()).or_default() += count;
            }
            most_frequent(times)
        };
        let is_part = self.count >= limits::SIGN_INS_COUNTED;
        let networks = self.networks.iter().map(|(network, count)| {
            let bits = if network.is_ipv4() { 16 } else { 32 };
            (format!("{network}/{bits}"), *count)
        });
        SignIns {
            from: self.oldest.filter(|_| is_part).unwrap_or(from),
            count: self.count,
            hours: self.hours,
            devices: by(|device| &device.name),
            systems: by(|device| &device.os_name),
            networks: most_frequent(networks.collect()),
        }
    }
}

fn most_frequent(times: HashMap<String, usize>) -> Times {
    let mut times: Times = times.into_iter().collect();
    times.sort_unstable_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    times.truncate(limits::FACET_VALUES);
    times
}

/// The first address of the network.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            IpAddr::from([a, b, 0, 0])
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            IpAddr::from([a, b, 0, 0, 0, 0, 0, 0])
        }
    }
}
