//! A request takes as long whatever becomes of its export: requests of services whose receivers are well, slow, broken,
//! away or silent take turns, and the medians are compared within the one run.
//!
//! Does not compare with a clock's figures: another program on the machine disturbs all of them alike. The same
//! comparison must find the processor that does export within the request.

use std::time::{Duration, Instant};

use crate::otlp::ask;
use crate::place::Place;
use crate::receiver::{Behaviour, Receiver, SLOW, nobody};
use correlog::settings::{Exporter, Otlp, Processor, Protocol};

const ROUNDS: usize = 301;
/// An export within the request would show as hundreds of times as long.
const AS_LONG: f64 = 3.0;

struct Service {
    name: &'static str,
    place: Place,
    receiver: Option<Receiver>,
    times: Vec<Duration>,
}

impl Service {
    /// Exports all the time and has little room, so that every request meets an export under way or a full queue.
    fn new(name: &'static str, behaviour: Option<Behaviour>, processor: Processor) -> Self {
        let receiver = behaviour.map(|behaviour| Receiver::start(Protocol::HttpProtobuf, behaviour));
        let url = receiver.as_ref().map_or_else(nobody, |receiver| receiver.url.clone());
        let place = Place::new(|settings| {
            settings.export = Exporter::Otlp(Otlp::new(Protocol::HttpProtobuf, &url));
            settings.metrics.enabled = false;
            settings.batch.processor = processor;
            settings.batch.schedule_delay = Duration::from_millis(5);
            settings.batch.queue_size = 8;
            settings.batch.export_size = 4;
            settings.batch.export_timeout = Duration::from_secs(60);
        });
        Self { name, place, receiver, times: Vec::new() }
    }

    fn request(&mut self) {
        let took = self.place.run(async {
            let started = Instant::now();
            ask("/tasks/1").await;
            started.elapsed()
        });
        self.times.push(took);
    }

    fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[times.len() / 2]
    }
}

/// How many times as long as the first service's requests each other one's took.
fn take_turns(services: &mut [Service], rounds: usize) -> Vec<f64> {
    for _ in 0..rounds {
        services.iter_mut().for_each(Service::request);
    }
    let well = services[0].median().as_secs_f64();
    services.iter().map(|service| service.median().as_secs_f64() / well).collect()
}

#[test]
fn a_requests_latency_does_not_depend_on_the_receiver() {
    let mut services = [
        Service::new("well", Some(Behaviour::Accept), Processor::Batch),
        Service::new("slow", Some(Behaviour::Slow), Processor::Batch),
        Service::new("broken", Some(Behaviour::Refuse), Processor::Batch),
        Service::new("away", None, Processor::Batch),
        Service::new("silent", Some(Behaviour::Hold), Processor::Batch),
    ];
    let factors = take_turns(&mut services, ROUNDS);
    for (service, factor) in services.iter().zip(factors) {
        assert!(factor < AS_LONG, "{}: {factor:.1} times as long", service.name);
        assert_eq!(service.place.lines_of("handler").len(), ROUNDS, "{}: no line was lost", service.name);
    }
    let [well, slow, broken, away, silent] = services;
    // The queue holds 8 and the export under way at most 4; everything else is lost, and counted.
    let stats = silent.place.guard.export_stats();
    assert_eq!((stats.ended, stats.exported, stats.failed), (ROUNDS as u64, 0, 0));
    assert_eq!(stats.dropped + stats.pending, ROUNDS as u64);
    assert!((9..=12).contains(&stats.pending), "{stats:?}");
    silent.receiver.as_ref().expect("it has one").release();
    for service in [&well, &slow, &broken, &away, &silent] {
        service.place.guard.flush();
        let stats = service.place.guard.export_stats();
        assert_eq!(stats.ended, stats.exported + stats.failed + stats.dropped, "{stats:?}");
        assert_eq!(stats.pending, 0, "{stats:?}");
    }
    for lossy in [broken, away] {
        let stats = lossy.place.guard.export_stats();
        assert!(stats.exported == 0 && stats.failed > 0, "{}: {stats:?}", lossy.name);
    }
    assert!(well.place.guard.export_stats().exported > 0);
}

#[test]
fn the_comparison_finds_an_export_within_the_request() {
    let mut services = [
        Service::new("well", Some(Behaviour::Accept), Processor::Batch),
        Service::new("slow", Some(Behaviour::Slow), Processor::Simple),
    ];
    let factors = take_turns(&mut services, 11);
    assert!(services[1].median() >= SLOW, "the simple processor exports within the request");
    assert!(factors[1] > AS_LONG, "{factors:?}");
}
