//! The kinds of documents, their names, their families, and one golden line of each.
//!
//! Does not parse a record line: the shipper's encoder does.
//!
//! A record line's head is
//! `{"record":"workflow_run","id":"<row id>","run_created_at":"<RFC 3339>","@timestamp":"<the line's own time>",…}`.
//! Its document's `_id` is `<record>:<id>`, its version the microseconds of `@timestamp`, its index the UTC day of
//! `run_created_at`, so that every record of a run stands in one index.

use crate::index::Family;

/// What the field `record` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// A log line; lines without the field `record` are of this kind.
    Log,
    /// Who started which run from where: written once.
    WorkflowAppLog,
    /// One run, rewritten until it ends.
    WorkflowRun,
    /// One execution of one node, rewritten until it ends.
    NodeExecution,
    /// The shipper's own status, one a minute per host and cause.
    ShipperStatus,
}

impl RecordKind {
    pub const ALL: [Self; 5] =
        [Self::Log, Self::WorkflowAppLog, Self::WorkflowRun, Self::NodeExecution, Self::ShipperStatus];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::WorkflowAppLog => "workflow_app_log",
            Self::WorkflowRun => "workflow_run",
            Self::NodeExecution => "node_execution",
            Self::ShipperStatus => "shipper_status",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Log | Self::ShipperStatus => Family::Logs,
            Self::WorkflowAppLog | Self::WorkflowRun | Self::NodeExecution => Family::Workflow,
        }
    }

    /// One whole line of this kind as its writer writes it, without the newline.
    #[must_use]
    pub fn golden_line(self) -> &'static str {
        match self {
            Self::Log => include_str!("../golden/log.json").trim_ascii_end(),
            Self::WorkflowAppLog => include_str!("../golden/workflow_app_log.json").trim_ascii_end(),
            Self::WorkflowRun => include_str!("../golden/workflow_run.json").trim_ascii_end(),
            Self::NodeExecution => include_str!("../golden/node_execution.json").trim_ascii_end(),
            Self::ShipperStatus => include_str!("../golden/shipper_status.json").trim_ascii_end(),
        }
    }

    /// One sentence for `docs/FIELDS.md`.
    #[must_use]
    pub fn doc(self) -> &'static str {
        match self {
            Self::Log => "A log line.",
            Self::WorkflowAppLog => "Who started which run from where; written once.",
            Self::WorkflowRun => "One run of a workflow, rewritten until it ends.",
            Self::NodeExecution => "One execution of one node, rewritten until it ends.",
            Self::ShipperStatus => "The shipper's own status, one a minute per host and cause.",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::fields::field;

    #[test]
    fn every_golden_line_uses_only_catalogued_fields_of_its_family() {
        for kind in RecordKind::ALL {
            let line: Value = serde_json::from_str(kind.golden_line()).expect("golden lines are JSON");
            let named = line.get("record").and_then(Value::as_str).unwrap_or("log");
            assert_eq!(RecordKind::parse(named), Some(kind));
            let mut paths = Vec::new();
            leaves(&line, String::new(), &mut paths);
            for path in paths {
                let field = field(&path).unwrap_or_else(|| panic!("{}: {path}", kind.as_str()));
                let lives_here = match kind.family() {
                    Family::Logs => field.families.has_logs(),
                    Family::Workflow => field.families.has_workflow(),
                };
                assert!(lives_here, "{}: {path}", kind.as_str());
            }
        }
    }

    fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
        match value {
            Value::Object(map) if path != "attributes" => {
                for (key, value) in map {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    leaves(value, path, found);
                }
            }
            _ => found.push(path),
        }
    }
}
