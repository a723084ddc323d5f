//! `init`, `http` and `otlp` together, as a service uses them: real routers, real receivers, real files. One binary,
//! because each links the whole of OpenTelemetry. The layer by itself has tests of its own beside this.

#[path = "../support/child.rs"]
mod child;
mod client;
mod global;
mod http;
mod latency;
mod otlp;
mod place;
mod receiver;
