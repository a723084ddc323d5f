//! The pump against a small world in memory: one test for each thing that happens to files, lines and hosts in the
//! field. The letters and numbers in the names are those of the catalogue of failures in docs/GUARANTEES.md.

mod run;
mod world;

mod archives;
mod files;
mod found;
mod host;
mod lines;
mod process;
