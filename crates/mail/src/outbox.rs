//! The outbox: mails in a file of the data directory, for a server without a mail server.
//!
//! **Invariants:** only its owner reads the file; whoever reads it sees whole mails; a mail is in it once, however
//! often it was handed over; the newest `limits::OUTBOX_MAILS` are kept.

use rollcall_model::mail::Mail;
use rollcall_model::{Seq, Timestamp, limits};
use rollcall_service::{HandedOver, MailTransport, Outcome, Outgoing};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

const FILE: &str = "outbox.jsonl";

/// The outbox of a data directory.
#[derive(Debug)]
pub struct Outbox {
    directory: PathBuf,
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number: the event that queued it.
    pub no: Seq,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// What it says.
    pub mail: Mail,
}

impl Outbox {
    /// The outbox of this directory.
    pub fn new(data_dir: &Path) -> Self {
        Self { directory: data_dir.to_owned() }
    }
}

impl MailTransport for Outbox {
    fn hand_over<'a>(
        &'a self,
        mails: &'a [Outgoing],
    ) -> Pin<Box<dyn Future<Output = HandedOver> + Send + 'a>> {
        let stored = mails.iter().map(|outgoing| Stored {
            no: outgoing.no,
            queued_at: outgoing.queued_at,
            mail: outgoing.mail.clone(),
        });
        let (directory, stored) = (self.directory.clone(), stored.collect::<Vec<_>>());
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || add(&directory, stored)).await;
            match written.unwrap_or_else(|error| Err(io::Error::other(error))) {
                Ok(()) => {
                    HandedOver { outcomes: mails.iter().map(|_| Outcome::Taken).collect(), broken: None }
                }
                Err(error) => HandedOver {
                    outcomes: Vec::new(),
                    broken: Some(format!("the outbox cannot be written: {}", error.kind())),
                },
            }
        })
    }

    fn reaches_people(&self) -> bool {
        false
    }
}

/// The mails in the outbox of a directory, the oldest first; none where there is no outbox.
pub fn read_outbox(data_dir: &Path) -> io::Result<Vec<Stored>> {
    let text = match fs::read_to_string(data_dir.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let bad = || io::Error::new(ErrorKind::InvalidData, "it holds what is no mail");
    text.lines().map(|line| Stored::parse(line).ok_or_else(bad)).collect()
}

/// Writes the whole file anew beside the old one, and puts it in its place.
fn add(data_dir: &Path, new: Vec<Stored>) -> io::Result<()> {
    let mut mails = read_outbox(data_dir)?;
    mails.retain(|old| new.iter().all(|new| new.no != old.no));
    mails.extend(new);
    let kept = mails.len().saturating_sub(limits::OUTBOX_MAILS);
    let lines =
        mails[kept..].iter().fold(String::new(), |lines, mail| lines + &mail.json().to_string() + "\n");
    let beside = data_dir.join(format!("{FILE}.new"));
    // One that a crash left may have any mode.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, data_dir.join(FILE))
}

impl Stored {
    /// The mail as a line holds it, and as programs read it.
    pub fn json(&self) -> Value {
        let Mail { to, subject, text } = &self.mail;
        json!({
            "no": self.no.0,
            "queued_at": self.queued_at.to_string(),
            "to": to,
            "subject": subject,
            "text": text,
        })
    }

    fn parse(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let mail = Mail::from_bytes(line.as_bytes())?;
        let queued_at = Timestamp::parse(value.get("queued_at")?.as_str()?)?;
        Some(Self { no: Seq(value.get("no")?.as_u64()?), queued_at, mail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn outgoing(no: u64) -> Outgoing {
        let mail = Mail { to: "ann@example.test".into(), subject: "s".into(), text: format!("a\n{no}\n") };
        Outgoing { no: Seq(no), queued_at: Timestamp::from_ms(1_000), mail }
    }

    #[tokio::test]
    async fn mails_are_kept_once_and_whole_and_the_oldest_go() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(directory.path());
        assert_eq!(read_outbox(directory.path()).unwrap(), []);
        let mails: Vec<_> = (0..150).map(outgoing).collect();
        for some in mails.chunks(40) {
            let handed_over = outbox.hand_over(some).await;
            assert_eq!((handed_over.outcomes.len(), handed_over.broken), (some.len(), None));
        }
        // As after a crash between handing over and writing that down.
        outbox.hand_over(&mails[148..]).await;
        let read = read_outbox(directory.path()).unwrap();
        let numbers: Vec<_> = read.iter().map(|mail| mail.no.0).collect();
        assert_eq!(numbers, (50..150).collect::<Vec<_>>());
        assert_eq!(read[99].mail, mails[149].mail);
        let mode = fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn what_cannot_be_written_or_read_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(&directory.path().join("none"));
        let handed_over = outbox.hand_over(&[outgoing(1)]).await;
        assert!(handed_over.outcomes.is_empty() && handed_over.broken.unwrap().contains("outbox"));
        fs::write(directory.path().join(FILE), "x\n").unwrap();
        assert!(read_outbox(directory.path()).is_err());
    }
}
