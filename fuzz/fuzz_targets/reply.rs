//! `reply` for cargo-fuzz. The laws are in crates/fuzz-targets.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::named("reply").check(bytes));
