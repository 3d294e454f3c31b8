//! The users in a checkpoint.

use super::{CROWD, Users};
use crate::arena::{SEPARATOR, bytes_of};
use crate::checkpoint::{Bytes, Put, damaged};
use crate::number;
use crate::rows::Rows;
use crate::rows::stored::OfUsers;
use crate::shards::Shards;
use roaring::RoaringBitmap;
use rollcall_model::ids::ID_LENGTH;
use rollcall_model::{RoleSet, UserNo};
use std::hash::BuildHasher;
use std::io;

impl Users {
    /// Writes users from a code on; gives the next code, if there is one. What is free has its place too.
    pub fn write(&self, from: u64, count: usize, out: &mut Vec<u8>) -> Option<u64> {
        let from = usize::try_from(from).ok()?;
        let to = self.no.len().min(from + count);
        out.put_u32(number(to - from));
        for code in from..to {
            out.push(u8::from(self.rows[code] > 0));
            if self.rows[code] > 0 {
                let code = number(code);
                out.put_u64(self.no(code).0);
                out.extend_from_slice(&self.roles(code).bits().to_le_bytes());
                out.extend_from_slice(self.ids.get(code));
                out.put_text(Some(self.username(code)));
                out.put_text(self.name(code));
            }
        }
        (to < self.no.len()).then_some(to as u64)
    }

    /// The users that were written and have rows.
    pub fn read(pieces: &[Vec<u8>], of_users: OfUsers, rows: &Rows) -> io::Result<Self> {
        let mut users = Self::new();
        users.load();
        (users.newest, users.rows) = (of_users.newest, of_users.rows);
        for piece in pieces {
            let mut bytes = Bytes(piece);
            for _ in 0..bytes.u32()? {
                users.read_one(&mut bytes)?;
            }
        }
        for code in (0..number(users.no.len())).rev().filter(|code| users.rows[*code as usize] == 0) {
            users.ids.remove(code);
            users.usernames.remove(code);
        }
        let Self { no, rows: counts, hasher, .. } = &users;
        let hash_of = |code: u32| hasher.hash_one(no[code as usize]);
        let with_rows = (0..number(no.len())).filter(|code| counts[*code as usize] > 0);
        users.by_no = Shards::of(no.len(), with_rows.map(|code| (hash_of(code), code)), hash_of);
        users.gather_crowds(rows);
        Ok(users)
    }

    /// Finds the rows of names that have many, of all of them in one pass.
    pub fn gather_crowds(&mut self, rows: &Rows) {
        let mut crowds = vec![Vec::new(); self.names.rows.len()];
        for slot in rows.live() {
            let name = self.name[rows.user(slot) as usize];
            if self.count_of_name(name) >= CROWD.0 {
                crowds[name as usize].push(slot);
            }
        }
        for (name, slots) in (0..).zip(crowds) {
            if !slots.is_empty() {
                let crowd = RoaringBitmap::from_sorted_iter(slots).unwrap_or_default();
                self.names.crowds.insert(name, crowd);
            }
        }
    }

    fn read_one(&mut self, bytes: &mut Bytes<'_>) -> io::Result<()> {
        let at = self.no.len();
        let rows = self.rows.get(at).copied().unwrap_or(0);
        let (mut no, mut roles, mut id, mut username, mut name) =
            (UserNo(0), RoleSet::EMPTY, &[SEPARATOR; ID_LENGTH][..], "", None);
        if bytes.u8()? != 0 {
            no = UserNo(bytes.u64()?);
            roles = RoleSet::from_bits(bytes.u16()?);
            id = bytes.take(ID_LENGTH)?;
            (username, name) = (bytes.some_text()?, bytes.text()?);
            if !id.iter().all(u8::is_ascii_alphanumeric) {
                return Err(damaged("an id is none"));
            }
        } else if rows > 0 {
            return Err(damaged("a row is of a user that is missing"));
        }
        self.no.push(no);
        self.roles.push(roles);
        self.ids.put(id);
        let code = self.usernames.put(username.as_bytes());
        self.name.push(crate::rows::NONE);
        self.namesake.push(crate::rows::NONE);
        if rows > 0 {
            let name = self.names.intern(bytes_of(name));
            self.name[at] = name;
            self.namesake[at] = std::mem::replace(&mut self.names.first[name as usize], code);
            self.names.rows[name as usize] += rows;
        }
        Ok(())
    }
}
