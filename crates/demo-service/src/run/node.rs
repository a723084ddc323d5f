//! The five nodes. What they compute is made up, and the same for the same request; what they call and how long they
//! take is real.

use std::{fmt, time::Duration};

use reqwest_middleware::ClientWithMiddleware;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::request::{FailHow, RunRequest};
use crate::worker::{Looked, Lookup};

/// In the order they run.
pub const NODES: [Node; 5] = [Node::Start, Node::KnowledgeRetrieval, Node::Llm, Node::HttpRequest, Node::End];

pub const MODEL_PROVIDER: &str = "openai";
pub const MODEL_NAME: &str = "gpt-4o-mini";
pub const CURRENCY: &str = "USD";

/// Dollars for a token, asked and answered.
const PROMPT_PRICE: f64 = 0.000_000_15;
const COMPLETION_PRICE: f64 = 0.000_000_6;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Node {
    Start,
    KnowledgeRetrieval,
    Llm,
    HttpRequest,
    End,
}

/// What nodes reach outside of the process.
#[derive(Debug, Clone)]
pub struct World {
    pub client: ClientWithMiddleware,
    /// Base address, without a slash at its end.
    pub worker: String,
}

/// What a node gave.
#[derive(Debug, Default)]
pub struct Outcome {
    pub outputs: Map<String, Value>,
    pub usage: Usage,
}

/// What a node used of a model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// Why a node failed.
#[derive(Debug)]
pub enum Failure {
    /// The request asked for it.
    Asked(Node),
    /// What the node calls answered 429.
    RateLimited,
    /// What the node calls did not answer in time.
    TimedOut,
    /// The worker answered with this status.
    Refused(u16),
    /// The worker could not be reached or understood.
    Unreachable(reqwest_middleware::Error),
}

impl Node {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::KnowledgeRetrieval => "knowledge-retrieval",
            Self::Llm => "llm",
            Self::HttpRequest => "http-request",
            Self::End => "end",
        }
    }

    /// The node's id in the workflow's graph.
    pub fn id(self) -> &'static str {
        match self {
            Self::Start => "1732000000001",
            Self::KnowledgeRetrieval => "1732000000002",
            Self::Llm => "1732000000003",
            Self::HttpRequest => "1732000000004",
            Self::End => "1732000000005",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::KnowledgeRetrieval => "Search the handbook",
            Self::Llm => "Write the answer",
            Self::HttpRequest => "Ask the worker",
            Self::End => "End",
        }
    }

    /// # Errors
    /// What the request asked for, or what the worker did.
    ///
    /// # Panics
    /// If the request asks for it.
    pub async fn run(self, request: &RunRequest, world: &World) -> Result<Outcome, Failure> {
        tokio::time::sleep(request.delay(self) + self.usual()).await;
        let fails = request.fail_at == Some(self);
        match request.fail_how {
            _ if !fails => {}
            FailHow::Panic => panic!("the node {} was asked to panic", self.kind()),
            FailHow::RateLimit => return Err(Failure::RateLimited),
            FailHow::Timeout => return Err(Failure::TimedOut),
            // The worker is told to fail, so that the error is in its log too.
            FailHow::Error if self == Self::HttpRequest => {}
            FailHow::Error => return Err(Failure::Asked(self)),
        }
        match self {
            Self::Start | Self::End => Ok(Outcome::default()),
            Self::KnowledgeRetrieval => Ok(retrieved(request.query())),
            Self::Llm => Ok(answered(request.query())),
            Self::HttpRequest => looked_up(request.query(), fails, world).await,
        }
    }

    fn usual(self) -> Duration {
        match self {
            Self::Start | Self::End | Self::HttpRequest => Duration::ZERO,
            Self::KnowledgeRetrieval => Duration::from_millis(2),
            Self::Llm => Duration::from_millis(8),
        }
    }
}

fn retrieved(query: &str) -> Outcome {
    let documents = 1 + query.len() % 4;
    tracing::info!(documents, "documents found");
    let outputs = Map::from_iter([("documents".to_owned(), json!(documents))]);
    Outcome { outputs, usage: Usage::default() }
}

fn answered(query: &str) -> Outcome {
    let words = query.split_whitespace().count() as u64;
    let usage = Usage { prompt_tokens: 40 + words * 2, completion_tokens: 25 + words * 3 };
    tracing::info!(
        model_provider = MODEL_PROVIDER,
        model_name = MODEL_NAME,
        prompt_tokens = usage.prompt_tokens,
        completion_tokens = usage.completion_tokens,
        total_tokens = usage.total(),
        "model answered"
    );
    let answer = format!("You asked: {query} The handbook says yes.");
    Outcome { outputs: Map::from_iter([("answer".to_owned(), json!(answer))]), usage }
}

async fn looked_up(query: &str, fail: bool, world: &World) -> Result<Outcome, Failure> {
    let lookup = Lookup { query: query.to_owned(), fail };
    let url = format!("{}/lookup", world.worker);
    tracing::info!(url.full = url, "calling the worker");
    let response = world.client.post(url).json(&lookup).send().await.map_err(Failure::Unreachable)?;
    let status = response.status().as_u16();
    if status != 200 {
        return Err(Failure::Refused(status));
    }
    let looked: Looked = response.json().await.map_err(|error| Failure::Unreachable(error.into()))?;
    let outputs = Map::from_iter([("found".to_owned(), json!(looked.found))]);
    Ok(Outcome { outputs, usage: Usage::default() })
}

impl Usage {
    pub fn total(self) -> u64 {
        self.prompt_tokens + self.completion_tokens
    }

    pub fn price(self) -> f64 {
        self.prompt_tokens as f64 * PROMPT_PRICE + self.completion_tokens as f64 * COMPLETION_PRICE
    }
}

impl Failure {
    /// Whom to page.
    pub fn source_name(&self) -> &'static str {
        match self {
            Self::Asked(Node::Llm) | Self::RateLimited | Self::TimedOut => "provider",
            Self::Asked(_) => "workflow",
            Self::Refused(_) | Self::Unreachable(_) => "platform",
        }
    }

    /// The type of the exception that the platform would have thrown.
    pub fn exception(&self) -> &'static str {
        match self {
            Self::Asked(_) => "InvokeServerUnavailableError",
            Self::RateLimited => "InvokeRateLimitError",
            Self::TimedOut => "ReadTimeout",
            Self::Refused(_) => "HTTPStatusError",
            Self::Unreachable(_) => "ConnectError",
        }
    }

    /// What the node was answered, if it was.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::RateLimited => Some(429),
            Self::Refused(status) => Some(*status),
            Self::Asked(_) | Self::TimedOut | Self::Unreachable(_) => None,
        }
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(Node::Llm) => f.write_str("[openai] Server Unavailable Error, Connection aborted."),
            Self::Asked(node) => write!(f, "the node {} failed, as the request asked", node.kind()),
            Self::RateLimited => f.write_str("[openai] Rate Limit Error, too many requests."),
            Self::TimedOut => f.write_str("[openai] Connection Error, the request timed out."),
            Self::Refused(status) => write!(f, "the worker answered {status}"),
            Self::Unreachable(_) => f.write_str("the worker cannot be reached"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreachable(error) => Some(error),
            _ => None,
        }
    }
}
