//! What a reply means, for the request and for each document: one pure function of the outcome and the ids sent.
//!
//! It goes by `error.type`, never by text and never by a status alone where a type is there. What no rule knows is
//! sent again; nothing unknown is ever dropped.

#[cfg(test)]
mod tests;

use super::batch::Batch;
use super::reply::{self, BadReply, Item, ItemError};
use crate::ports::{Lost, NotSent, Outcome};

/// What came of a whole request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// Every document has its own verdict, in the order sent.
    Each(Vec<Verdict>),
    /// Certainly nothing happened, and no server answered.
    Unreachable(NotSent),
    /// The cluster has too much to do: the same again later, with less. `done` when it may have happened.
    Busy { retry_after_ms: Option<u64>, in_doubt: bool },
    /// It may have happened, wholly or in part.
    Unknown(Doubt),
    /// The body is larger than something on the way takes.
    TooLarge,
    /// The body itself is refused: one document in it is to blame.
    Poison,
    /// The index, or every index, takes nothing now.
    Blocked(Block),
    /// Nobody can be served before the operator acts.
    Stalled(Stall),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Doubt {
    Lost(Lost),
    Bad(BadReply),
    /// A status that promises nothing: 408, 500, 502, 504, an odd 2xx, a 400 that is not OpenSearch's own.
    Status(u16),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stall {
    /// 401, or 403 with a security exception: the credential is read again.
    Credential,
    /// 403 from something that is not OpenSearch's security.
    Forbidden,
    /// A redirect; it is never followed, because the credential would go with it.
    Redirect,
    /// No `_bulk` at this address, or another 4xx: the address or a proxy is wrong.
    Address(u16),
}

/// What one document's item says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Stored,
    /// The id is taken: `create` of a stored line, or a record's newer version.
    Conflict,
    /// Not done, and worth trying again soon; `in_doubt` when it may have been done after all.
    Busy {
        in_doubt: bool,
    },
    Blocked(Block),
    /// Its own fault; `field` is the catalogued field that the error names, for people to group by.
    Faulty {
        fault: Fault,
        field: Option<&'static str>,
    },
    /// No rule knows it.
    Odd,
}

/// Why an index takes no documents. Only the operator (or time) can change it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Block {
    /// `cluster_block_exception`: flood stage, read-only, a write block.
    ClusterBlock,
    /// `index_create_block_exception`: the disk's high watermark, or `cluster.blocks.create_index`.
    CreateIndexBlock,
    IndexClosed,
    /// `index_not_found_exception`: it may not be created automatically.
    IndexMissing,
    /// `validation_exception`: the cluster's limit of shards.
    ShardLimit,
    /// `security_exception` on an item: the role may not write here.
    Permission,
    /// The name is refused.
    IndexName,
    /// More new day indices than one run may create (`index.days_max`).
    TooManyIndices,
}

/// A document's own fault: it goes again in its second form, then to the refused file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// It does not fit the mapping.
    Mapping,
    /// A field that a strict mapping does not know.
    Strict,
    /// Field limit, immense term, depth: an illegal argument.
    Illegal,
    /// It is not JSON as OpenSearch reads it.
    Parse,
    /// The request is refused because of it.
    Poison,
    /// Alone it is larger than a request may be.
    TooLarge,
    /// Alone it makes requests hang, while others are answered.
    Hangs,
    /// Its id is taken by another event.
    IdTaken,
}

impl Fault {
    /// Its name in the refused file, in metrics and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Strict => "strict_mapping",
            Self::Illegal => "illegal_argument",
            Self::Parse => "parse",
            Self::Poison => "request_refused",
            Self::TooLarge => "too_large",
            Self::Hangs => "request_hangs",
            Self::IdTaken => "id_taken",
        }
    }
}

/// The judgement of `outcome` for the documents of a batch, whose body is in its place.
pub fn of_batch(outcome: &Outcome, batch: &Batch) -> Judgement {
    let ids = batch.entries.iter().map(|entry| batch.id_escaped(entry));
    if let Outcome::Replied { status: 200, reply, .. } = outcome
        && reply::says_all_stored(reply, ids)
    {
        return Judgement::Each(vec![Verdict::Stored; batch.len()]);
    }
    let is_id = |at: usize, id: &str| {
        batch.id_escaped(&batch.entries[at]) == id.as_bytes() || batch.id(&batch.entries[at]) == id
    };
    judge(outcome, batch.len(), is_id)
}

/// The judgement of `outcome` for `sent` documents; `is_id` tells whether an id is the one sent at a place.
pub fn judge(outcome: &Outcome, sent: usize, is_id: impl Fn(usize, &str) -> bool) -> Judgement {
    let (status, retry_after_ms, reply) = match outcome {
        Outcome::NotSent(why) => return Judgement::Unreachable(*why),
        Outcome::Unknown(why) => return Judgement::Unknown(Doubt::Lost(*why)),
        Outcome::Replied { status, retry_after_ms, reply } => (*status, *retry_after_ms, reply),
    };
    if status == 200 {
        return match reply::items(reply, sent, is_id) {
            Ok(items) => Judgement::Each(items.iter().map(verdict).collect()),
            Err(bad) => Judgement::Unknown(Doubt::Bad(bad)),
        };
    }
    refusal(status, retry_after_ms, reply::error_type(reply).as_deref())
}

/// The whole request was answered with something else than items.
fn refusal(status: u16, retry_after_ms: Option<u64>, kind: Option<&str>) -> Judgement {
    let class = kind.and_then(class);
    if let Some(Class::Blocked(block)) = class
        && block != Block::Permission
    {
        return Judgement::Blocked(block);
    }
    match status {
        429 => Judgement::Busy { retry_after_ms, in_doubt: false },
        503 => Judgement::Busy { retry_after_ms, in_doubt: true },
        401 => Judgement::Stalled(Stall::Credential),
        403 if class == Some(Class::Blocked(Block::Permission)) => Judgement::Stalled(Stall::Credential),
        403 => Judgement::Stalled(Stall::Forbidden),
        413 => Judgement::TooLarge,
        // A proxy's own 400 says nothing about a document; OpenSearch's has a type.
        400 if kind.is_some() => Judgement::Poison,
        400 | 408 | 500..=599 | 200..=299 => Judgement::Unknown(Doubt::Status(status)),
        300..=399 => Judgement::Stalled(Stall::Redirect),
        _ => Judgement::Stalled(Stall::Address(status)),
    }
}

fn verdict(item: &Item<'_>) -> Verdict {
    match &item.error {
        None if matches!(item.status, 200 | 201) => Verdict::Stored,
        None => Verdict::Odd,
        // A success that carries an error is neither.
        Some(_) if item.status < 300 => Verdict::Odd,
        Some(error) => fault(item.status, error),
    }
}

fn fault(status: u16, error: &ItemError<'_>) -> Verdict {
    match class(&error.kind) {
        Some(Class::Conflict) => Verdict::Conflict,
        Some(Class::Busy) => Verdict::Busy { in_doubt: status != 429 },
        Some(Class::Blocked(block)) => Verdict::Blocked(block),
        Some(Class::Faulty(fault)) if status < 500 => Verdict::Faulty { fault, field: error.field },
        Some(Class::Faulty(_)) | None => Verdict::Odd,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Conflict,
    Busy,
    Blocked(Block),
    Faulty(Fault),
}

/// OpenSearch's names of errors, and Elasticsearch's where an older proxy or cluster spells them so.
fn class(kind: &str) -> Option<Class> {
    Some(match kind {
        "version_conflict_engine_exception" => Class::Conflict,
        "rejected_execution_exception"
        | "opensearch_rejected_execution_exception"
        | "es_rejected_execution_exception"
        | "circuit_breaking_exception"
        | "unavailable_shards_exception"
        | "no_shard_available_action_exception"
        | "cluster_manager_not_discovered_exception"
        | "master_not_discovered_exception"
        | "not_cluster_manager_exception"
        | "not_master_exception"
        | "failed_to_commit_cluster_state_exception"
        | "process_cluster_event_timeout_exception"
        | "timeout_exception"
        | "receive_timeout_transport_exception"
        | "node_closed_exception"
        | "node_disconnected_exception"
        | "node_not_connected_exception"
        | "connect_transport_exception"
        | "already_closed_exception"
        | "engine_closed_exception"
        | "illegal_index_shard_state_exception"
        | "index_shard_closed_exception"
        | "index_shard_not_started_exception"
        | "index_shard_recovering_exception"
        | "retry_on_primary_exception"
        | "retry_on_replica_exception"
        | "shard_not_found_exception"
        | "shard_not_in_primary_mode_exception"
        | "task_cancelled_exception" => Class::Busy,
        "cluster_block_exception" => Class::Blocked(Block::ClusterBlock),
        "index_create_block_exception" => Class::Blocked(Block::CreateIndexBlock),
        "index_closed_exception" => Class::Blocked(Block::IndexClosed),
        "index_not_found_exception" => Class::Blocked(Block::IndexMissing),
        "validation_exception" => Class::Blocked(Block::ShardLimit),
        "security_exception" => Class::Blocked(Block::Permission),
        "invalid_index_name_exception" | "invalid_alias_name_exception" => Class::Blocked(Block::IndexName),
        "mapper_parsing_exception"
        | "document_parsing_exception"
        | "input_coercion_exception"
        | "date_time_parse_exception"
        | "number_format_exception" => Class::Faulty(Fault::Mapping),
        "strict_dynamic_mapping_exception" => Class::Faulty(Fault::Strict),
        "illegal_argument_exception"
        | "max_bytes_length_exceeded_exception"
        | "action_request_validation_exception"
        | "routing_missing_exception" => Class::Faulty(Fault::Illegal),
        "parsing_exception"
        | "parse_exception"
        | "x_content_parse_exception"
        | "json_parse_exception"
        | "stream_constraints_exception"
        | "not_x_content_exception" => Class::Faulty(Fault::Parse),
        _ => return None,
    })
}
