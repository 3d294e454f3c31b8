//! What texts mean, by how they are printed.

use crate::{Binding, Glob, Leaf, Text, Tree};
use rollcall_model::{SessionNo, Timestamp, UserNo};

fn printed(text: &str) -> String {
    Tree::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn a_filter_has_one_canonical_text() {
    for (text, canonical) in [
        ("", ""),
        ("  ", ""),
        ("chrome", "chrome"),
        ("\"chrome\"", "chrome"),
        ("\"two words\"", "\"two words\""),
        ("  a   b ", "a b"),
        ("a AND b", "a b"),
        ("a (b c)", "a b c"),
        ("a b OR c", "a b OR c"),
        ("a (b OR c)", "a (b OR c)"),
        ("(a OR b) OR c", "a OR b OR c"),
        ("NOT a", "-a"),
        ("--a", "a"),
        ("-(-a)", "a"),
        ("-(a b)", "-(a b)"),
        ("-(a)", "-a"),
        ("((((a))))", "a"),
        ("or", "or"),
        ("\"OR\"", "\"OR\""),
        ("\"-a\"", "\"-a\""),
        ("anna-2", "anna-2"),
        ("USER:Zoe", "user:Zoe"),
        ("user:\"Zoe\"", "user:Zoe"),
        ("name:\"\"", "name:\"\""),
        ("device:\"Chrome 11*\"", "device:\"Chrome 11*\""),
        ("user:a**b", "user:a*b"),
        ("user~*a*", "user~a"),
        ("*", "\"\""),
        ("user:a\\*b", "user:\"a\\*b\""),
        ("host:DOM\\user", "host:\"DOM\\\\user\""),
        ("type:Mobile", "type:mobile"),
        ("type:mobile*", "type:mobile*"),
        ("ip:10.1.2.3/8", "ip:10.0.0.0/8"),
        ("ip:10.1.0.7/32", "ip:10.1.0.7"),
        ("ip:::ffff:10.1.0.7", "ip:10.1.0.7"),
        ("ip:2001:DB8::/32", "ip:2001:db8::/32"),
        ("ip:10.1.*", "ip:10.1.*"),
        ("2001:db8::7", "2001:db8::7"),
        ("seen<2w", "seen<14d"),
        ("login>=2026-11-01", "login>=2026-11-01"),
        ("login<2026-11-01T10:00+02:00", "login<2026-11-01T08:00:00.000Z"),
        ("version>=145", "version>=145"),
        ("version:145*", "version:145*"),
        ("role:Admin", "role:admin"),
        ("factor:totp -current:yes", "factor:totp -current:yes"),
        ("/a\\/b/", "/a\\/b/"),
        ("user:/^a b$/", "user:/^a b$/"),
        ("user~/a/", "user~\"/a/\""),
        (
            "user:zoe os:windows device:\"Chrome 11*\" ip:10.0.0.0/8 seen<7d -type:mobile /regex/ or plain words",
            "user:zoe os:windows device:\"Chrome 11*\" ip:10.0.0.0/8 seen<7d -type:mobile /regex/ or plain words",
        ),
    ] {
        assert_eq!(printed(text), canonical, "{text}");
        assert_eq!(printed(canonical), canonical);
    }
}

#[test]
fn v1s_text_is_a_tree_too() {
    for (text, canonical) in [
        ("chrome", "chrome"),
        ("user:zoe", "\"user:zoe\""),
        ("10.1", "10.1 OR /10.1/"),
        ("(", "\"(\""),
        ("a/b.", "a/b. OR /a\\/b./"),
    ] {
        let tree = Tree::of_text(text);
        assert_eq!(tree.to_string(), canonical, "{text}");
        assert_eq!(Tree::parse(canonical), Ok(tree));
    }
}

#[test]
fn trees_that_programs_make_have_the_one_form() {
    let leaf = |text: &str| Tree::Leaf(Leaf::Any(Text::Contains(Glob::literal(text))));
    assert_eq!(Tree::and(vec![leaf("a"), Tree::everything(), Tree::and(vec![leaf("b")])]).to_string(), "a b");
    assert_eq!(Tree::or(vec![leaf("a"), Tree::everything()]).to_string(), "a OR \"\"");
    assert_eq!(Tree::or(vec![]).to_string(), "-\"\"");
    assert_eq!(Tree::not(Tree::everything()).to_string(), "-\"\"");
}

#[test]
fn ages_become_instants_and_the_younger_lies_behind_them() {
    // 2023-11-14T22:13:20Z
    let now = Timestamp::from_ms(1_700_000_000_000);
    let bind = |text: &str, caller| {
        let emails = |_: &Text| vec![UserNo(7), UserNo(3), UserNo(7)];
        Tree::parse(text).unwrap().bind(&Binding { now, caller, emails: &emails })
    };
    for (text, key, is_kept) in [
        ("login<1d", "login>2023-11-13T22:13:00.000Z", true),
        ("login<=1d", "login>=2023-11-13T22:13:00.000Z", true),
        ("login>13m", "login<2023-11-14T22:00:00.000Z", true),
        ("login>=1333m", "login<=2023-11-14", true),
        ("login>=2023-11-01 user:a", "login>=2023-11-01 user:a", true),
        ("a -(seen<0m OR b)", "a -(seen>2023-11-14T22:13:00.000Z OR b)", false),
        ("current:no", "current:no", false),
        ("email:a*", "email:a*[UserNo(3), UserNo(7)]", true),
    ] {
        let bound = bind(text, Some(SessionNo(1)));
        assert_eq!((bound.key(), bound.is_kept()), (key, is_kept), "{text}");
    }
}
