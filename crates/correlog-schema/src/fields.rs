//! What a field is: its path, its OpenSearch type, who may set it, and the look-ups over the catalogue.
//!
//! Does not hold the list itself (`field_list.rs`) and does not convert values: the layer and the encoder do.

pub use crate::field_list::{ALIASES, FIELDS};

/// How long, in bytes, a keyword or a leaf of `attributes` may be; longer ones are cut (a 40 kB leaf is a 400).
pub const LEAF_CUT: u32 = 8192;

/// One field of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Dotted path from the root of the document, for example `http.route`.
    pub path: &'static str,
    pub kind: Kind,
    pub families: Families,
    pub set_by: SetBy,
    /// One sentence for `docs/FIELDS.md`.
    pub doc: &'static str,
}

/// The OpenSearch type, with what the shipper must know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Event times; one type in every family, because `date` beside `date_nanos` breaks sorting.
    DateNanos,
    Keyword(Keyword),
    /// Searchable words without positions. `keyword_cut` adds a sub-field `.keyword` for grouping, cut there.
    MatchOnlyText {
        keyword_cut: Option<u32>,
    },
    /// Kept in `_source` only.
    TextNotIndexed,
    Byte,
    Short,
    Integer {
        indexed: bool,
    },
    Long,
    /// A long by which lines are sorted and picked within one file or stream. Columns suffice for that: an index of it
    /// is left out, because every line would pay for it.
    Position,
    Float,
    /// A float that almost every line may bear and that is nearly always asked for together with a time: its column
    /// serves ranges too, and an index of it would be a fiftieth of the whole document.
    Measure,
    Double,
    /// Everything else a line says, as one field whatever its keys.
    FlatObject,
}

/// The options of a keyword field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyword {
    /// Longest value in bytes; the shipper cuts, the template ignores above.
    pub cut: u32,
    /// Whether a `lowercase` normalizer makes a pasted upper-case id work.
    pub lowercase: bool,
    /// Whether it can be sorted and aggregated.
    pub doc_values: bool,
    /// Whether it can be searched.
    pub indexed: bool,
}

/// On which index families a field lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Families {
    Logs,
    Workflow,
    Both,
}

/// Who writes the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// The layer itself; a user's field of this name goes to `attributes`.
    Layer,
    /// A field or span field of the user's own code, at its place and with its type.
    User,
    /// The shipper itself; refused from users like those of the layer.
    Shipper,
    /// The writer of a record line; on a log line such a name is a user's and goes to `attributes`.
    Record,
}

impl Families {
    #[must_use]
    pub fn has_logs(self) -> bool {
        matches!(self, Self::Logs | Self::Both)
    }

    #[must_use]
    pub fn has_workflow(self) -> bool {
        matches!(self, Self::Workflow | Self::Both)
    }
}

impl Kind {
    /// Whether the field holds a number.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Byte
                | Self::Short
                | Self::Integer { .. }
                | Self::Long
                | Self::Position
                | Self::Float
                | Self::Measure
                | Self::Double
        )
    }

    /// Whether a terms aggregation or a sort works on the field itself.
    #[must_use]
    pub fn is_aggregatable(self) -> bool {
        match self {
            Self::Keyword(keyword) => keyword.doc_values,
            Self::DateNanos => true,
            Self::MatchOnlyText { .. } | Self::TextNotIndexed | Self::FlatObject => false,
            _ => self.is_number(),
        }
    }

    /// Whether a query on the field can match.
    #[must_use]
    pub fn is_searchable(self) -> bool {
        match self {
            Self::Keyword(keyword) => keyword.indexed,
            Self::Integer { indexed } => indexed,
            Self::TextNotIndexed => false,
            _ => true,
        }
    }

    /// The name OpenSearch gives the type.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::DateNanos => "date_nanos",
            Self::Keyword(_) => "keyword",
            Self::MatchOnlyText { .. } => "match_only_text",
            Self::TextNotIndexed => "text",
            Self::Byte => "byte",
            Self::Short => "short",
            Self::Integer { .. } => "integer",
            Self::Long | Self::Position => "long",
            Self::Float | Self::Measure => "float",
            Self::Double => "double",
            Self::FlatObject => "flat_object",
        }
    }
}

/// The field with exactly this path.
///
/// A binary search, so that the layer may ask once per call site: [`FIELDS`] is sorted by path.
#[must_use]
pub fn field(path: &str) -> Option<&'static Field> {
    FIELDS.binary_search_by(|field| field.path.cmp(path)).ok().map(|at| &FIELDS[at])
}

/// The field a user's log line may set under this name, or `None` where it belongs under `attributes`.
#[must_use]
pub fn user_field(path: &str) -> Option<&'static Field> {
    field(path).filter(|field| field.set_by == SetBy::User && field.families.has_logs())
}

/// Whether a user's field of this name must go under `attributes.<name>`: nobody can spoof a trace id or a position.
///
/// True for what the layer, the shipper and record lines write, for everything below those roots
/// (`log.seq`, `service.name`), and for the aliases, which OpenSearch refuses as fields with a 400.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    if user_field(name).is_some() {
        return false;
    }
    let root = name.split('.').next().unwrap_or(name);
    let written = |field: &Field| field.set_by != SetBy::User && first_segment(field.path) == root;
    FIELDS.iter().any(written) || ALIASES.iter().any(|(alias, _)| *alias == name)
}

/// Whether some field starts with this root key: an unknown root key of any input moves under `attributes`.
#[must_use]
pub fn is_root(key: &str) -> bool {
    FIELDS.iter().any(|field| first_segment(field.path) == key)
}

fn first_segment(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_no_path_is_a_prefix_of_another() {
        for pair in FIELDS.windows(2) {
            assert!(pair[0].path < pair[1].path, "{} before {}", pair[0].path, pair[1].path);
        }
        for field in FIELDS {
            let below = format!("{}.", field.path);
            assert!(!FIELDS.iter().any(|other| other.path.starts_with(&below)), "{}", field.path);
            assert!(field.doc.ends_with('.'), "{} wants a whole sentence", field.path);
        }
    }

    #[test]
    fn every_alias_points_at_a_field_and_is_none() {
        for (alias, path) in ALIASES {
            assert!(field(path).is_some(), "{alias} points nowhere");
            assert!(field(alias).is_none() && is_reserved(alias), "{alias}");
        }
    }

    #[test]
    fn names_go_where_the_catalogue_says() {
        let check = |name: &str, user: bool, reserved: bool| {
            assert_eq!(user_field(name).is_some(), user, "{name}: user");
            assert_eq!(is_reserved(name), reserved, "{name}: reserved");
        };
        check("tenant_id", true, false);
        check("http.response.status_code", true, false);
        check("duration_ms", true, false);
        check("trace_id", false, true);
        check("log.seq", false, true);
        check("log.anything", false, true);
        check("service.name", false, true);
        check("record", false, true);
        check("attributes", false, true);
        check("traceId", false, true);
        check("status", false, true);
        check("retries", false, false);
        check("http", false, false);
    }
}
