//! Random numbers that depend on the seed alone, on every machine and for ever. Not for secrets.

/// SplitMix64: eight bytes of state, no bad seeds.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// `stream` keeps the draws of one part of the world apart from another's, so that a new draw here does not
    /// change the world there.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Self(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        rng.draw();
        rng
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is at least one.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias is below 2^-40 for the small bounds used here.
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// From `low` to `high`, both included.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True `permille` times in a thousand.
    pub fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.below(1000) < u64::from(permille)
    }

    /// Zero half of the time, else within 1 and `max`: each seed leaves half of its faults fully off, because a fault
    /// that always happens hides what only happens without it.
    pub fn swarm(&mut self, max: u32) -> u32 {
        if self.below(2) == 0 { 0 } else { self.within(1, u64::from(max)) as u32 }
    }
}
