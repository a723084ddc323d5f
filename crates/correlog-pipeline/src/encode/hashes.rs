//! Keyed BLAKE3 of many short inputs at once: the same hashes as `blake3::keyed_hash`, one input a lane of the
//! processor's widest registers. A line is too short for BLAKE3's own parallelism, which goes over chunks of 1 KiB.
//!
//! It uses two functions that blake3 leaves undocumented, so that the version is pinned in `Cargo.toml`, and a law
//! compares every length with the documented one. Writing the compression again would be ours to keep right; if they
//! go away, `push` answers `false` to everything, and only time is lost.

use blake3::IncrementCounter;
use blake3::platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32};

const BLOCK: usize = 64;
/// Longer inputs have a second chunk.
const INPUT_MAX_BYTES: usize = 1024;
/// As many lanes as the widest registers have.
const LANES: usize = 16;

const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 2;
const ROOT: u8 = 8;
const KEYED: u8 = 16;

/// Inputs of one number of blocks, waiting until there is one for every lane.
#[derive(Debug, Default)]
struct Waiting {
    /// One input after the other, each filled up to whole blocks.
    bytes: Vec<u8>,
    /// For each: its length, and whose it is.
    inputs: Vec<(usize, u32)>,
}

#[derive(Debug)]
pub struct Hashes {
    platform: Platform,
    /// By the number of blocks before the last one.
    waiting: [Waiting; INPUT_MAX_BYTES / BLOCK],
}

/// As `blake3::keyed_hash` makes it.
pub type Hash = [u8; 32];

impl Default for Hashes {
    fn default() -> Self {
        Self { platform: Platform::detect(), waiting: Default::default() }
    }
}

impl Hashes {
    /// Takes the input that the parts make together; false when it is too short or too long for this way. `done` is
    /// told of any inputs that are hashed now.
    pub fn push(
        &mut self,
        key: &[u8; 32],
        owner: u32,
        parts: &[&[u8]],
        done: &mut impl FnMut(u32, Hash),
    ) -> bool {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len <= BLOCK || len > INPUT_MAX_BYTES {
            return false;
        }
        let whole = (len - 1) / BLOCK;
        let waiting = &mut self.waiting[whole];
        parts.iter().for_each(|part| waiting.bytes.extend_from_slice(part));
        waiting.inputs.push((len, owner));
        waiting.bytes.resize(waiting.inputs.len() * (whole + 1) * BLOCK, 0);
        if waiting.inputs.len() == LANES {
            self.hash(key, whole, done);
        }
        true
    }

    /// Hashes what is waiting.
    pub fn finish(&mut self, key: &[u8; 32], done: &mut impl FnMut(u32, Hash)) {
        (1..self.waiting.len()).for_each(|whole| self.hash(key, whole, done));
    }

    fn hash(&mut self, key: &[u8; 32], whole: usize, done: &mut impl FnMut(u32, Hash)) {
        let hash = match whole {
            1 => Self::hash_blocks::<64>,
            2 => Self::hash_blocks::<128>,
            3 => Self::hash_blocks::<192>,
            4 => Self::hash_blocks::<256>,
            5 => Self::hash_blocks::<320>,
            6 => Self::hash_blocks::<384>,
            7 => Self::hash_blocks::<448>,
            8 => Self::hash_blocks::<512>,
            9 => Self::hash_blocks::<576>,
            10 => Self::hash_blocks::<640>,
            11 => Self::hash_blocks::<704>,
            12 => Self::hash_blocks::<768>,
            13 => Self::hash_blocks::<832>,
            14 => Self::hash_blocks::<896>,
            _ => Self::hash_blocks::<960>,
        };
        hash(self, key, done);
    }

    /// The first `N` bytes of each in parallel, then the last block of each by itself: those differ in length.
    fn hash_blocks<const N: usize>(&mut self, key: &[u8; 32], done: &mut impl FnMut(u32, Hash)) {
        let waiting = &mut self.waiting[N / BLOCK];
        let count = waiting.inputs.len();
        if count == 0 {
            return;
        }
        let input = |lane: usize| &waiting.bytes[lane.min(count - 1) * (N + BLOCK)..][..N + BLOCK];
        let firsts: [&[u8; N]; LANES] =
            std::array::from_fn(|lane| input(lane).first_chunk().expect("it has a block more"));
        let (mut chained, words) = ([0; LANES * 32], words_from_le_bytes_32(key));
        let (firsts, chained) = (&firsts[..count], &mut chained[..count * 32]);
        self.platform.hash_many(firsts, &words, 0, IncrementCounter::No, KEYED, CHUNK_START, 0, chained);
        for (lane, &(len, owner)) in waiting.inputs.iter().enumerate() {
            let before = chained[lane * 32..].first_chunk().expect("32 bytes for each");
            let mut words = words_from_le_bytes_32(before);
            let last = input(lane)[N..].first_chunk().expect("the last block");
            let flags = KEYED | CHUNK_END | ROOT;
            self.platform.compress_in_place(&mut words, last, (len - N) as u8, 0, flags);
            done(owner, le_bytes_from_words_32(&words));
        }
        waiting.inputs.clear();
        waiting.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_the_hash_that_the_documented_function_gives() {
        let text: Vec<u8> = (0..2000_u32).map(|at| ((at * at) >> 3) as u8).collect();
        let key = *b"a key that is as long as it must";
        let expect: Vec<Hash> =
            (0..1100).map(|len| *blake3::keyed_hash(&key, &text[len / 7..][..len]).as_bytes()).collect();
        let mut hashes = Hashes::default();
        // In an order that fills the lanes of several lengths at once, and with all numbers of lanes at the end.
        for step in [1, 7, 63, 331] {
            let mut found = vec![None; expect.len()];
            let mut taken = 0;
            let mut done = |owner: u32, hash| assert!(found[owner as usize].replace(hash).is_none());
            for at in 0..expect.len() * 3 / 4 {
                let len = at * step % 1100;
                let input = &text[len / 7..][..len];
                let (head, tail) = input.split_at(len / 3);
                taken += usize::from(hashes.push(&key, len as u32, &[head, tail], &mut done));
            }
            hashes.finish(&key, &mut done);
            assert_eq!(found.iter().flatten().count(), taken);
            assert!(taken > 600, "nearly all lengths go this way: {taken}");
            for (len, hash) in found.iter().enumerate() {
                assert!(hash.is_none_or(|hash| hash == expect[len]), "{len} bytes");
            }
        }
    }
}
