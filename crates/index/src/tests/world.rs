//! A small world whose sessions are known twice: in the index, and in a plain list.

use super::trees::{EMAILS, naive_tree};
use crate::{Direction, Filter, List, Loaded, Readers, Scope, SortKey, Standing};
use regex::RegexBuilder;
use rollcall_filter::{Binding, Text, Tree};
use rollcall_model::factor::{Factors, Step};
use rollcall_model::ids::ID_ALPHABET;
use rollcall_model::limits::{FILTER_NESTING, FILTER_PROGRAM_BYTES, IDLE_GRACE};
use rollcall_model::user::{Profile, UserKind};
use rollcall_model::{
    Actor, Device, DeviceType, EndReason, Event, Happening, Owner, Role, RoleSet, Seq, Session, SessionId,
    SessionNo, Timestamp, TokenHash, User, UserId, UserNo,
};
use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Names are shared, empty, or missing.
pub const USERS: [(&str, Option<&str>); 13] = [
    ("zoe", Some("Zoé Kelvin")),
    ("Anna.K", Some("anna")),
    ("anna-2", Some("Anna")),
    ("bot_1", None),
    ("bot_2", None),
    ("emile", Some("Émile Straße")),
    ("emile2", Some("émile straße")),
    ("sam", Some("ſam \u{212A}ing")),
    ("empty", Some("")),
    ("chromer", Some("anna")),
    ("ip10", Some("10.1.0.7")),
    ("x", Some("line\nbreak")),
    ("zoe.2", Some("took over a name")),
];

/// Name, type, system, its version.
pub const DEVICES: [(&str, DeviceType, &str, Option<&str>); 9] = [
    ("Chrome", DeviceType::Browser, "Windows", Some("10")),
    ("Chrome", DeviceType::Mobile, "Android", Some("14")),
    ("chrome", DeviceType::Browser, "Linux", None),
    ("Firefox", DeviceType::Browser, "Linux", None),
    ("Mobile Safari", DeviceType::Mobile, "iOS", Some("17.5")),
    ("Rocket.Chat", DeviceType::DesktopApp, "Mac OS", Some("10.15.7")),
    ("RC Mobile", DeviceType::MobileApp, "ios", Some("17.5")),
    ("", DeviceType::Other, "", Some("")),
    ("Firefox", DeviceType::Tablet, "Android", Some("9")),
];

pub const HOSTS: [&str; 4] = ["chat.example.org", "", "10.1.2.3:3000", "KÜCHE.example"];

pub const ADDRESSES: [&str; 8] = [
    "10.1.0.7",
    "10.11.0.7",
    "192.168.7.77",
    "1.2.3.4",
    "2001:db8::7",
    "::1",
    "fe80::dead:beef",
    "255.255.255.255",
];

pub const READERS: Readers = Readers {
    device: |agent| {
        let (name, device_type, os_name, os_version) = DEVICES[agent.parse::<usize>().unwrap()];
        Device {
            device_type,
            name: name.into(),
            long_version: agent.into(),
            version: agent.into(),
            os_name: os_name.into(),
            os_version: os_version.map(Into::into),
        }
    },
    fragment: |device, host| format!("<{} {} {host}>", device.name, device.long_version),
};

/// A session of the plain list.
#[derive(Clone, Debug)]
pub struct Known {
    pub session: Session,
    pub device: Device,
    pub ended: bool,
    pub seen_at: Timestamp,
}

impl Known {
    /// When it is over: at its absolute end, or when it was idle for that long if that comes first.
    pub fn due_at(&self, idle: Option<Duration>) -> Timestamp {
        let idle_at = idle.map_or(self.session.expires_at, |idle| self.seen_at + idle);
        idle_at.min(self.session.expires_at)
    }

    /// From when on its ending may be told.
    pub fn told_from(&self, idle: Option<Duration>) -> Timestamp {
        let due_at = self.due_at(idle);
        if due_at < self.session.expires_at { due_at + IDLE_GRACE } else { due_at }
    }
}

pub struct World {
    pub standing: Arc<Standing>,
    pub idle: Option<Duration>,
    pub sessions: Vec<Known>,
    pub now: Timestamp,
    pub factors: Vec<Factors>,
    owners: Vec<Arc<Owner>>,
    seq: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with_idle(None)
    }

    /// One in which sessions may be idle for so long.
    pub fn with_idle(idle: Option<Duration>) -> Self {
        let owner = |(i, (username, name)): (usize, &(&str, Option<&str>))| {
            Arc::new(Owner {
                no: UserNo(i as u64 + 100),
                id: id(i as u64 + 7_777).parse::<UserId>().unwrap(),
                username: (*username).into(),
                name: name.map(Into::into),
                roles: RoleSet::EMPTY,
            })
        };
        Self {
            standing: Arc::new(Standing::new(READERS, idle)),
            idle,
            sessions: Vec::new(),
            now: Timestamp::from_ms(1_700_000_000_000),
            factors: vec![Factors::default(); USERS.len()],
            owners: USERS.iter().enumerate().map(owner).collect(),
            seq: 1_000,
        }
    }

    /// Which of [`USERS`] this one is.
    pub fn place_of(user: UserNo) -> usize {
        usize::try_from(user.0 - 100).unwrap()
    }

    /// A new session of the plain list; the index is still to learn of it.
    pub fn make(
        &mut self,
        user: usize,
        device: usize,
        host: usize,
        ip: usize,
        lifetime: Duration,
    ) -> Session {
        self.seq += 1;
        let mut token = [0; 32];
        token[..8].copy_from_slice(&self.seq.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        let session = Session {
            no: SessionNo(self.seq),
            id: id(self.seq).parse::<SessionId>().unwrap(),
            owner: Arc::clone(&self.owners[user]),
            token: TokenHash(token),
            opened_at: self.now,
            expires_at: self.now + lifetime,
            ip: ADDRESSES[ip].parse().unwrap(),
            agent: device.to_string().into(),
            host: HOSTS[host].into(),
        };
        self.sessions.push(Known {
            device: (READERS.device)(&session.agent),
            session: session.clone(),
            ended: false,
            seen_at: self.now,
        });
        session
    }

    pub fn opened(session: &Session) -> Event {
        event(session, Happening::SessionOpened(Box::new(session.clone())))
    }

    /// The ending of a session of the plain list.
    pub fn ended(&mut self, no: SessionNo) -> Event {
        let known = self.sessions.iter_mut().find(|known| known.session.no == no).unwrap();
        known.ended = true;
        Self::ending(&known.session)
    }

    pub fn ending(session: &Session) -> Event {
        event(session, Happening::SessionEnded { id: session.id, reason: EndReason::SignedOut, due: None })
    }

    /// Gives a user other roles and tells the index: its sessions are of the user as it is now.
    pub fn change_roles(&mut self, user: usize, roles: RoleSet) {
        let owner = self.change(user, |owner| owner.roles = roles);
        let happening = Happening::RolesChanged { owner, role: Role::Bot, granted: true };
        let event = self.change_of(user, happening);
        self.standing.apply(&[event]);
    }

    /// Takes factors from a user, or gives it what it has not, and tells the index.
    pub fn change_factors(&mut self, user: usize, factors: Factors) {
        let removed = self.factors[user].without(factors);
        let gained = factors.without(self.factors[user]);
        self.factors[user] = factors;
        let mut events = Vec::new();
        if removed.any() {
            events.push(self.change_of(user, Happening::FactorsRemoved(removed)));
        }
        if gained.mail {
            events.push(self.change_of(user, Happening::MailEnrolled));
        }
        if gained.authenticator {
            events.push(self.change_of(user, Happening::FactorEnrolled { step: Step(1), codes: Vec::new() }));
        }
        self.standing.apply(&events);
    }

    /// Gives a user other names; the index is still to learn of it.
    pub fn rename(&mut self, user: usize, username: &str, name: Option<&str>) -> Event {
        let account = |owner: &Owner| {
            Box::new(User {
                owner: owner.clone(),
                emails: Vec::new(),
                kind: UserKind::User,
                active: true,
                created_at: Timestamp::from_ms(0),
                updated_at: Timestamp::from_ms(0),
                profile: Profile::default(),
            })
        };
        let before = account(&self.owners[user]);
        let owner = self.change(user, |owner| {
            owner.username = username.into();
            owner.name = name.map(Into::into);
        });
        self.change_of(user, Happening::UserChanged { before, after: account(&owner) })
    }

    /// Whether another user has this username, whatever the case.
    pub fn is_taken(&self, user: usize, username: &str) -> bool {
        let folded = rollcall_model::text::folded(username);
        self.owners
            .iter()
            .enumerate()
            .any(|(i, owner)| i != user && rollcall_model::text::folded(&owner.username) == folded)
    }

    fn change(&mut self, user: usize, change: impl FnOnce(&mut Owner)) -> Arc<Owner> {
        change(Arc::make_mut(&mut self.owners[user]));
        let owner = Arc::clone(&self.owners[user]);
        for known in self.sessions.iter_mut().filter(|known| known.session.owner.no == owner.no) {
            known.session.owner = Arc::clone(&owner);
        }
        owner
    }

    fn change_of(&mut self, user: usize, happening: Happening) -> Event {
        self.seq += 1;
        Event {
            seq: Seq(self.seq),
            at: self.now,
            actor: Actor::System,
            subject: Some(self.owners[user].no),
            session: None,
            live: 0,
            happening,
        }
    }

    /// Opens a session and tells the index.
    pub fn open(
        &mut self,
        user: usize,
        device: usize,
        host: usize,
        ip: usize,
        lifetime: Duration,
    ) -> Session {
        let session = self.make(user, device, host, ip, lifetime);
        self.standing.apply(&[Self::opened(&session)]);
        session
    }

    /// Ends a session and tells the index.
    pub fn end(&mut self, no: SessionNo) {
        let event = self.ended(no);
        self.standing.apply(&[event]);
    }

    /// The number of the last thing that happened.
    pub const fn last(&self) -> SessionNo {
        SessionNo(self.seq)
    }

    /// The users as they are.
    pub fn owners(&self) -> &[Arc<Owner>] {
        &self.owners
    }

    /// An index loaded from the plain list.
    pub fn reloaded(&self) -> Standing {
        let standing = Standing::new(READERS, self.idle);
        let left: Vec<_> = self
            .sessions
            .iter()
            .filter(|known| !known.ended)
            .map(|known| Loaded { session: known.session.clone(), seen_at: known.seen_at })
            .collect();
        // In pieces, as a store gives them.
        left.chunks(5).for_each(|piece| standing.load(piece.iter().cloned()));
        standing.loaded();
        for (user, factors) in self.factors.iter().enumerate() {
            standing.remember_factors(self.owners[user].no, *factors);
        }
        standing
    }

    pub fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    pub fn live(&self) -> impl Iterator<Item = &Known> {
        self.sessions.iter().filter(|known| !known.ended && self.now < known.due_at(self.idle))
    }

    /// The specification: filter all rows, sort, cut.
    pub fn naive(&self, ask: &Ask) -> (usize, Vec<SessionNo>) {
        let matches =
            ask.filter.as_deref().map_or_else(|| Box::new(|_: &Known| true) as Box<_>, naive_filter);
        let mut rows: Vec<&Known> = self
            .live()
            .filter(|known| ask.scope == Scope::Everyone || ask.scope == Scope::Of(known.session.owner.no))
            .filter(|known| matches(known))
            .filter(|known| ask.tree.as_ref().is_none_or(|tree| naive_tree(self, known, tree, ask.caller)))
            .collect();
        rows.sort_by(|a, b| {
            let by_keys = ask.sort.iter().fold(Ordering::Equal, |order, (key, direction)| {
                let ascending = naive_compare(*key, a, b);
                order.then(if *direction == Direction::Ascending { ascending } else { ascending.reverse() })
            });
            by_keys.then(b.session.opened_at.cmp(&a.session.opened_at)).then(b.session.no.cmp(&a.session.no))
        });
        (rows.len(), rows.iter().skip(ask.offset).take(ask.count).map(|known| known.session.no).collect())
    }
}

/// A list as a test asks for it, of both sides.
#[derive(Clone, Debug)]
pub struct Ask {
    pub scope: Scope,
    pub filter: Option<String>,
    /// In the place of the filter's text.
    pub tree: Option<Tree>,
    pub caller: Option<SessionNo>,
    pub sort: Vec<(SortKey, Direction)>,
    pub offset: usize,
    pub count: usize,
}

impl Ask {
    pub fn all() -> Self {
        Self {
            scope: Scope::Everyone,
            filter: None,
            tree: None,
            caller: None,
            sort: Vec::new(),
            offset: 0,
            count: usize::MAX,
        }
    }

    pub fn filter(text: &str) -> Self {
        Self { filter: Some(text.into()), ..Self::all() }
    }

    /// What it asks of the index, bound to a time.
    pub fn filter_at(&self, now: Timestamp) -> Option<Filter> {
        let emails = |text: &Text| {
            let matcher = text.matcher();
            let has_it = |(_, email): &(u64, &&str)| matcher.is_match(email);
            (100..).zip(&EMAILS).filter(has_it).map(|(no, _)| UserNo(no)).collect()
        };
        let bind = |tree: &Tree| {
            Filter::Tree(tree.bind(&Binding { now, caller: self.caller, emails: &emails }).into())
        };
        self.tree.as_ref().map(bind).or_else(|| self.filter.as_deref().map(Into::into))
    }

    pub fn list(&self, now: Timestamp) -> List {
        List {
            scope: self.scope,
            filter: self.filter_at(now),
            sort: self.sort.clone(),
            after: None,
            offset: self.offset,
            count: self.count,
        }
    }

    /// Asks, and loses patience after so many stretches of a scan. Tells whether it did.
    pub fn is_broken_off(&self, standing: &Standing, now: Timestamp, stretches: usize) -> bool {
        let left = std::cell::Cell::new(stretches);
        let stop = || left.replace(left.get().saturating_sub(1)) == 0;
        standing.list(&self.list(now), now, &stop, |_| ()).is_err()
    }

    /// What the index answers.
    pub fn of(&self, standing: &Standing, now: Timestamp) -> (usize, Vec<SessionNo>) {
        let list = self.list(now);
        let read = standing
            .list(&list, now, &|| false, |page| (page.total(), page.rows().map(|row| row.no()).collect()));
        read.unwrap()
    }
}

fn naive_filter(text: &str) -> Box<dyn Fn(&Known) -> bool> {
    let regex = |pattern: &str, bytes: usize| {
        RegexBuilder::new(pattern).case_insensitive(true).size_limit(bytes).nest_limit(FILTER_NESTING).build()
    };
    let literal = regex(&regex::escape(text), usize::MAX).unwrap();
    let pattern = regex(text, FILTER_PROGRAM_BYTES).ok();
    Box::new(move |known| {
        let session = &known.session;
        let (device, owner) = (&known.device, &session.owner);
        let address = session.ip.to_string();
        [
            Some(device.name.as_str()),
            Some(device.device_type.as_str()),
            Some(&device.os_name),
            Some(session.id.as_str()),
            Some(owner.id.as_str()),
            Some(&address),
            Some(&session.host),
            Some(&owner.username),
            owner.name.as_deref(),
        ]
        .into_iter()
        .flatten()
        .any(|field| {
            literal.is_match(field) || pattern.as_ref().is_some_and(|pattern| pattern.is_match(field))
        })
    })
}

pub fn naive_compare(key: SortKey, a: &Known, b: &Known) -> Ordering {
    let text = |known: &Known| match key {
        SortKey::DeviceName => Some(known.device.name.clone()),
        SortKey::DeviceType => Some(known.device.device_type.as_str().to_owned()),
        SortKey::OsName => Some(known.device.os_name.clone()),
        SortKey::OsVersion => known.device.os_version.clone(),
        SortKey::Host => Some(known.session.host.to_string()),
        SortKey::Name => known.session.owner.name.clone(),
        _ => Some(known.session.owner.username.clone()),
    };
    let folded = |known: &Known| {
        text(known).map(|text| {
            let fold = |c: char| unicode_case_mapping::case_folded(c).map_or(u32::from(c), u32::from);
            (text.chars().map(fold).collect::<Vec<_>>(), text)
        })
    };
    let address = |known: &Known| match known.session.ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    // In this world a version is one number.
    let version = |known: &Known| known.device.long_version.parse::<u64>().unwrap();
    match key {
        SortKey::LoginAt => a.session.opened_at.cmp(&b.session.opened_at),
        SortKey::SeenAt => a.seen_at.cmp(&b.seen_at),
        SortKey::DeviceVersion => version(a).cmp(&version(b)),
        SortKey::Ip => address(a).cmp(&address(b)),
        SortKey::Name | SortKey::Username => folded(a).cmp(&folded(b)),
        _ => text(a).cmp(&text(b)),
    }
}

fn event(session: &Session, happening: Happening) -> Event {
    Event {
        seq: Seq(session.no.0),
        at: session.opened_at,
        actor: Actor::System,
        subject: Some(session.owner.no),
        session: Some(session.no),
        live: 0,
        happening,
    }
}

/// An id that is different for each number and looks drawn.
fn id(number: u64) -> String {
    let mut state = number.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x1234_5678_9ABC_DEF1;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(ID_ALPHABET[(state >> 33) as usize % ID_ALPHABET.len()])
    };
    (0..17).map(letter).collect()
}
