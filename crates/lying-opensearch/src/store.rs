//! What is stored: every document once, with how often it was written. It applies operations honestly; lying about
//! them is `liar`'s.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Clone, PartialEq, Debug)]
pub struct Stored {
    /// As sent.
    pub source: String,
    /// The external version of a record.
    pub version: Option<u64>,
    pub writes: u32,
}

/// One operation of a bulk body.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    pub create: bool,
    pub id: String,
    pub version: Option<u64>,
    pub source: &'a str,
}

/// How it went: a status, and an error's type where it is one.
pub type Done = (u16, Option<&'static str>);

#[derive(Clone, Debug, Default)]
pub struct Store {
    /// By index and id.
    pub documents: BTreeMap<(String, String), Stored>,
    /// Ids of which a write changed the source: an id that means two things.
    pub changed: u64,
}

/// The operations of a body, or nothing when a line of it cannot be understood.
pub fn operations(body: &str) -> Option<Vec<Operation<'_>>> {
    let mut lines = body.lines();
    let mut operations = Vec::new();
    while let Some(action) = lines.next() {
        let action: Value = serde_json::from_str(action).ok()?;
        let (verb, what) = action.as_object()?.iter().next()?;
        let source = lines.next()?;
        serde_json::from_str::<&serde_json::value::RawValue>(source).ok()?;
        operations.push(Operation {
            create: verb == "create",
            id: what.get("_id")?.as_str()?.to_owned(),
            version: what.get("version").and_then(Value::as_u64),
            source,
        });
    }
    Some(operations)
}

impl Store {
    pub fn apply(&mut self, index: &str, operation: &Operation<'_>) -> Done {
        let key = (index.to_owned(), operation.id.clone());
        let Some(stored) = self.documents.get_mut(&key) else {
            let stored =
                Stored { source: operation.source.to_owned(), version: operation.version, writes: 1 };
            self.documents.insert(key, stored);
            return (201, None);
        };
        if operation.create || operation.version < stored.version {
            return (409, Some("version_conflict_engine_exception"));
        }
        self.changed += u64::from(stored.source != operation.source && operation.version == stored.version);
        stored.source = operation.source.to_owned();
        stored.version = operation.version;
        stored.writes += 1;
        (200, None)
    }

    /// The answer to `_mget`.
    pub fn found(&self, index: &str, id: &str) -> Value {
        match self.documents.get(&(index.to_owned(), id.to_owned())) {
            Some(stored) => {
                let source: Value = serde_json::from_str(&stored.source).unwrap_or_default();
                let mut found = serde_json::json!({"_index": index, "_id": id, "found": true, "_source": {}});
                if let Some(log) = source.get("log") {
                    found["_source"]["log"] = log.clone();
                }
                found
            }
            None => serde_json::json!({"_index": index, "_id": id, "found": false}),
        }
    }
}
