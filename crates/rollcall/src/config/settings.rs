//! The table of settings. A new one is an entry here, and a field of what it goes to.

use super::kind::{
    Count, Database, File, Kind, Listen, ListenOrOff, Name, Networks, OneOf, Origins, Place, Roles, Shape,
    Time, TimeOrOff, at, is_word,
};
use crate::logging::LogFormat;
use rollcall_http::client_address::TrustedProxies;
use rollcall_http::page::PlainHttp;
use rollcall_mail::{Tls, Transport, is_address};
use rollcall_model::limits;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// What the variables of settings begin with.
pub const PREFIX: &str = "ROLLCALL__";

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// A setting. Its default is what [`super::Config::default`] has at its place.
pub struct Setting {
    /// Its name: `section.key`.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// What its values are, and where they go.
    pub kind: &'static dyn Kind,
}

/// All settings, in the order in which they are shown. Those of a section stand together.
pub static SETTINGS: &[Setting] = &[
    Setting {
        name: "server.data_dir",
        meaning: "Directory in which everything is kept, or, with a database, what is this node's own; made with mode 0700 when it is not there. `serve` needs it",
        kind: &File { example: "/var/lib/rollcall", at: at!(server.data_dir) },
    },
    Setting {
        name: "server.listen",
        meaning: "Where to listen for plain HTTP",
        kind: &Listen(at!(server.listen)),
    },
    Setting {
        name: "server.metrics_listen",
        meaning: "Where to listen for Prometheus, which asks for `/metrics`: whoever reaches it reads there how busy the server is, so it is no address for everybody",
        kind: &ListenOrOff(at!(server.metrics_listen)),
    },
    Setting {
        name: "server.key_file",
        meaning: "File of the cluster key, which seals factors; `cluster-key` in the data directory when it is not set, which with a database it has to be. Made when the store is new",
        kind: &File { example: "/etc/rollcall.key", at: at!(server.key_file) },
    },
    Setting {
        name: "store.url",
        meaning: "PostgreSQL database to keep everything in, for one node or several; when it is not set, everything is in the data directory. The way to it is encrypted and the server's certificate verified, as by `sslmode=verify-full`, unless it says `require`, which verifies nothing, or `disable`",
        kind: &Database(at!(store.url)),
    },
    Setting {
        name: "store.password_file",
        meaning: "File whose first line is the password for the database; when it is not set, the password is taken from the variable `ROLLCALL_STORE_PASSWORD`",
        kind: &File { example: "/etc/rollcall-store-password", at: at!(store.password_file) },
    },
    Setting {
        name: "store.ca_file",
        meaning: "File of the certificates, in PEM, that vouch for the database's; the system's when it is not set",
        kind: &File { example: "/etc/ssl/store-ca.pem", at: at!(store.ca_file) },
    },
    Setting {
        name: "store.connections",
        meaning: "Connections of this node to the database at once, beside the one that commits and the one that follows the ledger",
        kind: &Count { range: 1..=limits::STORE_CONNECTIONS_MAX, at: at!(store.connections) },
    },
    Setting {
        name: "store.connect_timeout",
        meaning: "How long a connection to the database may take to be made",
        kind: &Time { range: SECOND..=limits::STORE_TIMEOUT_MAX, at: at!(store.connect_timeout) },
    },
    Setting {
        name: "store.statement_timeout",
        meaning: "How long a statement may take in the database, waiting for others included",
        kind: &Time { range: SECOND..=limits::STORE_TIMEOUT_MAX, at: at!(store.statement_timeout) },
    },
    Setting {
        name: "store.revocation_bound",
        meaning: "With a database: within this time of an ending on one node, all others refuse the token. A node that has not heard from the database for so long refuses everything that needs a token",
        kind: &Time { range: SECOND..=limits::REVOCATION_BOUND_MAX, at: at!(service.revocation_bound) },
    },
    Setting {
        name: "sessions.lifetime",
        meaning: "How long a login token lives from its sign-in. Open sessions keep the end that they were given",
        kind: &Time { range: SECOND..=limits::LIFETIME_MAX, at: at!(service.session_lifetime) },
    },
    Setting {
        name: "sessions.idle",
        meaning: "How long a session may be idle, not seen at all, before it ends; the grain is a minute",
        kind: &TimeOrOff { range: limits::IDLE_MIN..=limits::LIFETIME_MAX, at: at!(service.session_idle) },
    },
    Setting {
        name: "sessions.per_user",
        meaning: "Live sessions of one user; the next sign-in ends the one not seen for longest",
        kind: &Count { range: 1..=10_000, at: at!(service.sessions_per_user) },
    },
    Setting {
        name: "retention.details",
        meaning: "How long the ledger keeps details of events: names, addresses, devices, filters. The events themselves stay, and so does the chain",
        kind: &TimeOrOff { range: limits::KEEP_MIN..=limits::KEEP_MAX, at: at!(service.keep_details) },
    },
    Setting {
        name: "retention.ended_sessions",
        meaning: "How long sessions are kept after their end. With less than 30 days, an address from which a user signed in is known as its own for only as long, after a start",
        kind: &TimeOrOff { range: limits::KEEP_MIN..=limits::KEEP_MAX, at: at!(service.keep_ended) },
    },
    Setting {
        name: "limits.calls",
        meaning: "Calls of one client address to one path and method in a window",
        kind: &Count { range: 1..=1_000_000, at: at!(wire.rate_calls) },
    },
    Setting {
        name: "limits.principal_calls",
        meaning: "Calls of one principal to all of API v2 in a window",
        kind: &Count { range: 1..=1_000_000, at: at!(wire.principal_calls) },
    },
    Setting {
        name: "limits.window",
        meaning: "Length of the window of both",
        kind: &Time { range: SECOND..=DAY, at: at!(wire.rate_window) },
    },
    Setting {
        name: "limits.as_of_sessions",
        meaning: "Sessions of past instants that `as_of` holds in memory at the most, all instants together, for some minutes after they were asked; each takes about 200 bytes. An instant with more is refused",
        kind: &Count { range: 1..=limits::AS_OF_SESSIONS_MAX, at: at!(service.as_of_sessions) },
    },
    Setting {
        name: "failures.user",
        meaning: "Wrong passwords of one user within the window; the last of them blocks",
        kind: &Count { range: 1..=1_000_000, at: at!(service.user_failures.max) },
    },
    Setting {
        name: "failures.address",
        meaning: "Wrong passwords from one client address within the window; the last of them blocks",
        kind: &Count { range: 1..=1_000_000, at: at!(service.address_failures.max) },
    },
    Setting {
        name: "failures.code",
        meaning: "Wrong second-factor codes of one user within the window; the last of them blocks",
        kind: &Count { range: 1..=1_000, at: at!(service.code_failures.max) },
    },
    Setting {
        name: "failures.window",
        meaning: "Length of the window of all three, from the first failure",
        kind: &Time {
            range: SECOND..=limits::FAILURE_WINDOW_MAX,
            at: at!(
                service.user_failures.window,
                service.address_failures.window,
                service.code_failures.window
            ),
        },
    },
    Setting {
        name: "failures.block",
        meaning: "How long all three block",
        kind: &Time {
            range: SECOND..=DAY,
            at: at!(service.user_failures.block, service.address_failures.block, service.code_failures.block),
        },
    },
    Setting {
        name: "passwords.argon2_kib",
        meaning: "KiB of memory that hashing a new password takes. Less than by default is for test workspaces, which `generate` and `--demo` make; with any other store the server does not start",
        kind: &Count { range: limits::ARGON2_KIB_MIN..=limits::ARGON2_KIB, at: at!(service.argon2_kib) },
    },
    Setting {
        name: "step_up.window",
        meaning: "How long a proved second factor is remembered",
        kind: &Time { range: SECOND..=DAY, at: at!(service.step_up_window) },
    },
    Setting {
        name: "proxies.trusted",
        meaning: "Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed",
        kind: &Networks(Place {
            get: |config| config.trusted.clone(),
            set: |config, networks| {
                config.wire.proxies = TrustedProxies::new(networks.clone());
                config.trusted = networks;
            },
        }),
    },
    Setting {
        name: "cors.origins",
        meaning: "Origins whose pages may read answers in a browser; without any, only pages that are served from the same origin",
        kind: &Origins(at!(wire.origins)),
    },
    Setting {
        name: "cookies.plain_http",
        meaning: "Where the console's pages may sign in over plain HTTP: on `localhost`, or `anywhere`; then whoever is on the way can read the cookie, and with it the session",
        kind: &OneOf {
            words: &[("localhost", PlainHttp::Localhost), ("anywhere", PlainHttp::Anywhere)],
            at: at!(wire.plain_http),
        },
    },
    Setting {
        name: "factors.required_of",
        meaning: "Roles whose holders must have enrolled a factor; until they have, they can do nothing but enrol one",
        kind: &Roles(at!(service.factor_required_of)),
    },
    Setting {
        name: "mail.transport",
        meaning: "What carries mails: `outbox`, a file in the data directory that `rollcall outbox` prints, or a server by `smtp`",
        kind: &OneOf {
            words: &[("outbox", Transport::Outbox), ("smtp", Transport::Smtp)],
            at: at!(mail.transport),
        },
    },
    Setting {
        name: "mail.host",
        meaning: "The mail server. `smtp` needs it",
        kind: &Name {
            unit: "host name or network address",
            example: "smtp.example.org",
            can_be: is_word,
            at: at!(mail.host),
        },
    },
    Setting {
        name: "mail.port",
        meaning: "The mail server's port; with `implicit` it is mostly 465",
        kind: &Count { range: 1..=65_535, at: at!(mail.port) },
    },
    Setting {
        name: "mail.tls",
        meaning: "How the connection is encrypted: by STARTTLS, from its first byte, or not at all, which is for a server on this machine only",
        kind: &OneOf {
            words: &[("starttls", Tls::StartTls), ("implicit", Tls::Implicit), ("none", Tls::Plain)],
            at: at!(mail.tls),
        },
    },
    Setting {
        name: "mail.ca_file",
        meaning: "File of the certificates, in PEM, that vouch for the mail server's; the system's when it is not set",
        kind: &File { example: "/etc/ssl/mail-ca.pem", at: at!(mail.ca_file) },
    },
    Setting {
        name: "mail.username",
        meaning: "Whom to sign in to the mail server as; nobody when it is not set",
        kind: &Name { unit: "user name", example: "rollcall", can_be: is_word, at: at!(mail.username) },
    },
    Setting {
        name: "mail.password_file",
        meaning: "File whose first line is that user's password; when it is not set, the password is taken from the variable `ROLLCALL_MAIL_PASSWORD`",
        kind: &File { example: "/etc/rollcall-mail-password", at: at!(mail.password_file) },
    },
    Setting {
        name: "mail.from",
        meaning: "Whom mails come from. `smtp` needs it",
        kind: &Name {
            unit: "mail address",
            example: "rollcall@example.org",
            can_be: is_address,
            at: at!(mail.from),
        },
    },
    Setting {
        name: "mail.timeout",
        meaning: "How long one step of a delivery may take: connecting, signing in, a mail",
        kind: &Time { range: SECOND..=limits::MAIL_TIMEOUT_MAX, at: at!(mail.timeout) },
    },
    Setting {
        name: "log.level",
        meaning: "Lines of this level and of those above it are written to the log",
        kind: &OneOf {
            words: &[
                ("off", LevelFilter::OFF),
                ("error", LevelFilter::ERROR),
                ("warn", LevelFilter::WARN),
                ("info", LevelFilter::INFO),
                ("debug", LevelFilter::DEBUG),
                ("trace", LevelFilter::TRACE),
            ],
            at: at!(logs.level),
        },
    },
    Setting {
        name: "log.format",
        meaning: "How the log is written; `auto` is `text` on a terminal and `json` elsewhere",
        kind: &OneOf {
            words: &[("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)],
            at: at!(logs.format),
        },
    },
];

impl Setting {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its section in the file.
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its key in the section.
    pub fn key(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, key)| key)
    }

    /// Its variable.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_uppercase())
    }

    /// What its values are: the unit, and which are allowed.
    pub fn values(&self) -> String {
        format!("{}: {}", self.kind.unit(), self.kind.allowed())
    }

    /// What would be right, where something else is found.
    pub fn expected(&self, found: &str) -> String {
        format!("expected a {}; found {found}", self.values())
    }

    /// Words of a value as TOML; none when it is not set.
    pub fn toml(&self, words: &[String]) -> Option<String> {
        match self.kind.shape() {
            Shape::Number => words.first().cloned(),
            Shape::Text => words.first().map(|word| quoted(word)),
            Shape::List => {
                let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
                Some(format!("[{}]", words.join(", ")))
            }
        }
    }
}

/// A TOML text. JSON's escapes are TOML's too; only DEL stands bare in JSON.
fn quoted(word: &str) -> String {
    serde_json::Value::from(word).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;
    use std::collections::BTreeSet;

    /// Sets one setting, and gives it back as TOML.
    fn set(name: &str, words: &[&str]) -> Result<String, usize> {
        let setting = Setting::find(name).unwrap();
        let mut config = Config::default();
        setting.kind.read(words)?(&mut config);
        Ok(setting.toml(&setting.kind.get(&config)).unwrap())
    }

    #[test]
    fn every_setting_takes_what_is_good_and_gives_it_back() {
        let good: &[(&str, &[&str], &str)] = &[
            ("server.data_dir", &["/srv/a \"b\""], r#""/srv/a \"b\"""#),
            ("server.listen", &["[::1]:3950"], r#""[::1]:3950""#),
            ("server.metrics_listen", &["127.0.0.1:9650"], r#""127.0.0.1:9650""#),
            ("server.metrics_listen", &["off"], r#""off""#),
            ("server.key_file", &["key"], r#""key""#),
            (
                "store.url",
                &["postgres://rollcall@db.example.test/rollcall?sslmode=require"],
                r#""postgres://rollcall@db.example.test/rollcall?sslmode=require""#,
            ),
            ("store.password_file", &["secret"], r#""secret""#),
            ("store.ca_file", &["ca.pem"], r#""ca.pem""#),
            ("store.connections", &["100"], "100"),
            ("store.connect_timeout", &["1s"], r#""1s""#),
            ("store.statement_timeout", &["600s"], r#""10m""#),
            ("store.revocation_bound", &["60s"], r#""1m""#),
            ("sessions.lifetime", &["60s"], r#""1m""#),
            ("sessions.idle", &["300s"], r#""5m""#),
            ("sessions.idle", &["off"], r#""off""#),
            ("sessions.per_user", &["10000"], "10000"),
            ("retention.details", &["24h"], r#""1d""#),
            ("retention.details", &["off"], r#""off""#),
            ("retention.ended_sessions", &["3650d"], r#""3650d""#),
            ("limits.calls", &["1"], "1"),
            ("limits.principal_calls", &["600"], "600"),
            ("limits.window", &["24h"], r#""1d""#),
            ("limits.as_of_sessions", &["1"], "1"),
            ("failures.user", &["3"], "3"),
            ("failures.address", &["1000000"], "1000000"),
            ("failures.code", &["1000"], "1000"),
            ("failures.window", &["5m"], r#""5m""#),
            ("failures.block", &["1d"], r#""1d""#),
            ("passwords.argon2_kib", &["8"], "8"),
            ("step_up.window", &["1s"], r#""1s""#),
            ("proxies.trusted", &["10.0.0.0/8", "fd00::1"], r#"["10.0.0.0/8", "fd00::1/128"]"#),
            ("cors.origins", &["*"], r#"["*"]"#),
            (
                "cors.origins",
                &["HTTPS://App.example.test:443", "http://[::1]:8080"],
                r#"["https://app.example.test", "http://[::1]:8080"]"#,
            ),
            ("cookies.plain_http", &["anywhere"], r#""anywhere""#),
            ("factors.required_of", &["bot", "admin"], r#"["admin", "bot"]"#),
            ("mail.transport", &["smtp"], r#""smtp""#),
            ("mail.host", &["::1"], r#""::1""#),
            ("mail.port", &["465"], "465"),
            ("mail.tls", &["none"], r#""none""#),
            ("mail.ca_file", &["ca.pem"], r#""ca.pem""#),
            ("mail.username", &["a@b"], r#""a@b""#),
            ("mail.password_file", &["secret"], r#""secret""#),
            ("mail.from", &["a@b.test"], r#""a@b.test""#),
            ("mail.timeout", &["60s"], r#""1m""#),
            ("log.level", &["trace"], r#""trace""#),
            ("log.format", &["json"], r#""json""#),
        ];
        for (name, words, toml) in good {
            assert_eq!(set(name, words).as_deref(), Ok(*toml), "{name}");
        }
        let tried: BTreeSet<_> = good.iter().map(|(name, ..)| *name).collect();
        let all: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(tried, all);
    }

    #[test]
    fn every_setting_refuses_what_is_not_within_its_range() {
        let bad: &[(&str, &[&str])] = &[
            ("server.data_dir", &["", "a\0b"]),
            ("server.listen", &["3000", "localhost:3000", "127.0.0.1", "127.0.0.1:65536"]),
            ("server.metrics_listen", &["9650", "localhost:9650", "OFF", ""]),
            ("server.key_file", &[""]),
            ("store.url", &["", "rollcall.db", "postgres://a:secret@h/d", "postgres://a@h/d?sslmode=prefer"]),
            ("store.password_file", &[""]),
            ("store.ca_file", &[""]),
            ("store.connections", &["0", "101"]),
            ("store.connect_timeout", &["0s", "601s"]),
            ("store.statement_timeout", &["0s", "11m"]),
            ("store.revocation_bound", &["0s", "61s"]),
            ("sessions.lifetime", &["0s", "3651d", "90", "1.5h", "99999999999999999999d"]),
            ("sessions.idle", &["0s", "299s", "3651d", "OFF", "none", ""]),
            ("sessions.per_user", &["0", "10001", "-1", "many", "1.5", ""]),
            ("retention.details", &["0s", "23h", "3651d", "never"]),
            ("retention.ended_sessions", &["0s", "23h", "3651d", "OFF"]),
            ("limits.calls", &["0", "1000001"]),
            ("limits.principal_calls", &["0", "1000001"]),
            ("limits.window", &["0s", "25h"]),
            ("limits.as_of_sessions", &["0", "100000001"]),
            ("failures.user", &["0", "1000001"]),
            ("failures.address", &["0", "1000001"]),
            ("failures.code", &["0", "1001"]),
            ("failures.window", &["0s", "86401s"]),
            ("failures.block", &["0s", "2d"]),
            ("passwords.argon2_kib", &["7", "19457", "19M"]),
            ("step_up.window", &["0s", "2d"]),
            ("proxies.trusted", &["10.0.0.0/33", "proxy", ""]),
            (
                "cors.origins",
                &["null", "app.example.test", "https://app.example.test/", "https://*.test", ""],
            ),
            ("cookies.plain_http", &["true", "Localhost", ""]),
            ("factors.required_of", &["admni", "Admin"]),
            ("mail.transport", &["sendmail", ""]),
            ("mail.host", &["", "a b", "a\nb"]),
            ("mail.port", &["0", "65536", "smtp"]),
            ("mail.tls", &["ssl", "plain"]),
            ("mail.ca_file", &[""]),
            ("mail.username", &["", "a b"]),
            ("mail.password_file", &[""]),
            ("mail.from", &["", "rollcall", "a@b\nc", "Ann <ann@example.test>"]),
            ("mail.timeout", &["0s", "2m"]),
            ("log.level", &["verbose", "INFO", ""]),
            ("log.format", &["xml"]),
        ];
        for (name, words) in bad {
            for word in *words {
                assert_eq!(set(name, &[word]), Err(0), "{name} {word}");
            }
        }
        let tried: BTreeSet<_> = bad.iter().map(|(name, _)| *name).collect();
        assert_eq!(tried.len(), SETTINGS.len());
    }

    #[test]
    fn defaults_are_allowed_and_so_is_what_the_text_says() {
        for setting in SETTINGS {
            let usable = |words: &[&str]| setting.kind.read(words).is_ok();
            let default = setting.kind.get(&Config::default());
            let words: Vec<_> = default.iter().map(String::as_str).collect();
            assert!(words.is_empty() || usable(&words), "{}", setting.name);
            let allowed = setting.kind.allowed();
            let said = allowed.trim_start_matches("for example ").split([',', ' ']);
            for word in said.filter(|word| !["", "to", "or", "for", "example"].contains(word)) {
                assert!(usable(&[word]), "{} {word}", setting.name);
            }
        }
    }

    #[test]
    fn one_window_and_one_block_hold_for_all_failures() {
        let mut config = Config::default();
        for (name, word) in [("failures.window", "2m"), ("failures.block", "3m")] {
            let change = Setting::find(name).unwrap().kind.read(&[word]);
            change.unwrap_or_else(|_| panic!("{name}"))(&mut config);
        }
        let service = config.service;
        for limit in [service.user_failures, service.address_failures, service.code_failures] {
            assert_eq!((limit.window, limit.block), (Duration::from_mins(2), Duration::from_mins(3)));
        }
    }

    #[test]
    fn sections_stand_together_and_names_are_unique() {
        let mut sections: Vec<_> = SETTINGS.iter().map(Setting::section).collect();
        sections.dedup();
        assert_eq!(sections.len(), sections.iter().collect::<BTreeSet<_>>().len(), "{sections:?}");
        assert_eq!(
            SETTINGS.iter().map(|setting| setting.name).collect::<BTreeSet<_>>().len(),
            SETTINGS.len()
        );
        assert_eq!(Setting::find("step_up.window").unwrap().variable(), "ROLLCALL__STEP_UP__WINDOW");
    }
}
