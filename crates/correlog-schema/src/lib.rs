//! The one list of fields, record kinds and index names: the layer, the shipper, the templates, the
//! dashboards and the documents are all checked against what stands here.
//!
//! Does not read or write anything: [`files`] says what the generated files must contain, others write them.

pub mod cluster;
pub mod fields;
pub mod index;
pub mod line;
pub mod records;
pub mod template;
pub mod trace_id;

mod field_list;
mod fields_doc;

/// Bumped whenever a template, a policy or a dashboard changes its meaning; `correlog setup` replaces older ones.
pub const VERSION: u32 = 1;

/// What `managed_by` says on every object that is ours.
pub const MANAGED_BY: &str = "correlog";

/// Every generated file of the repository, as (path from its root, content).
///
/// `cargo xtask docs` writes them; a test compares them with what is committed.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let mut files = template::files();
    files.extend(cluster::files());
    files.push(("docs/FIELDS.md".to_owned(), fields_doc::markdown()));
    files
}
