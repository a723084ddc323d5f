//! What the black-box tests stand on: the built programs, a real node, a place of one's own. It asserts nothing
//! about the product.
#![forbid(unsafe_code)]

pub mod child;
pub mod crashloop;
pub mod fake;
pub mod holes;
pub mod nodekills;
pub mod outage;
pub mod place;
pub mod programs;
pub mod service;
pub mod wait;

use std::sync::OnceLock;
use xtask::node::{Node, test_name};

/// The heap of the shared node; tests send little.
pub const HEAP: &str = "768m";

/// The address of the node all tests of this process share. It is started fresh, and ended by `cargo xtask test`.
/// A test keeps to indices of its own prefix (`Place::prefix`).
pub fn node_url() -> &'static str {
    static NODE: OnceLock<Node> = OnceLock::new();
    &NODE.get_or_init(|| Node::start_fresh(&test_name(), HEAP).unwrap_or_else(|error| panic!("{error}"))).url
}
