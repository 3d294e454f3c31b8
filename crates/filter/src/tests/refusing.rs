//! What is no filter, and where.

use crate::{Fault, Tree};
use rollcall_model::limits::{FILTER_DEPTH, FILTER_TERMS, FILTER_TREE_CHARS};

#[test]
fn an_error_says_where_it_is_and_what_was_expected() {
    for (text, column, length, says, nearest) in [
        ("divice:x", 1, 6, "there is no field `divice`", Some("device")),
        ("a OR  usr:zoe", 7, 3, "there is no field `usr`", Some("user")),
        ("http://x", 1, 4, "there is no field `http`", None),
        ("é type:moble", 8, 5, "`type` has no such value", Some("mobile")),
        ("role:admn", 6, 4, "`role` has no such value", Some("admin")),
        ("factor:sms", 8, 3, "Expected `totp`, `mail` or `none`", None),
        ("current:maybe", 9, 5, "Expected `yes` or `no`", None),
        ("seen:7d", 5, 1, "`seen` takes no `:`. Expected `<`, `<=`, `>` or `>=`", None),
        ("user<a", 5, 1, "`user` takes no `<`", None),
        ("seen<7s", 6, 2, "an age such as", None),
        ("version<x", 9, 1, "a version such as", None),
        ("ip:10.0.0.0/33", 4, 11, "an address such as", None),
        ("ip:chat", 4, 4, "an address such as", None),
        ("user:", 6, 0, "a value", None),
        ("user: zoe", 6, 0, "a value", None),
        ("user~", 6, 0, "a text", None),
        ("a -", 4, 0, "a term", None),
        ("a OR", 5, 0, "a term", None),
        ("OR a", 1, 2, "a term", None),
        ("a OR OR b", 6, 2, "a term", None),
        ("a AND", 6, 0, "a term", None),
        ("()", 2, 0, "a term", None),
        (")", 1, 0, "a term", None),
        ("a)", 2, 0, "a term, not `)`", None),
        ("x (a OR b", 3, 7, "`)`", None),
        ("x \"abc", 3, 4, "`\"`", None),
        ("x /abc", 3, 4, "`/`", None),
        ("x /(/", 3, 3, "unclosed group", None),
        ("//", 1, 2, "a regular expression between slashes", None),
        ("/\\w{500}{500}/", 1, 14, "the regular expression is too large", None),
        ("\"a\"b", 4, 0, "a space between terms", None),
        ("/a/b", 4, 0, "a space between terms", None),
    ] {
        let error = Tree::parse(text).expect_err(text);
        assert_eq!((error.column, error.length), (column, length), "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
        assert_eq!(error.nearest(), nearest, "{text}");
    }
}

#[test]
fn the_past_is_asked_nothing_that_only_the_present_knows() {
    for (text, column, length) in
        [("user:zoe seen<7d", 10, 4), ("a OR -(factor:none)", 8, 6), ("Current:yes", 1, 7)]
    {
        assert!(Tree::parse(text).is_ok(), "{text}");
        let error = Tree::parse_of_the_past(text).expect_err(text);
        assert_eq!((error.column, error.length), (column, length), "{text}: {error}");
        assert!(
            error.to_string().contains("is known of live sessions only. Expected one of the fields user, ")
        );
        assert!(!error.expected().contains("seen"), "{error}");
    }
    for text in ["", "user:zoe login<7d -role:admin", "\"seen\" email:*@x.test"] {
        assert_eq!(Tree::parse_of_the_past(text), Tree::parse(text), "{text}");
    }
}

#[test]
fn what_is_too_much_is_refused_with_its_bound() {
    let terms = |count: usize| vec!["a"; count].join(" OR ");
    assert!(Tree::parse(&terms(FILTER_TERMS)).is_ok());
    let error = Tree::parse(&terms(FILTER_TERMS + 1)).unwrap_err();
    assert_eq!((error.column, &error.fault), (FILTER_TERMS * 5 + 1, &Fault::TooManyTerms));
    let error = Tree::parse(&terms(10_000)).unwrap_err();
    assert_eq!((error.column, &error.fault), (FILTER_TREE_CHARS + 1, &Fault::TooLong));
    assert!(error.expected().contains("8192 characters"));
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Tree::parse(&deep(FILTER_DEPTH)).is_ok());
    let error = Tree::parse(&deep(FILTER_DEPTH + 1)).unwrap_err();
    assert_eq!((error.column, &error.fault), (FILTER_DEPTH + 1, &Fault::TooDeep));
    assert_eq!(Tree::parse(&deep(4_000)).unwrap_err().fault, Fault::TooDeep);
    // Not nested: as many as fit.
    assert!(Tree::parse(&format!("{}a", "-".repeat(8_000))).is_ok());
    let programs = vec!["/\\w{50}/"; 100].join(" ");
    assert_eq!(Tree::parse(&programs).unwrap_err().fault, Fault::PatternTooLarge);
}
