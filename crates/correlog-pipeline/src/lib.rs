//! The core of the shipper: from bytes in files to settled positions, as one plain function of time and three ports.
//!
//! It does no I/O, starts no thread, reads no clock and draws no random number: all of that is in the ports
//! (`ports`), which the binary implements with the real world and the simulator with a faulty one.
//! Read the modules in this order; it is the way a line goes.
#![forbid(unsafe_code)]

pub mod pump;

pub mod config;
pub mod joined;
pub mod limits;
pub mod notice;
pub mod ports;
pub mod span;

mod compare;
pub mod discover;
mod follow;
pub mod frame;
mod gzip_header;
pub mod head;
pub mod inflate;
pub mod lineage;
pub mod outlet;
pub mod overlong;
mod recognise;
pub mod roster;
pub mod source;
pub mod tail;
mod verify;
pub mod visit;
pub mod watch;

pub mod encode;
pub mod feed;

pub mod delivery;
pub mod refused;

pub mod beginning;
pub mod checkpoint;
pub mod codec;
pub mod ledger;
pub mod place;
pub mod store;

pub mod snapshot;

pub mod mistake;
