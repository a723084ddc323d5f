//! The codec against every cut and every flipped byte, and the writer against a disk that takes no more.

use super::*;

fn entry(n: usize) -> Entry {
    Entry {
        reason: "mapping".to_owned(),
        field: n.is_multiple_of(2).then(|| "duration_ms".to_owned()),
        index: "app-logs-2026.11.21".to_owned(),
        id: format!("id-{n}"),
        version: (n == 2).then_some(17),
        lineage: hex(Lineage([n as u8; 16])),
        start: n as u64 * 100,
        next: n as u64 * 100 + 99,
        line: vec![n as u8, b'\n', 0, 0x89, b'C', b'R', b'1', 0xff],
        source: b"{\"message\":\"x\"}".to_vec(),
    }
}

fn file(count: usize) -> (Vec<Entry>, Vec<u8>) {
    let entries: Vec<Entry> = (0..count).map(entry).collect();
    let mut bytes = Vec::new();
    entries.iter().for_each(|entry| entry.encode(&mut bytes));
    (entries, bytes)
}

#[test]
fn what_is_written_is_read() {
    let (entries, bytes) = file(5);
    assert_eq!(read(&bytes), Contents { entries, damaged_bytes: 0 });
    assert_eq!(read(b""), Contents::default());
}

#[test]
fn a_cut_at_any_byte_costs_only_the_last_record() {
    let (entries, bytes) = file(3);
    let two = file(2).1.len();
    for cut in two..bytes.len() {
        let contents = read(&bytes[..cut]);
        assert_eq!(contents.entries, entries[..2], "cut at {cut}");
        assert_eq!(contents.damaged_bytes, (cut - two) as u64, "cut at {cut}");
    }
}

#[test]
fn a_flipped_byte_costs_only_its_record_and_is_noticed() {
    let (entries, bytes) = file(3);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        let contents = read(&damaged);
        assert!(contents.damaged_bytes > 0, "flip at {at}");
        assert!(
            contents.entries.iter().all(|entry| entries.contains(entry)),
            "flip at {at}: nothing is made up"
        );
        assert!(contents.entries.len() >= 2, "flip at {at}: {} left", contents.entries.len());
    }
}

#[test]
fn zeros_and_noise_are_no_records() {
    for noise in [vec![0; 4096], MAGIC.repeat(100), vec![0xff; 100]] {
        let contents = read(&noise);
        assert_eq!((contents.entries.len(), contents.damaged_bytes), (0, noise.len() as u64));
    }
}

#[test]
fn only_names_of_its_own_are_its_files() {
    for (name, expect) in [
        ("refused-00000001.bin", true),
        ("refused-1.bin", false),
        ("refused-00000001.bin.tmp", false),
        ("refused-0000000x.bin", false),
        ("state-a", false),
    ] {
        assert_eq!(is_file_name(name), expect, "{name}");
    }
}
