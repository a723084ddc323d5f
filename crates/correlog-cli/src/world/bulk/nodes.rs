//! Several addresses of one cluster: which one is next, and which are left alone for a while. It opens nothing.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::Url;

use crate::error::{Error, Result};

#[derive(Debug)]
pub struct Nodes {
    urls: Vec<Url>,
    health: Mutex<Health>,
}

#[derive(Debug)]
struct Health {
    next: usize,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    failures: u32,
    /// Not asked before, unless no other is left.
    resting: Option<Instant>,
}

const REST_LONGEST: Duration = Duration::from_secs(30);

impl Nodes {
    pub fn new(urls: &[String]) -> Result<Self> {
        let parse = |url: &String| {
            Url::parse(url).map_err(|error| {
                Error::usage(format!("{url} is no address: {error}"), "write it like http://127.0.0.1:9200")
            })
        };
        let urls = urls.iter().map(parse).collect::<Result<Vec<_>>>()?;
        let health = Mutex::new(Health { next: 0, nodes: vec![Node::default(); urls.len()] });
        Ok(Self { urls, health })
    }

    /// All nodes in the order in which one request tries them: the healthy ones in turn, then those at rest, the one
    /// whose rest ends first in front. Every request starts one further.
    pub fn order(&self) -> Vec<usize> {
        let mut health = self.health.lock().expect("no panic while it is held");
        let count = self.urls.len();
        let first = health.next;
        health.next = (first + 1) % count;
        let now = Instant::now();
        let mut order: Vec<usize> = (0..count).map(|step| (first + step) % count).collect();
        order.sort_by_key(|&node| health.nodes[node].resting.filter(|until| *until > now));
        order
    }

    pub fn url(&self, node: usize) -> &Url {
        &self.urls[node]
    }

    pub fn works(&self, node: usize) {
        self.health.lock().expect("no panic while it is held").nodes[node] = Node::default();
    }

    pub fn failed(&self, node: usize) {
        let mut health = self.health.lock().expect("no panic while it is held");
        let node = &mut health.nodes[node];
        node.failures += 1;
        let rest = Duration::from_secs(1 << node.failures.min(5)).min(REST_LONGEST);
        node.resting = Some(Instant::now() + rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_take_turns_and_a_failed_one_comes_last() {
        let urls: Vec<String> = (0..3).map(|n| format!("http://node{n}:9200")).collect();
        let nodes = Nodes::new(&urls).expect("addresses");
        assert_eq!(nodes.order(), [0, 1, 2]);
        assert_eq!(nodes.order(), [1, 2, 0]);
        nodes.failed(2);
        assert_eq!(nodes.order(), [0, 1, 2], "it would have been its turn");
        assert_eq!(nodes.order(), [0, 1, 2]);
        assert_eq!(nodes.order(), [1, 0, 2]);
        nodes.works(2);
        assert_eq!(nodes.order(), [2, 0, 1]);
    }
}
