//! An index out of a picture of it.
//!
//! One thread reads, another puts together. When all rows are there, what is found by them is made, on two threads
//! again.

use super::pieces::{self, Kind};
use super::{Bytes, damaged};
use crate::at_once;
use crate::chunk::Chunk;
use crate::chunk::stored::Known;
use crate::clients::{Clients, Readers};
use crate::gather::fill;
use crate::index::Index;
use crate::rows::NONE;
use crate::rows::stored::OfUsers;
use crate::standing::Standing;
use crate::users::Users;
use rollcall_model::SessionNo;
use std::io::{self, Read};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Pieces that wait to be taken in.
const PIECES_WAITING: usize = 8;

impl Standing {
    /// Takes in a picture of all sessions up to one, into an index without any. Lists are right after
    /// [`loaded`](Self::loaded). What is no such picture changes nothing.
    pub fn restore(&self, from: &mut dyn Read, up_to: SessionNo) -> io::Result<()> {
        let (readers, idle) = {
            let index = self.index.read();
            (index.clients.readers(), index.rows.idle())
        };
        let index = restored(from, up_to, readers, idle)?;
        *self.index.write() = index;
        Ok(())
    }
}

fn restored(
    from: &mut dyn Read,
    up_to: SessionNo,
    readers: Readers,
    idle: Option<Duration>,
) -> io::Result<Index> {
    let (sender, inbox) = sync_channel(PIECES_WAITING);
    let take = || {
        let mut picture = Picture::new(readers, idle, up_to);
        inbox.into_iter().try_for_each(|part| picture.take(part)).map(|()| picture)
    };
    let read = move || {
        let mut known = Known { users: 0, clients: 0, up_to };
        let mut last = Kind::Users;
        loop {
            let (kind, bytes) = pieces::read(from)?;
            if (kind as u8) < last as u8 {
                return Err(damaged("pieces are not in their order"));
            }
            last = kind;
            // Nobody takes it when one before it was wrong.
            if kind == Kind::End || sender.send(Part::read(kind, bytes, &mut known)?).is_err() {
                return Ok(());
            }
        }
    };
    let (taken, read) = at_once(take, read);
    read?;
    taken?.finish()
}

/// A piece, as far as it can be read by itself.
enum Part {
    Users(usize, Vec<u8>),
    Clients(usize, Vec<u8>),
    Rows(Vec<Chunk>),
    Retired(Vec<u8>),
    Addresses(Vec<u8>),
}

impl Part {
    fn read(kind: Kind, bytes: Vec<u8>, known: &mut Known) -> io::Result<Self> {
        Ok(match kind {
            Kind::Users => {
                known.users += count(&bytes)?;
                Self::Users(known.users, bytes)
            }
            Kind::Clients => {
                known.clients += count(&bytes)?;
                Self::Clients(known.clients, bytes)
            }
            Kind::Rows | Kind::End => {
                let (mut bytes, mut chunks) = (Bytes(&bytes), Vec::new());
                while !bytes.is_empty() {
                    chunks.push(Chunk::read(&mut bytes, *known)?);
                }
                Self::Rows(chunks)
            }
            Kind::Retired => Self::Retired(bytes),
            Kind::Addresses => Self::Addresses(bytes),
        })
    }
}

/// How many values a piece has.
fn count(piece: &[u8]) -> io::Result<usize> {
    let count = Bytes(piece).u32()? as usize;
    // Each takes a byte at least.
    if count < piece.len() { Ok(count) } else { Err(damaged("a piece has more values than bytes")) }
}

/// What was read so far.
struct Picture {
    index: Index,
    readers: Readers,
    users: Vec<Vec<u8>>,
    of_users: OfUsers,
    clients: Vec<Vec<u8>>,
    of_clients: Vec<u32>,
}

impl Picture {
    fn new(readers: Readers, idle: Option<Duration>, up_to: SessionNo) -> Self {
        let mut index = Index::new(readers, idle);
        index.load();
        index.rows.close_up_to(up_to);
        Self {
            index,
            readers,
            users: Vec::new(),
            of_users: OfUsers::default(),
            clients: Vec::new(),
            of_clients: Vec::new(),
        }
    }

    fn take(&mut self, part: Part) -> io::Result<()> {
        match part {
            Part::Users(count, bytes) => {
                self.of_users.rows.resize(count, 0);
                self.of_users.newest.resize(count, NONE);
                self.users.push(bytes);
            }
            Part::Clients(count, bytes) => {
                self.of_clients.resize(count, 0);
                self.clients.push(bytes);
            }
            Part::Rows(chunks) => {
                self.index.rows.take(chunks, &mut self.of_users, &mut self.of_clients)?;
            }
            Part::Retired(bytes) => self.index.read_retired(&mut Bytes(&bytes))?,
            Part::Addresses(bytes) => self.index.addresses.read(&mut Bytes(&bytes))?,
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Index> {
        let Self { mut index, readers, users, of_users, clients, of_clients } = self;
        let (rows, facets) = (&index.rows, &mut index.facets);
        let (users, (clients, tables)) = at_once(
            || Users::read(&users, of_users, rows),
            || {
                let clients = Clients::read(readers, &clients, &of_clients, facets);
                if let Ok(clients) = &clients {
                    fill(facets, clients, rows);
                }
                (clients, rows.tables())
            },
        );
        (index.clients, index.users) = (clients?, users?);
        index.rows.put_tables(tables);
        Ok(index)
    }
}
