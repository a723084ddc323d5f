//! Between the reader and the delivery: a line is encoded, and what came of it is handed on. It keeps no position.

use std::collections::BTreeMap;

use correlog_schema::index::Family;

use crate::config::{Config, Group};
use crate::delivery::Delivery;
use crate::delivery::batch::Document;
use crate::encode::{Ahead, Encoded, Encoder, IndexKey, Line, Refusal, Rejected, Time};
use crate::mistake::{self, Mistake};
use crate::outlet::{Offer, Outlet};
use crate::ports::Now;
use crate::refused;

/// Names of indices kept at hand; each is a day of a family.
const NAMES_MAX: usize = 256;

/// What is reused from line to line.
#[derive(Debug)]
pub struct Desk {
    /// One for each group.
    encoders: Vec<Encoder>,
    logs_prefix: String,
    workflow_prefix: String,
    names: BTreeMap<IndexKey, String>,
    document: Vec<u8>,
    /// What is known of the lines of the block that is being handed over.
    ahead: Ahead,
}

impl Desk {
    pub fn new(config: &Config) -> Desk {
        Desk {
            encoders: config.groups.iter().map(|group| Encoder::new(group.encode.clone())).collect(),
            logs_prefix: config.logs_prefix.clone(),
            workflow_prefix: config.workflow_prefix.clone(),
            names: BTreeMap::new(),
            document: Vec::new(),
            ahead: Ahead::default(),
        }
    }

    fn name(&mut self, key: IndexKey) -> &str {
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(&key) {
            self.names.clear();
        }
        let prefix = match key.family {
            Family::Logs => &self.logs_prefix,
            Family::Workflow => &self.workflow_prefix,
        };
        self.names.entry(key).or_insert_with(|| key.place.index_name(prefix))
    }
}

/// What the lines of one visit are given to.
#[derive(Debug)]
pub struct Feed<'a> {
    pub now: Now,
    pub group: usize,
    pub config: &'a Group,
    pub desk: &'a mut Desk,
    pub delivery: &'a mut Delivery,
}

impl Outlet for Feed<'_> {
    fn look_ahead(&mut self, block: &[u8], offset: u64) {
        self.desk.encoders[self.group].look_ahead(&mut self.desk.ahead, block, offset);
    }

    fn offer(&mut self, line: &Line<'_>, replayed: bool) -> Offer {
        let mut source = std::mem::take(&mut self.desk.document);
        source.clear();
        let known = self.desk.ahead.of(line);
        let offer = match self.desk.encoders[self.group].encode_known(line, known, &mut source) {
            Ok(encoded) => self.document(line, &encoded, &source, replayed),
            Err(Rejected::Skip(_)) => Offer::Blank,
            Err(Rejected::Refusal(refusal)) => self.refuse(line, refusal),
        };
        self.desk.document = source;
        offer
    }
}

impl Feed<'_> {
    fn document(&mut self, line: &Line<'_>, encoded: &Encoded, source: &[u8], replayed: bool) -> Offer {
        let last_time = encoded.time.or(line.earlier);
        if self.is_expired(encoded.time) {
            return Offer::Expired { last_time };
        }
        let document = Document {
            index: self.desk.name(encoded.index),
            id: &mistake::id(encoded.id.as_str(), self.now),
            operation: mistake::operation(encoded.operation, self.now),
            span: line.span,
            lineage: line.lineage,
            source,
            line: line.bytes,
            head: encoded.head,
            replayed,
        };
        match (self.delivery.push(self.now, &document), encoded.index.family) {
            (Err(_), _) => Offer::Held,
            (Ok(()), Family::Logs) => Offer::Taken { last_time },
            (Ok(()), Family::Workflow) => Offer::Record { last_time },
        }
    }

    /// The one decision that the wall clock has a part in: it drops lines, and names and places none.
    fn is_expired(&self, time: Option<Time>) -> bool {
        let (Some(time), Some(max_age_ms)) = (time, self.config.max_age_ms) else { return false };
        let now = u64::try_from(self.now.wall_ms).unwrap_or(0);
        now.saturating_sub(time.millis()) > max_age_ms && !mistake::is(Mistake::ExpiryIgnored)
    }

    fn refuse(&mut self, line: &Line<'_>, refusal: Refusal) -> Offer {
        let entry = refused::Entry::of_line(line, refusal);
        match self.delivery.refuse(line.span, entry) {
            Ok(()) => Offer::Taken { last_time: line.earlier },
            Err(_) => Offer::Held,
        }
    }
}
