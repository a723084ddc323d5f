//! The world in which the pipeline lives, made of a seed: files that rotate and vanish, a disk that lies, an
//! OpenSearch that loses things, a process that dies. It simulates nothing above the pipeline's three ports.
#![forbid(unsafe_code)]

pub mod rng;

pub mod contract;
pub mod disk;
pub mod files;
