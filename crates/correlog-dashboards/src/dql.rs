//! Dashboards' query language (DQL), as far as our panels use it: parsed, and made a query of OpenSearch.
//!
//! Exists so that a lint can prove that every panel's query parses and a test can run it; it is not the language of
//! `correlog search`.

use serde_json::{Value, json};

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    All,
    Or(Vec<Query>),
    And(Vec<Query>),
    Not(Box<Query>),
    /// `field:*`
    Exists(String),
    /// `field:value`, `field:"phrase"`, `field:val*`
    Is {
        field: String,
        value: Word,
    },
    /// `field < value` and the like; the comparison as OpenSearch names it.
    Range {
        field: String,
        comparison: &'static str,
        value: String,
    },
    /// A value without a field.
    Free(Word),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub is_quoted: bool,
}

/// Why a query is none: what was found where, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub at: usize,
    pub wanted: &'static str,
}

pub fn parse(text: &str) -> Result<Query, Mistake> {
    let mut parser = Parser { text, at: 0 };
    if parser.peek().is_none() {
        return Ok(Query::All);
    }
    let query = parser.or(None)?;
    match parser.peek() {
        None => Ok(query),
        Some(_) => Err(parser.mistake("the end, and, or")),
    }
}

impl Query {
    /// The fields it names, each once for each use.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::All | Self::Free(_) => Vec::new(),
            Self::Or(parts) | Self::And(parts) => parts.iter().flat_map(Self::fields).collect(),
            Self::Not(inner) => inner.fields(),
            Self::Exists(field) | Self::Is { field, .. } | Self::Range { field, .. } => vec![field],
        }
    }

    /// The fields whose values it compares by order.
    #[must_use]
    pub fn ranged(&self) -> Vec<&str> {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().flat_map(Self::ranged).collect(),
            Self::Not(inner) => inner.ranged(),
            Self::Range { field, .. } => vec![field],
            _ => Vec::new(),
        }
    }

    /// The same as OpenSearch's query.
    #[must_use]
    pub fn to_opensearch(&self) -> Value {
        let each = |parts: &[Self]| parts.iter().map(Self::to_opensearch).collect::<Vec<_>>();
        match self {
            Self::All => json!({ "match_all": {} }),
            Self::Or(parts) => json!({ "bool": { "should": each(parts), "minimum_should_match": 1 } }),
            Self::And(parts) => json!({ "bool": { "filter": each(parts) } }),
            Self::Not(inner) => json!({ "bool": { "must_not": [inner.to_opensearch()] } }),
            Self::Exists(field) => json!({ "exists": { "field": field } }),
            Self::Range { field, comparison, value } => json!({ "range": { field: { *comparison: value } } }),
            Self::Free(word) if word.text == "*" => json!({ "match_all": {} }),
            Self::Free(word) => json!({ "multi_match": { "query": word.text, "lenient": true } }),
            Self::Is { field, value } if !value.is_quoted && value.text.contains('*') => {
                json!({ "query_string": { "fields": [field], "query": value.text } })
            }
            Self::Is { field, value } => {
                let kind = if value.is_quoted { "match_phrase" } else { "match" };
                json!({ kind: { field: value.text } })
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    /// Within `field:( … )` the values belong to that field.
    fn or(&mut self, field: Option<&str>) -> Result<Query, Mistake> {
        let mut parts = vec![self.and(field)?];
        while self.keyword("or") {
            parts.push(self.and(field)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Query::Or(parts) })
    }

    fn and(&mut self, field: Option<&str>) -> Result<Query, Mistake> {
        let mut parts = vec![self.not(field)?];
        while self.keyword("and") {
            parts.push(self.not(field)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Query::And(parts) })
    }

    fn not(&mut self, field: Option<&str>) -> Result<Query, Mistake> {
        if self.keyword("not") {
            return Ok(Query::Not(Box::new(self.not(field)?)));
        }
        if self.sign("(") {
            let inner = self.or(field)?;
            return if self.sign(")") { Ok(inner) } else { Err(self.mistake(")")) };
        }
        let word = self.word()?;
        match field {
            Some(field) => Ok(value(field, word)),
            None => self.after_field(word),
        }
    }

    fn after_field(&mut self, word: Word) -> Result<Query, Mistake> {
        if word.is_quoted {
            return Ok(Query::Free(word));
        }
        for (sign, comparison) in [("<=", "lte"), (">=", "gte"), ("<", "lt"), (">", "gt")] {
            if self.sign(sign) {
                let value = self.word()?.text;
                return Ok(Query::Range { field: word.text, comparison, value });
            }
        }
        if !self.sign(":") {
            return Ok(Query::Free(word));
        }
        if self.sign("(") {
            let inner = self.or(Some(&word.text))?;
            return if self.sign(")") { Ok(inner) } else { Err(self.mistake(")")) };
        }
        let named = self.word()?;
        Ok(value(&word.text, named))
    }

    fn word(&mut self) -> Result<Word, Mistake> {
        match self.peek() {
            Some('"') => self.quoted(),
            Some(start) if !"():<>".contains(start) => {
                let rest = &self.text[self.at..];
                let is_end = |c: char| c.is_whitespace() || "():<>\"".contains(c);
                let end = rest.find(is_end).unwrap_or(rest.len());
                let text = rest[..end].to_owned();
                if ["and", "or", "not"].contains(&text.to_ascii_lowercase().as_str()) {
                    return Err(self.mistake("a value"));
                }
                self.at += end;
                Ok(Word { text, is_quoted: false })
            }
            _ => Err(self.mistake("a value")),
        }
    }

    fn quoted(&mut self) -> Result<Word, Mistake> {
        let mut text = String::new();
        let mut chars = self.text[self.at + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += 1 + at + 1;
                    return Ok(Word { text, is_quoted: true });
                }
                '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        Err(self.mistake("a closing quote"))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.peek();
        let rest = &self.text[self.at..];
        let Some(start) = rest.get(..keyword.len()) else { return false };
        let ends = rest[start.len()..].starts_with(|c: char| c.is_whitespace() || c == '(');
        let is_here = start.eq_ignore_ascii_case(keyword) && ends;
        self.at += if is_here { keyword.len() } else { 0 };
        is_here
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.peek();
        let is_here = self.text[self.at..].starts_with(sign);
        self.at += if is_here { sign.len() } else { 0 };
        is_here
    }

    /// The next character that is not blank.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn mistake(&self, wanted: &'static str) -> Mistake {
        Mistake { at: self.at, wanted }
    }
}

fn value(field: &str, word: Word) -> Query {
    if word.text == "*" && !word.is_quoted {
        return Query::Exists(field.to_owned());
    }
    Query::Is { field: field.to_owned(), value: word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_become_what_dashboards_would_send() {
        let check = |text: &str, expect: Value| {
            assert_eq!(parse(text).expect(text).to_opensearch(), expect, "{text}");
        };
        check("", json!({ "match_all": {} }));
        check("*", json!({ "match_all": {} }));
        check("level:ERROR", json!({ "match": { "level": "ERROR" } }));
        check("trace_id:*", json!({ "exists": { "field": "trace_id" } }));
        check("created_at < \"now-15m\"", json!({ "range": { "created_at": { "lt": "now-15m" } } }));
        check("a:\"x y\"", json!({ "match_phrase": { "a": "x y" } }));
        check("a:x*", json!({ "query_string": { "fields": ["a"], "query": "x*" } }));
        let either = json!({ "bool": { "should": [{ "match": { "a": "x" } }, { "match": { "a": "y" } }],
            "minimum_should_match": 1 } });
        check("a:(x or y)", either.clone());
        let both = json!({ "bool": { "filter": [either, { "bool": { "must_not": [
            { "exists": { "field": "b" } }] } }] } });
        check("a:(x or y) and not b:*", both);
    }

    #[test]
    fn what_is_no_query_says_where() {
        for text in ["a:", "(a:b", "a:(x or", "a:\"x", "and b", "a:b c:d", "a:b)", "or"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_and_ranges_are_listed() {
        let query = parse("a:1 and (b >= 2 or not c:*)").expect("parses");
        assert_eq!(query.fields(), ["a", "b", "c"]);
        assert_eq!(query.ranged(), ["b"]);
    }
}
