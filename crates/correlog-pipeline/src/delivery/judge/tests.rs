//! The whole table of answers, row by row, and the laws over all replies: nothing panics, nothing unparsed settles.

use super::*;
use proptest::prelude::*;

const IDS: [&str; 3] = ["a", "b", "c"];

fn judged(outcome: &Outcome) -> Judgement {
    judge(outcome, IDS.len(), |at, id| IDS[at] == id)
}

fn replied(status: u16, reply: &str) -> Outcome {
    Outcome::Replied { status, retry_after_ms: None, reply: reply.as_bytes().to_vec() }
}

/// Three items, of which the one at `place` has an error of this type and status.
fn with_error(verb: &str, place: usize, status: u16, kind: &str) -> Outcome {
    let item = |at: usize| match at == place {
        true => format!(
            "{{\"{verb}\":{{\"_id\":\"{}\",\"status\":{status},\"error\":{{\"type\":\"{kind}\",\"reason\":\"r\"}}}}}}",
            IDS[at]
        ),
        false => format!("{{\"{verb}\":{{\"_id\":\"{}\",\"status\":201}}}}", IDS[at]),
    };
    replied(200, &format!("{{\"errors\":true,\"items\":[{},{},{}]}}", item(0), item(1), item(2)))
}

#[test]
fn what_did_not_come_back_settles_nothing() {
    for why in [
        NotSent::Refused,
        NotSent::NoAddress,
        NotSent::ConnectTimeout,
        NotSent::Tls,
        NotSent::Credential,
        NotSent::Closing,
    ] {
        assert_eq!(judged(&Outcome::NotSent(why)), Judgement::Unreachable(why));
    }
    for why in [Lost::Timeout, Lost::Reset, Lost::CutReply, Lost::HugeReply, Lost::Other] {
        assert_eq!(judged(&Outcome::Unknown(why)), Judgement::Unknown(Doubt::Lost(why)));
    }
}

#[test]
fn whole_replies_by_status_and_type() {
    let busy = |in_doubt| Judgement::Busy { retry_after_ms: None, in_doubt };
    let unknown = |status| Judgement::Unknown(Doubt::Status(status));
    let typed =
        |kind: &str| format!("{{\"error\":{{\"type\":\"{kind}\",\"reason\":\"any text\"}},\"status\":0}}");
    let html = "<html><h1>Oops</h1></html>".to_owned();
    let rows: Vec<(u16, String, Judgement)> = vec![
        (400, typed("illegal_argument_exception"), Judgement::Poison),
        (400, typed("parse_exception"), Judgement::Poison),
        (400, typed("action_request_validation_exception"), Judgement::Poison),
        (400, typed("never_heard_of_exception"), Judgement::Poison),
        (400, typed("validation_exception"), Judgement::Blocked(Block::ShardLimit)),
        (400, typed("index_closed_exception"), Judgement::Blocked(Block::IndexClosed)),
        (400, html.clone(), unknown(400)),
        (401, html.clone(), Judgement::Stalled(Stall::Credential)),
        (401, typed("security_exception"), Judgement::Stalled(Stall::Credential)),
        (403, typed("security_exception"), Judgement::Stalled(Stall::Credential)),
        (403, typed("cluster_block_exception"), Judgement::Blocked(Block::ClusterBlock)),
        (403, typed("index_create_block_exception"), Judgement::Blocked(Block::CreateIndexBlock)),
        (403, html.clone(), Judgement::Stalled(Stall::Forbidden)),
        (404, html.clone(), Judgement::Stalled(Stall::Address(404))),
        (404, typed("index_not_found_exception"), Judgement::Blocked(Block::IndexMissing)),
        (405, String::new(), Judgement::Stalled(Stall::Address(405))),
        (406, typed("media_type_header_exception"), Judgement::Stalled(Stall::Address(406))),
        (407, html.clone(), Judgement::Stalled(Stall::Address(407))),
        (408, html.clone(), unknown(408)),
        (413, html.clone(), Judgement::TooLarge),
        (413, typed("circuit_breaking_exception"), Judgement::TooLarge),
        (429, typed("rejected_execution_exception"), busy(false)),
        (429, typed("circuit_breaking_exception"), busy(false)),
        (429, html.clone(), busy(false)),
        (429, typed("cluster_block_exception"), Judgement::Blocked(Block::ClusterBlock)),
        (500, typed("null_pointer_exception"), unknown(500)),
        (502, html.clone(), unknown(502)),
        (503, typed("cluster_manager_not_discovered_exception"), busy(true)),
        (503, html.clone(), busy(true)),
        (504, html.clone(), unknown(504)),
        (301, html.clone(), Judgement::Stalled(Stall::Redirect)),
        (302, String::new(), Judgement::Stalled(Stall::Redirect)),
        (307, String::new(), Judgement::Stalled(Stall::Redirect)),
        (308, String::new(), Judgement::Stalled(Stall::Redirect)),
        (201, "{}".to_owned(), unknown(201)),
        (204, String::new(), unknown(204)),
        (206, "{}".to_owned(), unknown(206)),
        (599, String::new(), unknown(599)),
    ];
    for (status, reply, expect) in rows {
        assert_eq!(judged(&replied(status, &reply)), expect, "{status} {reply}");
    }
    let patient = Outcome::Replied { status: 429, retry_after_ms: Some(7), reply: Vec::new() };
    assert_eq!(judged(&patient), Judgement::Busy { retry_after_ms: Some(7), in_doubt: false });
}

#[test]
fn items_by_type_wherever_they_stand() {
    let faulty = |fault| Verdict::Faulty { fault, field: None };
    let (sure, doubt) = (Verdict::Busy { in_doubt: false }, Verdict::Busy { in_doubt: true });
    let rows: Vec<(u16, &str, Verdict)> = vec![
        (409, "version_conflict_engine_exception", Verdict::Conflict),
        (429, "rejected_execution_exception", sure),
        (429, "es_rejected_execution_exception", sure),
        (429, "opensearch_rejected_execution_exception", sure),
        (429, "circuit_breaking_exception", sure),
        (503, "unavailable_shards_exception", doubt),
        (503, "no_shard_available_action_exception", doubt),
        (503, "cluster_manager_not_discovered_exception", doubt),
        (503, "master_not_discovered_exception", doubt),
        (503, "process_cluster_event_timeout_exception", doubt),
        (500, "node_closed_exception", doubt),
        (500, "timeout_exception", doubt),
        (429, "cluster_block_exception", Verdict::Blocked(Block::ClusterBlock)),
        (403, "cluster_block_exception", Verdict::Blocked(Block::ClusterBlock)),
        (403, "index_create_block_exception", Verdict::Blocked(Block::CreateIndexBlock)),
        (404, "index_not_found_exception", Verdict::Blocked(Block::IndexMissing)),
        (400, "index_closed_exception", Verdict::Blocked(Block::IndexClosed)),
        (400, "validation_exception", Verdict::Blocked(Block::ShardLimit)),
        (403, "security_exception", Verdict::Blocked(Block::Permission)),
        (400, "invalid_index_name_exception", Verdict::Blocked(Block::IndexName)),
        (400, "mapper_parsing_exception", faulty(Fault::Mapping)),
        (400, "document_parsing_exception", faulty(Fault::Mapping)),
        (400, "strict_dynamic_mapping_exception", faulty(Fault::Strict)),
        (400, "illegal_argument_exception", faulty(Fault::Illegal)),
        (400, "max_bytes_length_exceeded_exception", faulty(Fault::Illegal)),
        (400, "parsing_exception", faulty(Fault::Parse)),
        (400, "not_x_content_exception", faulty(Fault::Parse)),
        (500, "illegal_argument_exception", Verdict::Odd),
        (500, "null_pointer_exception", Verdict::Odd),
        (409, "never_heard_of_exception", Verdict::Odd),
        (201, "mapper_parsing_exception", Verdict::Odd),
    ];
    for (status, kind, expect) in rows {
        for verb in ["create", "index"] {
            for place in 0..3 {
                let mut each = [Verdict::Stored; 3];
                each[place] = expect;
                let judgement = judged(&with_error(verb, place, status, kind));
                assert_eq!(judgement, Judgement::Each(each.to_vec()), "{verb} {place} {status} {kind}");
            }
        }
    }
}

#[test]
fn an_item_without_an_error_is_stored_only_with_200_or_201() {
    for (status, expect) in
        [(200, Verdict::Stored), (201, Verdict::Stored), (202, Verdict::Odd), (409, Verdict::Odd)]
    {
        let reply = format!("{{\"items\":[{{\"index\":{{\"_id\":\"a\",\"status\":{status}}}}}]}}");
        let judgement = judge(&replied(200, &reply), 1, |_, id| id == "a");
        assert_eq!(judgement, Judgement::Each(vec![expect]), "{status}");
    }
}

#[test]
fn a_reply_that_is_not_about_what_was_sent_is_none() {
    let item = |id: &str| format!("{{\"create\":{{\"_id\":\"{id}\",\"status\":201}}}}");
    let items = |ids: &[&str]| {
        format!(
            "{{\"errors\":false,\"items\":[{}]}}",
            ids.iter().map(|id| item(id)).collect::<Vec<_>>().join(",")
        )
    };
    let bad = |bad| Judgement::Unknown(Doubt::Bad(bad));
    let spaced = items(&IDS).replace(':', " :\n ").replace(',', " ,\t");
    for (reply, expect) in [
        (spaced, Judgement::Each(vec![Verdict::Stored; 3])),
        (items(&["a", "b"]), bad(BadReply::Count)),
        (items(&["a", "b", "c", "c"]), bad(BadReply::Count)),
        (items(&["a", "c", "b"]), bad(BadReply::Order)),
        (items(&["a", "b", "b"]), bad(BadReply::Order)),
        (String::new(), bad(BadReply::NotBulk)),
        ("null".to_owned(), bad(BadReply::NotBulk)),
        ("{\"errors\":false}".to_owned(), bad(BadReply::NotBulk)),
        ("{\"took\":1,\"errors\":false,\"items\":null}".to_owned(), bad(BadReply::NotBulk)),
        ("<html>200 OK</html>".to_owned(), bad(BadReply::NotBulk)),
        (format!("{} trailing", items(&IDS)), bad(BadReply::NotBulk)),
        (items(&IDS).replace("create", "delete"), bad(BadReply::NotBulk)),
        (items(&IDS).replace("\"status\":201", "\"status\":\"201\""), bad(BadReply::NotBulk)),
        (items(&IDS).replacen("\"status\":201", "\"status\":201,\"status\":400", 1), bad(BadReply::NotBulk)),
        (
            items(&IDS).replacen("}}", "},\"index\":{\"_id\":\"x\",\"status\":201}}", 1),
            bad(BadReply::NotBulk),
        ),
    ] {
        assert_eq!(judged(&replied(200, &reply)), expect, "{reply}");
    }
}

#[test]
fn the_quick_look_at_a_reply_finds_nothing_that_the_whole_reading_would_not() {
    let exact = "{\"took\":30,\"errors\":false,\"items\":[{\"create\":{\"_id\":\"a\",\"status\":201}},\
        {\"index\":{\"_id\":\"b\",\"status\":200}},{\"create\":{\"_id\":\"c\",\"status\":201}}]}";
    let quick = |reply: &[u8]| reply::says_all_stored(reply, IDS.iter().map(|id| id.as_bytes()));
    assert!(quick(exact.as_bytes()));
    let stored = Judgement::Each(vec![Verdict::Stored; 3]);
    let mut found = 0;
    for at in 0..exact.len() {
        for with in [&b""[..], b"0", b"1", b"2", b"}", b"\"", b" ", b"4", b"x", b"\\"] {
            for cut in [0, 1, 2] {
                let rest = &exact.as_bytes()[(at + cut).min(exact.len())..];
                let reply = [&exact.as_bytes()[..at], with, rest].concat();
                if quick(&reply) {
                    found += 1;
                    let outcome = Outcome::Replied { status: 200, retry_after_ms: None, reply };
                    assert_eq!(judged(&outcome), stored);
                }
            }
        }
    }
    assert!(found > exact.len(), "those that change nothing, and other times taken");
}

#[test]
fn only_a_catalogued_name_is_taken_from_an_error_s_text() {
    let reply = |reason: &str| {
        let error = format!("{{\"type\":\"mapper_parsing_exception\",\"reason\":\"{reason}\"}}");
        replied(
            200,
            &format!("{{\"items\":[{{\"create\":{{\"_id\":\"a\",\"status\":400,\"error\":{error}}}}}]}}"),
        )
    };
    for (reason, expect) in [
        ("failed to parse field [duration_ms] of type [float] in document", Some("duration_ms")),
        ("failed to parse field [my_secret_value] of type [float]", None),
        ("Preview of field's value: 'hunter2 [level]'", Some("level")),
        ("no bracket", None),
    ] {
        let judgement = judge(&reply(reason), 1, |_, id| id == "a");
        let verdict = Verdict::Faulty { fault: Fault::Mapping, field: expect };
        assert_eq!(judgement, Judgement::Each(vec![verdict]), "{reason}");
    }
}

proptest! {
    /// Whatever bytes come back, nothing panics, and nothing is stored that has no item of its own.
    #[test]
    fn arbitrary_bytes_settle_nothing(status in 0u16..700, reply in proptest::collection::vec(any::<u8>(), 0..200)) {
        let outcome = Outcome::Replied { status, retry_after_ms: None, reply };
        prop_assert!(!matches!(judged(&outcome), Judgement::Each(_)));
    }

    /// A whole reply cut anywhere settles nothing.
    #[test]
    fn a_cut_reply_settles_nothing(place in 0usize..3, part in 0.0f64..1.0) {
        let Outcome::Replied { reply, .. } = with_error("create", place, 400, "mapper_parsing_exception") else {
            unreachable!("it is a reply");
        };
        let cut = (reply.len() as f64 * part) as usize;
        let outcome = Outcome::Replied { status: 200, retry_after_ms: None, reply: reply[..cut].to_vec() };
        prop_assert_eq!(judged(&outcome), Judgement::Unknown(Doubt::Bad(BadReply::NotBulk)));
    }
}
