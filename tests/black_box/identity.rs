//! Ids are functions of lines and places: shipping everything again, from whatever the files have become, makes no new
//! document; lines that are equal in every byte stay as many documents as there are lines.

use correlog_tests::child::{Ended, run};
use correlog_tests::crashloop::Scraper;
use correlog_tests::place::{Document, Place};
use std::io::Write;
use std::process::Command;

fn generation(name: &str, lines: u32) -> String {
    let line =
        |n: u32| format!("{{\"ts\":\"2026-11-21T10:00:{:02}Z\",\"message\":\"{name} {n}\"}}\n", n % 60);
    (0..lines).map(line).collect()
}

fn ids(documents: &[Document]) -> Vec<(&str, &str)> {
    documents.iter().map(|document| (document.index.as_str(), document.id.as_str())).collect()
}

/// `ship --once` in another time zone, with a clock that is off by so much from the start on.
fn ship_at(place: &Place, zone: &str, jump: &str) -> Ended {
    let ship = place.command();
    let mut command = Command::new("faketime");
    command.args(["-f", jump]).arg(ship.get_program()).args(ship.get_args()).args(["ship", "--once"]);
    run(command.env("TZ", zone).env_remove("CORRELOG_OPENSEARCH_URL"))
}

/// A place whose shippers are asked for `/metrics` all the time (P8).
fn watched(name: &str) -> (Place, Scraper) {
    let (place, scraper) = (Place::new(name), Scraper::start());
    place.configure(&format!("[admin]\nlisten = \"{}\"\n", scraper.address()));
    (place, scraper)
}

#[test]
fn shipped_again_from_renamed_copied_and_gzipped_forms_nothing_is_new() {
    let (place, scraper) = watched("again");
    let (old, middle, live) = (generation("old", 300), generation("middle", 400), generation("live", 500));
    place.write("logs/a.log.2", &old);
    place.write("logs/a.log.1", &middle);
    place.write("logs/a.log", &live);
    place.ship_once().expect(0);
    let before = place.documents();
    assert_eq!(before.len(), 1_200);

    std::fs::remove_dir_all(place.path("state")).expect("the state is wiped");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(old.as_bytes()).expect("a Vec takes it");
    place.write("logs/a.log.3.gz", packed.finish().expect("a Vec takes it"));
    // Written anew, so that every inode is another one.
    for (name, content) in [("logs/a.log.2", &middle), ("logs/a.log.1", &live)] {
        std::fs::remove_file(place.path(name)).expect("the older file was there");
        place.write(name, content);
    }
    std::fs::remove_file(place.path("logs/a.log")).expect("the live file was there");
    for (zone, jump) in [("Asia/Kathmandu", "+9y"), ("America/St_Johns", "-20y")] {
        ship_at(&place, zone, jump).expect(0);
        let after = place.documents();
        assert_eq!(ids(&after), ids(&before), "the same lines have other ids or indices");
        std::fs::remove_dir_all(place.path("state")).expect("the state is wiped");
    }
    scraper.finish();
}

#[test]
fn a_hundred_thousand_equal_lines_are_as_many_documents() {
    let (place, scraper) = watched("equal");
    place.write("logs/a.log", "{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"the same\"}\n".repeat(100_000));
    place.ship_once().expect(0);
    assert_eq!(place.count(), 100_000);
    std::fs::remove_dir_all(place.path("state")).expect("the state is wiped");
    place.ship_once().expect(0);
    assert_eq!(place.count(), 100_000, "shipped again, there are more");
    scraper.finish();
}
