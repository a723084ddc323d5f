//! The targets and the laws that hold of each for any bytes.

use std::sync::{LazyLock, Mutex, PoisonError};

use correlog_pipeline::delivery::reply;
use correlog_pipeline::encode::{Encoder, Line, Redaction, Settings, Shape};
use correlog_pipeline::span::{Lineage, Span, TailId};
use correlog_pipeline::{codec, refused};

use crate::Target;

pub const TARGETS: &[Target] = &[
    Target { name: "encode", run: encode },
    Target { name: "reply", run: bulk_reply },
    Target { name: "state", run: state },
    Target { name: "refused", run: refused_file },
    #[cfg(feature = "config")]
    Target { name: "config", run: configuration },
];

static ENCODER: LazyLock<Mutex<Encoder>> = LazyLock::new(|| {
    let redaction = Redaction::new(&["ssn".into()], &["card-[0-9]+".into()], true).unwrap_or_default();
    Mutex::new(Encoder::new(Settings { redaction, ..Settings::default() }))
});

/// A line becomes one valid JSON line, or is rejected without a trace; the time parser is in it.
pub fn encode(bytes: &[u8]) {
    if bytes.contains(&b'\n') {
        return;
    }
    let span = Span { tail: TailId(0), start: 0, next: bytes.len() as u64 + 1 };
    let lineage = Lineage([1; 16]);
    let line = Line { bytes, span, lineage, skipped: 0, path: "p", shape: Shape::Whole, earlier: None };
    let mut encoder = ENCODER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut out = Vec::new();
    match encoder.encode(&line, &mut out) {
        Ok(_) => {
            assert!(!out.contains(&b'\n'), "a document is one line");
            let parsed = serde_json::from_slice::<serde_json::Value>(&out);
            assert!(parsed.is_ok_and(|document| document.is_object()), "a document is one JSON object");
        }
        Err(_) => assert!(out.is_empty(), "what is rejected leaves nothing behind"),
    }
}

/// A reply acknowledges exactly what was asked, or nothing.
pub fn bulk_reply(bytes: &[u8]) {
    for sent in [0, 1, 3] {
        if let Ok(items) = reply::items(bytes, sent, |_, _| true) {
            assert_eq!(items.len(), sent, "as many items as documents");
        }
    }
    let _ = reply::error_type(bytes);
    let _ = reply::found(bytes, 2);
}

/// What is decoded is what was encoded: decoding and encoding again gives the same bytes.
pub fn state(bytes: &[u8]) {
    if let Ok(checkpoint) = codec::decode(bytes) {
        let mut again = Vec::new();
        codec::encode(&checkpoint, &mut again);
        assert_eq!(again, bytes, "a state has one spelling");
    }
}

/// Whole records are found behind damage, and every byte is accounted for as record or damage.
pub fn refused_file(bytes: &[u8]) {
    let contents = refused::read(bytes);
    assert!(contents.damaged_bytes <= bytes.len() as u64);
    let mut again = Vec::new();
    for entry in &contents.entries {
        entry.encode(&mut again);
    }
    assert_eq!(
        refused::read(&again).entries,
        contents.entries,
        "what was read can be written and read again"
    );
}

/// A configuration can be used, or has problems; the same text always has the same.
#[cfg(feature = "config")]
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let problems = correlog_cli::check_configuration(text);
    assert_eq!(correlog_cli::check_configuration(text), problems, "the same text has the same problems");
}
