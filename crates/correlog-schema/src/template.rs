//! The component and index templates, made from the catalogue.
//!
//! Does not talk to a cluster and does not stamp hashes: `correlog setup` does both.

use serde_json::{Map, Value, json};

use crate::fields::{ALIASES, FIELDS, Field, Keyword, Kind};
use crate::index::Family;
use crate::{MANAGED_BY, VERSION};

/// How the stored fields are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Always there.
    BestCompression,
    /// Smaller and faster, but only where the plugin `opensearch-custom-codecs` is; else index creation fails.
    ZstdNoDict,
}

impl Codec {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BestCompression => "best_compression",
            Self::ZstdNoDict => "zstd_no_dict",
        }
    }
}

/// The objects one family needs on the cluster; `prefix` is the configured index prefix, for example `app-logs`.
#[derive(Debug, Clone, Copy)]
pub struct FamilyTemplates<'a> {
    pub family: Family,
    pub prefix: &'a str,
}

impl FamilyTemplates<'_> {
    /// Name of the index template; `correlog ship` asks for it before it indexes anything.
    #[must_use]
    pub fn template_name(&self) -> String {
        format!("correlog-{}", self.prefix)
    }

    #[must_use]
    pub fn settings_name(&self) -> String {
        format!("correlog-{}@settings", self.prefix)
    }

    #[must_use]
    pub fn mappings_name(&self) -> String {
        format!("correlog-{}@mappings", self.prefix)
    }

    /// The user's own component: created empty, never touched again.
    #[must_use]
    pub fn custom_name(&self) -> String {
        format!("correlog-{}@custom", self.prefix)
    }

    /// Body of the component template with the index settings.
    #[must_use]
    pub fn settings(&self, codec: Codec) -> Value {
        json!({
            "version": VERSION,
            "_meta": meta("How the daily indices are stored and searched by default"),
            "template": { "settings": { "index": {
                "number_of_shards": "1",
                "auto_expand_replicas": "0-1",
                "refresh_interval": "5s",
                "codec": codec.as_str(),
                "merge": { "policy": "log_byte_size" },
                "translog": { "durability": "request" },
                "query": { "default_field": default_fields(self.family) },
                "analysis": { "analyzer": { "default": words() } },
            } } },
        })
    }

    /// Body of the component template with the mapping.
    #[must_use]
    pub fn mappings(&self) -> Value {
        json!({
            "version": VERSION,
            "_meta": meta("The catalogue of fields as a mapping; everything else lives under attributes"),
            "template": { "mappings": mapping(self.family) },
        })
    }

    /// Body of the user's component: empty, and without a version, because it is not ours to update.
    #[must_use]
    pub fn custom(&self) -> Value {
        json!({ "template": {} })
    }

    /// Body of the index template that composes the three.
    #[must_use]
    pub fn template(&self) -> Value {
        json!({
            "index_patterns": [format!("{}-*", self.prefix)],
            "priority": 500,
            "version": VERSION,
            "_meta": meta("One index a UTC day, by the time of the event"),
            "composed_of": [self.settings_name(), self.mappings_name(), self.custom_name()],
        })
    }
}

/// The mapping of a family: `dynamic: false`, so that no line can change it and no line is refused by it.
#[must_use]
pub fn mapping(family: Family) -> Value {
    let mut properties = Map::new();
    for field in FIELDS.iter().filter(|field| lives_in(field, family)) {
        place(&mut properties, field.path, field_mapping(field.kind));
    }
    for (alias, path) in ALIASES {
        properties.insert((*alias).to_owned(), json!({ "type": "alias", "path": path }));
    }
    json!({
        "dynamic": "false",
        "date_detection": false,
        "numeric_detection": false,
        "properties": properties,
    })
}

/// The mapping of one field.
#[must_use]
pub fn field_mapping(kind: Kind) -> Value {
    match kind {
        Kind::DateNanos => json!({
            "type": "date_nanos",
            "format": "strict_date_optional_time_nanos||strict_date_optional_time||epoch_millis",
        }),
        Kind::Keyword(keyword) => keyword_mapping(keyword),
        Kind::MatchOnlyText { keyword_cut: None } => json!({ "type": "match_only_text" }),
        Kind::MatchOnlyText { keyword_cut: Some(cut) } => json!({
            "type": "match_only_text",
            "fields": { "keyword": { "type": "keyword", "ignore_above": cut } },
        }),
        Kind::TextNotIndexed => json!({ "type": "text", "index": false }),
        Kind::Position | Kind::Measure => json!({ "type": kind.type_name(), "index": false }),
        Kind::Integer { indexed: false } => json!({ "type": "integer", "index": false }),
        kind => json!({ "type": kind.type_name() }),
    }
}

/// What a search without a field name looks at: words and ids, so that a pasted trace id is found.
#[must_use]
pub fn default_fields(family: Family) -> Vec<&'static str> {
    let is_default = |field: &&Field| match field.kind {
        Kind::MatchOnlyText { .. } => true,
        Kind::Keyword(keyword) => keyword.lowercase || field.path == "external_trace_id",
        _ => false,
    };
    let ours = |field: &&Field| lives_in(field, family);
    FIELDS.iter().filter(ours).filter(is_default).map(|field| field.path).collect()
}

/// The committed files under `index-templates/`, for the default prefixes.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for family in Family::ALL {
        let prefix = family.default_prefix();
        let ours = FamilyTemplates { family, prefix };
        for (part, body) in [
            ("settings", ours.settings(Codec::BestCompression)),
            ("mappings", ours.mappings()),
            ("custom", ours.custom()),
            ("template", ours.template()),
        ] {
            files.push((format!("index-templates/{prefix}.{part}.json"), pretty(&body)));
        }
    }
    files
}

/// How texts are cut into words: Chinese, Japanese and Korean into pairs of characters, where OpenSearch's own choice would
/// find any text that has a word's characters anywhere, and no Korean word with its particle; the rest as by that choice.
/// It is the index's default, because a component with mappings alone may not name an analyzer of another.
fn words() -> Value {
    json!({ "type": "custom", "tokenizer": "standard", "filter": ["cjk_width", "lowercase", "cjk_bigram"] })
}

fn keyword_mapping(keyword: Keyword) -> Value {
    let mut mapping = Map::new();
    mapping.insert("type".to_owned(), json!("keyword"));
    if keyword.lowercase {
        mapping.insert("normalizer".to_owned(), json!("lowercase"));
    }
    if !keyword.doc_values {
        mapping.insert("doc_values".to_owned(), json!(false));
    }
    if !keyword.indexed {
        mapping.insert("index".to_owned(), json!(false));
    }
    mapping.insert("ignore_above".to_owned(), json!(keyword.cut));
    Value::Object(mapping)
}

fn place(properties: &mut Map<String, Value>, path: &str, mapping: Value) {
    let Some((root, rest)) = path.split_once('.') else {
        properties.insert(path.to_owned(), mapping);
        return;
    };
    let object = properties.entry(root).or_insert_with(|| json!({ "properties": {} }));
    let inner = object.get_mut("properties").and_then(Value::as_object_mut);
    place(inner.expect("no field's path is the prefix of another's"), rest, mapping);
}

fn lives_in(field: &Field, family: Family) -> bool {
    match family {
        Family::Logs => field.families.has_logs(),
        Family::Workflow => field.families.has_workflow(),
    }
}

fn meta(description: &str) -> Value {
    json!({ "managed_by": MANAGED_BY, "version": VERSION, "description": description })
}

fn pretty(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

/// Keys in order whatever features of `serde_json` some other crate turned on, so that files never differ by build.
#[must_use]
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| key.as_str());
            Value::Object(pairs.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_id_and_a_word_are_found_without_a_field_name() {
        for family in Family::ALL {
            let fields = default_fields(family);
            for path in ["message", "exception.message", "trace_id", "span_id", "workflow_run_id"] {
                assert!(fields.contains(&path), "{family:?}: {path}");
            }
            assert!(!fields.contains(&"level"));
        }
    }

    #[test]
    fn nested_paths_become_objects() {
        let mapping = mapping(Family::Logs);
        assert_eq!(mapping["dynamic"], "false");
        let status = &mapping["properties"]["http"]["properties"]["response"]["properties"]["status_code"];
        assert_eq!(status, &json!({ "type": "short" }));
        assert_eq!(mapping["properties"]["traceId"], json!({ "type": "alias", "path": "trace_id" }));
        assert!(mapping["properties"].get("total_tokens").is_none(), "workflow only");
    }
}
