//! An OTLP receiver on a thread of its own: the official services over gRPC, the official messages over HTTP. It
//! accepts, refuses, takes its time over, or holds every export until it is let go.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use correlog::settings::Protocol;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
    metrics_service_server::{MetricsService, MetricsServiceServer},
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Accept,
    Refuse,
    Hold,
    /// Accepts after [`SLOW`].
    Slow,
}

/// How long a slow receiver takes for each export.
pub const SLOW: Duration = Duration::from_millis(50);

pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
    held: watch::Sender<bool>,
}

#[derive(Debug, Clone)]
pub struct ReceivedSpan {
    pub name: String,
    pub trace_id: String,
    pub span_id: String,
    pub is_error: bool,
    pub events: Vec<String>,
}

#[derive(Debug)]
struct Shared {
    behaviour: Behaviour,
    seen: Mutex<Seen>,
    arrived: Condvar,
    held: watch::Receiver<bool>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: usize,
    traces: Vec<ExportTraceServiceRequest>,
    metrics: BTreeSet<String>,
    authorization: BTreeSet<String>,
}

impl Receiver {
    pub fn start(protocol: Protocol, behaviour: Behaviour) -> Self {
        let (held, is_held) = watch::channel(behaviour == Behaviour::Hold);
        let shared =
            Arc::new(Shared { behaviour, seen: Mutex::default(), arrived: Condvar::new(), held: is_held });
        let (send, receive) = std::sync::mpsc::channel();
        let for_thread = shared.clone();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(serve(protocol, for_thread, send));
        });
        let address: SocketAddr = receive.recv().expect("the receiver's address");
        Self { url: format!("http://{address}"), shared, held }
    }

    /// Lets go every export that is held, and those to come.
    pub fn release(&self) {
        self.held.send(false).expect("the receiver runs");
    }

    pub fn wait_for_request(&self) {
        let seen = self.shared.seen.lock().expect("no panic");
        drop(self.shared.arrived.wait_while(seen, |seen| seen.requests == 0).expect("no panic"));
    }

    pub fn wait_until(&self, what: &str, ready: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !ready(self) {
            assert!(started.elapsed() < Duration::from_secs(30), "{what} did not arrive");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn spans(&self) -> Vec<ReceivedSpan> {
        let seen = self.shared.seen.lock().expect("no panic");
        let resources = seen.traces.iter().flat_map(|request| &request.resource_spans);
        let spans = resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans);
        spans
            .map(|span| ReceivedSpan {
                name: span.name.clone(),
                trace_id: hex(&span.trace_id),
                span_id: hex(&span.span_id),
                is_error: span.status.as_ref().is_some_and(|status| status.code == 2),
                events: span.events.iter().map(|event| event.name.clone()).collect(),
            })
            .collect()
    }

    /// The resource of the first export, each value as text.
    pub fn resource(&self) -> BTreeMap<String, String> {
        let seen = self.shared.seen.lock().expect("no panic");
        let resource = seen.traces[0].resource_spans[0].resource.clone().expect("a resource");
        let text = |value: Option<Value>| match value {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        let pairs = resource.attributes.into_iter();
        pairs.map(|pair| (pair.key, text(pair.value.and_then(|value| value.value)))).collect()
    }

    pub fn metrics(&self) -> BTreeSet<String> {
        self.shared.seen.lock().expect("no panic").metrics.clone()
    }

    pub fn authorization(&self) -> BTreeSet<String> {
        self.shared.seen.lock().expect("no panic").authorization.clone()
    }
}

/// An address at which nobody listens: one that was free a moment ago.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("its address"))
}

async fn serve(protocol: Protocol, shared: Arc<Shared>, send: std::sync::mpsc::Sender<SocketAddr>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    send.send(listener.local_addr().expect("its address")).expect("the test waits for it");
    if protocol == Protocol::Grpc {
        let served = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::from_arc(shared.clone()))
            .add_service(MetricsServiceServer::from_arc(shared))
            .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener));
        return served.await.expect("serving");
    }
    let router = Router::new()
        .route("/v1/traces", post(http_traces))
        .route("/v1/metrics", post(http_metrics))
        .with_state(shared);
    axum::serve(listener, router).await.expect("serving");
}

impl Shared {
    /// Notes that an export is here, and waits while exports are held.
    async fn admit(&self, authorization: Option<&str>) -> bool {
        {
            let mut seen = self.seen.lock().expect("no panic");
            seen.requests += 1;
            seen.authorization.extend(authorization.map(str::to_owned));
            self.arrived.notify_all();
        }
        let mut held = self.held.clone();
        let _ = held.wait_for(|held| !*held).await;
        if self.behaviour == Behaviour::Slow {
            tokio::time::sleep(SLOW).await;
        }
        self.behaviour != Behaviour::Refuse
    }

    fn take_traces(&self, request: ExportTraceServiceRequest) {
        self.seen.lock().expect("no panic").traces.push(request);
    }

    fn take_metrics(&self, request: ExportMetricsServiceRequest) {
        let resources = request.resource_metrics.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_metrics);
        let names = scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name);
        self.seen.lock().expect("no panic").metrics.extend(names);
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()
}

async fn http_traces(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !shared.admit(authorization(&headers)).await {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    shared.take_traces(ExportTraceServiceRequest::decode(body).expect("an official message"));
    StatusCode::OK
}

async fn http_metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !shared.admit(authorization(&headers)).await {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    shared.take_metrics(ExportMetricsServiceRequest::decode(body).expect("an official message"));
    StatusCode::OK
}

#[tonic::async_trait]
impl TraceService for Shared {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        if !self.admit(grpc_authorization(&request)).await {
            return Err(tonic::Status::internal("broken"));
        }
        self.take_traces(request.into_inner());
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Shared {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        if !self.admit(grpc_authorization(&request)).await {
            return Err(tonic::Status::internal("broken"));
        }
        self.take_metrics(request.into_inner());
        Ok(tonic::Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn grpc_authorization<T>(request: &tonic::Request<T>) -> Option<&str> {
    request.metadata().get("authorization")?.to_str().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
