//! `rollcall sessions revoke`: a look at what a filter finds, and the end of exactly that.

use super::filter::Filter;
use super::preview::{Preview, sessions};
use crate::clean::{clean, json as fit};
use crate::commands::connection::{Connection, person};
use crate::output::print;
use crate::progress::Progress;
use crate::remote::http::{Request, segment};
use crate::remote::prompt::{Ask, Terminal};
use crate::remote::{Failure, Kind, Remote, parse};
use crate::table::grouped;
use crate::when;
use clap::Args;
use rollcall_model::clock::{Clock, SystemClock};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;

const EXAMPLE: &str = "\
Example:
  rollcall sessions revoke 'device:chrome version<100' --except-current --reason 'case 4711'

Shows what is found and asks before it ends that; what is signed in meanwhile stays. Of more than 100 sessions
the number has to be typed. The empty filter '' finds all.

In a script it takes two steps: the first prints what is found, with its id and digest, and ends nothing; the
second ends exactly that. The second asks for a second factor anew, which ROLLCALL_CODE can give; a service
token is asked for none. Repeated, it prints the same receipt.
  rollcall sessions revoke user:zoe --preview > preview.json
  rollcall sessions revoke --yes --preview-id ID --digest DIGEST --reason 'case 4711'";

/// Of more, the number is typed.
const TYPED_ABOVE: u64 = 100;
/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What `rollcall sessions revoke` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Revoke {
    #[command(flatten)]
    filter: Filter,
    /// Leave out the session that asks
    #[arg(long)]
    except_current: bool,
    /// Leave out so many of each user's sessions that are found, the newest
    #[arg(long, value_name = "N")]
    keep_newest: Option<u32>,
    /// Why: it is kept in the ledger. Asked for on a terminal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print what is found as JSON, and end nothing
    #[arg(long, conflicts_with_all = ["yes", "reason"])]
    preview: bool,
    /// Do not ask: end what a preview of before found
    #[arg(long, short, requires_all = ["preview_id", "digest", "reason"])]
    yes: bool,
    /// The preview's id
    #[arg(long, value_name = "ID", requires = "yes",
        conflicts_with_all = ["query", "filter", "except_current", "keep_newest"])]
    preview_id: Option<String>,
    /// The preview's digest, which says what was looked at
    #[arg(long, value_name = "DIGEST", requires = "yes")]
    digest: Option<String>,
    /// Print the receipt as the JSON that the API gives
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What is to be ended, and why.
struct Order {
    id: String,
    digest: String,
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Receipt {
    state: String,
    count: u64,
    ended: u64,
    already_gone: u64,
    newer: Option<u64>,
    took_ms: Option<u64>,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    head_hash: Option<String>,
}

/// Shows, asks, ends.
pub fn run(command: &Revoke) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let Some(order) = order(command, &remote)? else { return Ok(()) };
    let body = carry_out(&remote, &order)?;
    if command.json {
        print(&format!("{}\n", fit(&String::from_utf8_lossy(&body))))?;
    } else {
        print(&readable(&parse(&body)?))?;
    }
    Ok(())
}

/// What is to be ended, if anything is.
fn order(command: &Revoke, remote: &Remote) -> Result<Option<Order>, Failure> {
    // With one of them there are all: that is declared.
    if let (Some(id), Some(digest), Some(reason)) = (&command.preview_id, &command.digest, &command.reason) {
        return Ok(Some(Order { id: id.clone(), digest: digest.clone(), reason: reason.clone() }));
    }
    let Some(q) = command.filter.text() else {
        return Err(Kind::Usage.because("a filter is needed; the empty one, '', finds all sessions"));
    };
    let terminal = if command.preview { None } else { Some(asked()?) };
    let mut body = json!({ "q": q, "except_current": command.except_current });
    if let Some(number) = command.keep_newest {
        body["keep_newest"] = number.into();
    }
    let frozen = remote.act(&Request::post("revocations/preview", Some(body)))?;
    let preview: Preview = parse(&frozen)?;
    let Some(terminal) = terminal else {
        printed(&format!("{}\n", fit(&String::from_utf8_lossy(&frozen))))?;
        return Ok(None);
    };
    if preview.count == 0 {
        printed("no sessions are found\n")?;
        return Ok(None);
    }
    terminal.tell(&preview.shown(SystemClock.now()));
    let reason = match &command.reason {
        Some(reason) => reason.clone(),
        None => terminal.line("Reason, which is kept in the ledger: ")?,
    };
    if reason.trim().is_empty() {
        return Err(Kind::Usage.because("a reason is needed; nothing was ended"));
    }
    confirmed(&terminal, preview.count)?;
    Ok(Some(Order { id: preview.id, digest: preview.digest, reason }))
}

fn asked() -> Result<Terminal, Failure> {
    person().map_err(|failure| {
        let what = "stdin is no terminal, so nobody can be asked: look at it by --preview, and end that by --yes \
                    --preview-id ID --digest DIGEST --reason TEXT";
        Failure { what: what.into(), ..failure }
    })
}

fn printed(text: &str) -> Result<(), Failure> {
    print(text).map_err(|error| Kind::Failed.because(format!("it cannot be printed: {error}")))
}

fn confirmed(person: &impl Ask, count: u64) -> Result<(), Failure> {
    let sure = if count > TYPED_ABOVE {
        let typed = person.line(&format!("Type the number of sessions, {count}, to end them: "))?;
        typed.trim().parse() == Ok(count)
    } else {
        let typed = person.line(&format!("End {}? [y/N] ", sessions(count)))?;
        matches!(typed.trim().to_lowercase().as_str(), "y" | "yes")
    };
    if sure { Ok(()) } else { Err(Kind::Failed.because("nothing was ended")) }
}

/// Ends it, and gives the receipt.
fn carry_out(remote: &Remote, order: &Order) -> Result<Vec<u8>, Failure> {
    let Order { id, digest, reason } = order;
    let body = json!({ "preview": id, "digest": digest, "reason": reason });
    let mut receipt =
        remote.act(&Request::post("revocations", Some(body))).map_err(|it| unknown(it, order))?;
    let path = format!("revocations/{}", segment(id));
    let mut progress = None;
    loop {
        let Receipt { state, count, ended, already_gone, .. } = parse(&receipt)?;
        let progress = progress.get_or_insert_with(|| Progress::of("sessions", count));
        if state == "finished" {
            progress.finish();
            return Ok(receipt);
        }
        progress.reach(ended + already_gone);
        std::thread::sleep(LOOK_EVERY);
        receipt = remote.act(&Request::get(&path, vec![])).map_err(|it| unknown(it, order))?;
    }
}

/// A failure after which it may be going on all the same.
fn unknown(failure: Failure, order: &Order) -> Failure {
    if failure.kind != Kind::Unavailable {
        return failure;
    }
    let Order { id, digest, .. } = order;
    let (id, digest) = (clean(id, 100), clean(digest, 100));
    let what = format!(
        "{failure}. It may have begun, and then goes on: `rollcall sessions revoke --yes --preview-id {id} --digest \
         {digest} --reason …` gives its receipt, or ends the sessions if it has not"
    );
    Failure { what, ..failure }
}

fn readable(receipt: &Receipt) -> String {
    let mut text = format!("{} ended", sessions(receipt.ended));
    // Text is always writable.
    if receipt.already_gone > 0 {
        let _ = write!(text, ", {} had ended already", grouped(receipt.already_gone));
    }
    if let Some(ms) = receipt.took_ms {
        let _ = write!(text, ", in {}", when::seconds(ms));
    }
    text.push('\n');
    match receipt.newer {
        Some(0) => {}
        Some(newer) => {
            let _ = writeln!(text, "signed in since the preview, and staying: {}", grouped(newer));
        }
        None => text.push_str("how many signed in since the preview is not known\n"),
    }
    if let (Some(first), Some(last)) = (receipt.first_seq, receipt.last_seq) {
        let _ = writeln!(text, "events {first} to {last} of the ledger");
        if let Some(hash) = &receipt.head_hash {
            let _ = writeln!(text, "ledger head {last}:{}", clean(hash, 100));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Secret;

    /// A person who types always the same.
    #[derive(Debug)]
    struct Types(&'static str);

    impl Ask for Types {
        fn tell(&self, _: &str) {}

        fn line(&self, _: &str) -> Result<String, Failure> {
            Ok(self.0.into())
        }

        fn hidden(&self, _: &str) -> Result<Secret, Failure> {
            unreachable!("nothing is secret here")
        }
    }

    #[test]
    fn of_many_the_number_is_typed() {
        for (count, typed, sure) in [
            (1, "y", true),
            (100, "yes", true),
            (100, "", false),
            (100, "100", false),
            (101, "y", false),
            (101, "100", false),
            (101, " 101 ", true),
        ] {
            assert_eq!(confirmed(&Types(typed), count).is_ok(), sure, "{count} {typed}");
        }
    }

    #[test]
    fn a_receipt_is_told() {
        let receipt = br#"{"state":"finished","count":3,"ended":2,"already_gone":1,"newer":1,"took_ms":1250,
            "first_seq":7,"last_seq":11,"head_hash":"9f86"}"#;
        assert_eq!(
            readable(&parse(receipt).unwrap()),
            "2 sessions ended, 1 had ended already, in 1.25 s\nsigned in since the preview, and staying: 1\n\
             events 7 to 11 of the ledger\nledger head 11:9f86\n"
        );
    }
}
