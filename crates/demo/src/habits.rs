//! What one member signs in with and from where: a few devices, used again and again, each in its usual places.

use crate::devices::{Catalogue, Device, Kind};
use crate::networks::{Networks, Place, Site};
use crate::people::Role;
use crate::random::Random;
use crate::rhythm::{Hours, is_office_time};
use crate::{Ended, Visit};

/// A member's ways.
#[derive(Debug)]
pub(crate) struct Habits {
    networks: Networks,
    hours: Hours,
    /// The favourite first.
    clients: Vec<Client>,
}

/// A program on a device and what the device's life is like.
#[derive(Clone, Copy, Debug)]
struct Client {
    device: Device,
    life: Life,
}

/// Where a device spends its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    OnADesk,
    InABag,
    InAPocket,
    AtHome,
    InARack,
}

const SYSTEMS: &[(u32, System)] = &[(60, System::WINDOWS), (25, System::MAC), (15, System::LINUX)];

/// The browser and the app of a computer or a telephone.
#[derive(Clone, Copy)]
struct System {
    browser: Kind,
    app: Kind,
}

impl System {
    const WINDOWS: Self = Self { browser: Kind::WindowsBrowser, app: Kind::WindowsApp };
    const MAC: Self = Self { browser: Kind::MacBrowser, app: Kind::MacApp };
    const LINUX: Self = Self { browser: Kind::LinuxBrowser, app: Kind::LinuxApp };
    const ANDROID: Self = Self { browser: Kind::AndroidBrowser, app: Kind::AndroidApp };
    const IPHONE: Self = Self { browser: Kind::IphoneBrowser, app: Kind::IphoneApp };
}

impl Habits {
    /// The ways of somebody who signs in about that often.
    pub(crate) fn of(
        role: Role,
        site: Site,
        visits: u16,
        catalogue: &Catalogue,
        random: &mut Random,
    ) -> Self {
        let networks = Networks::of_somebody_at(site, random);
        let mut chosen = Vec::with_capacity(9);
        let hours = if role == Role::Machine {
            chosen.push((Kind::Script, Life::InARack));
            Hours::Always
        } else {
            choose_clients(&mut chosen, visits, random);
            Hours::Local { ahead_ms: site.ahead_ms() }
        };
        let clients = chosen
            .into_iter()
            .map(|(kind, life)| Client { device: catalogue.device(kind, random), life })
            .collect();
        Self { networks, hours, clients }
    }

    pub(crate) const fn hours(&self) -> Hours {
        self.hours
    }

    /// One of the member's visits, opened then, by now that old.
    pub(crate) fn visit(
        &self,
        (member, opened_at_ms, ended): (u32, i64, Option<Ended>),
        age_ms: i64,
        catalogue: &Catalogue,
        random: &mut Random,
    ) -> Visit {
        // The lesser of two draws: the favourite is used most.
        let which = random.index(self.clients.len()).min(random.index(self.clients.len()));
        let client = self.clients[which];
        let at_work = is_office_time(opened_at_ms + self.networks.site().ahead_ms());
        let place = client.life.place(at_work, random);
        let slot = u8::try_from(which).unwrap_or(u8::MAX);
        Visit {
            member,
            opened_at_ms,
            ended,
            agent: catalogue.agent(client.device, age_ms),
            host: host(place, random),
            ip: self.networks.address(place, slot, opened_at_ms, random),
        }
    }
}

fn choose_clients(chosen: &mut Vec<(Kind, Life)>, visits: u16, random: &mut Random) {
    let computer = *random.weighted(SYSTEMS);
    let life = if random.percent(65) { Life::InABag } else { Life::OnADesk };
    chosen.push((computer.browser, life));

    // Who signs in often does so because there is much to sign in with.
    let busy = u32::from(visits).min(20);
    if random.percent(45 + 2 * busy) {
        let telephone = if random.percent(60) { System::ANDROID } else { System::IPHONE };
        let kind = if random.percent(35) { telephone.app } else { telephone.browser };
        chosen.push((kind, Life::InAPocket));
    }
    if random.percent(30 + 3 * busy) {
        chosen.push((computer.browser, life));
    }
    if random.percent(20 + busy) {
        chosen.push((computer.app, life));
    }
    if random.percent(3 * busy) {
        chosen.push((random.weighted(SYSTEMS).browser, Life::OnADesk));
    }
    if random.percent(12 + 3 * busy) {
        chosen.push((random.weighted(SYSTEMS).browser, Life::AtHome));
    }
    if random.percent(6 + busy / 2) {
        chosen.push((Kind::Tablet, Life::AtHome));
    }
    if random.percent(4) {
        chosen.push((Kind::Script, life));
    }
    if random.per_mille(8) {
        chosen.push((Kind::Television, Life::OnADesk));
    }
}

impl Life {
    fn place(self, at_work: bool, random: &mut Random) -> Place {
        let places: &[(u32, Place)] = match (self, at_work) {
            (Self::OnADesk, _) => &[(1, Place::Office)],
            (Self::InABag, true) => {
                &[(58, Place::Office), (24, Place::Home), (14, Place::Vpn), (4, Place::Cafe)]
            }
            (Self::InABag, false) => {
                &[(72, Place::Home), (16, Place::Vpn), (6, Place::Cafe), (6, Place::Carrier)]
            }
            (Self::InAPocket, true) => {
                &[(44, Place::Carrier), (34, Place::Office), (16, Place::Home), (6, Place::Cafe)]
            }
            (Self::InAPocket, false) => &[(50, Place::Home), (42, Place::Carrier), (8, Place::Cafe)],
            (Self::AtHome, _) => &[(85, Place::Home), (15, Place::Vpn)],
            (Self::InARack, _) => &[(1, Place::ServerRoom)],
        };
        *random.weighted(places)
    }
}

/// The name the server was called by: from inside there is a second one, and an old one lives on in bookmarks.
fn host(place: Place, random: &mut Random) -> &'static str {
    let inside = matches!(place, Place::Office | Place::Vpn | Place::ServerRoom);
    if inside && random.percent(25) {
        "chat.office.example.org"
    } else if random.percent(3) {
        "talk.example.org"
    } else {
        "chat.example.org"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_busy_member_comes_back_with_the_same_few_devices() {
        let catalogue = Catalogue::new();
        let mut random = Random::new(31);
        let habits = Habits::of(Role::Person, Site::Toronto, 40, &catalogue, &mut random);
        let agents: BTreeSet<_> =
            (0..200).map(|at_ms| habits.visit((0, at_ms, None), 0, &catalogue, &mut random).agent).collect();
        assert!((1..=9).contains(&agents.len()), "{agents:?}");
    }

    #[test]
    fn a_program_calls_from_the_server_room_at_any_hour() {
        let catalogue = Catalogue::new();
        let mut random = Random::new(32);
        let habits = Habits::of(Role::Machine, Site::Rotterdam, 3, &catalogue, &mut random);
        assert_eq!(habits.hours(), Hours::Always);
        let visit = habits.visit((0, 0, None), 0, &catalogue, &mut random);
        assert!(!visit.agent.contains("Mozilla"), "{visit:?}");
        assert!(visit.ip.to_string().starts_with("192.0.2."), "{visit:?}");
    }
}
