//! Black-box tests of the built programs against a real OpenSearch node: one binary, one file a subject. What needs
//! no node is tested beside its code.

mod alerts;
mod answers;
mod blocks;
mod canary;
mod compose;
mod config;
mod crashes;
mod credentials;
mod dashboards;
mod doctor;
mod follow;
mod identity;
mod lnav;
mod memory;
mod node_facts;
mod page;
mod refused;
mod search;
mod setup;
mod setup_plugins;
mod ship;
mod status;
mod tls;
mod troubleshooting;
mod verify;
