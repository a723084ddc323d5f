//! B3 in both forms, and carriers that are not headers. The global propagator is tested with `init`.

use std::collections::HashMap;

use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};

use super::{B3Encoding, B3Propagator, Pairs};

const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";
const SPAN: &str = "a2fb4a1d1a96d312";

fn extracted(headers: &[(&str, &str)]) -> Option<(String, String, bool)> {
    let carrier: HashMap<String, String> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let context = B3Propagator::new(B3Encoding::Single).extract_with_context(&Context::new(), &carrier);
    let span = context.span();
    let ids = span.span_context();
    assert!(!ids.is_valid() || ids.is_remote());
    ids.is_valid().then(|| (ids.trace_id().to_string(), ids.span_id().to_string(), ids.is_sampled()))
}

fn check(headers: &[(&str, &str)], expect: Option<(&str, bool)>) {
    let expect = expect.map(|(trace, sampled)| (trace.to_owned(), SPAN.to_owned(), sampled));
    assert_eq!(extracted(headers), expect, "{headers:?}");
}

#[test]
fn both_forms_of_b3_are_read() {
    let padded = format!("{:0>32}", &TRACE[16..]);
    check(&[("b3", &format!("{TRACE}-{SPAN}-1"))], Some((TRACE, true)));
    check(&[("b3", &format!("{TRACE}-{SPAN}-d"))], Some((TRACE, true)));
    check(&[("b3", &format!("{TRACE}-{SPAN}-0"))], Some((TRACE, false)));
    check(&[("b3", &format!("{TRACE}-{SPAN}"))], Some((TRACE, false)));
    check(&[("b3", &format!("{TRACE}-{SPAN}-1-0000000000000001"))], Some((TRACE, true)));
    check(&[("b3", &format!("{}-{SPAN}-1", &TRACE[16..]))], Some((&padded, true)));
    let ids = [("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN)];
    check(&ids, Some((TRACE, false)));
    check(&[ids[0], ids[1], ("x-b3-sampled", "1")], Some((TRACE, true)));
    check(&[ids[0], ids[1], ("x-b3-sampled", "true")], Some((TRACE, true)));
    check(&[ids[0], ids[1], ("x-b3-flags", "1")], Some((TRACE, true)));
}

#[test]
fn what_is_not_b3_is_passed_over() {
    let zeros = "0".repeat(32);
    for b3 in ["0", "1", "", "-", "x-y-1", &format!("{zeros}-{SPAN}-1"), &format!("{TRACE}-{SPAN}0-1")] {
        check(&[("b3", b3)], None);
    }
    check(&[("b3", &format!("+{}-{SPAN}-1", &TRACE[1..]))], None);
    check(&[("x-b3-traceid", TRACE)], None);
    check(&[("x-b3-traceid", "é3ac35c9f6413ad48485a3953bb612"), ("x-b3-spanid", SPAN)], None);
}

#[test]
fn w3c_wins_over_b3() {
    let w3c = context(0x1234, true);
    let carrier = Pairs(vec![("B3".to_owned(), format!("{TRACE}-{SPAN}-1"))]);
    let b3 = B3Propagator::new(B3Encoding::Single);
    let kept = b3.extract_with_context(&w3c, &carrier);
    assert_eq!(kept.span().span_context().trace_id(), TraceId::from(0x1234));
    let taken = b3.extract_with_context(&Context::new(), &carrier);
    assert_eq!(taken.span().span_context().trace_id().to_string(), TRACE);
}

#[test]
fn what_is_written_is_read_again() {
    for encoding in [B3Encoding::Single, B3Encoding::Multi] {
        for sampled in [true, false] {
            let propagator = B3Propagator::new(encoding);
            let context = context(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, sampled);
            let mut carrier = Pairs::default();
            propagator.inject_context(&context, &mut carrier);
            let back = propagator.extract_with_context(&Context::new(), &carrier);
            let (sent, read) = (context.span().span_context().clone(), back.span().span_context().clone());
            assert_eq!(sent.trace_id(), read.trace_id());
            assert_eq!(sent.span_id(), read.span_id());
            assert_eq!(sent.is_sampled(), read.is_sampled());
            for name in carrier.keys() {
                assert!(propagator.fields().any(|field| field == name), "{name} is one of the fields");
            }
        }
    }
    let mut carrier = Pairs::default();
    B3Propagator::new(B3Encoding::Multi).inject_context(&Context::new(), &mut carrier);
    assert_eq!(carrier, Pairs::default(), "nothing is written without a context");
}

#[test]
fn pairs_have_each_name_once_without_regard_to_case() {
    let mut pairs = Pairs::default();
    pairs.set("TraceParent", "one".to_owned());
    pairs.set("traceparent", "two".to_owned());
    assert_eq!(pairs.0.len(), 1);
    assert_eq!(pairs.get("TRACEPARENT"), Some("two"));
    assert_eq!(pairs.get("tracestate"), None);
}

fn context(trace_id: u128, sampled: bool) -> Context {
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let ids = SpanContext::new(
        TraceId::from(trace_id),
        SpanId::from(0x00f0_67aa_0ba9_02b7),
        flags,
        true,
        TraceState::default(),
    );
    Context::new().with_remote_span_context(ids)
}
