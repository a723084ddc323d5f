//! One value against its kind: bytes, durations, addresses, names. It knows no keys and reads no files.

use super::keys::Kind;

/// A checked value. Secrets are never among them: those are in files that are named here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Texts(Vec<String>),
    Flag(bool),
    /// Bytes, milliseconds or a count, by the key's kind.
    Number(u64),
}

/// What a file or a variable holds, before it is known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    Text(String),
    Texts(Vec<String>),
    Flag(bool),
    Number(i64),
    /// Anything else, by the name of its type.
    Other(&'static str),
}

/// The value, or what is wrong with it as the end of a sentence.
pub fn check(kind: Kind, given: &Given) -> Result<Value, String> {
    match (kind, given) {
        (Kind::Flag, Given::Flag(on)) => Ok(Value::Flag(*on)),
        (Kind::Flag, Given::Text(text)) => match text.as_str() {
            "true" | "1" => Ok(Value::Flag(true)),
            "false" | "0" => Ok(Value::Flag(false)),
            _ => Err(format!("is {text:?}; it must be true or false")),
        },
        (Kind::Bytes { min, max }, _) => within(bytes(given)?, min, max, show_bytes),
        (Kind::Millis { min, max }, _) => within(millis(given)?, min, max, show_millis),
        (Kind::Count { min, max }, _) => within(count(given)?, min, max, |n| n.to_string()),
        (Kind::Globs | Kind::Texts | Kind::UrlList, _) => list(kind, given),
        (_, Given::Text(text)) => one(kind, text).map(|()| Value::Text(text.clone())),
        _ => Err(format!("is {}; it must be {}", name(given), expected(kind))),
    }
}

fn list(kind: Kind, given: &Given) -> Result<Value, String> {
    let items = match given {
        Given::Texts(items) => items.clone(),
        Given::Text(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        _ => return Err(format!("is {}; it must be a list of texts", name(given))),
    };
    if items.is_empty() || items.iter().any(String::is_empty) {
        return Err("is empty or has an empty entry".to_owned());
    }
    for item in &items {
        match kind {
            Kind::UrlList => one(Kind::Url, item)?,
            Kind::Globs => {
                globset::Glob::new(item).map_err(|error| format!("is no glob: {}", error.kind()))?;
            }
            _ => {}
        }
    }
    Ok(Value::Texts(items))
}

fn one(kind: Kind, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    match kind {
        Kind::Url => url(text),
        Kind::Choice(choices) if !choices.contains(&text) => {
            Err(format!("is {text:?}; it must be one of {}", choices.join(", ")))
        }
        Kind::IndexPrefix => index_prefix(text),
        Kind::Address if text.parse::<std::net::SocketAddr>().is_err() => {
            Err(format!("is {text:?}; it must be an address and port like 127.0.0.1:9600"))
        }
        _ => Ok(()),
    }
}

fn url(text: &str) -> Result<(), String> {
    let parsed = reqwest::Url::parse(text).map_err(|error| format!("is {text:?}, no URL: {error}"))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err(format!("is {text:?}; it must begin with http:// or https:// and name a host"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("holds a user or password; use username and password_file".to_owned());
    }
    Ok(())
}

fn index_prefix(text: &str) -> Result<(), String> {
    let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
    let first = text.as_bytes()[0];
    if !letters || !(first.is_ascii_lowercase() || first.is_ascii_digit()) || text.len() > 100 {
        return Err(format!(
            "is {text:?}; an index prefix is 1–100 of a–z, 0–9, -, _ and ., beginning with a letter or digit"
        ));
    }
    Ok(())
}

fn within(number: u64, min: u64, max: u64, show: fn(u64) -> String) -> Result<Value, String> {
    if (min..=max).contains(&number) {
        return Ok(Value::Number(number));
    }
    Err(format!("is {}; it must lie between {} and {}", show(number), show(min), show(max)))
}

fn count(given: &Given) -> Result<u64, String> {
    match given {
        Given::Number(number) => {
            u64::try_from(*number).map_err(|_| format!("is {number}; it must not be negative"))
        }
        Given::Text(text) => text.parse().map_err(|_| format!("is {text:?}; it must be a whole number")),
        _ => Err(format!("is {}; it must be a whole number", name(given))),
    }
}

const BYTE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];
const TIME_UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

fn bytes(given: &Given) -> Result<u64, String> {
    match given {
        Given::Text(text) => {
            with_unit(text, BYTE_UNITS).ok_or_else(|| format!("is {text:?}; write it like \"4 MiB\""))
        }
        _ => count(given),
    }
}

fn millis(given: &Given) -> Result<u64, String> {
    match given {
        Given::Text(text) => {
            with_unit(text, TIME_UNITS).ok_or_else(|| format!("is {text:?}; write it like \"30s\""))
        }
        _ => Err(format!("is {}; write it with its unit, like \"30s\"", name(given))),
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim();
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

pub fn show_bytes(number: u64) -> String {
    show_with(number, &BYTE_UNITS[..3], "B")
}

pub fn show_millis(number: u64) -> String {
    let units: Vec<_> = TIME_UNITS[1..].iter().rev().copied().collect();
    show_with(number, &units, "ms").replace(' ', "")
}

fn show_with(number: u64, units: &[(&str, u64)], smallest: &str) -> String {
    let unit = units.iter().find(|(_, factor)| number >= *factor && number.is_multiple_of(*factor));
    unit.map_or_else(
        || format!("{number} {smallest}"),
        |(name, factor)| format!("{} {name}", number / factor),
    )
}

fn name(given: &Given) -> String {
    match given {
        Given::Text(text) => format!("{text:?}"),
        Given::Texts(_) => "a list".to_owned(),
        Given::Flag(on) => on.to_string(),
        Given::Number(number) => number.to_string(),
        Given::Other(kind) => (*kind).to_owned(),
    }
}

pub const fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a text",
        Kind::Url => "a URL",
        Kind::UrlList => "a list of URLs",
        Kind::Path => "a path",
        Kind::Globs => "a list of globs",
        Kind::Texts => "a list of texts",
        Kind::Flag => "true or false",
        Kind::Bytes { .. } => "a size",
        Kind::Millis { .. } => "a duration",
        Kind::Count { .. } => "a number",
        Kind::Choice(_) => "one of a few words",
        Kind::IndexPrefix => "an index prefix",
        Kind::Address => "an address and port",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_with_value_limit_and_form() {
        let size = Kind::Bytes { min: 64 << 10, max: 64 << 20 };
        for (kind, given, expect) in [
            (size, Given::Text("4 MiB".into()), Ok(Value::Number(4 << 20))),
            (size, Given::Text("4MB".into()), Ok(Value::Number(4_000_000))),
            (size, Given::Number(1), Err("is 1 B; it must lie between 64 KiB and 64 MiB")),
            (size, Given::Text("4 apples".into()), Err("is \"4 apples\"; write it like \"4 MiB\"")),
            (Kind::Millis { min: 1, max: 9000 }, Given::Text("5s".into()), Ok(Value::Number(5000))),
            (
                Kind::Millis { min: 1, max: 9000 },
                Given::Number(5),
                Err("is 5; write it with its unit, like \"30s\""),
            ),
            (Kind::Count { min: 1, max: 64 }, Given::Number(-1), Err("is -1; it must not be negative")),
            (Kind::Flag, Given::Text("1".into()), Ok(Value::Flag(true))),
            (
                Kind::IndexPrefix,
                Given::Text("../x".into()),
                Err(
                    "is \"../x\"; an index prefix is 1–100 of a–z, 0–9, -, _ and ., beginning with a letter or digit",
                ),
            ),
            (
                Kind::Url,
                Given::Text("http://u:p@h/".into()),
                Err("holds a user or password; use username and password_file"),
            ),
            (
                Kind::Globs,
                Given::Text("a/*.log,b".into()),
                Ok(Value::Texts(vec!["a/*.log".into(), "b".into()])),
            ),
            (Kind::Choice(&["a", "b"]), Given::Text("c".into()), Err("is \"c\"; it must be one of a, b")),
        ] {
            assert_eq!(check(kind, &given), expect.map_err(str::to_owned), "{given:?}");
        }
    }
}
