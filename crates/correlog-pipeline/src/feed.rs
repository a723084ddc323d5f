//! Between the reader and the delivery: a line is encoded, and what came of it is handed on. It keeps no position.

use base64::Engine as _;

use crate::delivery::Delivery;
use crate::delivery::batch::Document;
use crate::encode::{Line, Operation};
use crate::ports::Now;
use crate::tail::{Offer, Outlet};

/// What lines are given to in one turn.
pub struct Feed<'a> {
    pub now: Now,
    pub delivery: &'a mut Delivery,
    pub document: &'a mut Vec<u8>,
}

impl std::fmt::Debug for Feed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

impl Outlet for Feed<'_> {
    fn offer(&mut self, line: &Line<'_>, last_time_ms: Option<i64>, replayed: bool) -> Offer {
        self.document.clear();
        self.document.extend_from_slice(b"{\"message\":");
        let text = String::from_utf8_lossy(line.bytes);
        serde_json::to_writer(&mut *self.document, &text).expect("a string is JSON and a Vec takes it");
        self.document.push(b'}');
        let mut hasher = blake3::Hasher::new();
        hasher.update(&line.lineage.0);
        hasher.update(&line.span.start.to_be_bytes());
        hasher.update(line.bytes);
        let id = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&hasher.finalize().as_bytes()[..15]);
        let document = Document {
            index: "app-logs-undated",
            id: &id,
            operation: Operation::Create,
            span: line.span,
            lineage: line.lineage,
            source: self.document,
            line: line.bytes,
            replayed,
        };
        match self.delivery.push(self.now, &document) {
            Ok(()) => Offer::Taken { last_time_ms },
            Err(_) => Offer::Held,
        }
    }
}
