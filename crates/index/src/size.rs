//! What the index takes, about: what grows with sessions, users and filters, and nothing else.

use crate::index::Index;

/// What a vector has room for.
pub const fn room<T>(vector: &Vec<T>) -> usize {
    vector.capacity() * size_of::<T>()
}

impl Index {
    /// What all of it takes, about, in bytes. It goes through all chunks: for whoever asks now and then.
    pub fn size(&self) -> usize {
        let sessions = self.rows.size() + self.facets.size() + self.clients.size();
        sessions + self.users.size() + self.addresses.size() + self.views.size()
    }
}
