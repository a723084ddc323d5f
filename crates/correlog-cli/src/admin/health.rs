//! Whether all is well, and if not, why: sentences for people made of one snapshot. It decides nothing that ships.

use correlog_pipeline::delivery::counts::Trouble;
use correlog_pipeline::delivery::judge::{Block, Doubt, Stall};
use correlog_pipeline::ports::{Lost, NotSent};
use correlog_pipeline::snapshot::{FileState, Snapshot};
use serde_json::{Value, json};

/// One thing that is not well, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub name: &'static str,
    pub what: String,
    pub hint: &'static str,
}

impl Problem {
    /// The same problem has the same key while its numbers change.
    pub fn key(&self) -> String {
        let words = self.what.chars().filter(|c| !c.is_ascii_digit() || self.name == "index_parked");
        let what: String = words.collect();
        format!("{} {}", self.name, what.split(';').next().unwrap_or_default())
    }

    pub fn json(&self) -> Value {
        json!({"name": self.name, "what": self.what, "hint": self.hint})
    }
}

/// Everything that is not well. Empty: healthy.
pub fn problems(snapshot: &Snapshot) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(trouble) = snapshot.delivery.trouble {
        let (what, hint) = trouble_words(trouble);
        problems.push(Problem { name: trouble_name(trouble), what: what.to_owned(), hint });
    }
    for lane in &snapshot.delivery.parked {
        let (why, hint) = lane.block.map_or(ODD, block_words);
        let what = format!("{} takes no documents: {why}; {} bytes wait", lane.index, lane.bytes);
        problems.push(Problem { name: "index_parked", what, hint });
    }
    if let Some(fault) = snapshot.save_fault {
        let what = format!("the state cannot be saved ({fault:?}); shipping goes on");
        problems.push(Problem { name: "state_not_saved", what, hint: "free or mend the disk of state.dir" });
    }
    let failing = snapshot.files.iter().filter(|file| file.state == FileState::Failing).count();
    if failing > 0 {
        let what = format!("{failing} files cannot be read and are tried again");
        problems.push(Problem {
            name: "files_unreadable",
            what,
            hint: "check their permissions; `/status` names them",
        });
    }
    problems
}

/// The name in metrics.
pub const fn trouble_name(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Unreachable(_) => "unreachable",
        Trouble::Busy => "busy",
        Trouble::Unknown(_) => "unknown",
        Trouble::Stalled(Stall::Credential) => "credential",
        Trouble::Stalled(_) => "address",
        Trouble::RefusedFull => "refused_full",
    }
}

/// What to say of it, and what to do.
pub const fn trouble_words(trouble: Trouble) -> (&'static str, &'static str) {
    match trouble {
        Trouble::Unreachable(why) => unreachable_words(why),
        Trouble::Busy => ("OpenSearch is busy; requests are fewer and smaller", "look at the cluster's load"),
        Trouble::Unknown(Doubt::Lost(Lost::Timeout)) => {
            ("requests are not answered in time", "look at the cluster")
        }
        Trouble::Unknown(_) => {
            ("requests come back without a usable answer", "what is between us and OpenSearch?")
        }
        Trouble::Stalled(Stall::Credential) => {
            ("OpenSearch refuses the credential", "mend the credential file; it is read again by itself")
        }
        Trouble::Stalled(Stall::Forbidden) => {
            ("something refuses us with 403", "a proxy? check opensearch.url and its rules")
        }
        Trouble::Stalled(Stall::Redirect) => (
            "the address redirects; it is not followed with credentials",
            "set opensearch.url to where it leads",
        ),
        Trouble::Stalled(Stall::Address(_)) => ("there is no _bulk at this address", "check opensearch.url"),
        Trouble::RefusedFull => (
            "the refused files are full or cannot be written; everything waits, nothing is lost",
            "`correlog refused list`, mend the mapping, `correlog refused replay`; or free the disk",
        ),
    }
}

const fn unreachable_words(why: NotSent) -> (&'static str, &'static str) {
    match why {
        NotSent::Refused | NotSent::Closing => {
            ("nothing listens at opensearch.url", "is OpenSearch running there?")
        }
        NotSent::NoAddress => ("the name in opensearch.url has no address", "check the name and the DNS"),
        NotSent::ConnectTimeout => ("opensearch.url does not accept connections", "a firewall?"),
        NotSent::Tls => (
            "the server's certificate is not accepted",
            "check its name, its dates and opensearch.ca_file; checks are never relaxed by themselves",
        ),
        NotSent::Credential => (
            "a credential or certificate file cannot be read",
            "it must be there and readable by its owner only",
        ),
    }
}

const ODD: (&str, &str) = (
    "OpenSearch answers with errors of a kind unknown here",
    "look at its log; they are sent again by themselves",
);

/// Why an index takes nothing, and what to do.
pub const fn block_words(block: Block) -> (&'static str, &'static str) {
    match block {
        Block::ClusterBlock => {
            ("it is blocked (flood stage or read-only)", "free disk on the cluster, lift the block")
        }
        Block::CreateIndexBlock => ("no index can be created", "free disk on the cluster, lift the block"),
        Block::IndexClosed => ("it is closed", "open it"),
        Block::IndexMissing => {
            ("it may not be created automatically", "allow action.auto_create_index for it")
        }
        Block::ShardLimit => {
            ("the cluster has no room for its shards", "raise cluster.max_shards_per_node or retain less")
        }
        Block::Permission => ("the role may not write there", "`correlog setup export` has the role"),
        Block::IndexName => ("its name is refused", "check index.logs and index.workflow"),
        Block::TooManyIndices => ("it would be one index too many for one run", "raise index.days_max"),
    }
}
