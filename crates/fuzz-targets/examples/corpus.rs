//! Writes the binary part of the corpus anew, when the state's or the refused file's format changes.
#![forbid(unsafe_code)]

use std::path::Path;
use std::sync::Arc;

use correlog_pipeline::checkpoint::{Checkpoint, Entry};
use correlog_pipeline::span::Lineage;
use correlog_pipeline::{codec, refused};

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut checkpoint = Checkpoint::default();
    let mut empty = Vec::new();
    codec::encode(&checkpoint, &mut empty);
    for number in 1..4 {
        let mut entry = Entry { size: 1000, finished: number == 2, ..Entry::default() };
        entry.hint.path = b"logs/api.jsonl".to_vec();
        entry.place.offset = 500;
        Arc::make_mut(&mut entry.beginning).learn(&b"a line\nanother\n".repeat(usize::from(number)));
        checkpoint.insert(Lineage([number; 16]), entry);
    }
    let mut state = Vec::new();
    codec::encode(&checkpoint, &mut state);
    std::fs::write(corpus.join("state/empty.bin"), empty)?;
    std::fs::write(corpus.join("state/three.bin"), state)?;
    let entry = refused::Entry {
        reason: "mapping".into(),
        field: Some("level".into()),
        index: "app-logs-2026.11.21".into(),
        id: "AZz5Jk8AAAAAAAAAAAAA".into(),
        version: None,
        lineage: "0f".repeat(16),
        start: 10,
        next: 40,
        line: b"{\"message\":\"x\"}".to_vec(),
        source: b"{\"message\":\"x\",\"log\":{}}".to_vec(),
    };
    let mut file = Vec::new();
    entry.encode(&mut file);
    std::fs::write(corpus.join("refused/one.bin"), &file)?;
    entry.encode(&mut file);
    file.extend_from_slice(b"torn");
    std::fs::write(corpus.join("refused/two_and_torn.bin"), file)
}
