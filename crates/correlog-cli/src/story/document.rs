//! One found document and the tolerant reading of its fields. It does not know where the document came from, and it
//! converts nothing: what has the wrong type is simply not there.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

/// A document as the index holds it, or as the encoder would have made it from a line of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The index it stands in, or would stand in; for a file's line without an index the file's path.
    pub index: String,
    pub id: String,
    pub source: Value,
}

impl Document {
    /// A field by its dotted name, whether the document nests it, flattens it, or mixes both.
    pub fn field(&self, path: &str) -> Option<&Value> {
        field(&self.source, path)
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.field(path)?.as_str().filter(|text| !text.is_empty())
    }

    pub fn owned(&self, path: &str) -> Option<String> {
        self.text(path).map(str::to_owned)
    }

    pub fn number(&self, path: &str) -> Option<f64> {
        self.field(path)?.as_f64()
    }

    pub fn whole(&self, path: &str) -> Option<i64> {
        self.field(path)?.as_i64()
    }

    /// Nanoseconds since 1970 of a date field: RFC 3339 text or a number of milliseconds, as the mapping allows.
    pub fn nanos(&self, path: &str) -> Option<i64> {
        match self.field(path)? {
            Value::String(text) => nanos_of(text),
            Value::Number(millis) => millis.as_i64()?.checked_mul(1_000_000),
            _ => None,
        }
    }

    /// `log` for a line, else the kind of workflow record.
    pub fn record(&self) -> &str {
        self.text("record").unwrap_or("log")
    }
}

fn field<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    if let Some(found) = object.get(path) {
        return single(found);
    }
    path.match_indices('.').find_map(|(at, _)| field(object.get(&path[..at])?, &path[at + 1..]))
}

/// OpenSearch makes no difference between a value and a list of one.
fn single(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(values) => values.first(),
        Value::Null => None,
        other => Some(other),
    }
}

/// Nanoseconds since 1970 of an RFC 3339 time; a time without a zone is UTC, as OpenSearch reads it.
pub fn nanos_of(text: &str) -> Option<i64> {
    let parsed = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let parsed =
        parsed.or_else(|_| DateTime::parse_from_rfc3339(&format!("{text}Z")).map(|time| time.to_utc()));
    parsed.ok()?.timestamp_nanos_opt()
}

/// The RFC 3339 form people see: UTC, milliseconds unless there is more.
pub fn time_text(nanos: i64) -> String {
    let precision = match nanos {
        whole if whole % 1_000_000 == 0 => SecondsFormat::Millis,
        whole if whole % 1_000 == 0 => SecondsFormat::Micros,
        _ => SecondsFormat::Nanos,
    };
    DateTime::<Utc>::from_timestamp_nanos(nanos).to_rfc3339_opts(precision, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_found_nested_dotted_and_mixed() {
        for source in [
            json!({"service": {"instance": {"id": "a"}}}),
            json!({"service.instance.id": "a"}),
            json!({"service": {"instance.id": "a"}}),
            json!({"service.instance": {"id": ["a", "b"]}}),
        ] {
            let document = Document { index: String::new(), id: String::new(), source };
            assert_eq!(document.text("service.instance.id"), Some("a"));
            assert_eq!(document.text("service.instance"), None);
        }
    }

    #[test]
    fn times_are_read_to_the_nanosecond() {
        for (input, expect) in [
            ("1970-01-01T00:00:01.000000002Z", Some(1_000_000_002)),
            ("1970-01-01T01:00:01+01:00", Some(1_000_000_000)),
            ("1970-01-01T00:00:01", Some(1_000_000_000)),
            ("yesterday", None),
            ("9999-01-01T00:00:00Z", None),
        ] {
            assert_eq!(nanos_of(input), expect, "{input}");
        }
        assert_eq!(time_text(1_000_000_002), "1970-01-01T00:00:01.000000002Z");
        assert_eq!(time_text(1_000_000_000), "1970-01-01T00:00:01.000Z");
    }
}
