//! The file of settings: TOML with a table for each section. All that is wrong in it is told at once, in the
//! order of its lines.

use super::error::{ConfigError, nearest, nearest_section};
use super::kind::Shape;
use super::load::{Given, Origin};
use super::settings::{SETTINGS, Setting};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

type Value<'a> = Spanned<DeValue<'a>>;

/// The settings of a file, and what is wrong in it.
pub(super) fn read(name: &str, text: &str) -> (Vec<Given>, Vec<ConfigError>) {
    let (table, broken) = DeTable::parse_recoverable(text);
    let mut reader = Reader { name, text, given: Vec::new(), errors: Vec::new() };
    reader.sections(table.get_ref());
    reader.broken(&broken);
    let Reader { given, mut errors, .. } = reader;
    errors.sort_by_key(|(at, _)| *at);
    (given, errors.into_iter().map(|(_, error)| error).collect())
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    given: Vec<Given>,
    /// With their places, which order them.
    errors: Vec<(usize, ConfigError)>,
}

impl Reader<'_> {
    fn sections(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let known = SETTINGS.iter().any(|setting| setting.section() == name);
            match value.get_ref() {
                DeValue::Table(keys) if known => self.keys(name, keys),
                DeValue::Table(_) => {
                    let what = format!("no such section; the nearest is [{}]", nearest_section(name));
                    self.error(key.span(), &format!("[{name}]"), what);
                }
                other if known => {
                    let what = format!("expected a section, [{name}]; found {}", found(other));
                    self.error(value.span(), name, what);
                }
                _ => self.unknown(key.span(), name),
            }
        }
    }

    fn keys(&mut self, section: &str, keys: &DeTable<'_>) {
        for (key, value) in keys {
            let name = format!("{section}.{}", key.get_ref());
            match Setting::find(&name) {
                Some(setting) => self.value(setting, value),
                None => self.unknown(key.span(), &name),
            }
        }
    }

    fn value(&mut self, setting: &'static Setting, value: &Value<'_>) {
        let values = match (setting.kind.shape(), value.get_ref()) {
            (Shape::Text, DeValue::String(_)) | (Shape::Number, DeValue::Integer(_)) => vec![value],
            (Shape::List, DeValue::Array(values)) => values.iter().collect(),
            (_, other) => return self.error(value.span(), setting.name, setting.expected(&found(other))),
        };
        let mut words = Vec::new();
        for value in &values {
            match value.get_ref() {
                DeValue::String(text) => words.push(text.to_string()),
                DeValue::Integer(number) if setting.kind.shape() == Shape::Number => {
                    words.push(decimal(number));
                }
                other => return self.error(value.span(), setting.name, setting.expected(&found(other))),
            }
        }
        match Given::read(setting, &words, Origin::File) {
            Ok(given) => self.given.push(given),
            Err((number, what)) => {
                let span = values.get(number).map_or_else(|| value.span(), |value| value.span());
                self.error(span, setting.name, what);
            }
        }
    }

    fn unknown(&mut self, span: Range<usize>, name: &str) {
        let what = format!("no such setting; the nearest is {}", nearest(name).name);
        self.error(span, name, what);
    }

    /// Adds what is no TOML. Whatever else was found on a line like that says nothing about what was meant;
    /// nor does what follows on the head of a section that cannot be read.
    fn broken(&mut self, broken: &[toml::de::Error]) {
        let starts = broken.iter().map(|error| error.span().map_or(self.text.len(), |span| span.start));
        let starts: Vec<_> = starts.collect();
        let lines: Vec<_> = starts.iter().map(|at| line(self.text, *at)).collect();
        let is_head = |line: &&usize| {
            let text = self.text.lines().nth(**line - 1).unwrap_or_default();
            text.trim_start().starts_with('[')
        };
        let end = lines.iter().filter(is_head).min().copied().unwrap_or(usize::MAX);
        self.errors.retain(|(at, _)| {
            let line = line(self.text, *at);
            line < end && !lines.contains(&line)
        });
        for (error, at) in broken.iter().zip(starts) {
            self.error(at..at, "not TOML", error.message().into());
        }
    }

    fn error(&mut self, span: Range<usize>, name: &str, what: String) {
        let place = self.place(span.start, name);
        self.errors.push((span.start, ConfigError { place, what }));
    }

    fn place(&self, at: usize, name: &str) -> String {
        let before = self.text.get(..at).unwrap_or(self.text);
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        format!("{}:{}:{column}: {name}", self.name, line(self.text, at))
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// A number as it would be written in tens.
fn decimal(number: &DeInteger<'_>) -> String {
    let read = i128::from_str_radix(number.as_str(), number.radix());
    read.map_or_else(|_| number.to_string(), |number| number.to_string())
}

/// A value of another type than expected, as an error names it.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(truth) => format!("the bare word {truth}"),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        read("a.toml", text).1.iter().map(ToString::to_string).collect()
    }

    fn given(text: &str) -> Vec<(&'static str, Vec<String>)> {
        let (given, errors) = read("a.toml", text);
        assert_eq!(errors, []);
        let words = |given: Given| {
            let mut config = Config::default();
            (given.change)(&mut config);
            (given.setting.name, given.setting.kind.get(&config))
        };
        given.into_iter().map(words).collect()
    }

    #[test]
    fn sections_and_dotted_keys_are_read() {
        let text =
            "log.level = 'warn'\n[limits]\ncalls = 1_000\n[proxies]\ntrusted = ['10.0.0.0/8', '::1']\n";
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            given(text),
            [
                ("limits.calls", words(&["1000"])),
                ("log.level", words(&["warn"])),
                ("proxies.trusted", words(&["10.0.0.0/8", "::1/128"])),
            ]
        );
        assert_eq!(given(""), []);
        assert_eq!(given("[log]\n[proxies]\ntrusted = []"), [("proxies.trusted", vec![])]);
    }

    #[test]
    fn names_that_are_not_known_are_told_with_the_nearest() {
        assert_eq!(
            errors(
                "calls = 3\n[sessions]\n  lifetme = '90d'\n[session]\nlifetime = '90d'\n[log.level]\nx = 1\n[log.x]\n"
            ),
            [
                "a.toml:1:1: calls: no such setting; the nearest is limits.calls",
                "a.toml:3:3: sessions.lifetme: no such setting; the nearest is sessions.lifetime",
                "a.toml:4:2: [session]: no such section; the nearest is [sessions]",
                "a.toml:6:1: log.level: expected a word: off, error, warn, info, debug, trace; found a table",
                "a.toml:8:6: log.x: no such setting; the nearest is log.level",
            ]
        );
    }

    #[test]
    fn other_types_are_told_by_name() {
        let time = "expected a duration in s, m, h or d: 1s to 3650d; found";
        for (line, error) in [
            ("sessions.lifetime = 90", format!("21: sessions.lifetime: {time} the number 90")),
            ("sessions.lifetime = 9.5", format!("21: sessions.lifetime: {time} the number 9.5")),
            ("sessions.lifetime = true", format!("21: sessions.lifetime: {time} the bare word true")),
            ("sessions.lifetime = 07:32:00", format!("21: sessions.lifetime: {time} the time 07:32:00")),
            ("sessions.lifetime = ['90d']", format!("21: sessions.lifetime: {time} a list")),
            (
                "limits.calls = '10'",
                "16: limits.calls: expected a whole number: 1 to 1000000; found the text \"10\"".into(),
            ),
            (
                "proxies.trusted = '::1'",
                "19: proxies.trusted: expected a list of networks and single addresses: for example 10.0.0.0/8 or fd00::1; found the text \"::1\"".into(),
            ),
            (
                "proxies.trusted = ['::1', 4]",
                "27: proxies.trusted: expected a list of networks and single addresses: for example 10.0.0.0/8 or fd00::1; found the number 4".into(),
            ),
            ("log = 3", "7: log: expected a section, [log]; found the number 3".into()),
        ] {
            assert_eq!(errors(line), [format!("a.toml:1:{error}")]);
        }
    }

    #[test]
    fn broken_toml_is_told_beside_the_rest() {
        let text =
            "[limits]\ncalls = 3 4\nwindow = 5\nwindow = '5m'\n[log]\nlevel = 1\n[sessions\nlifetime = 'x'\n";
        let errors = errors(text);
        assert_eq!(errors.len(), 5, "{errors:#?}");
        for (error, begin) in errors.iter().zip([
            "a.toml:2:9: not TOML: ",
            "a.toml:3:10: limits.window: expected a duration",
            "a.toml:4:1: not TOML: duplicate key",
            "a.toml:6:9: log.level: expected a word",
            "a.toml:7:10: not TOML: unclosed table",
        ]) {
            assert!(error.starts_with(begin), "{errors:#?}");
        }
    }

    #[test]
    fn values_out_of_range_are_told_in_the_order_of_lines() {
        assert_eq!(
            errors("[limits]\nwindow = '2d'\ncalls = 0x0\n[factors]\nrequired_of = ['admin',\n  'admni']\n"),
            [
                "a.toml:2:10: limits.window: expected a duration in s, m, h or d: 1s to 1d; found \"2d\"",
                "a.toml:3:9: limits.calls: expected a whole number: 1 to 1000000; found 0",
                "a.toml:6:3: factors.required_of: expected a list of roles: admin, user, bot, app, guest, anonymous, moderator, leader, owner; found \"admni\"",
            ]
        );
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(
            errors("log = { 'ключ' = 1 }\r\n\"é\" = 1"),
            [
                "a.toml:1:9: log.ключ: no such setting; the nearest is log.level",
                "a.toml:2:1: é: no such setting; the nearest is store.url",
            ]
        );
    }
}
