//! What rows are found by, made for all of them at once: a start puts a million rows in, and tables and sets that
//! take them one by one are found cold, grow, and move what they hold, each time.

use crate::at_once;
use crate::clients::Clients;
use crate::facet::{FACETS, Facets};
use crate::index::Index;
use crate::rows::Rows;

impl Index {
    /// From now on rows only come, and are found by nothing, until [`gather`](Self::gather). For an index without
    /// rows.
    pub const fn only_take(&mut self) {
        self.only_takes = true;
    }

    /// Makes what rows are found by, if they only came so far.
    pub fn gather(&mut self) {
        if !std::mem::take(&mut self.only_takes) {
            return;
        }
        let Self { rows, users, clients, facets, .. } = self;
        let rows_read = &*rows;
        let ((), tables) = at_once(
            || users.gather_crowds(rows_read),
            || {
                fill(facets, clients, rows_read);
                rows_read.tables()
            },
        );
        rows.put_tables(tables);
    }
}

/// Gives the values of each facet their rows.
pub fn fill(facets: &mut Facets, clients: &Clients, rows: &Rows) {
    let mut filled = facets.counts().map(|count| vec![Vec::new(); count]);
    let codes: Vec<[u32; FACETS]> = clients.codes().collect();
    for slot in rows.live() {
        let codes = codes[rows.client(slot) as usize];
        filled.iter_mut().zip(codes).for_each(|(filled, code)| filled[code as usize].push(slot));
    }
    facets.fill(filled);
}
