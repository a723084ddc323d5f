//! The catalogue of configuration keys: name, kind, limits, default and meaning, once. Parsing, checking, `config
//! show` and docs/CONFIG.md all read it; nothing is decided about a value here.

/// What a value must be. Limits are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Url,
    UrlList,
    /// A path, relative to the configuration file.
    Path,
    Globs,
    Texts,
    Flag,
    Bytes {
        min: u64,
        max: u64,
    },
    Millis {
        min: u64,
        max: u64,
    },
    Count {
        min: u64,
        max: u64,
    },
    Choice(&'static [&'static str]),
    /// The fixed front of an index name.
    IndexPrefix,
    /// `host:port`.
    Address,
}

#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub path: &'static str,
    pub kind: Kind,
    /// As it would stand in the file; `None` where nothing is the default.
    pub default: Option<&'static str>,
    pub doc: &'static str,
}

const fn key(path: &'static str, kind: Kind, default: Option<&'static str>, doc: &'static str) -> Key {
    Key { path, kind, default, doc }
}

pub const FORMATS: &[&str] = &["auto", "correlog", "tracing", "dify", "ecs", "otel", "json", "text"];
pub const ENVELOPES: &[&str] = &["auto", "none", "docker", "cri"];
const MIB: u64 = 1 << 20;
const HOUR_MS: u64 = 3_600_000;

/// Keys of single sections.
pub const KEYS: &[Key] = &[
    key("opensearch.url", Kind::Url, Some("http://127.0.0.1:9200"), "The cluster's address."),
    key(
        "opensearch.urls",
        Kind::UrlList,
        None,
        "Several addresses of one cluster; used in turn, `url` is left out then.",
    ),
    key("opensearch.username", Kind::Text, None, "The user of basic authentication."),
    key(
        "opensearch.password_file",
        Kind::Path,
        None,
        "The file with its password; readable by its owner only; read again when it changes.",
    ),
    key(
        "opensearch.api_key_file",
        Kind::Path,
        None,
        "The file with an API key, sent as `Authorization: ApiKey …`.",
    ),
    key("opensearch.bearer_token_file", Kind::Path, None, "The file with a bearer token."),
    key("opensearch.ca_file", Kind::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key(
        "opensearch.client_cert_file",
        Kind::Path,
        None,
        "The client certificate (PEM); needs `client_key_file`.",
    ),
    key("opensearch.client_key_file", Kind::Path, None, "Its private key (PEM); readable by its owner only."),
    key(
        "opensearch.dangerously_accept_any_certificate",
        Kind::Flag,
        Some("false"),
        "Believe any server. Said on stderr every minute while it is on.",
    ),
    key(
        "opensearch.compression",
        Kind::Choice(&["gzip", "none"]),
        None,
        "Of request bodies: gzip unless the address is loopback.",
    ),
    key(
        "opensearch.batch_bytes",
        Kind::Bytes { min: 64 << 10, max: 64 * MIB },
        Some("4 MiB"),
        "The largest request body before compression.",
    ),
    key(
        "opensearch.concurrency_max",
        Kind::Count { min: 1, max: 64 },
        Some("4"),
        "Requests under way at once; fewer while the cluster is busy.",
    ),
    key(
        "opensearch.in_flight_bytes",
        Kind::Bytes { min: 4 * MIB, max: 1024 * MIB },
        Some("24 MiB"),
        "Bytes read and not settled yet; reading pauses there.",
    ),
    key(
        "opensearch.request_timeout",
        Kind::Millis { min: 1_000, max: 600_000 },
        Some("60s"),
        "The whole time one request may take before it counts as unknown.",
    ),
    key("index.logs", Kind::IndexPrefix, Some("app-logs"), "Log lines go to `<prefix>-YYYY.MM.DD`."),
    key(
        "index.workflow",
        Kind::IndexPrefix,
        Some("workflow-logs"),
        "Workflow records go to `<prefix>-YYYY.MM.DD`.",
    ),
    key(
        "index.require_template",
        Kind::Flag,
        Some("true"),
        "Without our template index nothing and say so: dynamic mapping would make trace_id text for the rest of the day.",
    ),
    key(
        "index.days_max",
        Kind::Count { min: 1, max: 10_000 },
        Some("100"),
        "New day indices one run may create, and two more each day; what is beyond them waits.",
    ),
    key(
        "host.id",
        Kind::Text,
        None,
        "Part of the ids of foreign lines. Default: the machine id; must be set in containers.",
    ),
    key(
        "ids.key_file",
        Kind::Path,
        None,
        "A file with 32 bytes as hex that key the ids; must be the same on all hosts and for ever.",
    ),
    key(
        "state.dir",
        Kind::Path,
        None,
        "Where the checkpoint and the refused lines are kept. Required by `ship`.",
    ),
    key(
        "redact.defaults",
        Kind::Flag,
        Some("true"),
        "Redact well-known secrets (passwords, tokens, authorization, cookies).",
    ),
    key("redact.keys", Kind::Texts, None, "More keys whose values are replaced by `***`."),
    key(
        "redact.patterns",
        Kind::Texts,
        None,
        "Regular expressions; what matches inside a value is replaced by `***`.",
    ),
    key(
        "admin.listen",
        Kind::Address,
        None,
        "Serve `/health`, `/metrics` and `/status` there; off by default.",
    ),
    key(
        "admin.report_every",
        Kind::Millis { min: 1_000, max: HOUR_MS },
        Some("60s"),
        "How often `ship` indexes its own status documents; a run that ends before the first has none.",
    ),
    key("dashboards.url", Kind::Url, None, "OpenSearch Dashboards, for links and `setup`."),
    key("links.jaeger", Kind::Url, None, "Jaeger's address, for links."),
    key("links.grafana", Kind::Url, None, "A Grafana address, for links."),
];

/// Keys of each `[[logs]]` entry.
pub const LOGS_KEYS: &[Key] = &[
    key("logs.name", Kind::Text, None, "A name for messages and status; default: its number."),
    key("logs.paths", Kind::Globs, None, "The files to follow. Required."),
    key(
        "logs.exclude",
        Kind::Globs,
        None,
        "Files not to follow though `paths` matches them; without a slash the file's name is compared.",
    ),
    key(
        "logs.rotated",
        Kind::Globs,
        None,
        "Their rotated siblings, `.gz` too; default: the usual suffixes of each path.",
    ),
    key(
        "logs.roots",
        Kind::Texts,
        None,
        "Directories into which symbolic links may lead, besides those the patterns start in; links elsewhere are not followed.",
    ),
    key("logs.format", Kind::Choice(FORMATS), Some("auto"), "What a line is; `auto` looks at each line."),
    key(
        "logs.envelope",
        Kind::Choice(ENVELOPES),
        Some("auto"),
        "What a container runtime wraps around each line; what it split into parts stays split, each part marked.",
    ),
    key("logs.service", Kind::Text, None, "`service.name` of lines that have none."),
    key("logs.environment", Kind::Text, None, "`deployment.environment.name` of lines that have none."),
    key(
        "logs.start_at",
        Kind::Choice(&["beginning", "end"]),
        Some("beginning"),
        "`end`: skip what is there when a never-used state directory is first started.",
    ),
    key(
        "logs.max_age",
        Kind::Millis { min: 60_000, max: 87_600 * HOUR_MS },
        None,
        "Older lines are a counted skip; default: none are skipped.",
    ),
];

/// The key of a dotted path; entries of lists are asked without their number (`logs.paths`).
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().chain(LOGS_KEYS).find(|key| key.path == path)
}

/// The nearest known key, for the hint at an unknown one.
pub fn nearest(path: &str) -> Option<&'static str> {
    let section = path.split('.').next().unwrap_or_default();
    KEYS.iter()
        .chain(LOGS_KEYS)
        .map(|key| (distance(path, key.path), key.path))
        .filter(|(far, known)| *far <= 3 || (*far <= 6 && known.starts_with(section)))
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance, bytes; names are short.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in right.bytes().enumerate() {
            let substitute = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
