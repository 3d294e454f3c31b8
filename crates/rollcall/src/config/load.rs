//! From what was given to what is in force: defaults, then the file, the environment, and flags.

use super::error::{ConfigError, ConfigErrors, nearest};
use super::kind::{Change, Shape};
use super::settings::{PREFIX, SETTINGS, Setting};
use super::{Config, file};
use std::ffi::OsString;
use std::fmt;

/// Where a value comes from; a later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The program.
    Default,
    /// The file of settings.
    File,
    /// A variable.
    Environment,
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        })
    }
}

/// All that settings are read from.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Name and text of the file.
    pub file: Option<(String, String)>,
    /// The environment; variables of other programs are passed over.
    pub variables: Vec<(OsString, OsString)>,
    /// Flags, in their order.
    pub flags: Vec<Flag>,
}

/// A setting on the command line.
#[derive(Debug)]
pub(super) struct Flag {
    /// As it was typed, without the value.
    pub shown: String,
    /// The setting's name.
    pub name: String,
    /// The value; none when it was left out.
    pub value: Option<String>,
}

/// A good value that was given for a setting.
pub(super) struct Given {
    /// Which.
    pub setting: &'static Setting,
    /// The value.
    pub change: Change,
    /// Where it was given.
    pub origin: Origin,
}

impl Given {
    /// Reads the words of a value; says which of them cannot be used, and what would be right.
    pub fn read(
        setting: &'static Setting,
        words: &[String],
        origin: Origin,
    ) -> Result<Self, (usize, String)> {
        let texts: Vec<_> = words.iter().map(String::as_str).collect();
        let change = setting.kind.read(&texts).map_err(|number| {
            let found = texts.get(number).copied().unwrap_or_default();
            (number, setting.expected(&setting.kind.shown(found)))
        })?;
        Ok(Self { setting, change, origin })
    }
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Their values.
    pub config: Config,
    /// Where the value of each comes from, in the order of the table.
    origins: Vec<Origin>,
}

/// A setting in force.
pub struct Effective {
    /// Which.
    pub setting: &'static Setting,
    /// Words of its value; none when it is not set.
    pub words: Vec<String>,
    /// Words of its default.
    pub default: Vec<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

impl Default for Loaded {
    fn default() -> Self {
        Self { config: Config::default(), origins: vec![Origin::Default; SETTINGS.len()] }
    }
}

impl Loaded {
    /// Each setting, in the order of the table.
    pub fn each(&self) -> impl Iterator<Item = Effective> {
        let default = Config::default();
        SETTINGS.iter().zip(&self.origins).map(move |(setting, origin)| Effective {
            setting,
            words: setting.kind.get(&self.config),
            default: setting.kind.get(&default),
            origin: *origin,
        })
    }

    /// Takes a value, in place of what was there.
    fn take(&mut self, given: Given) {
        (given.change)(&mut self.config);
        for (setting, origin) in SETTINGS.iter().zip(&mut self.origins) {
            if setting.name == given.setting.name {
                *origin = given.origin;
            }
        }
    }
}

/// Reads all sources; says all that is wrong in any of them.
pub(super) fn load(sources: Sources) -> Result<Loaded, ConfigErrors> {
    let Sources { file, variables, flags } = sources;
    let (mut given, mut errors) = file.map(|(name, text)| file::read(&name, &text)).unwrap_or_default();
    let others = variables.into_iter().filter_map(variable).chain(flags.into_iter().map(flag));
    for other in others {
        match other {
            Ok(value) => given.push(value),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(ConfigErrors(errors));
    }
    let mut loaded = Loaded::default();
    for value in given {
        loaded.take(value);
    }
    Ok(loaded)
}

fn variable((name, value): (OsString, OsString)) -> Option<Result<Given, ConfigError>> {
    let place = name.to_string_lossy().into_owned();
    let name = place.strip_prefix(PREFIX)?.replace("__", ".").to_lowercase();
    // Only the exact name counts; a variable in small letters is another one.
    let setting = Setting::find(&name).filter(|setting| setting.variable() == place);
    let Some(setting) = setting else {
        let what = format!("no such setting; the nearest is {}", nearest(&name).variable());
        return Some(Err(ConfigError { place, what }));
    };
    let Some(value) = value.to_str() else {
        return Some(Err(ConfigError { place, what: setting.expected("bytes that are not UTF-8") }));
    };
    Some(text(setting, value, place, Origin::Environment))
}

fn flag(flag: Flag) -> Result<Given, ConfigError> {
    let Flag { shown: place, name, value } = flag;
    let Some(setting) = Setting::find(&name) else {
        let what = format!("no such setting; the nearest is {}", nearest(&name).name);
        return Err(ConfigError { place, what });
    };
    match value {
        Some(value) => text(setting, &value, place, Origin::Flag),
        None => Err(ConfigError { place, what: setting.expected("no = and no value") }),
    }
}

/// A value as text: a list with commas.
fn text(setting: &'static Setting, value: &str, place: String, origin: Origin) -> Result<Given, ConfigError> {
    let words: Vec<_> = match setting.kind.shape() {
        Shape::List => {
            value.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
        Shape::Text | Shape::Number => vec![value.trim().to_owned()],
    };
    Given::read(setting, &words, origin).map_err(|(_, what)| ConfigError { place, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;
    use std::time::Duration;

    fn sources(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
        Sources {
            file: Some(("a.toml".into(), file.into())),
            variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            flags: flags
                .iter()
                .map(|(name, value)| Flag {
                    shown: format!("--set {name}"),
                    name: (*name).into(),
                    value: Some((*value).into()),
                })
                .collect(),
        }
    }

    fn errors(sources: Sources) -> Vec<String> {
        load(sources).unwrap_err().0.iter().map(ToString::to_string).collect()
    }

    fn of<'a>(loaded: &'a Loaded, name: &'a str) -> (String, Origin) {
        let effective = loaded.each().find(|effective| effective.setting.name == name).unwrap();
        (effective.words.join(","), effective.origin)
    }

    #[test]
    fn a_later_place_wins() {
        let file = "[limits]\ncalls = 2\nwindow = '2m'\n[failures]\nuser = 2\n";
        let variables =
            [("ROLLCALL__LIMITS__WINDOW", " 3m "), ("ROLLCALL__FAILURES__USER", "3"), ("HOME", "x")];
        let flags = [("failures.user", "4"), ("failures.user", "5")];
        let loaded = load(sources(file, &variables, &flags)).unwrap();
        assert_eq!(of(&loaded, "sessions.per_user"), ("50".into(), Origin::Default));
        assert_eq!(of(&loaded, "limits.calls"), ("2".into(), Origin::File));
        assert_eq!(of(&loaded, "limits.window"), ("3m".into(), Origin::Environment));
        assert_eq!(of(&loaded, "failures.user"), ("5".into(), Origin::Flag));
        assert_eq!(loaded.config.wire.rate_window, Duration::from_mins(3));
        assert_eq!(loaded.config.service.user_failures.max, 5);
    }

    #[test]
    fn lists_in_the_environment_and_in_flags_have_commas() {
        let loaded = load(sources(
            "proxies.trusted = ['::1']",
            &[("ROLLCALL__PROXIES__TRUSTED", "10.0.0.0/8, fd00::1,")],
            &[("factors.required_of", "admin,bot")],
        ));
        let loaded = loaded.unwrap();
        assert_eq!(of(&loaded, "proxies.trusted").0, "10.0.0.0/8,fd00::1/128");
        assert_eq!(of(&loaded, "factors.required_of").0, "admin,bot");
        let (client, forwarded) = ("10.1.1.1".parse().unwrap(), ["198.51.100.7"]);
        assert_eq!(
            loaded.config.wire.proxies.client(client, forwarded.into_iter()).to_string(),
            "198.51.100.7"
        );
        let none =
            load(sources("proxies.trusted = ['::1']", &[("ROLLCALL__PROXIES__TRUSTED", "")], &[])).unwrap();
        assert_eq!(of(&none, "proxies.trusted"), (String::new(), Origin::Environment));
    }

    #[test]
    fn all_faults_of_all_places_are_told_at_once() {
        let found = errors(sources(
            "[limits]\ncalls = 0\nwindows = '1m'\n[proxies]\ntrusted = ['::1',\n '10.0.0.0/33']\n",
            &[
                ("ROLLCALL__LIMITS__CALLS", "many"),
                ("ROLLCALL__LIMIT__CALLS", "1"),
                ("rollcall__limits__calls", "1"),
            ],
            &[("log.level", "loud"), ("log.levle", "info")],
        ));
        let calls = "expected a whole number: 1 to 1000000; found";
        assert_eq!(
            found,
            [
                format!("a.toml:2:9: limits.calls: {calls} 0"),
                "a.toml:3:1: limits.windows: no such setting; the nearest is limits.window".into(),
                "a.toml:6:2: proxies.trusted: expected a list of networks and single addresses: for example 10.0.0.0/8 or fd00::1; found \"10.0.0.0/33\"".into(),
                format!("ROLLCALL__LIMITS__CALLS: {calls} many"),
                "ROLLCALL__LIMIT__CALLS: no such setting; the nearest is ROLLCALL__LIMITS__CALLS".into(),
                "--set log.level: expected a word: off, error, warn, info, debug, trace; found \"loud\"".into(),
                "--set log.levle: no such setting; the nearest is log.level".into(),
            ]
        );
    }

    #[test]
    fn a_variable_in_other_letters_and_one_that_is_not_text_are_refused() {
        let odd = [("ROLLCALL__Limits__CALLS", "1"), ("ROLLCALL__SESSIONS_LIFETIME", "1d")];
        assert_eq!(
            errors(sources("", &odd, &[])),
            [
                "ROLLCALL__Limits__CALLS: no such setting; the nearest is ROLLCALL__LIMITS__CALLS",
                "ROLLCALL__SESSIONS_LIFETIME: no such setting; the nearest is ROLLCALL__SESSIONS__LIFETIME",
            ]
        );
        let bytes = OsString::from_vec(vec![b'/', 0xff]);
        let not_text =
            Sources { variables: vec![("ROLLCALL__SERVER__DATA_DIR".into(), bytes)], ..Sources::default() };
        assert!(errors(not_text)[0].ends_with("found bytes that are not UTF-8"));
    }

    #[test]
    fn a_flag_without_a_value_says_what_it_would_be() {
        let flag = Flag { shown: "--set limits.calls".into(), name: "limits.calls".into(), value: None };
        let found = errors(Sources { flags: vec![flag], ..Sources::default() });
        assert_eq!(
            found,
            ["--set limits.calls: expected a whole number: 1 to 1000000; found no = and no value"]
        );
    }
}
