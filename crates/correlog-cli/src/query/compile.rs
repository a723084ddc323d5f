//! From the tree to OpenSearch's query, by each field's type in the catalogue. What OpenSearch would answer wrongly
//! without a word (ranges on `attributes`, an unknown field, an unindexed one) is a problem here.

use super::{Comparison, Problem, Test, Tree, Words};
use correlog_schema::fields::{ALIASES, FIELDS, Field, Kind, field};
use correlog_schema::trace_id::TraceId;
use serde_json::{Value, json};

/// What words without a field are looked for in; the templates' `index.query.default_field` names the same texts.
pub(super) const TEXT_FIELDS: [&str; 5] = ["message", "exception.message", "error", "inputs", "outputs"];
/// The fields a bare id is looked for in.
const ID_FIELDS: [&str; 4] = ["trace_id", "workflow_run_id", "node_execution_id", "message_id"];

pub fn compile(tree: &Tree) -> Result<Value, Problem> {
    let all = |parts: &[Tree]| parts.iter().map(compile).collect::<Result<Vec<Value>, Problem>>();
    Ok(match tree {
        Tree::All => json!({"match_all": {}}),
        Tree::And(parts) => json!({"bool": {"filter": all(parts)?}}),
        Tree::Or(parts) => any(all(parts)?),
        Tree::Not(part) => json!({"bool": {"must_not": [compile(part)?]}}),
        Tree::Text(words) => text(words),
        Tree::Field { field, is } => one(field, is)?,
    })
}

fn any(parts: Vec<Value>) -> Value {
    json!({"bool": {"should": parts, "minimum_should_match": 1}})
}

/// Words are a text search; what reads as an id is looked for as an id, and only so.
fn text(words: &Words) -> Value {
    if let Some(id) = TraceId::parse(&words.text) {
        let forms = [words.text.to_ascii_lowercase(), id.to_string()];
        return any(ID_FIELDS.iter().map(|field| json!({"terms": {*field: forms}})).collect());
    }
    let matches = |field: &&str| {
        let text = &words.text;
        match (words.is_quoted, text.strip_suffix('*')) {
            (true, _) => json!({"match_phrase": {*field: text}}),
            (false, Some(start)) if !start.is_empty() && !start.contains('*') => {
                json!({"prefix": {*field: {"value": start.to_lowercase()}}})
            }
            (false, _) if text.contains('*') => {
                json!({"wildcard": {*field: {"value": text.to_lowercase()}}})
            }
            (false, _) => json!({"match": {*field: {"query": text, "operator": "and"}}}),
        }
    };
    any(TEXT_FIELDS.iter().map(matches).collect())
}

fn one(name: &str, is: &Test) -> Result<Value, Problem> {
    let name = canonical(name);
    if name == "attributes" || name.starts_with("attributes.") {
        return attribute(name, is);
    }
    let Some(known) = field(name) else { return Err(unknown(name)) };
    if !known.kind.is_searchable() {
        let what = format!("{name} is kept but not searchable");
        return Err(Problem::new(what, "search its message or its type instead"));
    }
    match is {
        Test::Exists => Ok(json!({"exists": {"field": name}})),
        Test::Compares(how, value) => range(known, *how, value),
        Test::Equals(words) => equals(known, words),
    }
}

/// What other tools call it, and the word everybody writes for the service.
fn canonical(name: &str) -> &str {
    match name {
        "service" => "service.name",
        "env" | "environment" => "deployment.environment.name",
        "tenant" => "tenant_id",
        "host" => "host.name",
        other => ALIASES.iter().find(|(alias, _)| *alias == other).map_or(other, |(_, path)| path),
    }
}

/// One field for everything: exact, by its beginning, or there at all; OpenSearch can do no more with it.
fn attribute(name: &str, is: &Test) -> Result<Value, Problem> {
    match is {
        Test::Exists => Ok(json!({"exists": {"field": name}})),
        Test::Compares(..) => Err(Problem::new(
            format!(
                "{name} cannot be compared: attributes are text in OpenSearch, so 9 would be more than 10"
            ),
            "write the field as one of docs/FIELDS.md (duration_ms, http.response.status_code …), or search its exact value",
        )),
        Test::Equals(words) => Ok(pattern(name, words, &words.text)),
    }
}

fn equals(known: &Field, words: &Words) -> Result<Value, Problem> {
    let (name, text) = (known.path, words.text.as_str());
    Ok(match known.kind {
        Kind::Keyword(_) => pattern(name, words, &spelling(name, text)),
        Kind::MatchOnlyText { .. } if words.is_quoted => json!({"match_phrase": {name: text}}),
        Kind::MatchOnlyText { .. } if text.contains('*') => {
            json!({"wildcard": {name: {"value": text.to_lowercase()}}})
        }
        Kind::MatchOnlyText { .. } => json!({"match": {name: {"query": text, "operator": "and"}}}),
        Kind::DateNanos => json!({"range": {name: {"gte": date(name, text)?, "lte": date(name, text)?}}}),
        _ => json!({"term": {name: number(name, text)?}}),
    })
}

/// Exact values are case-sensitive in the index; levels and ids have one spelling, so people need not know it.
fn spelling(name: &str, text: &str) -> String {
    match name {
        "level" => text.to_uppercase(),
        "trace_id" => TraceId::parse(text).map_or_else(|| text.to_owned(), |id| id.to_string()),
        _ if TraceId::parse(text).is_some() && text.len() == 36 => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
}

fn pattern(name: &str, words: &Words, text: &str) -> Value {
    if words.is_quoted || !text.contains(['*', '?']) {
        return json!({"term": {name: text}});
    }
    match text.strip_suffix('*').filter(|start| !start.contains(['*', '?'])) {
        Some(start) => json!({"prefix": {name: {"value": start}}}),
        None => json!({"wildcard": {name: {"value": text}}}),
    }
}

fn range(known: &Field, how: Comparison, value: &str) -> Result<Value, Problem> {
    let name = known.path;
    let value = match known.kind {
        Kind::DateNanos => date(name, value)?,
        kind if kind.is_number() => number(name, value)?,
        _ => {
            let what = format!("{name} is text and cannot be compared with < or >");
            return Err(Problem::new(what, "compare numbers and times only; text takes : and *"));
        }
    };
    let key = match how {
        Comparison::Less => "lt",
        Comparison::LessOrEqual => "lte",
        Comparison::Greater => "gt",
        Comparison::GreaterOrEqual => "gte",
    };
    Ok(json!({"range": {name: {key: value}}}))
}

fn number(name: &str, text: &str) -> Result<Value, Problem> {
    let whole = text.parse::<i64>().map(Value::from);
    let real = || text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from);
    whole.ok().or_else(real).ok_or_else(|| {
        Problem::new(
            format!("{name} is a number and {text:?} is none"),
            format!("write {name}:42 or {name} >= 42"),
        )
    })
}

/// A time as people write it, or date arithmetic such as `now-15m`, which OpenSearch reads itself.
fn date(name: &str, text: &str) -> Result<Value, Problem> {
    let is_arithmetic = text == "now" || text.starts_with("now-") || text.starts_with("now+");
    let rest_is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '/'));
    let is_day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    if (is_arithmetic && rest_is_plain) || is_day || crate::story::document::nanos_of(text).is_some() {
        return Ok(Value::from(text));
    }
    let hint = "write 2026-11-21T10:00:00Z, 2026-11-21 or now-15m";
    Err(Problem::new(format!("{name} is a time and {text:?} is none"), hint))
}

fn unknown(name: &str) -> Problem {
    let near = FIELDS.iter().map(|field| field.path).find(|path| {
        let last = path.rsplit('.').next().unwrap_or(path);
        path.starts_with(name) || last == name || path.replace(['.', '_'], "") == name.replace(['.', '_'], "")
    });
    let hint = near.map_or_else(
        || format!("a field of your own is attributes.{name}; docs/FIELDS.md lists the others"),
        |path| format!("did you mean {path}? a field of your own is attributes.{name}"),
    );
    Problem::new(format!("there is no field {name:?}"), hint)
}
