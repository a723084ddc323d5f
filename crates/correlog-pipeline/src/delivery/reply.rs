//! A bulk reply is parsed once, into values. It takes nothing on trust: a reply that does not fit what was sent is
//! no reply. It never reads an error's text, except for the field's name that people are shown.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// What one item says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    pub id: Cow<'a, str>,
    pub status: u16,
    pub error: Option<ItemError<'a>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemError<'a> {
    pub kind: Cow<'a, str>,
    /// The catalogued field that the error names, for people to group by; it decides nothing.
    pub field: Option<&'static str>,
}

/// Why a reply is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BadReply {
    /// Not one JSON object with `items`.
    NotBulk,
    /// More or fewer items than documents.
    Count,
    /// An id that is not the one at this place.
    Order,
}

/// Whether a reply says that all documents of these ids are stored, in this order, in the very words of OpenSearch, as
/// nearly every reply does. `false` says nothing: then `items` reads it. Ids are as they stand in the body; the same text
/// between quotes is the same id.
pub fn says_all_stored<'a>(reply: &[u8], ids: impl Iterator<Item = &'a [u8]>) -> bool {
    let told = || {
        let rest = reply.strip_prefix(b"{\"took\":")?;
        let digits = rest.iter().take(18).take_while(|byte| byte.is_ascii_digit()).count();
        let is_number = digits == 1 || digits > 1 && rest[0] != b'0';
        let mut rest = rest[digits..].strip_prefix(b",\"errors\":false,\"items\":[").filter(|_| is_number)?;
        for (at, id) in ids.enumerate() {
            rest = if at > 0 { rest.strip_prefix(b",")? } else { rest };
            let item = rest.strip_prefix(b"{\"create\":{\"_id\":\"");
            let item = item.or_else(|| rest.strip_prefix(b"{\"index\":{\"_id\":\""))?;
            let status = item.strip_prefix(id)?.strip_prefix(b"\",\"status\":20")?;
            rest = status.strip_prefix(b"1}}").or_else(|| status.strip_prefix(b"0}}"))?;
        }
        (rest == b"]}").then_some(())
    };
    told().is_some()
}

/// Parses the items of a reply to `sent` documents; `is_id` tells whether an id is the one sent at a place. The items
/// borrow from the reply: of a stored document nothing is copied.
pub fn items(
    reply: &[u8],
    sent: usize,
    is_id: impl Fn(usize, &str) -> bool,
) -> Result<Vec<Item<'_>>, BadReply> {
    let parsed: Reply<'_> = serde_json::from_slice(reply).map_err(|_| BadReply::NotBulk)?;
    let items = parsed.items.ok_or(BadReply::NotBulk)?;
    if items.len() != sent {
        return Err(BadReply::Count);
    }
    if items.iter().enumerate().any(|(position, item)| !is_id(position, &item.0.id)) {
        return Err(BadReply::Order);
    }
    // In place: the items are no larger than what they were parsed into.
    Ok(items.into_iter().map(|item| item.0.into()).collect())
}

/// The `error.type` of a whole request's refusal, where the body is OpenSearch's own.
pub fn error_type(reply: &[u8]) -> Option<String> {
    let refusal: Refusal<'_> = serde_json::from_slice(reply).ok()?;
    Some(refusal.error.kind.into_owned())
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    items: Option<Vec<Wrapped<'a>>>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(borrow)]
    error: RawError<'a>,
}

#[derive(Deserialize)]
struct RawItem<'a> {
    #[serde(rename = "_id", borrow)]
    id: Cow<'a, str>,
    status: u16,
    #[serde(borrow)]
    error: Option<RawError<'a>>,
}

#[derive(Deserialize)]
struct RawError<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
}

impl<'a> From<RawItem<'a>> for Item<'a> {
    fn from(raw: RawItem<'a>) -> Item<'a> {
        let error = |error: RawError<'a>| ItemError {
            field: error.reason.as_deref().and_then(field_named),
            kind: error.kind,
        };
        Item { id: raw.id, status: raw.status, error: raw.error.map(error) }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Create,
    Index,
}

/// `{"create":{…}}` or `{"index":{…}}`: exactly one key of these two.
struct Wrapped<'a>(RawItem<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Wrapped<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct One;
        impl<'de> Visitor<'de> for One {
            type Value = RawItem<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an item with one operation")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let wrong = <A::Error as serde::de::Error>::custom;
                let _: Verb = map.next_key()?.ok_or_else(|| wrong("no operation"))?;
                let item = map.next_value()?;
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(item),
                    Some(_) => Err(wrong("two operations")),
                }
            }
        }
        deserializer.deserialize_map(One).map(Wrapped)
    }
}

/// The first bracketed name that the catalogue knows. Anything else in the text may be event content.
fn field_named(text: &str) -> Option<&'static str> {
    text.split('[').skip(1).filter_map(|rest| rest.split(']').next()).find_map(catalogued)
}

fn catalogued(name: &str) -> Option<&'static str> {
    correlog_schema::fields::field(name).map(|field| field.path)
}

/// What an audit found for one document: the `log` object of the stored one, or nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    pub id: String,
    pub log: Option<serde_json::Value>,
}

/// Parses the reply to an audit; `None` when it does not fit what was asked.
pub fn found(reply: &[u8], asked: usize) -> Option<Vec<Found>> {
    let value: serde_json::Value = serde_json::from_slice(reply).ok()?;
    let docs = value.get("docs")?.as_array()?;
    if docs.len() != asked {
        return None;
    }
    docs.iter().map(one_found).collect()
}

fn one_found(doc: &serde_json::Value) -> Option<Found> {
    let id = doc.get("_id")?.as_str()?.to_owned();
    let log = match doc.get("found")?.as_bool()? {
        true => Some(doc.get("_source").and_then(|source| source.get("log")).cloned().unwrap_or_default()),
        false => None,
    };
    Some(Found { id, log })
}
