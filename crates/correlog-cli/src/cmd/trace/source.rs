//! What a place to search in must be able to do, the same for OpenSearch and for plain files. It resolves nothing:
//! which ids belong together is `resolve`'s business.

use crate::error::Result;
use crate::story::Searched;
use crate::story::document::Document;
use std::collections::BTreeSet;

/// Any document that has one of these values in one of these fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Field, values; a field with no values wants nothing.
    pub terms: Vec<(&'static str, Vec<String>)>,
}

impl Wanted {
    pub fn is_empty(&self) -> bool {
        self.terms.iter().all(|(_, values)| values.is_empty())
    }

    /// Whether a document is wanted; ids are compared without regard to case, as the index does.
    pub fn matches(&self, document: &Document) -> bool {
        self.terms.iter().any(|(field, values)| {
            let found = document.text(field);
            found.is_some_and(|text| values.iter().any(|value| value.eq_ignore_ascii_case(text)))
        })
    }
}

/// The lines of one service before, between and after two instants, nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    pub service: String,
    pub first: i64,
    pub last: i64,
    /// So many of each side.
    pub count: usize,
    /// Ids of documents that are in the story already.
    pub except: BTreeSet<String>,
}

impl Neighbours {
    pub fn may_be(&self, document: &Document) -> bool {
        document.record() == "log"
            && document.text("service.name") == Some(self.service.as_str())
            && document.nanos("@timestamp").is_some()
            && !self.except.contains(&document.id)
    }

    /// Of dated documents those nearest to the story on either side, and the first of those within it.
    pub fn nearest(&self, documents: Vec<Document>) -> Vec<Document> {
        let mut dated: Vec<(i64, Document)> =
            documents.into_iter().filter_map(|one| Some((one.nanos("@timestamp")?, one))).collect();
        dated.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        let before = dated.partition_point(|(at, _)| *at < self.first);
        let after = dated.partition_point(|(at, _)| *at <= self.last);
        let wanted = |place: usize| {
            let side = if place < before {
                before - place - 1
            } else if place < after {
                place - before
            } else {
                place - after
            };
            side < self.count
        };
        let numbered = dated.into_iter().enumerate();
        numbered.filter(|(place, _)| wanted(*place)).map(|(_, (_, one))| one).collect()
    }
}

pub trait Source {
    /// Everything wanted, in any order, each document once.
    fn find(&mut self, wanted: &Wanted) -> Result<Vec<Document>>;
    fn neighbours(&mut self, wanted: &Neighbours) -> Result<Vec<Document>>;
    fn searched(&self) -> Searched;
    /// What the reader must know about the search itself: a cut, a failed shard, an unreadable file.
    fn notes(&self) -> Vec<String>;
}
