//! Section A: what happens to files.

use crate::run::{Run, lines, text};

const LOG: &str = "/l/app.log";

#[test]
fn a_growing_file_is_shipped_once_across_restarts() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.expect(lines(0..10));
    run.world.append(LOG, text(10..20));
    run.settle();
    run.restart();
    run.world.append(LOG, text(20..30));
    run.settle();
    run.expect(lines(0..30));
    assert_eq!(run.world.write_count(), 30, "nothing is sent twice after a clean save");
}

#[test]
fn a01_renamed_while_running() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.append(LOG, text(10..12));
    run.world.rename(LOG, "/l/app.log.1");
    run.world.append("/l/app.log.1", text(12..15));
    run.world.append(LOG, text(15..20));
    run.settle();
    run.world.append("/l/app.log.1", text(20..22));
    run.settle();
    run.expect(lines(0..22));
}

#[test]
fn a02_renamed_while_down() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.kill();
    run.world.append(LOG, text(10..12));
    run.world.rename(LOG, "/l/app.log.1");
    run.world.append(LOG, text(12..20));
    run.start();
    run.settle();
    run.expect(lines(0..20));
    assert_eq!(run.world.write_count(), 20);
}

#[test]
fn a05_copytruncate_while_running() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.append(LOG, text(10..15));
    run.world.copy(LOG, "/l/app.log.1");
    run.world.truncate(LOG);
    run.world.append(LOG, text(15..18));
    run.settle();
    run.run(10_000);
    run.expect(lines(0..18));
}

#[test]
fn a06_truncate_then_regrow() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.truncate(LOG);
    run.world.append(LOG, text(10..40));
    run.settle();
    run.expect(lines(0..40));
}
