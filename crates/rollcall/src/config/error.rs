//! What is wrong with the settings that were given: each fault with its place, all of them at once.

use super::settings::{SETTINGS, Setting};

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct ConfigError {
    /// Where it was given: file, line and column; a variable; a flag.
    pub place: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// All that is wrong with the settings, a line for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The setting whose name is nearest to one that is not known. A name without a section is held against keys
/// too.
pub(super) fn nearest(name: &str) -> &'static Setting {
    let distance = |setting: &&Setting| {
        let whole = strsim::osa_distance(name, setting.name);
        if name.contains('.') { whole } else { whole.min(strsim::osa_distance(name, setting.key())) }
    };
    SETTINGS.iter().min_by_key(distance).unwrap_or(&SETTINGS[0])
}

/// The section whose name is nearest to one that is not known.
pub(super) fn nearest_section(name: &str) -> &'static str {
    let sections = SETTINGS.iter().map(Setting::section);
    sections.min_by_key(|section| strsim::osa_distance(name, section)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        for (name, found) in [
            ("sessions.lifetme", "sessions.lifetime"),
            ("session.lifetime", "sessions.lifetime"),
            ("sessions.per-user", "sessions.per_user"),
            ("limit.windows", "limits.window"),
            ("failures.windows", "failures.window"),
            ("lifetime", "sessions.lifetime"),
            ("data-dir", "server.data_dir"),
            ("proxies.trutsed", "proxies.trusted"),
            ("sessions_lifetime", "sessions.lifetime"),
        ] {
            assert_eq!(nearest(name).name, found, "{name}");
        }
        for (name, found) in
            [("session", "sessions"), ("stepup", "step_up"), ("logs", "log"), ("faliures", "failures")]
        {
            assert_eq!(nearest_section(name), found, "{name}");
        }
    }
}
