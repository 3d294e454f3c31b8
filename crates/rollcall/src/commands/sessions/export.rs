//! `rollcall sessions export`.

use super::filter::Filter;
use crate::clean::clean;
use crate::commands::connection::Connection;
use crate::output::{print_on, progress, say};
use crate::remote::http::Request;
use crate::remote::{Failure, Kind};
use crate::table::grouped;
use clap::{Args, ValueEnum};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write, stdout};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const EXAMPLE: &str = "\
Example:
  rollcall sessions export 'login<30d' --format csv --output sessions.csv

The last line says whether the export is whole; one that is not ends with exit code 1. A file is written as
FILE.part, and renamed when it is whole.";

/// No session takes more.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Sessions between two words of how far it is.
const TOLD_EVERY: u64 = 1_000;

/// What `rollcall sessions export` is told.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub struct Export {
    #[command(flatten)]
    filter: Filter,
    /// In which form
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
    /// Write to this file, in the place of one that is there; to stdout otherwise
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Those that were live at an instant of the past, such as 2026-11-01T08:15Z
    #[arg(long, value_name = "WHEN")]
    as_of: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

/// The forms that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An item of the API a line
    Ndjson,
    /// For spreadsheets
    Csv,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    /// Whether a last line says that all is there.
    fn says_whole(self, line: &[u8]) -> bool {
        match self {
            Self::Ndjson => line.starts_with(b"{\"whole\":true,"),
            Self::Csv => line.starts_with(b"# whole, "),
        }
    }
}

/// Writes them.
pub fn run(command: &Export) -> anyhow::Result<()> {
    let remote = command.connection.signed_in()?;
    let mut query = command.filter.parameter();
    query.push(("format", command.format.name().into()));
    query.extend(command.as_of.clone().map(|at| ("as_of", at)));
    let stream = remote.follow(&Request::stream("sessions/export", query))?;
    if let Some(path) = &command.output {
        return Ok(to_file(stream, command.format, path)?);
    }
    let is_terminal = stdout().is_terminal();
    copy(
        stream,
        command.format,
        |line| {
            if is_terminal { print_on(safe(line).as_bytes()) } else { print_on(line) }
        },
    )?;
    Ok(())
}

/// A line that does nothing to a terminal.
fn safe(line: &[u8]) -> String {
    format!("{}\n", clean(String::from_utf8_lossy(line).trim_end(), usize::MAX))
}

fn to_file(stream: impl Read, format: Format, path: &Path) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Kind::Failed.because(format!("{} cannot be written: {error}", path.display()));
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = private(&part).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let copied = copy(stream, format, |line| out.write_all(line).map(|()| true)).and_then(|sessions| {
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().and_then(|()| std::fs::rename(&part, path)).map_err(failed)?;
        Ok(sessions)
    });
    match copied {
        Ok(sessions) => {
            say(&format!("{} in {}.", super::preview::sessions(sessions), path.display()));
            Ok(())
        }
        Err(failure) => {
            // What is not whole is taken for whole sooner or later.
            let _ = std::fs::remove_file(&part);
            Err(failure)
        }
    }
}

/// Readable by its owner only: it says who is where.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Passes the lines on, and gives how many sessions they were. It is a failure when they are not all; when
/// nobody takes them any more, it is none.
fn copy(
    stream: impl Read,
    format: Format,
    mut put: impl FnMut(&[u8]) -> io::Result<bool>,
) -> Result<u64, Failure> {
    let mut input = BufReader::new(stream);
    let (mut line, mut last, mut lines) = (Vec::new(), Vec::new(), 0_u64);
    loop {
        line.clear();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        let read = read.map_err(|error| cut(&format!("the connection broke: {error}"), lines))?;
        if read == 0 {
            break;
        }
        let taken = put(&line);
        if !taken.map_err(|error| Kind::Failed.because(format!("the export cannot be written: {error}")))? {
            return Ok(lines);
        }
        lines += 1;
        if lines.is_multiple_of(TOLD_EVERY) {
            progress(&format!("{} sessions", grouped(lines)));
        }
        std::mem::swap(&mut line, &mut last);
    }
    progress("");
    if !format.says_whole(&last) || !last.ends_with(b"\n") {
        return Err(cut("its last line does not say that it is whole", lines));
    }
    // The last line is no session, nor is the first of CSV.
    Ok(lines.saturating_sub(if format == Format::Csv { 2 } else { 1 }))
}

fn cut(reason: &str, lines: u64) -> Failure {
    progress("");
    let reason = clean(reason, 300);
    Kind::Failed.because(format!("the export is not whole, {reason}; {} lines were there", grouped(lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, format: Format) -> (Result<u64, Failure>, String) {
        let mut out = Vec::new();
        let done = copy(text.as_bytes(), format, |line| {
            out.extend_from_slice(line);
            Ok(true)
        });
        (done, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_whole_says_so_last() {
        for (format, text, sessions) in [
            (Format::Ndjson, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"whole\":true,\"items\":2}\n", 2),
            (Format::Csv, "\"id\"\n\"a\"\n# whole, sessions: 1\n", 1),
            (Format::Ndjson, "{\"whole\":true,\"items\":0}\n", 0),
        ] {
            assert_eq!(copied(text, format), (Ok(sessions), text.to_owned()));
        }
    }

    #[test]
    fn anything_else_is_not_whole() {
        for (format, text) in [
            (Format::Ndjson, ""),
            (Format::Ndjson, "{\"id\":\"a\"}\n"),
            (Format::Ndjson, "{\"whole\":false,\"items\":1}\n"),
            (Format::Ndjson, "{\"whole\":true,\"items\":1"),
            (Format::Ndjson, "{\"whole\":true,\"items\":1}\n{\"id\":\"a\"}\n"),
            (Format::Csv, "\"id\"\n# cut, sessions: 1\n"),
        ] {
            assert!(copied(text, format).0.unwrap_err().what.contains("not whole"), "{text}");
        }
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("sessions");
        let left = || std::fs::read_dir(directory.path()).unwrap().count();
        assert!(to_file(&b"{\"id\":\"a\"}\n"[..], Format::Ndjson, &path).is_err());
        assert_eq!(left(), 0);
        let whole = "{\"whole\":true,\"items\":0}\n";
        to_file(whole.as_bytes(), Format::Ndjson, &path).unwrap();
        assert!(to_file(&b"x\n"[..], Format::Ndjson, &path).is_err());
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), left()), (whole, 1));
    }
}
