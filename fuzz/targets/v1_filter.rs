//! Fuzzes `rollcall_fuzz::v1_filter`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rollcall_fuzz::v1_filter(data));
