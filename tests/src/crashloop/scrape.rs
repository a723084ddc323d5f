//! Asks `/metrics` all the time, of whichever shipper lives, and checks the conservation law at every scrape (P8).

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use xtask::http;

#[derive(Debug)]
pub struct Scraper {
    address: String,
    stop: Arc<AtomicBool>,
    /// Of the last scrape: lines stored since that shipper's start.
    stored: Arc<AtomicU64>,
    thread: JoinHandle<u64>,
}

impl Scraper {
    /// Chooses a free address for `admin.listen` and begins to ask there.
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port").to_string();
        let (stop, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, last, url) = (stop.clone(), stored.clone(), format!("http://{address}/metrics"));
        let thread = std::thread::spawn(move || {
            let mut scrapes = 0;
            while !stopped.load(Ordering::Relaxed) {
                // A shipper that was just killed answers nothing; that is no scrape.
                if let Ok(answer) = http::get(&url)
                    && !answer.text.is_empty()
                {
                    last.store(agree(&answer.text), Ordering::Relaxed);
                    scrapes += 1;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            scrapes
        });
        Self { address, stop, stored, thread }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// How many scrapes agreed; at least one must have been made.
    pub fn finish(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let scrapes = self.thread.join().expect("every scrape agrees");
        assert!(scrapes > 0, "/metrics was never answered");
        scrapes
    }
}

/// read = stored + refused + skipped + in flight; answers what is stored.
fn agree(metrics: &str) -> u64 {
    let value = |name: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no {name} in:\n{metrics}"))
    };
    let read = value("correlog_lines_read_total");
    let stored = value("correlog_lines_stored_total");
    let sum = stored
        + value("correlog_lines_refused_total")
        + value("correlog_lines_skipped_total")
        + value("correlog_lines_in_flight");
    assert_eq!(read, sum, "{metrics}");
    stored
}
