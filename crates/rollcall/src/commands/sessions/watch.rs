//! `rollcall sessions watch`: what happens to sessions, while it happens.

use super::describe::whose;
use super::filter::Filter;
use super::sse::{Event, Events};
use crate::clean::{clean, json as fit};
use crate::commands::connection::Connection;
use crate::output::{print_on, say};
use crate::remote::http::Request;
use crate::remote::pages::{Listed, list};
use crate::remote::{Failure, Kind, Remote, Session, parse};
use crate::table::grouped;
use clap::Args;
use rollcall_model::clock::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::BufReader;
use std::time::Duration;
use ureq::BodyReader;

const EXAMPLE: &str = "\
Example:
  rollcall sessions watch role:admin

A line each: when it was heard (UTC), what happened, the session, whose it is. It goes on until it is
interrupted, or until the own session or right ends. A connection that breaks is taken up again where it was.";

/// The longest time between two attempts to connect.
const BACK_OFF_MAX: Duration = Duration::from_secs(30);
/// Sessions of before that are known by more than their ids when they end.
const KNOWN_MAX: usize = 10_000;

/// What `rollcall sessions watch` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Watch {
    #[command(flatten)]
    filter: Filter,
    /// Print each event as a line of JSON: {"event":…,"data":…}, as the API gives it
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What comes from a server.
type Stream = Events<BufReader<BodyReader<'static>>>;

/// How a connection ended.
enum After {
    /// Nobody reads what is printed.
    Unread,
    /// It broke, after so many events.
    Broken(String, u64),
    /// Something was left out: what is there now is read anew.
    Missed,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    id: String,
    reason: Option<String>,
    total: u64,
}

/// Somebody who watches.
struct Watcher<'a> {
    remote: &'a Remote,
    command: &'a Watch,
    /// Whose sessions are, by their ids.
    known: HashMap<String, String>,
    last_id: String,
}

/// Watches.
pub fn run(command: &Watch) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let mut watcher = Watcher { remote: &remote, command, known: HashMap::new(), last_id: String::new() };
    let mut stream = watcher.connect()?;
    let mut wait = Duration::from_secs(1);
    loop {
        let broken = match watcher.follow(stream)? {
            After::Unread => return Ok(()),
            After::Missed => {
                say("Something was missed: from here on it goes on with what is there now.");
                watcher.last_id.clear();
                None
            }
            After::Broken(reason, events) => {
                // It was there for a while: this is another fault than the one before.
                if events > 0 {
                    wait = Duration::from_secs(1);
                }
                Some(reason)
            }
        };
        stream = watcher.again(broken, &mut wait)?;
    }
}

impl Watcher<'_> {
    fn connect(&self) -> Result<Stream, Failure> {
        let mut query = self.command.filter.parameter();
        if !self.last_id.is_empty() {
            query.push(("last_event_id", self.last_id.clone()));
        }
        let stream = self.remote.follow(&Request::stream("sessions/stream", query))?;
        Ok(Events::of(BufReader::new(stream), self.last_id.clone()))
    }

    /// Connects again, as often as it takes, for as long as it may help.
    fn again(&self, mut broken: Option<String>, wait: &mut Duration) -> Result<Stream, Failure> {
        loop {
            if let Some(reason) = broken {
                say(&format!("{}; again in {} s", clean(&reason, 300), wait.as_secs()));
                std::thread::sleep(*wait);
                *wait = (*wait * 2).min(BACK_OFF_MAX);
            }
            match self.connect() {
                Err(failure) if failure.kind == Kind::Unavailable => broken = Some(failure.what),
                other => return other,
            }
        }
    }

    fn follow(&mut self, mut events: Stream) -> Result<After, Failure> {
        let mut heard = 0;
        loop {
            let event = match events.next() {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(After::Broken("the connection broke".into(), heard)),
                Err(error) => return Ok(After::Broken(format!("the connection broke: {error}"), heard)),
            };
            heard += 1;
            if event.name == "alive" {
                continue;
            }
            self.last_id.clone_from(&events.last_id);
            if self.command.json && !print(&wire(&event)?)? {
                return Ok(After::Unread);
            }
            match event.name.as_str() {
                "missed" => return Ok(After::Missed),
                "closed" => match parse::<Told>(event.data.as_bytes())?.reason.as_deref() {
                    Some("stopping") => return Ok(After::Broken("the server stops".into(), heard)),
                    Some("session-ended") => {
                        return Err(Kind::NotSignedIn.because("the own session has ended"));
                    }
                    _ => return Err(Kind::NotPermitted.because("the permission is gone")),
                },
                "ready" if !self.command.json => self.begin(&event)?,
                _ if !self.command.json && !self.tell(&event)? => return Ok(After::Unread),
                _ => {}
            }
        }
    }

    /// Reads who is there, so that an ending can be told with more than an id.
    fn begin(&mut self, event: &Event) -> Result<(), Failure> {
        let total = parse::<Told>(event.data.as_bytes())?.total;
        let query = self.command.filter.parameter();
        let there: Listed<Session> = list(self.remote, "sessions", &query, KNOWN_MAX, |_| ())?;
        self.known = there.rows.iter().map(|row| (row.item.id.clone(), whose(&row.item))).collect();
        say(&format!("Watching; {} live now.", grouped(total)));
        Ok(())
    }

    /// Prints what happened, and says whether somebody is reading.
    fn tell(&mut self, event: &Event) -> Result<bool, Failure> {
        let data = event.data.as_bytes();
        let (id, who, reason) = match event.name.as_str() {
            "opened" | "changed" => {
                let session: Session = parse(data)?;
                let who = whose(&session);
                if self.known.len() < KNOWN_MAX || self.known.contains_key(&session.id) {
                    self.known.insert(session.id.clone(), who.clone());
                }
                (session.id, who, None)
            }
            "left" | "ended" => {
                let Told { id, reason, .. } = parse(data)?;
                let who = self.known.remove(&id).unwrap_or_default();
                (id, who, reason)
            }
            _ => return Ok(true),
        };
        let now = SystemClock.now().to_string();
        let reason = reason.map_or(String::new(), |reason| format!(" ({})", clean(&reason, 60)));
        let line = format!("{now}  {:<7}  {}  {who}{reason}", event.name, clean(&id, 80));
        print(&format!("{}\n", line.trim_end()))
    }
}

/// An event as a line of JSON.
fn wire(event: &Event) -> Result<String, Failure> {
    let data: Box<RawValue> = parse(event.data.as_bytes())?;
    let name: Value = json!(event.name);
    Ok(format!("{}\n", fit(&format!("{{\"event\":{name},\"data\":{data}}}")).replace('\n', "")))
}

fn print(line: &str) -> Result<bool, Failure> {
    print_on(line.as_bytes()).map_err(|error| Kind::Failed.because(format!("it cannot be printed: {error}")))
}
