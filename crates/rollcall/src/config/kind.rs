//! Kinds of values: how each is written, what of it is allowed, and where in the configuration it goes.

use super::Config;
use ipnet::IpNet;
use rollcall_http::cors::AllowedOrigins;
use rollcall_model::{Role, RoleSet, limits};
use rollcall_store_postgres::DatabaseUrl;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// How a value stands in TOML. In the environment and in flags each is text, a list with commas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A list of texts.
    List,
}

/// A kind of value.
pub trait Kind: Sync {
    /// How it stands in TOML.
    fn shape(&self) -> Shape;
    /// What it is, and in which unit.
    fn unit(&self) -> &'static str;
    /// Which of them are allowed: the range, all words, or examples where a list would have no end.
    fn allowed(&self) -> String;
    /// Reads the words of a value: one, or those of a list. Says which of them cannot be used.
    fn read(&self, words: &[&str]) -> Result<Change, usize>;
    /// The words of the value in force; none for one that is not set.
    fn get(&self, config: &Config) -> Vec<String>;
    /// A word that cannot be used, as it is repeated to whoever gave it.
    fn shown(&self, word: &str) -> String {
        match self.shape() {
            Shape::Number => word.into(),
            Shape::Text | Shape::List => format!("{word:?}"),
        }
    }
}

/// A value that was read, on its way to its place.
pub type Change = Box<dyn FnOnce(&mut Config)>;

/// Where a value goes.
pub struct Place<T> {
    /// Reads it.
    pub get: fn(&Config) -> T,
    /// Writes it.
    pub set: fn(&mut Config, T),
}

impl<T: 'static> Place<T> {
    fn change(&self, value: T) -> Change {
        let set = self.set;
        Box::new(move |config| set(config, value))
    }
}

/// The place of a value in [`Config`]. With more than one, all hold the same.
macro_rules! at {
    ($($first:ident).+ $(, $($other:ident).+)*) => {
        Place {
            get: |config| Clone::clone(&config.$($first).+),
            set: |config, value| {
                $(config.$($other).+ = Clone::clone(&value);)*
                config.$($first).+ = value;
            },
        }
    };
}
pub(super) use at;

/// A length of time.
pub struct Time {
    /// The least and the most.
    pub range: RangeInclusive<Duration>,
    /// Where it goes.
    pub at: Place<Duration>,
}

/// A length of time, or none.
pub struct TimeOrOff {
    /// The least and the most.
    pub range: RangeInclusive<Duration>,
    /// Where it goes.
    pub at: Place<Option<Duration>>,
}

/// A number of things.
pub struct Count<T: 'static> {
    /// The least and the most.
    pub range: RangeInclusive<T>,
    /// Where it goes.
    pub at: Place<T>,
}

/// A file or directory.
pub struct File {
    /// One that could be meant.
    pub example: &'static str,
    /// Where it goes.
    pub at: Place<Option<PathBuf>>,
}

/// A name of something elsewhere.
pub struct Name {
    /// What it is.
    pub unit: &'static str,
    /// One that could be meant.
    pub example: &'static str,
    /// Whether it can be one.
    pub can_be: fn(&str) -> bool,
    /// Where it goes.
    pub at: Place<Option<String>>,
}

/// A database.
pub struct Database(pub Place<Option<DatabaseUrl>>);

/// Where to listen.
pub struct Listen(pub Place<SocketAddr>);

/// Where to listen, if anywhere.
pub struct ListenOrOff(pub Place<Option<SocketAddr>>);

/// Networks.
pub struct Networks(pub Place<Vec<IpNet>>);

/// Origins of pages.
pub struct Origins(pub Place<AllowedOrigins>);

/// Roles of the workspace.
pub struct Roles(pub Place<RoleSet>);

/// One of a few words.
pub struct OneOf<T: 'static> {
    /// The words, and what they stand for.
    pub words: &'static [(&'static str, T)],
    /// Where it goes.
    pub at: Place<T>,
}

/// Units of time, the longest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl Kind for Time {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "duration in s, m, h or d"
    }

    fn allowed(&self) -> String {
        format!("{} to {}", duration(*self.range.start()), duration(*self.range.end()))
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let read = |word: &str| read_duration(word).filter(|duration| self.range.contains(duration));
        one(words, read).map(|value| self.at.change(value))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        vec![duration((self.at.get)(config))]
    }
}

/// The word for no length of time.
const OFF: &str = "off";

impl Kind for TimeOrOff {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "duration in s, m, h or d"
    }

    fn allowed(&self) -> String {
        format!("{OFF}, or {} to {}", duration(*self.range.start()), duration(*self.range.end()))
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let read = |word: &str| {
            let time = (word != OFF).then(|| read_duration(word));
            time.map_or(Some(None), |time| time.filter(|time| self.range.contains(time)).map(Some))
        };
        one(words, read).map(|value| self.at.change(value))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        vec![(self.at.get)(config).map_or_else(|| OFF.into(), duration)]
    }
}

impl<T: Copy + Display + FromStr + PartialOrd + Sync> Kind for Count<T> {
    fn shape(&self) -> Shape {
        Shape::Number
    }

    fn unit(&self) -> &'static str {
        "whole number"
    }

    fn allowed(&self) -> String {
        format!("{} to {}", self.range.start(), self.range.end())
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let read = |word: &str| word.parse().ok().filter(|number| self.range.contains(number));
        one(words, read).map(|value| self.at.change(value))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        vec![(self.at.get)(config).to_string()]
    }
}

impl Kind for File {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "path"
    }

    fn allowed(&self) -> String {
        format!("for example {}", self.example)
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        // No system has a path that is empty or holds a NUL.
        let read = |word: &str| Some(word.into()).filter(|_| !word.is_empty() && !word.contains('\0'));
        one(words, read).map(|path| self.at.change(Some(path)))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        (self.at.get)(config).iter().map(|path| path.display().to_string()).collect()
    }
}

impl Kind for Name {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        self.unit
    }

    fn allowed(&self) -> String {
        format!("for example {}", self.example)
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let read = |word: &str| (self.can_be)(word).then(|| word.to_owned());
        one(words, read).map(|name| self.at.change(Some(name)))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        (self.at.get)(config).into_iter().collect()
    }
}

impl Kind for Database {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "URL of a PostgreSQL database, without a password"
    }

    fn allowed(&self) -> String {
        "for example postgres://rollcall@db.example.org/rollcall".into()
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        one(words, |word| word.parse().ok()).map(|url| self.0.change(Some(url)))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        (self.0.get)(config).iter().map(ToString::to_string).collect()
    }

    /// It may hold a password all the same.
    fn shown(&self, word: &str) -> String {
        match word.parse::<DatabaseUrl>() {
            Ok(_) => "it".into(),
            Err(why) => format!("something else: {why}"),
        }
    }
}

impl Kind for Listen {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "network address with its port"
    }

    fn allowed(&self) -> String {
        "for example 127.0.0.1:3000 or [::1]:3000".into()
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        one(words, |word| word.parse().ok()).map(|address| self.0.change(address))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        vec![(self.0.get)(config).to_string()]
    }
}

impl Kind for ListenOrOff {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "network address with its port"
    }

    fn allowed(&self) -> String {
        format!("{OFF}, or for example 127.0.0.1:9650")
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let read = |word: &str| if word == OFF { Some(None) } else { word.parse().ok().map(Some) };
        one(words, read).map(|address| self.0.change(address))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        vec![(self.0.get)(config).map_or_else(|| OFF.into(), |address| address.to_string())]
    }
}

impl Kind for Networks {
    fn shape(&self) -> Shape {
        Shape::List
    }

    fn unit(&self) -> &'static str {
        "list of networks and single addresses"
    }

    fn allowed(&self) -> String {
        "for example 10.0.0.0/8 or fd00::1".into()
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let address = |word: &str| word.parse::<IpAddr>().ok().map(IpNet::from);
        let read = |word: &str| word.parse().ok().or_else(|| address(word));
        each(words, read).map(|networks| self.0.change(networks))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        (self.0.get)(config).iter().map(ToString::to_string).collect()
    }
}

impl Kind for Origins {
    fn shape(&self) -> Shape {
        Shape::List
    }

    fn unit(&self) -> &'static str {
        "list of origins, or * alone for any"
    }

    fn allowed(&self) -> String {
        "for example https://app.example.com or http://localhost:8080".into()
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        AllowedOrigins::parse(words).map(|origins| self.0.change(origins))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        (self.0.get)(config).words()
    }
}

impl Kind for Roles {
    fn shape(&self) -> Shape {
        Shape::List
    }

    fn unit(&self) -> &'static str {
        "list of roles"
    }

    fn allowed(&self) -> String {
        any_of(Role::ALL.iter().map(|role| role.as_str()))
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        each(words, Role::parse).map(|roles| self.0.change(roles))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        (self.0.get)(config).iter().map(|role| role.as_str().to_owned()).collect()
    }
}

impl<T: Copy + PartialEq + Sync> Kind for OneOf<T> {
    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn unit(&self) -> &'static str {
        "word"
    }

    fn allowed(&self) -> String {
        any_of(self.words.iter().map(|(word, _)| *word))
    }

    fn read(&self, words: &[&str]) -> Result<Change, usize> {
        let read = |given: &str| self.words.iter().find(|(word, _)| *word == given).map(|(_, value)| *value);
        one(words, read).map(|value| self.at.change(value))
    }

    fn get(&self, config: &Config) -> Vec<String> {
        let value = (self.at.get)(config);
        self.words.iter().filter(|(_, other)| *other == value).map(|(word, _)| (*word).to_owned()).collect()
    }
}

/// Whether a text can name something: a word that is not too long.
pub fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= limits::TEXT_CHARS
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

/// The only word, read.
fn one<T>(words: &[&str], read: impl Fn(&str) -> Option<T>) -> Result<T, usize> {
    words.first().and_then(|word| read(word)).ok_or(0)
}

/// All words, read.
fn each<T, C: FromIterator<T>>(words: &[&str], read: impl Fn(&str) -> Option<T>) -> Result<C, usize> {
    words.iter().enumerate().map(|(number, word)| read(word).ok_or(number)).collect()
}

fn any_of(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn read_duration(word: &str) -> Option<Duration> {
    let (number, seconds) =
        UNITS.iter().find_map(|(unit, seconds)| Some((word.strip_suffix(unit)?, seconds)))?;
    // `parse` takes a sign too.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| digits)?;
    number.checked_mul(*seconds).map(Duration::from_secs)
}

/// A duration as it is set, in the longest unit that says it exactly.
fn duration(duration: Duration) -> String {
    let whole = duration.as_secs();
    let exact = UNITS.iter().find(|(_, seconds)| whole >= *seconds && whole.is_multiple_of(*seconds));
    exact.map_or_else(|| format!("{whole}s"), |(unit, seconds)| format!("{}{unit}", whole / seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_they_are_written() {
        for text in ["1s", "59s", "61s", "1m", "5m", "90m", "1h", "36h", "1d", "90d", "3650d"] {
            assert_eq!(duration(read_duration(text).unwrap()), text);
        }
        assert_eq!(duration(read_duration("60s").unwrap()), "1m");
        assert_eq!(duration(read_duration("2160h").unwrap()), "90d");
        for text in ["", "d", "90", "-1d", "+1d", "1.5h", "1h30m", "90 d", "1w", "99999999999999999999d"] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_word_of_a_list_that_cannot_be_used_is_told() {
        let read = |word: &str| word.parse::<u8>().ok();
        assert_eq!(each::<_, Vec<_>>(&["1", "2"], read), Ok(vec![1, 2]));
        assert_eq!(each::<_, Vec<_>>(&["1", "x", "y"], read), Err(1));
        assert_eq!(each::<_, Vec<_>>(&[], read), Ok(vec![]));
    }
}
