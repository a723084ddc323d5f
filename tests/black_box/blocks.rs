//! What a real node takes nothing for, for reasons of its own: full disks, limits of shards, blocks, too little memory,
//! full queues. What is refused waits, says why, and is stored when the reason is gone; other indices go on. These
//! reasons hold for a whole cluster, so they have a node of their own, one after the other.

use correlog_tests::place::Place;
use correlog_tests::wait::until;
use serde_json::{Value, json};
use xtask::http;
use xtask::node::{self, Node, test_name};

/// Memory for requests under way, and room in the queue of writes: both can be set only at a start.
const LITTLE: &str = "indexing_pressure.memory.limit: 400kb\nthread_pool.write.size: 1\n\
                      thread_pool.write.queue_size: 1\n";
/// Lines of each day.
const LINES: u64 = 50;

#[test]
fn what_a_node_refuses_for_reasons_of_its_own_waits_and_is_stored() {
    let node = Node::start_fresh_with(&format!("{}-blocks", test_name()), correlog_tests::HEAP, LITTLE);
    let node = node.unwrap_or_else(|error| panic!("{error}"));
    let cannot = |setting: &str, value: Value, why: &str| new_index(&node.url, setting, &value, why);
    cannot("cluster.max_shards_per_node", json!(1), "the cluster has no room for its shards");
    cannot("action.auto_create_index", json!("false"), "it may not be created automatically");
    read_only(&node.url);
    little_memory(&node.url);
    breaker(&node.url);
    full_queue(&node.url);
    // Last, for the monitor goes on.
    full_disk(&node.url);
}

fn put(url: &str, body: &Value) {
    let answer = http::put(url, body).expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// `null` takes a setting back.
fn set(url: &str, settings: &Value) {
    put(&format!("{url}/_cluster/settings"), &json!({ "persistent": settings }));
}

/// A place whose shipper shows itself at the address that is answered too. The index of the 12th is there, that of the
/// 10th is not.
fn place(name: &str, url: &str) -> (Place, String) {
    let place = Place::at(name, url);
    place.correlog(&["setup", "apply"]).expect(0);
    put(&format!("{url}/{}", index(&place, 12)), &json!({}));
    let listen = format!("127.0.0.1:{}", node::free_port().expect("a port"));
    place.configure(&format!("[admin]\nlisten = \"{listen}\"\n"));
    let line = |day: u32, n: u64| {
        format!("{{\"ts\":\"2026-11-{day}T10:00:{:02}Z\",\"message\":\"line {n}\"}}\n", n % 60)
    };
    let lines = (0..LINES).flat_map(|n| [line(10, n), line(12, n)]);
    place.write("logs/a.log", lines.collect::<String>());
    (place, format!("http://{listen}"))
}

fn index(place: &Place, day: u32) -> String {
    format!("{}-logs-2026.11.{day}", place.prefix)
}

/// Ships until the shipper says why these days wait, with `stored` lines stored and none refused; then lets `free` take
/// the reason away, and all of them arrive.
fn held_up((place, admin): &(Place, String), waiting: &[(u32, &str)], stored: u64, free: impl FnOnce()) {
    let shipper = place.ship();
    let said: Vec<String> = waiting
        .iter()
        .map(|(day, why)| format!("{} takes no documents: {why}", index(place, *day)))
        .collect();
    until(&format!("{said:?} with {stored} lines stored"), 120, || {
        let status = http::get(&format!("{admin}/status")).ok()?.json();
        let problems = status["problems"].to_string();
        let (lines, all) = (&status["lines"], said.iter().all(|said| problems.contains(said.as_str())));
        assert_eq!(lines["refused"].as_u64().unwrap_or(0), 0, "nothing is refused: {status}");
        (all && lines["stored"] == stored).then_some(())
    });
    free();
    until("what waited", 120, || (place.count_lines() == 2 * LINES).then_some(()));
    assert_eq!(shipper.terminate(), Some(0));
    complete(place);
}

fn complete(place: &Place) {
    let state = place.path("state").to_string_lossy().into_owned();
    place.correlog(&["verify", "--state", &state]).expect(0);
}

/// A new index is not to be had; one that is there goes on.
fn new_index(url: &str, setting: &str, value: &Value, why: &str) {
    let place = place("new", url);
    set(url, &json!({ setting: value }));
    held_up(&place, &[(10, why)], LINES, || set(url, &json!({ setting: null })));
}

const BLOCKED: &str = "it is blocked (flood stage or read-only)";

fn read_only(url: &str) {
    let place = place("readonly", url);
    set(url, &json!({ "cluster.blocks.read_only": true }));
    let free = || set(url, &json!({ "cluster.blocks.read_only": null }));
    held_up(&place, &[(10, BLOCKED), (12, BLOCKED)], 0, free);
}

/// The node's own monitor finds the disk beyond all watermarks: it blocks the indices that are there (flood stage), and
/// lifts that when there is room. It sets `cluster.blocks.create_index` too, but OpenSearch 3.8 asks for that only where
/// somebody creates an index by its own request: what a bulk request needs is created.
fn full_disk(url: &str) {
    let place = place("disk", url);
    let watermarks = |free: &str| {
        let at = |name: &str| format!("cluster.routing.allocation.disk.watermark.{name}");
        set(
            url,
            &json!({ "cluster.routing.allocation.disk.threshold_enabled": true,
                "cluster.info.update.interval": "10s",
                at("low"): free, at("high"): free, at("flood_stage"): free }),
        );
    };
    watermarks("1000tb");
    until("the node finds its disk full", 60, || {
        let settings = http::get(&format!("{url}/{}/_settings", index(&place.0, 12))).ok()?;
        settings.text.contains("read_only_allow_delete").then_some(())
    });
    held_up(&place, &[(12, BLOCKED)], LINES, || watermarks("1mb"));
}

/// Lines for bodies of about a megabyte.
fn large(place: &Place) -> u64 {
    let line = |n: u64| {
        format!(
            "{{\"ts\":\"2026-11-12T10:00:{:02}Z\",\"message\":\"line {n} {}\"}}\n",
            n % 60,
            "x".repeat(1_000)
        )
    };
    place.write("logs/a.log", (0..3_000).map(line).collect::<String>());
    3_000
}

/// All of it arrives although a whole request was called busy; answers what the node counted of `what`.
fn squeezed(place: &Place, lines: u64, what: &str) {
    let count = || {
        let stats = http::get(&format!("{}/_nodes/stats", place.url)).expect("the node answers").json();
        let nodes = stats["nodes"].as_object().expect("nodes").clone();
        let node = nodes.values().next().expect("one node").clone();
        node.pointer(what).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {what} in {node}"))
    };
    let before = count();
    let said = place.ship_once().expect(0).stderr;
    assert!(said.contains(&format!("{lines} stored, 0 refused")), "{said}");
    assert!(count() > before, "the node refused nothing: {what}");
    assert_eq!(place.count_lines(), lines);
    complete(place);
}

/// A body that is larger than the node's memory for requests is refused however often it comes.
fn little_memory(url: &str) {
    let (place, _) = place("pressure", url);
    let lines = large(&place);
    squeezed(&place, lines, "/indexing_pressure/memory/total/coordinating_rejections");
}

fn breaker(url: &str) {
    let (place, _) = place("breaker", url);
    let lines = large(&place);
    set(url, &json!({ "network.breaker.inflight_requests.limit": "300kb" }));
    squeezed(&place, lines, "/breakers/in_flight_requests/tripped");
    set(url, &json!({ "network.breaker.inflight_requests.limit": null }));
}

/// Eight shards and room for two writes: some items of each request are refused, and they alone go again.
fn full_queue(url: &str) {
    let (place, _) = place("queue", url);
    let shards = json!({ "settings": { "number_of_shards": 8 } });
    put(&format!("{url}/{}", index(&place, 10)), &shards);
    squeezed(&place, 2 * LINES, "/thread_pool/write/rejected");
}
