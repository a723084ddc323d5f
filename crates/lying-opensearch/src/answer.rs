//! The text of a bulk reply, honest or bent.

use crate::kinds::Bend;
use crate::store::{Done, Operation};

/// One item of a reply.
#[derive(Clone, Debug)]
pub struct Item {
    pub create: bool,
    pub id: String,
    pub done: Done,
}

impl Item {
    pub fn new(operation: &Operation<'_>, done: Done) -> Self {
        Self { create: operation.create, id: operation.id.clone(), done }
    }

    fn text(&self) -> String {
        let verb = if self.create { "create" } else { "index" };
        let id = serde_json::Value::from(self.id.clone());
        let status = self.done.0;
        match self.done.1 {
            Some(kind) if !kind.is_empty() => format!(
                "{{\"{verb}\":{{\"_index\":\"i\",\"_id\":{id},\"status\":{status},\"error\":{{\"type\":\"{kind}\",\"reason\":\"Preview of field's value: 'content'\"}}}}}}"
            ),
            _ => format!("{{\"{verb}\":{{\"_index\":\"i\",\"_id\":{id},\"status\":{status}}}}}"),
        }
    }
}

pub fn honest(items: &[Item]) -> String {
    let errors = items.iter().any(|item| item.done.1.is_some());
    let items: Vec<String> = items.iter().map(Item::text).collect();
    format!("{{\"took\":1,\"errors\":{errors},\"items\":[{}]}}", items.join(","))
}

/// The reply bent at item `place`.
pub fn bent(items: &[Item], place: usize, bend: Bend) -> Vec<u8> {
    let mut items = items.to_vec();
    let count = items.len();
    match bend {
        Bend::Missing => drop(items.remove(place)),
        Bend::Doubled => items.insert(place, items[place].clone()),
        Bend::Extra => items.insert(place, Item { create: true, id: "nobody".to_owned(), done: (201, None) }),
        Bend::Swapped => items.swap(place, (place + 1) % count),
        Bend::WrongId => items[place].id.push('x'),
        Bend::EmptyItems => items.clear(),
        _ => {}
    }
    let whole = honest(&items);
    let status = |text: &str| replace_nth(&whole, "\"status\":", place, text);
    match bend {
        Bend::Spaced => whole.replace("\":", "\" :\n\t ").replace(",\"", " , \""),
        Bend::NoItems => "{\"took\":1,\"errors\":false}".to_owned(),
        Bend::NullItems => "{\"took\":1,\"errors\":false,\"items\":null}".to_owned(),
        Bend::WrongVerb => {
            whole.replacen("{\"create\":", "{\"delete\":", 1).replacen("{\"index\":", "{\"delete\":", 1)
        }
        Bend::StatusAsText => status("\"status\":\"x\",\"was\":"),
        Bend::TwoStatuses => status("\"status\":201,\"status\":"),
        Bend::NoStatus => status("\"was\":"),
        Bend::ErrorsTrue => whole.replacen("\"errors\":false", "\"errors\":true", 1),
        Bend::Trailing => format!("{whole}{{\"items\":[]}}"),
        Bend::ByteOrderMark => format!("\u{feff}{whole}"),
        Bend::NotUtf8 => return [&whole.as_bytes()[..whole.len() / 2], &[0xff, 0xfe], b"\"}"].concat(),
        Bend::Empty => String::new(),
        Bend::Html => "<html><body>200 OK</body></html>".to_owned(),
        Bend::Array => format!("[{whole}]"),
        Bend::HalfJson => whole[..whole.len() * (place + 1) / (count + 1)].to_owned(),
        _ => whole,
    }
    .into_bytes()
}

fn replace_nth(text: &str, what: &str, nth: usize, by: &str) -> String {
    match text.match_indices(what).nth(nth) {
        Some((at, _)) => format!("{}{by}{}", &text[..at], &text[at + what.len()..]),
        None => text.to_owned(),
    }
}
