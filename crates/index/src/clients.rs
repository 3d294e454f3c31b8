//! What live sessions were opened with: device and host, each distinct pair once.

mod stored;

use crate::facet::{FACETS, Facets, Field};
use crate::number;
use hashbrown::HashMap;
use rollcall_model::Device;
use std::sync::Arc;

/// What the index is told, so that it knows neither user agents nor the wire.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// What a user agent says.
    pub device: fn(&str) -> Device,
    /// The ready text of a device and a host for a row of a list; kept once for each distinct pair.
    pub fragment: fn(&Device, &str) -> String,
}

/// User agents whose device is remembered; past it they are read again.
const AGENTS_REMEMBERED: usize = 16_384;

type Pair = (Arc<Device>, Arc<str>);

/// A dictionary of devices and hosts.
pub struct Clients {
    readers: Readers,
    known: Vec<Known>,
    free: Vec<u32>,
    by_pair: HashMap<Pair, u32>,
    by_agent: HashMap<Arc<str>, Arc<Device>>,
}

/// A device and a host, and what goes with them.
pub struct Known {
    /// The device.
    pub device: Arc<Device>,
    /// The `Host` header.
    pub host: Arc<str>,
    /// Their ready text.
    pub fragment: String,
    /// Their codes in the facets.
    pub codes: [u32; FACETS],
    rows: u32,
}

impl Known {
    /// How many rows have it.
    pub const fn rows(&self) -> usize {
        self.rows as usize
    }
}

impl Clients {
    /// Nothing.
    pub fn new(readers: Readers) -> Self {
        Self {
            readers,
            known: Vec::new(),
            free: Vec::new(),
            by_pair: HashMap::new(),
            by_agent: HashMap::new(),
        }
    }

    /// The pair with this code.
    pub fn get(&self, code: u32) -> &Known {
        &self.known[code as usize]
    }

    /// The pairs that have rows, from a code on, each with its code.
    pub fn known(&self, from: usize) -> impl Iterator<Item = (u32, &Known)> {
        let known = self.known.iter().enumerate().skip(from);
        known.filter(|(_, known)| known.rows > 0).map(|(code, known)| (number(code), known))
    }

    /// What they take, but for the user agents that are remembered.
    pub fn size(&self) -> usize {
        let texts = |known: &Known| known.fragment.capacity() + known.host.len();
        let of_each = size_of::<Known>() + size_of::<Device>() + size_of::<(Pair, u32)>();
        self.known.iter().map(|known| of_each + texts(known)).sum()
    }

    /// The code of a user agent's device and a host, for one more row; it gets one if it is new.
    pub fn take(&mut self, agent: &Arc<str>, host: &Arc<str>, facets: &mut Facets) -> u32 {
        let pair = (self.device(agent), Arc::clone(host));
        if let Some(code) = self.by_pair.get(&pair) {
            self.known[*code as usize].rows += 1;
            return *code;
        }
        let known = self.make(Arc::clone(&pair.0), Arc::clone(host), facets, 1);
        let code = if let Some(code) = self.free.pop() {
            self.known[code as usize] = known;
            code
        } else {
            self.known.push(known);
            number(self.known.len() - 1)
        };
        self.by_pair.insert(pair, code);
        code
    }

    fn make(&self, device: Arc<Device>, host: Arc<str>, facets: &mut Facets, rows: u32) -> Known {
        Known {
            fragment: (self.readers.fragment)(&device, &host),
            codes: [
                facets.intern(Field::DeviceName, Some(&device.name)),
                facets.intern(Field::DeviceType, Some(device.device_type.as_str())),
                facets.intern(Field::OsName, Some(&device.os_name)),
                facets.intern(Field::OsVersion, device.os_version.as_deref()),
                facets.intern(Field::Host, Some(&host)),
            ],
            device,
            host,
            rows,
        }
    }

    /// How they are read.
    pub const fn readers(&self) -> Readers {
        self.readers
    }

    /// One row less; a pair without rows is forgotten.
    pub fn leave(&mut self, code: u32) {
        let known = &mut self.known[code as usize];
        known.rows -= 1;
        if known.rows == 0 {
            self.by_pair.remove(&(Arc::clone(&known.device), Arc::clone(&known.host)));
            known.fragment = String::new();
            self.free.push(code);
        }
    }

    fn device(&mut self, agent: &Arc<str>) -> Arc<Device> {
        if let Some(device) = self.by_agent.get(agent) {
            return Arc::clone(device);
        }
        let device = Arc::new((self.readers.device)(agent));
        if self.by_agent.len() >= AGENTS_REMEMBERED {
            self.by_agent.clear();
        }
        self.by_agent.insert(Arc::clone(agent), Arc::clone(&device));
        device
    }
}
