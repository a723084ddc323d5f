//! The core of the shipper: from bytes in files to settled positions, as one plain function of time and three ports.
//!
//! It does no I/O, starts no thread, reads no clock and draws no random number: all of that is in the ports
//! (`ports`), which the binary implements with the real world and the simulator with a faulty one.
//! Read the modules in this order; it is the way a line goes.
#![forbid(unsafe_code)]

pub mod limits;
pub mod ports;
pub mod span;

pub mod encode;

pub mod delivery;
pub mod refused;
