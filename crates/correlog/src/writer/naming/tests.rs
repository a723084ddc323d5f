//! Tests of file names at other times than now.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

fn naming(rotation: Rotation) -> Naming {
    Naming::new(Path::new("logs/api.jsonl"), rotation).expect("it names a file")
}

#[test]
fn each_period_has_its_name_and_its_end() {
    let check = |rotation: Rotation, seconds: u64, expect: &str, lasts: Option<i64>| {
        let naming = naming(rotation);
        let place = naming.place(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(naming.path(place), Path::new("logs").join(expect));
        assert_eq!(naming.end(place).map(|end| end - seconds as i64), lasts);
    };
    // 2026-11-22 (a Sunday) 10:00:00 UTC.
    let noon = 1_795_341_600;
    check(Rotation::NEVER, noon, "api.jsonl", None);
    check(Rotation::DAILY, noon, "api.2026-11-22.jsonl", Some(14 * 3600));
    check(Rotation::DAILY, noon + 14 * 3600 - 1, "api.2026-11-22.jsonl", Some(1));
    check(Rotation::DAILY, noon + 14 * 3600, "api.2026-11-23.jsonl", Some(86_400));
    check(Rotation::HOURLY, noon + 59, "api.2026-11-22-10.jsonl", Some(3541));
    check(Rotation::MINUTELY, noon + 59, "api.2026-11-22-10-00.jsonl", Some(1));
    check(Rotation::WEEKLY, noon, "api.2026-11-22.jsonl", Some(7 * 86_400 - 36_000));
    check(Rotation::WEEKLY, noon - 36_001, "api.2026-11-15.jsonl", Some(1));
    check(Rotation::DAILY, 951_782_400, "api.2000-02-29.jsonl", Some(86_400));
}

#[test]
fn a_name_that_was_made_is_recognised_and_no_other() {
    let all = [Rotation::NEVER, Rotation::MINUTELY, Rotation::HOURLY, Rotation::DAILY, Rotation::WEEKLY];
    for rotation in all {
        let naming = naming(rotation);
        for days in [0, 59, 789, 11_016, 20_000] {
            for number in [0, 1, 9, 10, 4_000_000_000] {
                let first = naming.place(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 3_661));
                let place = Place { number, ..first };
                let name = naming.path(place).file_name().expect("a name").to_string_lossy().into_owned();
                assert_eq!(naming.parse(&name), Some(place), "{name}");
                assert_eq!(naming.parse(&format!("{name}.gz")), None);
                assert_eq!(naming.parse(&format!("x{name}")), None);
            }
        }
    }
}

#[test]
fn a_file_without_a_dot_has_no_extension() {
    let check = |path: &str, expect: &str| {
        let naming = Naming::new(Path::new(path), Rotation::DAILY).expect("it names a file");
        assert_eq!(naming.path(naming.place(UNIX_EPOCH)), Path::new(expect));
    };
    check("api", "./api.1970-01-01");
    check(".hidden", "./.hidden.1970-01-01");
    check("/var/log/api.log", "/var/log/api.1970-01-01.log");
    check("a.b.jsonl", "./a.b.1970-01-01.jsonl");
}
