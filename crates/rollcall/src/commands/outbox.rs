//! `rollcall outbox`: the mails that a server without a mail server wrote to its file.

use super::connection::finish;
use super::data_dir::DataDir;
use crate::clean::clean;
use crate::output::{print, say};
use anyhow::Context;
use clap::Args;
use rollcall_mail::{Stored, read_outbox};
use rollcall_model::limits;
use serde_json::{Value, json};
use std::process::ExitCode;

const EXAMPLE: &str = "\
Examples:
  rollcall outbox --data-dir /var/lib/rollcall
  rollcall outbox --data-dir /var/lib/rollcall --json | jq -r '.mails[-1].text'

Prints the mails of a server whose `mail.transport` is `outbox`, the newest last; beside it, or without it. They
hold codes: keep what is printed to yourself. The last 100 are kept.

Exit code 0: printed, also when there are none; 1: they cannot be read; 2: asked wrongly.";

/// What `rollcall outbox` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Outbox {
    #[command(flatten)]
    data: DataDir,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Prints the mails.
pub fn run(command: &Outbox) -> ExitCode {
    let data_dir = match command.data.path() {
        Ok(data_dir) => data_dir,
        Err(errors) => {
            say(&errors.to_string());
            return ExitCode::from(2);
        }
    };
    finish(read_outbox(&data_dir).context("the outbox cannot be read").and_then(|mails| {
        let text = if command.json {
            format!("{:#}\n", json!({ "mails": mails.iter().map(Stored::json).collect::<Vec<Value>>() }))
        } else {
            mails.iter().map(text).collect()
        };
        print(&text).context("the mails cannot be printed")
    }))
}

fn text(stored: &Stored) -> String {
    let mail = &stored.mail;
    let clean = |text| clean(text, limits::TEXT_CHARS);
    let lines = mail
        .text
        .lines()
        .fold(String::new(), |lines, line| lines + format!("    {}", clean(line)).trim_end() + "\n");
    format!("{}  to {}: {}\n{lines}\n", stored.queued_at, clean(&mail.to), clean(&mail.subject))
}
