//! What was found at one place: how it is, and what to do.

use serde_json::{Value, json};
use std::fmt;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and should be looked at.
    Warning,
    /// It does not work.
    Bad,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// What was found at one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where it was looked.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub what: String,
    /// More of it.
    pub lines: Vec<String>,
    /// What to do.
    pub to_do: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, state: State::Good, what: what.into(), lines: Vec::new(), to_do: None }
    }

    /// It works, and should be looked at.
    pub fn warning(check: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { state: State::Warning, to_do: Some(to_do.into()), ..Self::good(check, what) }
    }

    /// It does not work.
    pub fn bad(check: &'static str, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { state: State::Bad, to_do: Some(to_do.into()), ..Self::good(check, what) }
    }

    /// The same with more to read.
    pub fn with_lines(self, lines: impl IntoIterator<Item = String>) -> Self {
        Self { lines: lines.into_iter().collect(), ..self }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "check": self.check,
            "state": self.state.as_str(),
            "what": self.what,
            "lines": self.lines,
            "to_do": self.to_do,
        })
    }
}

/// A line, and what belongs to it beneath.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut what = self.what.lines();
        writeln!(f, "{:<9}{:<11}{}", self.state.as_str(), self.check, what.next().unwrap_or_default())?;
        for line in what.chain(self.lines.iter().map(String::as_str)) {
            writeln!(f, "{:20}  {line}", "")?;
        }
        self.to_do.iter().try_for_each(|to_do| writeln!(f, "{:20}→ {to_do}", ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_what_belongs_to_it() {
        assert_eq!(Finding::good("key", "there").to_string(), "good     key        there\n");
        let bad = Finding::bad("settings", "one\ntwo", "put them right").with_lines(["three".into()]);
        let indent = " ".repeat(20);
        assert_eq!(
            bad.to_string(),
            format!("bad      settings   one\n{indent}  two\n{indent}  three\n{indent}→ put them right\n")
        );
        assert_eq!(bad.json()["state"], "bad");
    }
}
