//! Compresses bodies in buffers that are used again. Made anew for each request on one thread and dropped on another,
//! they would stay with the allocator, some megabytes a thread.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Threads that compress; more would only wait for processors and hold memory.
pub const THREADS_MAX: usize = 2;
/// Buffers kept.
const SPARE_MAX: usize = 4;

#[derive(Debug, Default)]
pub struct Packer(Mutex<Vec<Vec<u8>>>);

impl Packer {
    /// Level 1: the network is seldom slower than a higher level is.
    pub async fn gzip(&self, plain: Bytes) -> Bytes {
        let room = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let work = move || {
            let mut encoder = GzEncoder::new(room, Compression::fast());
            encoder.write_all(&plain).expect("writing to memory");
            Bytes::from(encoder.finish().expect("writing to memory"))
        };
        tokio::task::spawn_blocking(work).await.expect("compressing does not panic")
    }

    /// A request is over. After a timeout the sending side may still hold its body; then the buffer is left to it.
    pub fn done_with(&self, packed: Bytes) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if packed.is_unique() && spare.len() < SPARE_MAX {
            let mut room = Vec::from(packed);
            room.clear();
            spare.push(room);
        }
    }
}
