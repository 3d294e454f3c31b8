//! What the task runner is asked: from words to a command, with the help's text.

use crate::fuzz;
use crate::step::Failure;
use crate::torture::Engine;
use crate::web::Web;
use std::fmt::Write;
use std::net::SocketAddr;

/// A command, with what it was told.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Run {
        listen: SocketAddr,
    },
    /// Not for people: `run` starts it beside the server.
    Announce {
        server: u32,
        address: SocketAddr,
    },
    Test {
        quick: bool,
    },
    Clients,
    Web {
        what: Web,
    },
    Lint {
        all: bool,
    },
    Fmt,
    Docs {
        check: bool,
    },
    Tidy,
    Fuzz {
        /// For each target.
        minutes: u32,
        /// Only this one.
        target: Option<String>,
    },
    Torture {
        kills: u32,
        engine: Engine,
    },
    Bench {
        arguments: Vec<String>,
    },
}

/// Where the server listens when nothing else is said: its own default.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

/// How long each target is fuzzed when nothing else is said.
const FUZZ_MINUTES: u32 = 3;

/// How often the server is killed when nothing else is said: some minutes.
const KILLS: u32 = 100;

/// What people may type, one entry per command: name, options, what it does, an example.
const COMMANDS: &[(&str, &[&str], &str, &str)] = &[
    (
        "run",
        &["--listen"],
        "build and start a demo server, and say how to reach it",
        "run --listen 127.0.0.1:3456",
    ),
    (
        "test",
        &["--quick"],
        "everything that CI checks; --quick without the console and clients",
        "test --quick",
    ),
    (
        "clients",
        &[],
        "published clients, a page in Chromium and the published types, against a debug build",
        "clients",
    ),
    (
        "web",
        &["--test", "--screenshots", "--measure"],
        "build the console; --test also checks it and uses it in Chromium, --screenshots makes the README's pictures, --measure takes its times at a million rows",
        "web --test",
    ),
    ("lint", &["--all"], "format, clippy, tidy; --all also licences, unused crates, spelling", "lint --all"),
    ("fmt", &[], "format the code", "fmt"),
    ("docs", &["--check"], "print the generated half of docs/reference, or compare it", "docs --check"),
    ("tidy", &[], "the house rules that no other tool knows", "tidy"),
    (
        "fuzz",
        &["--minutes", "--target"],
        "feed agents, filters, queries and login bodies with what a fuzzer makes of their seeds",
        "fuzz --minutes 3 --target user_agent",
    ),
    (
        "torture",
        &["--kills", "--store"],
        "kill a loaded server again and again, and hold it against what it had answered",
        "torture --kills 200 --store postgres",
    ),
    ("bench", &["ARGUMENT…"], "measure, in release; what follows is the bench's own", "bench --quick"),
    ("help", &[], "this text", "help"),
];

/// The help: every command with an example.
pub fn help() -> String {
    let mut text = String::from("The project's task runner.\n\nUsage: cargo xtask COMMAND [OPTION…]\n\n");
    for (name, options, what, example) in COMMANDS {
        let options: Vec<_> = options.iter().map(|option| format!(" [{}]", usage(option))).collect();
        let options = options.concat();
        let _ = writeln!(text, "  {name}{options}\n      {what}\n      $ cargo xtask {example}");
    }
    text
}

fn usage(option: &str) -> String {
    match option {
        "--listen" => "--listen ADDR".into(),
        "--minutes" => "--minutes N".into(),
        "--target" => "--target NAME".into(),
        "--kills" => "--kills N".into(),
        "--store" => "--store sqlite|postgres".into(),
        _ => option.into(),
    }
}

/// Reads the words after `cargo xtask`. None at all ask for help.
pub fn parse(words: &[String]) -> Result<Command, Failure> {
    let Some((name, rest)) = words.split_first() else { return Ok(Command::Help) };
    match name.as_str() {
        "--help" | "-h" => return Ok(Command::Help),
        "bench" => return Ok(Command::Bench { arguments: rest.to_vec() }),
        "announce" => return announce(rest),
        _ => {}
    }
    let Some((_, options, ..)) = COMMANDS.iter().find(|(known, ..)| known == name) else {
        let known = COMMANDS.iter().map(|(name, ..)| *name);
        return Err(Failure::asked(format!(
            "no command `{name}`; nearest: `{}`. `cargo xtask help` lists all",
            nearest(name, known)
        )));
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Command::Help);
    }
    let mut flag = None;
    let (mut listen, mut minutes, mut target) = (LISTEN, FUZZ_MINUTES, None);
    let (mut kills, mut engine) = (KILLS, Engine::default());
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let (option, value) =
            word.split_once('=').map_or((&**word, None), |(option, value)| (option, Some(value)));
        let mut value_of_it = || value.or_else(|| rest.next().map(String::as_str)).unwrap_or_default();
        match option {
            "--listen" if options.contains(&option) => listen = address(value_of_it())?,
            "--minutes" if options.contains(&option) => minutes = self::minutes(value_of_it())?,
            "--target" if options.contains(&option) => target = Some(self::target(value_of_it())?),
            "--kills" if options.contains(&option) => kills = self::kills(value_of_it())?,
            "--store" if options.contains(&option) => engine = self::engine(value_of_it())?,
            _ if options.contains(&option) && value.is_none() => flag = Some(option),
            _ if options.is_empty() => {
                return Err(Failure::asked(format!("`{name}` takes no `{word}`, nor anything else")));
            }
            _ => {
                let near = usage(nearest(option, options.iter().copied()));
                return Err(Failure::asked(format!("`{name}` takes no `{word}`; nearest: `{near}`")));
            }
        }
    }
    Ok(match name.as_str() {
        "run" => Command::Run { listen },
        "test" => Command::Test { quick: flag.is_some() },
        "clients" => Command::Clients,
        "web" => Command::Web { what: flag.map_or(Web::Build, web) },
        "lint" => Command::Lint { all: flag.is_some() },
        "fmt" => Command::Fmt,
        "docs" => Command::Docs { check: flag.is_some() },
        "tidy" => Command::Tidy,
        "fuzz" => Command::Fuzz { minutes, target },
        "torture" => Command::Torture { kills, engine },
        _ => Command::Help,
    })
}

fn web(flag: &str) -> Web {
    match flag {
        "--test" => Web::Test,
        "--measure" => Web::Measure,
        _ => Web::Screenshots,
    }
}

fn announce(words: &[String]) -> Result<Command, Failure> {
    let [server, address_of_it] = words else { return Err(Failure::asked("announce: for `run` only")) };
    let server = server.parse().map_err(|_| Failure::asked("announce: expected a process id"))?;
    Ok(Command::Announce { server, address: address(address_of_it)? })
}

fn address(text: &str) -> Result<SocketAddr, Failure> {
    text.parse().map_err(|_| {
        Failure::asked(format!(
            "--listen: `{text}` is no address; expected such as 127.0.0.1:3456 or [::1]:3456"
        ))
    })
}

fn minutes(text: &str) -> Result<u32, Failure> {
    let minutes = text.parse().ok().filter(|minutes| (1..=10_000).contains(minutes));
    minutes.ok_or_else(|| {
        Failure::asked(format!("--minutes: `{text}` is no number of minutes; expected such as 3"))
    })
}

fn kills(text: &str) -> Result<u32, Failure> {
    let kills = text.parse().ok().filter(|kills| (1..=100_000).contains(kills));
    kills.ok_or_else(|| {
        Failure::asked(format!("--kills: `{text}` is no number of kills; expected such as 100"))
    })
}

fn engine(text: &str) -> Result<Engine, Failure> {
    let unknown = || Failure::asked(format!("--store: no `{text}`; there are sqlite and postgres"));
    Engine::of(text).ok_or_else(unknown)
}

fn target(text: &str) -> Result<String, Failure> {
    let names = || fuzz::TARGETS.iter().map(|(name, _)| *name);
    if names().any(|name| name == text) {
        return Ok(text.into());
    }
    let all = names().collect::<Vec<_>>().join(", ");
    Err(Failure::asked(format!(
        "--target: no `{text}`; there are {all}; nearest: `{}`",
        nearest(text, names())
    )))
}

fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    known.min_by_key(|candidate| distance(word, candidate)).unwrap_or_default()
}

/// How many characters must be changed, added or removed to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, from) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (column, to) in other.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Failure> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn words_become_commands() {
        let at = |text: &str| text.parse().unwrap();
        for (line, command) in [
            ("", Command::Help),
            ("--help", Command::Help),
            ("test --help", Command::Help),
            ("run", Command::Run { listen: LISTEN }),
            ("run --listen [::1]:4000", Command::Run { listen: at("[::1]:4000") }),
            ("run --listen=127.0.0.1:4000", Command::Run { listen: at("127.0.0.1:4000") }),
            ("test", Command::Test { quick: false }),
            ("test --quick", Command::Test { quick: true }),
            ("clients", Command::Clients),
            ("lint --all", Command::Lint { all: true }),
            ("docs --check", Command::Docs { check: true }),
            ("fuzz", Command::Fuzz { minutes: FUZZ_MINUTES, target: None }),
            (
                "fuzz --minutes=9 --target v1_filter",
                Command::Fuzz { minutes: 9, target: Some("v1_filter".into()) },
            ),
            ("torture", Command::Torture { kills: KILLS, engine: Engine::Sqlite }),
            ("torture --kills=9 --store postgres", Command::Torture { kills: 9, engine: Engine::Postgres }),
            ("bench --quick --help", Command::Bench { arguments: vec!["--quick".into(), "--help".into()] }),
        ] {
            assert_eq!(parsed(line).unwrap(), command, "{line}");
        }
    }

    #[test]
    fn what_is_unknown_names_the_nearest_and_exits_2() {
        for (line, near) in [
            ("tets", "`test`"),
            ("benhc", "`bench`"),
            ("test --quik", "`--quick`"),
            ("test --quick=1", "`--quick`"),
            ("run --lisen 1", "`--listen ADDR`"),
            ("run --listen", "127.0.0.1:3456"),
            ("run --listen 3000", "127.0.0.1:3456"),
            ("tidy --all", "takes no `--all`"),
            ("fuzz --minutes 0", "--minutes: `0`"),
            ("fuzz --minutes", "such as 3"),
            ("fuzz --target user-agent", "`user_agent`"),
            ("fuzz --minute 3", "`--minutes N`"),
            ("torture --kills 0", "--kills: `0`"),
            ("torture --store mysql", "sqlite and postgres"),
        ] {
            let failure = parsed(line).unwrap_err();
            assert_eq!(failure.code, 2, "{line}");
            assert!(failure.to_string().contains(near), "{line}: {failure}");
        }
    }

    #[test]
    fn the_help_gives_each_command_an_example_that_is_understood() {
        let help = help();
        for (name, _, _, example) in COMMANDS {
            assert!(help.contains(&format!("$ cargo xtask {name}")), "{name}");
            assert!(parsed(example).is_ok(), "{example}");
        }
    }

    #[test]
    fn distance_counts_edits() {
        for (one, other, edits) in [("", "abc", 3), ("abc", "abc", 0), ("tset", "test", 2), ("run", "fun", 1)]
        {
            assert_eq!(distance(one, other), edits, "{one} {other}");
            assert_eq!(distance(other, one), edits, "{other} {one}");
        }
    }
}
