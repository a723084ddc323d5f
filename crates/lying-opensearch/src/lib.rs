//! An OpenSearch that misbehaves on request, for tests only: it keeps every document, counts every write, and lies
//! about either as told. It knows nothing of correlog and shares no code with it.
#![forbid(unsafe_code)]

pub mod kinds;

pub mod store;

pub mod liar;
pub mod server;

mod answer;
mod http;

/// SplitMix64, for lies at random; the seed makes a run repeatable.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }
}
