//! Black-box tests of the built programs against a real OpenSearch node: one binary, one file a subject. What needs
//! no node is tested beside its code.

mod compose;
mod config;
mod dashboards;
mod setup;
mod ship;
mod verify;
