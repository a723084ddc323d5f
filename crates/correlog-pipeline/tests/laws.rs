//! Laws of the parts that carry the promises: the ledger, the state's format, the framer, the checkpoint.

use std::sync::Arc;

use correlog_pipeline::beginning::Beginning;
use correlog_pipeline::checkpoint::{Checkpoint, Entry, Fingerprint, Hint, Hole, StemKey};
use correlog_pipeline::codec::{self, Unfit};
use correlog_pipeline::frame::{Frames, Piece};
use correlog_pipeline::ledger::{Delta, Ledger};
use correlog_pipeline::place::Place;
use correlog_pipeline::span::{Lineage, Span, TailId};
use proptest::prelude::*;

fn span(start: u64, next: u64) -> Span {
    Span { tail: TailId(0), start, next }
}

fn place(offset: u64) -> Place {
    Place { offset, ..Place::default() }
}

/// So many lines long.
fn beginning(lines: usize) -> Beginning {
    let mut beginning = Beginning::default();
    beginning.learn(&b"a line\n".repeat(lines));
    beginning
}

fn checkpoint(entries: u8) -> Checkpoint {
    let mut checkpoint = Checkpoint::default();
    checkpoint.sequence = 7;
    for number in 0..entries {
        let entry = Entry {
            stem: StemKey([number; 16]),
            fingerprint: Fingerprint { at: 3, len: 20, hash: [number; 16] },
            generation: u32::from(number),
            place: Place { doc_end: 40, ..place(50) },
            hint: Hint { path: b"/l/app.log".to_vec(), born_ns: Some(5), ..Hint::default() },
            hole: Some(Hole { from: 50, len: None }),
            beginning: Arc::new(beginning(usize::from(number))),
            ..Entry::default()
        };
        checkpoint.insert(Lineage([number; 16]), entry);
    }
    checkpoint
}

#[test]
fn the_mark_waits_for_the_oldest_line() {
    let mut ledger = Ledger::new(10);
    ledger.open(span(10, 20));
    ledger.open(span(20, 30));
    assert_eq!(ledger.close(place(30)), None);
    ledger.skip(35);
    ledger.open(span(35, 40));
    assert_eq!(ledger.close(place(40)), None);
    assert_eq!(ledger.settle(span(35, 40)), None, "the newest answer moves nothing (P2)");
    assert_eq!(ledger.settle(span(10, 20)), None);
    assert_eq!(ledger.settle(span(20, 30)), Some(Delta { from: 10, to: place(40) }));
    assert!(ledger.is_settled());
}

#[test]
fn a_delta_that_does_not_chain_changes_nothing() {
    let mut state = checkpoint(1);
    let before = state.clone();
    let lineage = Lineage([0; 16]);
    for (from, to) in [(0, 60), (49, 60), (51, 60), (50, 50), (50, 40)] {
        assert!(state.apply(lineage, &Delta { from, to: place(to) }).is_err(), "{from} to {to} (P3)");
        assert_eq!(state, before);
    }
    assert!(state.apply(Lineage([9; 16]), &Delta { from: 0, to: place(1) }).is_err());
    assert!(state.apply(lineage, &Delta { from: 50, to: place(60) }).is_ok());
}

#[test]
fn numbers_of_generations_are_not_given_twice() {
    let mut state = checkpoint(1);
    let family = (StemKey([0; 16]), [0; 16]);
    assert_eq!(state.next_generation(family), 1);
    state.forget(Lineage([0; 16]));
    assert_eq!(state.next_generation(family), 1);
    let mut bytes = Vec::new();
    codec::encode(&state, &mut bytes);
    assert_eq!(codec::decode(&bytes).map(|state| state.next_generation(family)), Ok(1));
}

#[test]
fn every_flip_and_every_cut_is_noticed() {
    let mut bytes = Vec::new();
    codec::encode(&checkpoint(3), &mut bytes);
    assert_eq!(codec::decode(&bytes), Ok(checkpoint(3)));
    for cut in 0..bytes.len() {
        assert!(codec::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(codec::decode(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
    bytes.push(0);
    assert!(codec::decode(&bytes).is_err(), "one byte too many");
}

#[test]
fn a_state_of_another_version_is_named() {
    for other in [codec::VERSION - 1, codec::VERSION + 1] {
        let mut bytes = Vec::new();
        codec::encode(&checkpoint(1), &mut bytes);
        let end = bytes.len() - 32;
        bytes[8..12].copy_from_slice(&other.to_le_bytes());
        let sum = *blake3::hash(&bytes[..end]).as_bytes();
        bytes[end..].copy_from_slice(&sum);
        assert_eq!(codec::decode(&bytes), Err(Unfit::Version(other)));
    }
}

/// The pieces of `bytes` when they are read in blocks of these sizes, each from where the last one left off.
fn pieces(bytes: &[u8], blocks: &[usize]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut found = Vec::new();
    let (mut at, mut end) = (0, 0);
    for block in blocks.iter().copied().chain([bytes.len()]) {
        end = bytes.len().min(end + block);
        let mut frames = Frames::new(&bytes[at..end], at as u64);
        for piece in frames.by_ref() {
            match piece {
                Piece::Line { text, start, next, .. } => found.push((start, next, text.to_vec())),
                Piece::Blank { .. } | Piece::Nul { .. } => {}
            }
        }
        at = frames.offset() as usize;
    }
    found
}

proptest! {
    #[test]
    fn cut_anywhere_the_pieces_are_the_same(
        bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), Just(b' '), any::<u8>()], 0..200),
        blocks in proptest::collection::vec(1_usize..20, 0..40),
    ) {
        prop_assert_eq!(pieces(&bytes, &blocks), pieces(&bytes, &[]));
    }

    #[test]
    fn whatever_the_order_of_answers_the_mark_is_the_oldest_open_line(
        lens in proptest::collection::vec(1_u64..9, 1..40),
        order in any::<u64>(),
    ) {
        let mut ledger = Ledger::new(0);
        let (mut at, mut open, mut mark) = (0, Vec::new(), 0);
        for (number, len) in lens.iter().enumerate() {
            ledger.open(span(at, at + len));
            open.push(span(at, at + len));
            at += len;
            if number % 3 == 2 {
                ledger.close(place(at));
            }
        }
        ledger.close(place(at));
        let mut random = order;
        while !open.is_empty() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let done = open.remove((random >> 33) as usize % open.len());
            if let Some(delta) = ledger.settle(done) {
                prop_assert_eq!(delta.from, mark);
                mark = delta.to.offset;
            }
            let oldest = open.iter().map(|span| span.start).min().unwrap_or(at);
            prop_assert!(mark <= oldest, "P2");
            prop_assert_eq!(ledger.mark(), mark);
        }
        prop_assert_eq!(mark, at, "P7");
    }

    #[test]
    fn no_bytes_are_taken_for_a_state_by_accident(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(codec::decode(&bytes).is_err());
    }
}
