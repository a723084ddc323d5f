//! Spellings of times, the edges of the years documents may have, and agreement with the calendar of `chrono`'s kind.

use super::*;

fn check(text: &str, kind: Kind, expect: Option<&str>) {
    let got = value(text.as_bytes(), kind);
    let mut out = Vec::new();
    if let Moment::Valid(time) = got {
        time.write(&mut out);
    }
    assert_eq!(String::from_utf8(out).unwrap(), expect.unwrap_or(""), "{text}: {got:?}");
}

#[test]
fn b12_spellings_of_times_and_none_depends_on_a_host_zone() {
    for (text, expect) in [
        ("2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00.123456789Z"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000000000Z"),
        ("2026-11-21t10:00:00z", "2026-11-21T10:00:00.000000000Z"),
        ("2026-11-21T10:00:00", "2026-11-21T10:00:00.000000000Z"),
        ("2026-11-21 10:00:00,727", "2026-11-21T10:00:00.727000000Z"),
        ("2026-11-21T10:00:00.1234567891234Z", "2026-11-21T10:00:00.123456789Z"),
        ("2026-11-21T00:30:00+02:00", "2026-11-20T22:30:00.000000000Z"),
        ("2026-11-20T23:30:00-0130", "2026-11-21T01:00:00.000000000Z"),
        ("2026-03-29T02:30:00+01", "2026-03-29T01:30:00.000000000Z"),
        ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000000Z"),
        ("2099-12-31T23:59:59.999999999Z", "2099-12-31T23:59:59.999999999Z"),
        ("1700000000", "2023-11-14T22:13:20.000000000Z"),
        ("1544712660300000000", "2018-12-13T14:51:00.300000000Z"),
    ] {
        check(text, Kind::String, Some(expect));
    }
    check("1700000000.25", Kind::Number, Some("2023-11-14T22:13:20.250000000Z"));
    check("1700000000123", Kind::Number, Some("2023-11-14T22:13:20.123000000Z"));
    check("1700000000123456", Kind::Number, Some("2023-11-14T22:13:20.123456000Z"));
}

#[test]
fn b12_times_no_document_can_have_are_odd_and_what_is_no_time_is_none() {
    for text in
        ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-06-30T23:59:60Z"]
    {
        assert_eq!(value(text.as_bytes(), Kind::String), Moment::Odd, "{text}");
    }
    for text in ["0", "-1", "99999999999", "1e9", "9999999999999999999999"] {
        assert!(matches!(value(text.as_bytes(), Kind::Number), Moment::Odd | Moment::No), "{text}");
    }
    for text in [
        "",
        "now",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21",
        "2026-11-21T10:00:00Zx",
        "2026-11-21T10:00:00+2:00",
        "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00+25:00",
    ] {
        assert_eq!(value(text.as_bytes(), Kind::String), Moment::No, "{text}");
    }
}

#[test]
fn every_day_of_the_century_round_trips() {
    let (first, end) = (days(2000, 1, 1) as u32, days(2100, 1, 1) as u32);
    let mut expect = (2000, 1, 1);
    for day in first..end {
        assert_eq!(civil(day), expect);
        assert_eq!(days(expect.0, expect.1, expect.2), i64::from(day));
        expect.2 += 1;
        if expect.2 > days_in(expect.0, expect.1) {
            expect = if expect.1 == 12 { (expect.0 + 1, 1, 1) } else { (expect.0, expect.1 + 1, 1) };
        }
    }
    assert_eq!(expect, (2100, 1, 1));
}

#[test]
fn what_is_called_canonical_is_written_back_the_same_but_for_trailing_zeros() {
    for (text, yes) in [
        ("2026-11-21T10:00:00Z", true),
        ("2026-11-21T10:00:00.1Z", true),
        ("2026-11-21T10:00:00,1Z", false),
        ("2026-11-21 10:00:00Z", false),
        ("2026-11-21T10:00:00.1234567891Z", false),
        ("2026-11-21T10:00:00+00:00", false),
    ] {
        assert_eq!(canonical(text.as_bytes()), yes, "{text}");
    }
}

#[test]
fn a_fraction_up_to_the_z_is_what_the_calendar_reads_of_it() {
    for digits in ["1", "12", "123", "000001", "123456789", "000000000", "999999999"] {
        let text = format!("2026-11-21T10:00:00.{digits}Z\"");
        let (moment, len) = calendar(text.as_bytes()).expect("a time");
        let whole = Time::from_nanos(1_795_255_200 * NS).expect("ten o'clock");
        let (nanos, rest) = fraction_z(&text.as_bytes()[19..]).expect("a fraction");
        assert_eq!(moment, Moment::Valid(Time(whole.0 + nanos)), "{digits}");
        assert_eq!(19 + rest, len);
    }
    for other in ["", ".", ".Z", "Z", ".1", ".1+00:00", ".1234567891Z", ",1Z", ".1x"] {
        assert_eq!(fraction_z(other.as_bytes()), None, "{other}");
    }
}
