//! What commands print: results on stdout, everything else on stderr.

use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};

/// Prints a result. A reader that has seen enough, such as `head`, is no failure.
pub fn print(text: &str) -> io::Result<()> {
    print_on(text.as_bytes()).map(|_| ())
}

/// Prints a part of a long result, and says whether somebody is still reading.
pub fn print_on(part: &[u8]) -> io::Result<bool> {
    let mut out = stdout().lock();
    match out.write_all(part).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Says something that is no result.
pub fn say(text: &str) {
    // Nobody is left to be told when stderr is gone.
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Shows how far a long command is, where somebody may be watching; each replaces the one before.
pub fn progress(text: &str) {
    let mut out = stderr().lock();
    if out.is_terminal() {
        let _ = write!(out, "\r\u{1b}[K{text}").and_then(|()| out.flush());
    }
}
