//! Every seed goes through the function that the fuzzer gives it to. What the fuzzer finds becomes a seed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::Path;

/// A seed says something of its own; fewer say too little.
const SEEDS_MIN: usize = 12;

fn replay(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        read(&std::fs::read(&path).unwrap());
        seeds += 1;
    }
    assert!(seeds >= SEEDS_MIN, "{target} has {seeds} seeds");
}

#[test]
fn any_user_agent_is_read() {
    replay("user_agent", rollcall_fuzz::user_agent);
}

#[test]
fn any_filter_finds_what_a_plain_scan_finds() {
    replay("v1_filter", rollcall_fuzz::v1_filter);
}

#[test]
fn any_text_is_a_filter_or_is_refused_at_a_place_in_it() {
    replay("filter_tree", rollcall_fuzz::filter_tree);
}

#[test]
fn any_query_is_taken_or_refused_as_declared() {
    replay("query_string", rollcall_fuzz::query_string);
}

#[test]
fn any_login_body_is_taken_or_is_no_json() {
    replay("login_body", rollcall_fuzz::login_body);
}

#[test]
fn any_frames_keep_a_conversation_within_its_bounds() {
    replay("ddp_frames", rollcall_fuzz::ddp_frames);
}

#[test]
fn any_call_is_taken_apart_or_is_none() {
    replay("method_call", rollcall_fuzz::method_call);
}
