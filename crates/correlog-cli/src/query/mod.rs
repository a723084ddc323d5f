//! The query language of `correlog search`: `level:error service.name:api "timed out" duration_ms >= 500 and not
//! tenant_id:acme`. A query becomes a tree (`parse`), the tree an OpenSearch query (`compile`), checked against the
//! catalogue of fields on the way: what would be silently wrong in OpenSearch is refused with a sentence here.

mod compile;
mod lex;
mod parse;

#[cfg(test)]
mod tests;

use serde_json::Value;

/// Reads a query and makes the OpenSearch query of it; an empty one matches everything.
pub fn read(text: &str) -> Result<Value, Problem> {
    let tree = parse::parse(text)?;
    compile::compile(&tree)
}

/// Why a query cannot be used: where, what, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub what: String,
    pub hint: String,
}

impl Problem {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

/// A query as a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    All,
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    /// Words or a quoted phrase in no field of their own.
    Text(Words),
    Field {
        field: String,
        is: Test,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Equals(Words),
    Compares(Comparison, String),
    /// `field:*`
    Exists,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    pub text: String,
    /// In quotes: a phrase, and `*` is only a star.
    pub is_quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
