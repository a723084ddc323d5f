//! One snapshot as JSON, for `/status` and `correlog status --json`. Paths and counts, no content.

use std::io::{self, Write};

use correlog_pipeline::place::Skip;
use correlog_pipeline::snapshot::{FileState, FileView, Snapshot};
use serde_json::{Value, json};

use super::health::{Problem, problems};

/// Writes it with one file in memory at a time: as one value ten thousand files would take tens of megabytes.
///
/// # Errors
/// What the writer answers.
pub fn write(out: &mut impl Write, snapshot: &Snapshot, pid: u32) -> io::Result<()> {
    let head = head(snapshot).to_string();
    out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    write!(out, ",\"pid\":{pid},\"files\":[")?;
    for (number, view) in snapshot.files.iter().enumerate() {
        out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &file(view))?;
    }
    out.write_all(b"]}")
}

/// Everything but the files.
fn head(snapshot: &Snapshot) -> Value {
    let (lines, delivery) = (snapshot.lines, &snapshot.delivery);
    let said: Vec<Value> = problems(snapshot).iter().map(Problem::json).collect();
    json!({
        "healthy": said.is_empty(),
        "problems": said,
        "lines": {
            "read": lines.read, "stored": lines.stored, "refused": lines.refused, "skipped": lines.skipped,
            "in_flight": lines.in_flight,
        },
        "bytes_read": snapshot.bytes_read,
        "saved_ago_ms": snapshot.saved_ago_ms,
        "delivery": {
            "held_documents": delivery.held_documents, "held_bytes": delivery.held_bytes,
            "requests": delivery.counts.requests, "requests_under_way": delivery.requests_under_way,
            "window": delivery.window, "batch_bytes": delivery.batch_bytes,
            "refused_file_bytes": delivery.refused_file_bytes,
            "refused_by": delivery.counts.refused_by.iter()
                .map(|(fault, count)| (fault.name().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
        },
    })
}

/// One file: where it stands, in bytes of its unpacked content.
pub fn file(file: &FileView) -> Value {
    let skipped = Skip::ALL.iter().zip(file.skips.0).filter(|(_, bytes)| *bytes > 0);
    json!({
        "path": file.path,
        "state": state_name(&file.state),
        "lineage": file.lineage.map(correlog_pipeline::refused::hex),
        "settled": file.settled, "size": file.size, "behind": file.bytes_behind(), "lag_ms": file.lag_ms,
        "unterminated_bytes": file.unterminated_bytes, "stored": file.stored, "refused": file.refused,
        "skipped": skipped.map(|(skip, bytes)| (skip.name().to_owned(), json!(bytes))).collect::<serde_json::Map<_, _>>(),
        "hole": file.hole.map(|hole| hole.len.map_or_else(
            || format!("bytes from {} on are nowhere to be found, of unknown length", hole.from),
            |len| format!("{len} bytes from {} on are nowhere to be found", hole.from),
        )),
    })
}

pub const fn state_name(state: &FileState) -> &'static str {
    match state {
        FileState::Following => "following",
        FileState::Paused { .. } => "paused",
        FileState::Failing => "failing",
        FileState::Finished => "finished",
        FileState::Missing => "missing",
        FileState::Young => "young",
        FileState::Unfit(_) => "unfit",
        FileState::Unknown => "unknown",
    }
}
