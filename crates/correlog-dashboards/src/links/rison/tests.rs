//! Rison there and back: an independent reader of the notation, and the traps seen in real Dashboards.

use super::{encode, in_url, percent};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Reads rison as its grammar says, strictly; `None` for anything else.
fn decode(text: &str) -> Option<Value> {
    let mut reader = Reader { text: text.chars().collect(), at: 0 };
    let value = reader.value()?;
    (reader.at == reader.text.len()).then_some(value)
}

struct Reader {
    text: Vec<char>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Option<char> {
        self.at += 1;
        self.text.get(self.at - 1).copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let is_there = self.text.get(self.at) == Some(&wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self) -> Option<Value> {
        if self.eat('\'') {
            return self.quoted().map(Value::String);
        }
        if self.eat('(') {
            return self.object();
        }
        if !self.eat('!') {
            let bare = self.bare();
            let whole = bare.parse::<i64>().map(Value::from);
            return whole.or_else(|_| bare.parse::<f64>().map(Value::from)).ok();
        }
        match self.next()? {
            't' => Some(Value::Bool(true)),
            'f' => Some(Value::Bool(false)),
            'n' => Some(Value::Null),
            '(' => self.array(),
            _ => None,
        }
    }

    fn quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        loop {
            match self.next()? {
                '\'' => return Some(out),
                '!' => out.push(self.next().filter(|c| matches!(c, '!' | '\''))?),
                c => out.push(c),
            }
        }
    }

    fn bare(&mut self) -> String {
        let from = self.at;
        while self.text.get(self.at).is_some_and(|c| !"'!:(),*@$ ".contains(*c)) {
            self.at += 1;
        }
        self.text[from..self.at].iter().collect()
    }

    fn array(&mut self) -> Option<Value> {
        let mut values = Vec::new();
        if self.eat(')') {
            return Some(Value::Array(values));
        }
        loop {
            values.push(self.value()?);
            match self.next()? {
                ',' => {}
                ')' => return Some(Value::Array(values)),
                _ => return None,
            }
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut map = Map::new();
        if self.eat(')') {
            return Some(Value::Object(map));
        }
        loop {
            let key = if self.eat('\'') { self.quoted()? } else { self.bare() };
            if !self.eat(':') {
                return None;
            }
            map.insert(key, self.value()?);
            match self.next()? {
                ',' => {}
                ')' => return Some(Value::Object(map)),
                _ => return None,
            }
        }
    }
}

/// What a browser does with the part of an address behind `#` before Dashboards reads it.
fn unpercent(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (-1e9f64..1e9).prop_map(Value::from),
        any::<String>().prop_map(Value::String),
        "[0-9a-f'!&#%+():,*@$ ]{0,12}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map("[ -~]{0,8}|[a-z_]{1,8}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_comes_back_from_its_address(value in any_value()) {
        let address = in_url(&value);
        prop_assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "{address}");
        prop_assert!(!address.contains(['&', '#', '+', '"', '<', '>']), "{address}");
        let text = unpercent(&address).expect("percent-encoding");
        prop_assert_eq!(decode(&text), Some(value));
    }
}

#[test]
fn what_broke_real_dashboards_is_quoted_and_escaped() {
    for (value, expect) in [
        (json!("01a1fd13f15a"), "'01a1fd13f15a'"),
        (json!("123"), "'123'"),
        (json!("2026-11-21T07:48:00.000Z"), "'2026-11-21T07:48:00.000Z'"),
        (json!("it's!"), "'it!'s!!'"),
        (json!(""), "''"),
        (json!({"a.b": 1, "a": [true, false, null]}), "(a:!(!t,!f,!n),'a.b':1)"),
    ] {
        assert_eq!(encode(&value), expect);
    }
    assert_eq!(percent("a&b#c%d+e"), "a%26b%23c%25d%2Be");
}
