//! The settings in force, for people and programs: as a file with comments, as JSON, as a short list.

use super::kind::Shape;
use super::load::{Effective, Loaded};
use serde_json::{Value, json};
use std::fmt::Write;

const HEAD: &str = "\
# Settings of Rollcall, all of them. A file like this is read by `--config FILE`, or named in ROLLCALL_CONFIG.
# The environment wins over the file, flags over both.
";

impl Effective {
    fn toml(&self) -> Option<String> {
        self.setting.toml(&self.words)
    }

    /// The default as TOML, or that there is none.
    pub fn default_toml(&self) -> String {
        self.setting.toml(&self.default).unwrap_or_else(|| "not set".into())
    }
}

impl Loaded {
    /// A complete file of settings: what each is, and where its value comes from.
    pub fn toml(&self) -> String {
        let (mut text, mut section) = (HEAD.to_owned(), "");
        for effective in self.each() {
            let setting = effective.setting;
            if setting.section() != section {
                section = setting.section();
                let _ = write!(text, "\n[{section}]\n");
            }
            let _ = write!(
                text,
                "\n# {}.\n# A {}.\n# Default: {}. From: {}.\n",
                setting.meaning,
                setting.values(),
                effective.default_toml(),
                effective.origin
            );
            let _ = match effective.toml() {
                Some(value) => writeln!(text, "{} = {value}", setting.key()),
                None => writeln!(text, "# {} =", setting.key()),
            };
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> String {
        let settings = self.each().map(|effective| {
            let (setting, origin) = (effective.setting, effective.origin.to_string());
            json!({
                "name": setting.name,
                "value": json_of(&effective, &effective.words),
                "from": origin,
                "default": json_of(&effective, &effective.default),
                "meaning": setting.meaning,
                "unit": setting.kind.unit(),
                "allowed": setting.kind.allowed(),
                "variable": setting.variable(),
            })
        });
        format!("{:#}\n", json!({ "settings": settings.collect::<Vec<_>>() }))
    }

    /// A line for each setting that is not as by default.
    pub fn changes(&self) -> String {
        let mut text = String::new();
        for effective in self.each().filter(|effective| effective.words != effective.default) {
            let value = effective.toml().unwrap_or_default();
            let (name, origin) = (effective.setting.name, effective.origin);
            let _ =
                writeln!(text, "  {name} = {value}  (from: {origin}; default: {})", effective.default_toml());
        }
        text
    }
}

fn json_of(effective: &Effective, words: &[String]) -> Value {
    let word = words.first().map(String::as_str);
    match effective.setting.kind.shape() {
        Shape::Text => word.into(),
        Shape::Number => word.and_then(|word| word.parse::<u64>().ok()).into(),
        Shape::List => words.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Sources, load};
    use super::*;

    fn of_file(text: &str) -> Loaded {
        load(Sources { file: Some(("a.toml".into(), text.into())), ..Sources::default() }).unwrap()
    }

    fn values(loaded: &Loaded) -> Vec<(&str, Vec<String>)> {
        loaded.each().map(|effective| (effective.setting.name, effective.words)).collect()
    }

    const EVERY_SECTION: &str = r#"
        server = { data_dir = "a \"b\" \\ \u007f\u0001", listen = "[::1]:80", key_file = "ключ" }
        sessions.lifetime = "1h"
        limits = { calls = 0x10, window = "90s" }
        failures.user = 3
        step_up.window = "1s"
        proxies.trusted = ["10.0.0.0/8", "::1"]
        cors.origins = ["*"]
        factors.required_of = ["admin", "owner"]
        mail = { transport = "smtp", host = "h", port = 25, tls = "none", ca_file = "c", username = "u", password_file = "p", from = "a@b.test", timeout = "5s" }
        log = { level = "warn", format = "json" }
    "#;

    #[test]
    fn what_is_printed_is_read_as_the_same_settings() {
        for file in ["", EVERY_SECTION] {
            let loaded = of_file(file);
            assert_eq!(values(&of_file(&loaded.toml())), values(&loaded), "{}", loaded.toml());
        }
    }

    #[test]
    fn the_printed_file_says_what_each_setting_is_and_whence_it_comes() {
        let text = of_file(EVERY_SECTION).toml();
        for part in [
            "\n[sessions]\n\n# How long a login token lives",
            "\n# A duration in s, m, h or d: 1s to 3650d.\n# Default: \"90d\". From: file.\nlifetime = \"1h\"\n",
            "\n# A whole number: 1 to 10000.\n# Default: 50. From: default.\nper_user = 50\n",
            "\ncalls = 16\n",
            "\ntrusted = [\"10.0.0.0/8\", \"::1/128\"]\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(Loaded::default().toml().contains("# Default: not set. From: default.\n# data_dir =\n"));
    }

    #[test]
    fn programs_are_told_in_types() {
        let json: Value = serde_json::from_str(&of_file(EVERY_SECTION).json()).unwrap();
        let of = |name: &str| {
            json["settings"]
                .as_array()
                .unwrap()
                .iter()
                .find(|setting| setting["name"] == name)
                .unwrap()
                .clone()
        };
        assert_eq!(of("limits.calls")["value"], 16);
        assert_eq!(of("limits.calls")["default"], 10);
        assert_eq!(of("sessions.lifetime")["value"], "1h");
        assert_eq!(of("sessions.lifetime")["from"], "file");
        assert_eq!(of("sessions.lifetime")["variable"], "ROLLCALL__SESSIONS__LIFETIME");
        assert_eq!(of("factors.required_of")["value"], json!(["admin", "owner"]));
        assert_eq!(of("server.data_dir")["default"], Value::Null);
    }

    #[test]
    fn only_what_is_not_as_by_default_is_a_change() {
        let loaded = of_file("limits = { calls = 20, window = \"60s\" }");
        assert_eq!(loaded.changes(), "  limits.calls = 20  (from: file; default: 10)\n");
        assert_eq!(Loaded::default().changes(), "");
    }
}
