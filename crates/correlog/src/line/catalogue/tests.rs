//! Proves the table equal to the schema, which is the truth.

use correlog_schema::fields::{self, FIELDS};

use super::*;

/// Where the schema says a field goes, in this module's words.
fn expected_kind(field: &fields::Field) -> Kind {
    match field.kind {
        fields::Kind::Keyword(_) if field.path.ends_with("_id") => Kind::Id,
        fields::Kind::Keyword(_) => Kind::Keyword,
        fields::Kind::MatchOnlyText { .. } | fields::Kind::TextNotIndexed => Kind::Text,
        fields::Kind::Byte | fields::Kind::Short => Kind::Short,
        fields::Kind::Integer { .. } => Kind::Integer,
        fields::Kind::Long | fields::Kind::Position => Kind::Long,
        fields::Kind::Float | fields::Kind::Measure | fields::Kind::Double => Kind::Float,
        fields::Kind::DateNanos => Kind::Date,
        fields::Kind::FlatObject => panic!("{} has no slot", field.path),
    }
}

#[test]
fn what_a_user_may_set_is_what_the_schema_says() {
    for field in FIELDS {
        let is_users = fields::user_field(field.path).is_some();
        assert_eq!(user_slot(field.path).is_some(), is_users, "{}", field.path);
        if let Some(at) = user_slot(field.path) {
            assert_eq!(TABLE[at].kind, expected_kind(field), "{}", field.path);
        }
    }
    for slot in TABLE.iter().filter(|slot| slot.set_by == SetBy::User) {
        assert!(fields::user_field(slot.path).is_some(), "{} is not the schema's", slot.path);
    }
}

#[test]
fn what_a_record_may_set_is_what_the_schema_says() {
    let head = ["@timestamp", "id", "record", "run_created_at", "attributes", "message"];
    let ids = ["trace_id", "span_id", "trace_flags", "parent_span_id"];
    for field in FIELDS.iter().filter(|field| field.families.has_workflow() && !head.contains(&field.path)) {
        let of_record = matches!(field.set_by, fields::SetBy::User | fields::SetBy::Record);
        let is_settable = of_record || ids.contains(&field.path);
        assert_eq!(record_slot(field.path).is_some(), is_settable, "{}", field.path);
        assert_eq!(is_reserved(field.path), !is_settable, "{}", field.path);
        if let Some(at) = record_slot(field.path) {
            assert_eq!(TABLE[at].kind, expected_kind(field), "{}", field.path);
        }
    }
    for name in head {
        assert!(record_slot(name).is_none() && is_reserved(name), "{name}");
    }
    for (alias, _) in fields::ALIASES {
        assert!(is_reserved(alias), "{alias}");
    }
}

#[test]
fn the_table_is_in_the_order_of_the_line() {
    for pair in TABLE.windows(2) {
        assert!(pair[0].path < pair[1].path, "{} before {}", pair[0].path, pair[1].path);
    }
    for slot in &TABLE {
        let leaf = slot.path.rsplit('.').next().expect("a path has a leaf");
        assert_eq!(slot.key, format!(",\"{leaf}\":"));
        assert_eq!(find(slot.path).map(|at| TABLE[at].path), Some(slot.path));
    }
    assert_eq!(find(""), None);
    assert_eq!(find("tenant_ix"), None);
}
