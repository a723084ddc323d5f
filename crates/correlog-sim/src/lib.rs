//! The world in which the pipeline lives, made of a seed: files that rotate and vanish, a disk that lies, an
//! OpenSearch that loses things, a process that dies. It simulates nothing above the pipeline's three ports.
#![forbid(unsafe_code)]

pub mod run;

pub mod line;
pub mod options;
pub mod oracle;
pub mod rotation;
pub mod world;
pub mod writer;

pub mod cluster;
pub mod disk;
pub mod files;

pub mod contract;
pub mod lie;
pub mod rng;
pub mod trace;
