//! Devices and hosts in a checkpoint.

use super::{Clients, Known, Readers};
use crate::checkpoint::{Bytes, Put, damaged};
use crate::facet::{FACETS, Facets};
use crate::number;
use rollcall_model::{Device, DeviceType};
use std::io;
use std::sync::Arc;

impl Clients {
    /// Writes pairs from a code on; gives the next code, if there is one. What is free has its place too.
    pub fn write(&self, from: u64, count: usize, out: &mut Vec<u8>) -> Option<u64> {
        let from = usize::try_from(from).ok()?;
        let to = self.known.len().min(from + count);
        out.put_u32(number(to - from));
        for Known { device, host, rows, .. } in &self.known[from..to] {
            out.push(u8::from(*rows > 0));
            if *rows > 0 {
                out.push(device.device_type as u8);
                for text in [&device.name, &device.long_version, &device.version, &device.os_name] {
                    out.put_text(Some(text));
                }
                out.put_text(device.os_version.as_deref());
                out.put_text(Some(host));
            }
        }
        (to < self.known.len()).then_some(to as u64)
    }

    /// The pairs that were written and have rows.
    pub fn read(readers: Readers, pieces: &[Vec<u8>], rows: &[u32], facets: &mut Facets) -> io::Result<Self> {
        let mut clients = Self::new(readers);
        for piece in pieces {
            let mut bytes = Bytes(piece);
            for _ in 0..bytes.u32()? {
                let rows = rows.get(clients.known.len()).copied().unwrap_or(0);
                clients.read_one(&mut bytes, rows, facets)?;
            }
        }
        Ok(clients)
    }

    fn read_one(&mut self, bytes: &mut Bytes<'_>, rows: u32, facets: &mut Facets) -> io::Result<()> {
        let (mut device, mut host) = (Device::other(), "");
        if bytes.u8()? != 0 {
            let no = bytes.u8()?;
            let device_type = DeviceType::ALL.into_iter().find(|known| *known as u8 == no);
            device.device_type = device_type.ok_or_else(|| damaged("a device is of no type"))?;
            for text in [&mut device.name, &mut device.long_version, &mut device.version, &mut device.os_name]
            {
                *text = bytes.some_text()?.into();
            }
            device.os_version = bytes.text()?.map(Into::into);
            host = bytes.some_text()?;
        } else if rows > 0 {
            return Err(damaged("a row is of a device that is missing"));
        }
        let (device, host): (Arc<Device>, Arc<str>) = (Arc::new(device), host.into());
        let code = number(self.known.len());
        if rows == 0 {
            self.free.push(code);
            self.known.push(Known { device, host, fragment: String::new(), codes: [0; FACETS], rows });
            return Ok(());
        }
        let known = self.make(device, host, facets, rows);
        self.by_pair.insert((Arc::clone(&known.device), Arc::clone(&known.host)), code);
        self.known.push(known);
        Ok(())
    }

    /// The codes of each pair's values, by its own.
    pub fn codes(&self) -> impl Iterator<Item = [u32; FACETS]> {
        self.known.iter().map(|known| known.codes)
    }
}
