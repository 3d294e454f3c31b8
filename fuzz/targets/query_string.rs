//! Fuzzes `rollcall_fuzz::query_string`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rollcall_fuzz::query_string(data));
