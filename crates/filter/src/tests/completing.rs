//! What is suggested, and in the place of what.

use crate::{Glob, TextField, Values, complete};

/// What is suggested where the bar stands, as the whole texts that would come of it.
fn completed(text: &str) -> Vec<String> {
    let cursor = text.chars().position(|c| c == '|').unwrap();
    let text = text.replacen('|', "", 1);
    let completion = complete(&text, cursor);
    let (before, behind): (String, String) = (
        text.chars().take(completion.replaces.start).collect(),
        text.chars().skip(completion.replaces.end).collect(),
    );
    completion.suggestions.iter().map(|suggestion| format!("{before}{}{behind}", suggestion.text)).collect()
}

fn values(text: &str) -> Option<Values> {
    complete(text, text.chars().count()).values
}

#[test]
fn names_operators_and_words_are_completed() {
    assert_eq!(completed("us|"), ["user:"]);
    assert_eq!(completed("user:zoe (-o|"), ["user:zoe (-os:"]);
    assert_eq!(completed("user:zoe o|x b"), ["user:zoe os: b"]);
    assert_eq!(completed("|").len(), 15);
    assert_eq!(completed("a | b").len(), 15);
    assert_eq!(completed("seen|"), ["seen<", "seen<=", "seen>", "seen>="]);
    assert_eq!(completed("se|"), ["seen<"]);
    assert_eq!(completed("é type:mo|"), ["é type:mobile", "é type:mobile-app"]);
    assert_eq!(completed("type:\"mo|"), ["type:mobile", "type:mobile-app"]);
    assert_eq!(completed("role:A|"), ["role:admin", "role:app", "role:anonymous"]);
    assert_eq!(completed("current:|"), ["current:yes", "current:no"]);
    assert_eq!(completed("seen<3|"), ["seen<30d"]);
    for nothing in ["user:/a|", "/us|", "/a/|", "divice:x|", "seen:|", "zzz|", "user<|", "email:a|"] {
        assert_eq!(completed(nothing), [""; 0], "{nothing}");
    }
}

#[test]
fn values_that_sessions_have_are_asked_for() {
    let wanted = |field, prefix: &str| Some(Values { field, prefix: prefix.into() });
    assert_eq!(values("user:zo"), wanted(TextField::User, "zo"));
    assert_eq!(values("a OR device:"), wanted(TextField::Device, ""));
    assert_eq!(values("os:\"mac o"), wanted(TextField::Os, "mac o"));
    assert_eq!(values("user~zo"), None);
    assert_eq!(values("type:mo"), None);
    assert_eq!(Glob::literal("Mac OS").to_string(), "\"Mac OS\"");
    assert_eq!(Glob::literal("zoe*").to_string(), "\"zoe\\*\"");
}
