//! Which tokens proved a second factor, from which client, and until when that is remembered.

use rollcall_model::limits::STEP_UP_WINDOWS_PER_SESSION;
use rollcall_model::step_up::{AgentDigest, Window};
use rollcall_model::{Timestamp, TokenNo};
use std::collections::HashMap;
use std::net::IpAddr;

/// The remembered windows of each token, the oldest first.
#[derive(Default)]
pub struct StepUps(HashMap<TokenNo, Vec<Window>>);

impl StepUps {
    /// Remembers a window. A client's new one takes the place of its old one; past the bound the oldest goes.
    pub fn remember(&mut self, window: Window) {
        let windows = self.0.entry(window.token).or_default();
        windows.retain(|old| (old.agent, old.ip) != (window.agent, window.ip));
        if windows.len() >= STEP_UP_WINDOWS_PER_SESSION {
            windows.remove(0);
        }
        windows.push(window);
    }

    /// Forgets a token's windows.
    pub fn forget(&mut self, token: TokenNo) {
        self.0.remove(&token);
    }

    /// Whether a call with this token from this client needs no code.
    pub fn cover(&self, token: TokenNo, agent: AgentDigest, ip: IpAddr, now: Timestamp) -> bool {
        self.until(token, agent, ip, now).is_some()
    }

    /// Until when they need none.
    pub fn until(&self, token: TokenNo, agent: AgentDigest, ip: IpAddr, now: Timestamp) -> Option<Timestamp> {
        let window = self.0.get(&token)?.iter().find(|window| window.covers(agent, ip, now))?;
        Some(window.until)
    }
}
