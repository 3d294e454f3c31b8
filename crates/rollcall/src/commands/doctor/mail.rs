//! The way of mails: whether the server lets us in, or the outbox is there to be written.

use super::finding::Finding;
use crate::config::Config;
use rollcall_mail::read_outbox;
use std::path::Path;
use tokio::runtime::Builder;

/// Looks at it. A server is asked for a connection and a sign-in; nothing is sent.
pub fn check(config: &Config, data_dir: &Path) -> Finding {
    let server = match config.mail_server() {
        Ok(Some(server)) => server,
        Ok(None) => return outbox(data_dir),
        Err(error) => {
            return Finding::bad("mail", error.to_string(), "until that is done the server does not start");
        }
    };
    let tried = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("it was not tried: {error}"))
        .and_then(|runtime| runtime.block_on(server.try_out()));
    let place = server.place();
    match tried {
        Ok(()) => Finding::good("mail", format!("{place} lets us in")),
        // The server runs all the same, and mails wait.
        Err(why) => Finding::warning(
            "mail",
            format!("{place}: {why}"),
            "look at the settings of `mail`, and at that server",
        ),
    }
}

fn outbox(data_dir: &Path) -> Finding {
    match read_outbox(data_dir) {
        Ok(mails) => Finding::good("mail", format!("no mail server: `rollcall outbox` has {}", mails.len())),
        Err(error) => Finding::warning(
            "mail",
            format!("the outbox in {} cannot be read: {error}", data_dir.display()),
            "give it to the server's user, or delete it: its mails are lost",
        ),
    }
}
