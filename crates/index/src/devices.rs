//! The devices of the live sessions, each distinct one once.

use crate::facet::{Facets, Field};
use crate::number;
use rollcall_model::Device;
use std::collections::HashMap;
use std::sync::Arc;

/// What the index is told, so that it knows neither user agents nor the wire.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// What a user agent says.
    pub device: fn(&str) -> Device,
    /// The ready text of a device for a row of a list; kept once for each distinct device.
    pub fragment: fn(&Device) -> String,
}

/// User agents whose device is remembered; past it they are read again.
const AGENTS_REMEMBERED: usize = 16_384;

/// A dictionary of devices.
pub struct Devices {
    readers: Readers,
    known: Vec<Known>,
    by_device: HashMap<Device, u32>,
    by_agent: HashMap<Arc<str>, u32>,
}

/// A device and what goes with it.
pub struct Known {
    /// The device.
    pub device: Device,
    /// Its ready text.
    pub fragment: String,
    /// Its codes in the facets of name, type, OS name and OS version.
    pub codes: [u32; 4],
}

impl Devices {
    /// No devices.
    pub fn new(readers: Readers) -> Self {
        Self { readers, known: Vec::new(), by_device: HashMap::new(), by_agent: HashMap::new() }
    }

    /// How devices are read.
    pub const fn readers(&self) -> Readers {
        self.readers
    }

    /// The device with this code.
    pub fn get(&self, code: u32) -> &Known {
        &self.known[code as usize]
    }

    /// The code of the device behind a user agent.
    pub fn read(&mut self, agent: &Arc<str>, facets: &mut Facets) -> u32 {
        if let Some(code) = self.by_agent.get(agent) {
            return *code;
        }
        let code = self.intern(&(self.readers.device)(agent), facets);
        if self.by_agent.len() >= AGENTS_REMEMBERED {
            self.by_agent.clear();
        }
        self.by_agent.insert(Arc::clone(agent), code);
        code
    }

    /// The code of a device; it gets one if it is new.
    pub fn intern(&mut self, device: &Device, facets: &mut Facets) -> u32 {
        if let Some(code) = self.by_device.get(device) {
            return *code;
        }
        let code = number(self.known.len());
        self.known.push(Known {
            fragment: (self.readers.fragment)(device),
            codes: [
                facets.intern(Field::DeviceName, Some(&device.name)),
                facets.intern(Field::DeviceType, Some(device.device_type.as_str())),
                facets.intern(Field::OsName, Some(&device.os_name)),
                facets.intern(Field::OsVersion, device.os_version.as_deref()),
            ],
            device: device.clone(),
        });
        self.by_device.insert(device.clone(), code);
        code
    }
}
