//! Fuzzes `rollcall_fuzz::ddp_frames`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rollcall_fuzz::ddp_frames(data));
