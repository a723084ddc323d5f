//! Hostile values: whatever a service logs, a line is one JSON object on one line, and nothing panics.
//!
//! Does not test the escapes one by one (`line/json`), nor formatters that panic (`hazards.rs`).

#![recursion_limit = "256"]

mod support;

use correlog::Limits;
use serde_json::{Value, json};
use support::Memory;
use tracing::{Dispatch, info, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

fn log(limits: Limits, run: impl FnOnce()) -> Memory {
    let memory = Memory::default();
    let layer = memory.builder().limits(limits).code_location(false).build();
    tracing::dispatcher::with_default(&Dispatch::new(Registry::default().with(layer)), run);
    memory
}

#[test]
fn numbers_of_every_size_keep_their_value_or_become_text() {
    let memory = log(Limits::default(), || {
        info!(
            nan = f64::NAN,
            infinite = f64::INFINITY,
            small = i128::from(i64::MIN),
            large = i128::MAX,
            huge = u128::MAX,
            most = u64::MAX,
            float = 1e300,
            is = true,
            bytes = &[0_u8, 255][..],
            text = "t",
            none = None::<i64>,
            "m"
        );
    });
    assert_eq!(
        memory.line("m")["attributes"],
        json!({
            "nan": "NaN", "infinite": "inf", "small": i64::MIN, "large": i128::MAX.to_string(),
            "huge": u128::MAX.to_string(), "most": u64::MAX, "float": 1e300, "is": true, "bytes": "00ff", "text": "t"
        })
    );
}

#[test]
fn a_value_of_the_wrong_type_becomes_an_attribute() {
    let memory = log(Limits::default(), || {
        info!(
            duration_ms = "fast",
            http.response.status_code = 70_000,
            tenant_id = &[1_u8][..],
            http.route = f64::NAN,
            user_id = 42,
            app_id = true,
            "m"
        );
    });
    let line = memory.line("m");
    assert_eq!(
        line["attributes"],
        json!({"duration_ms": "fast", "http.response.status_code": 70_000, "tenant_id": "01", "http.route": "NaN"})
    );
    assert_eq!((&line["user_id"], &line["app_id"]), (&json!("42"), &json!("true")));
    assert_eq!(
        (&line["duration_ms"], &line["http"], &line["tenant_id"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
}

#[test]
fn nobody_spoofs_what_the_layer_and_the_shipper_write() {
    let memory = log(Limits::default(), || {
        info!(
            trace_id = "spoof",
            span_id = "spoof",
            level = "spoof",
            log.seq = 9,
            log.stream = "spoof",
            record = "spoof",
            service.name = "spoof",
            traceId = "spoof",
            time = "spoof",
            id = "spoof",
            attributes = "spoof",
            code.line.number = "spoof",
            "m"
        );
    });
    let line = memory.line("m");
    let text = memory.text();
    assert_eq!(text.matches("spoof").count(), 11, "{text}");
    assert_eq!(line["attributes"].as_object().expect("an object").len(), 12);
    let mut keys: Vec<&String> = line.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["@timestamp", "attributes", "level", "log", "logger", "message", "service"]);
    assert_eq!(line["log"]["seq"], 0);
}

#[test]
fn long_values_are_cut_and_marked() {
    let long = "é".repeat(1 << 20);
    let memory = log(Limits::default(), || {
        info!(long = long.as_str(), tenant_id = %long, "{long}");
        info!("next");
    });
    let lines = memory.lines();
    let length = |value: &Value| {
        let text = value.as_str().expect("text");
        assert!(text.ends_with("é…[cut]"));
        text.len() - "…[cut]".len()
    };
    assert_eq!(length(&lines[0]["message"]), 32 << 10);
    assert_eq!(length(&lines[0]["attributes"]["long"]), 8 << 10);
    assert_eq!(length(&lines[0]["tenant_id"]), 8 << 10);
    assert_eq!(lines[1]["message"], "next");
}

#[test]
fn a_line_is_bounded_and_says_what_it_left_out() {
    let limits = Limits { line_bytes: 1000, ..Limits::default() };
    let text = "x".repeat(400);
    let memory = log(limits, || info!(a = %text, b = %text, c = %text, d = %text, e = 1, "m"));
    let attributes = &memory.line("m")["attributes"];
    assert_eq!(attributes["correlog.fields_left_out"], 2);
    assert!(attributes["c"].is_string() && attributes["d"].is_null());
}

macro_rules! many {
    ($($name:ident)*) => { info!($($name = 1,)* "many") };
}

#[test]
fn many_fields_and_odd_names_stand_once_each() {
    let memory = log(Limits::default(), || {
        many!(
            a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9
            c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9
            e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9
        );
        let span = info_span!("a \"quoted\"\nspan", r#type = "span", "odd \"name\"\n" = 1);
        let _entered = span.enter();
        info!(r#type = "event", "odd \"name\"\n" = 2, "odd");
    });
    assert_eq!(memory.line("many")["attributes"].as_object().expect("an object").len(), 60);
    assert_eq!(memory.line("odd")["attributes"], json!({"type": "event", "odd \"name\"\n": 2}));
    assert_eq!(memory.line("odd")["span"]["name"], "a \"quoted\"\nspan");
    for line in memory.text().lines() {
        assert_eq!(line.matches("\"type\":").count(), usize::from(line.contains("odd")));
    }
}

#[test]
fn an_error_and_its_chain_become_an_exception() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl std::fmt::Display for Outer {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("cannot read the port")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    #[tracing::instrument(err)]
    fn fails() -> Result<(), Outer> {
        Err(Outer("x".parse::<i32>().expect_err("no number")))
    }
    let memory = log(Limits::default(), || {
        let error = fails().expect_err("it fails");
        tracing::error!(error = &error as &dyn std::error::Error, "m");
        tracing::error!(error = 7, "a number");
        tracing::error!(cause = &error as &dyn std::error::Error, error = "text", "two");
    });
    let of_instrument = &memory.lines()[0];
    assert_eq!(of_instrument["exception"], json!({"message": "cannot read the port"}));
    assert_eq!(of_instrument["message"], "cannot read the port");
    assert_eq!(
        memory.line("m")["exception"],
        json!({
            "message": "cannot read the port",
            "stacktrace": "cannot read the port\ncaused by: invalid digit found in string",
            "type": "Outer"
        })
    );
    assert_eq!(memory.line("a number")["attributes"], json!({"error": 7}));
    assert_eq!(memory.line("two")["exception"]["message"], "text");
}

#[test]
fn events_of_the_log_crate_have_their_own_origin() {
    let memory = Memory::default();
    let dispatch = Dispatch::new(Registry::default().with(memory.layer()));
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("work", tenant_id = "a").in_scope(|| {
            let record = log::Record::builder()
                .args(format_args!("from log"))
                .level(log::Level::Warn)
                .target("other::crate")
                .file(Some("other.rs"))
                .line(Some(7))
                .module_path(Some("other::crate"))
                .build();
            tracing_log::format_trace(&record).expect("it is dispatched");
        });
    });
    let line = memory.line("from log");
    assert_eq!((&line["logger"], &line["level"]), (&json!("other::crate"), &json!("WARN")));
    assert_eq!(line["code"], json!({"file": {"path": "other.rs"}, "line": {"number": 7}}));
    assert_eq!((&line["tenant_id"], &line["attributes"]), (&json!("a"), &Value::Null));
}
