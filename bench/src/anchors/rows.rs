//! The sessions as the other databases hold them: sessions, users and clients, each in a table of its own, and the
//! fields that a filter looks at, one under the other in one text.

use rollcall_http::client_fragment;
use rollcall_index::Loaded;
use rollcall_model::text::folded;
use rollcall_model::{Device, Owner, Session};
use rollcall_user_agent::device;
use std::collections::HashMap;
use std::sync::Arc;

/// What both are filled with.
pub struct Rows {
    /// By number, which is the order of sign-in.
    pub sessions: Vec<Row>,
    /// The users who have any.
    pub users: Vec<Arc<Owner>>,
    /// Devices and hosts.
    pub clients: Vec<Client>,
}

/// A session.
pub struct Row {
    /// The session itself.
    pub session: Session,
    /// The number of its client, from 0.
    pub client: usize,
    /// All that a filter looks at, a line each, and a line's end at both ends.
    pub text: String,
}

/// A device and a host.
pub struct Client {
    /// The device.
    pub device: Device,
    /// The host.
    pub host: Arc<str>,
    /// The ready text of both.
    pub fragment: String,
}

impl Rows {
    /// Out of the store's sessions.
    pub fn of(loaded: Vec<Loaded>) -> Self {
        let mut clients = Vec::new();
        let mut known = HashMap::<(Arc<str>, Arc<str>), usize>::new();
        let mut users = HashMap::new();
        let mut sessions = Vec::with_capacity(loaded.len());
        for Loaded { session, .. } in loaded {
            let key = (session.agent.clone(), session.host.clone());
            let client = *known.entry(key).or_insert_with(|| {
                let (device, host) = (device(Some(&session.agent)), session.host.clone());
                let fragment = client_fragment(&device, &host);
                clients.push(Client { device, host, fragment });
                clients.len() - 1
            });
            users.entry(session.owner.no).or_insert_with(|| session.owner.clone());
            let text = text(&session, &clients[client]);
            sessions.push(Row { session, client, text });
        }
        Self { sessions, users: users.into_values().collect(), clients }
    }
}

fn text(session: &Session, client: &Client) -> String {
    let (owner, device) = (&session.owner, &client.device);
    let ip = session.ip.to_string();
    let fields = [
        &device.name,
        device.device_type.as_str(),
        &device.os_name,
        session.id.as_str(),
        owner.id.as_str(),
        &ip,
        &client.host,
        &owner.username,
        owner.name.as_deref().unwrap_or_default(),
    ];
    format!("\n{}\n", fields.join("\n"))
}

/// What a name is sorted by before itself.
pub fn sort_key(name: Option<&str>) -> Option<String> {
    name.map(folded)
}
