//! The parts of the developer's door that the black-box tests share: running programs, a real OpenSearch node, HTTP,
//! the demo's traffic.
//! It is no part of the product.
#![forbid(unsafe_code)]

pub mod exec;
pub mod http;
pub mod java;
pub mod node;
pub mod traffic;
