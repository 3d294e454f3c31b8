//! Any trees.

use crate::{
    Age, Comparison, Factor, Field, Glob, Leaf, Pattern, Text, TextField, TimeField, Tree, Version, When,
};
use proptest::prelude::*;
use proptest::sample::select;
use rollcall_model::{DeviceType, Role, Timestamp};

const FIELDS: [TextField; 10] = [
    TextField::User,
    TextField::Name,
    TextField::Email,
    TextField::Device,
    TextField::Type,
    TextField::Version,
    TextField::Os,
    TextField::Host,
    TextField::Ip,
    TextField::Id,
];

pub fn glob() -> impl Strategy<Value = Glob> {
    let letters = select(vec![
        "a", "Zoë", " ", "\"", "\\", "*", "(", ")", "-", "/", ":", "user:", "<", "OR", "AND", "NOT", "\n",
        "10.", "", "\u{212A}", "\\*", "~", ">=",
    ]);
    let piece = prop::collection::vec(letters, 0..4).prop_map(|letters| letters.concat());
    prop::collection::vec(piece, 1..4).prop_map(Glob::of)
}

fn pattern() -> impl Strategy<Value = Text> {
    let letters = select(vec![
        "a", "/", "\\/", "\\\\", "[^/]", " ", "\"", "(b|c)", ".*", "^", "$", "\\d", "(?-i)", "\n", "é", "\\*",
    ]);
    let text = prop::collection::vec(letters, 1..6).prop_map(|letters| letters.concat());
    let parsed = text.prop_filter_map("a pattern", |text| Some(Pattern::parse(&text).ok()?.0));
    parsed.prop_map(Text::Matches)
}

fn contains() -> impl Strategy<Value = Text> {
    glob().prop_map(|glob| Text::Contains(glob.without_ends()))
}

fn when() -> impl Strategy<Value = When> {
    let day = 86_400_000;
    prop_oneof![
        (0..3_000_000_u32).prop_map(|minutes| When::Age(Age::of_minutes(minutes))),
        (0..400_u32).prop_map(|days| When::Age(Age::of_minutes(days * 1_440))),
        (0..40_000_i64).prop_map(move |days| When::At(Timestamp::from_ms(days * day))),
        (-62_167_219_200_000..253_402_300_799_999_i64).prop_map(|ms| When::At(Timestamp::from_ms(ms))),
    ]
}

pub fn leaf() -> impl Strategy<Value = Leaf> {
    let comparison = || select(Comparison::ALL.to_vec());
    // These have values that are read by more than their letters.
    let is = (select(FIELDS.to_vec()), glob()).prop_filter_map("a text", |(field, glob)| {
        let is_free = !matches!(field, TextField::Type | TextField::Ip) || glob.as_literal().is_none();
        is_free.then_some(Leaf::Text(field, Text::Is(glob)))
    });
    let network = (any::<u128>(), any::<bool>(), 0..=128_u8).prop_map(|(bits, is_v4, prefix)| {
        let ip = if is_v4 {
            std::net::Ipv4Addr::from_bits((bits & 0xffff_ffff) as u32).into()
        } else {
            std::net::IpAddr::from(std::net::Ipv6Addr::from_bits(bits | 1 << 127))
        };
        let prefix = if is_v4 { prefix % 33 } else { prefix };
        Leaf::Network(ipnet::IpNet::new(ip, prefix).unwrap().trunc())
    });
    prop_oneof![
        4 => prop_oneof![contains(), pattern()].prop_map(Leaf::Any),
        4 => is,
        4 => (select(FIELDS.to_vec()), prop_oneof![contains(), pattern()])
            .prop_map(|(field, text)| Leaf::Text(field, text)),
        1 => select(DeviceType::ALL.to_vec())
            .prop_map(|kind| Leaf::Text(TextField::Type, Text::Is(Glob::literal(kind.as_str())))),
        1 => network,
        1 => select(Role::ALL.to_vec()).prop_map(Leaf::Role),
        1 => select(Factor::ALL.to_vec()).prop_map(Leaf::Factor),
        1 => any::<bool>().prop_map(Leaf::Current),
        2 => (select(vec![TimeField::Login, TimeField::Seen]), comparison(), when())
            .prop_map(|(field, comparison, when)| Leaf::Time(field, comparison, when)),
        1 => (comparison(), select(vec!["1", "145.0.7632.109", "0.0", "18446744073709551615"]))
            .prop_map(|(comparison, version)| Leaf::Version(comparison, Version::parse(version).unwrap())),
    ]
}

pub fn tree() -> impl Strategy<Value = Tree> {
    prop_oneof![1 => Just(Tree::everything()), 20 => tree_of(leaf())]
}

pub fn tree_of(leaf: impl Strategy<Value = Leaf> + 'static) -> impl Strategy<Value = Tree> {
    leaf.prop_map(Tree::Leaf).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::and),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::or),
            inner.prop_map(Tree::not),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn a_printed_tree_is_read_back_as_the_same(tree in tree()) {
        let text = tree.to_string();
        let read = Tree::parse(&text).map_err(|error| TestCaseError::fail(format!("{text:?}: {error}")))?;
        prop_assert_eq!(&read, &tree, "{:?}", text);
        prop_assert_eq!(read.to_string(), text);
    }

    #[test]
    fn what_is_read_of_any_text_is_printed_and_read_again(
        parts in prop::collection::vec(select(vec![
            "a", "OR", "AND", "NOT", "-", "(", ")", "\"", "/", "\\", "*", ":", "~", "<", "<=", ">", " ", " ", " ",
            "user", "ip", "10.0.0.0/8", "::1", "seen", "7d", "2026-11-01", "version", "145.0", "type", "mobile", "role",
            "admin", "current", "yes", "factor", "none", "x", "é",
        ]), 0..14)
    ) {
        let text = parts.concat();
        match Tree::parse(&text) {
            Ok(tree) => {
                let printed = tree.to_string();
                prop_assert_eq!(Tree::parse(&printed), Ok(tree), "{:?} as {:?}", text, printed);
            }
            Err(error) => {
                let chars = text.chars().count();
                prop_assert!((1..=chars + 1).contains(&error.column), "{:?}: {:?}", text, error);
                prop_assert!(error.column - 1 + error.length <= chars, "{:?}: {:?}", text, error);
                prop_assert!(!error.to_string().is_empty());
            }
        }
        for cursor in 0..=text.chars().count() + 1 {
            let completion = crate::complete(&text, cursor);
            prop_assert!(completion.replaces.start <= completion.replaces.end, "{:?} at {}", text, cursor);
        }
    }
}

#[test]
fn every_field_has_a_name_of_its_own_and_something_behind_it() {
    for field in Field::ALL {
        assert_eq!(Field::parse(&field.name().to_uppercase()), Some(field));
        assert!(!field.operators().is_empty());
    }
}
