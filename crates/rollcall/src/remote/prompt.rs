//! Whoever is at the terminal, and what comes through stdin when nobody is.

use super::{Failure, Kind, Secret};
use std::fmt::Debug;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write, stdin};

/// The longest line that is read.
const LINE_BYTES_MAX: u64 = 4_096;

/// Somebody who can be asked.
pub trait Ask: Debug {
    /// Says something.
    fn tell(&self, sentence: &str);
    /// Asks for a line.
    fn line(&self, question: &str) -> Result<String, Failure>;
    /// Asks for something that is not shown while it is typed.
    fn hidden(&self, question: &str) -> Result<Secret, Failure>;
}

/// The terminal of the process, which is there whatever stdout and stderr are.
#[derive(Clone, Copy, Debug)]
pub struct Terminal;

impl Terminal {
    const PATH: &str = "/dev/tty";

    /// The terminal, if stdin is one: a script's input is not a person.
    pub fn open() -> Option<Self> {
        (stdin().is_terminal() && File::open(Self::PATH).is_ok()).then_some(Self)
    }

    fn write(text: &str) -> std::io::Result<()> {
        let mut terminal = File::options().write(true).open(Self::PATH)?;
        terminal.write_all(text.as_bytes())?;
        terminal.flush()
    }
}

impl Ask for Terminal {
    fn tell(&self, sentence: &str) {
        // A terminal that is gone is found when something is asked.
        let _ = Self::write(&format!("{sentence}\n"));
    }

    fn line(&self, question: &str) -> Result<String, Failure> {
        Self::write(question).map_err(unread)?;
        line(BufReader::new(File::open(Self::PATH).map_err(unread)?))
    }

    fn hidden(&self, question: &str) -> Result<Secret, Failure> {
        rpassword::prompt_password(question).map(Secret::new).map_err(unread)
    }
}

/// One line of stdin, which is no terminal.
pub fn line_of_stdin() -> Result<String, Failure> {
    line(stdin().lock())
}

fn line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.take(LINE_BYTES_MAX).read_line(&mut line).map_err(unread)?;
    if read as u64 == LINE_BYTES_MAX && !line.ends_with('\n') {
        return Err(Kind::Usage.because("the line is too long"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unread(error: std::io::Error) -> Failure {
    Kind::Failed.because(format!("nothing can be read from the terminal or stdin: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_end_and_a_longest_length() {
        assert_eq!(line(&b"pass word \r\nmore"[..]).unwrap(), "pass word ");
        assert_eq!(line(&b"last"[..]).unwrap(), "last");
        assert_eq!(line(&b""[..]).unwrap(), "");
        assert!(line(&[b'a'; 5_000][..]).is_err());
        assert!(line(&b"\xff\n"[..]).is_err());
    }
}
