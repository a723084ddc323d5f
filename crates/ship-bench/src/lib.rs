//! What the benchmarks of the shipper stand on, and what the black-box tests use in small: lines made by seed, a sink
//! that counts, `correlog ship` as a process that is watched, and the cases that press on its memory. It judges nothing.
#![forbid(unsafe_code)]

pub mod memory;
pub mod ship;

pub mod shipper;

pub mod corpus;
pub mod sink;
