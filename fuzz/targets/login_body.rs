//! Fuzzes `rollcall_fuzz::login_body`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rollcall_fuzz::login_body(data));
