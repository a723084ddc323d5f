//! The way out and in again: tower and reqwest clients, a tonic server, a queue. In each the trace goes on.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::{Router, body::Body, extract::Request, http::Response, routing::get};
use correlog::{
    http::{ClientLayer, ServerLayer, TraceMiddleware},
    propagation::{self, Pairs},
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_client::TraceServiceClient,
    trace_service_server::{TraceService, TraceServiceServer},
};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use tracing::Instrument;

use crate::place::Place;

/// Answers with what it was asked in `traceparent`, `baggage` and `b3`.
async fn echo(request: Request) -> Result<Response<Body>, Infallible> {
    let one = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    Ok(Response::new(Body::from(format!("{} {}", one("traceparent"), one("b3")))))
}

async fn text(body: Body) -> String {
    let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("the body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The trace id of the only line of the logger `caller`.
fn callers_trace(place: &Place) -> String {
    let lines = place.lines_of("caller");
    assert_eq!(lines.len(), 1);
    lines[0]["trace_id"].as_str().expect("a trace id").to_owned()
}

#[test]
fn a_tower_clients_request_carries_the_trace_under_a_span_of_its_own() {
    let place = Place::new(|_| {});
    let (sent, outer) = place.run(
        async {
            tracing::info!(target: "caller", "calling");
            let client = ClientLayer::new().layer(service_fn(echo));
            let request = Request::builder().uri("http://worker:81/lookup?key=1").body(Body::empty());
            let response = client.oneshot(request.expect("a request")).await.expect("infallible");
            (text(response.into_body()).await, propagated_span())
        }
        .instrument_in(&place),
    );
    let trace = callers_trace(&place);
    assert!(sent.starts_with(&format!("00-{trace}-")), "{sent}");
    let (traceparent, b3) = sent.split_once(' ').expect("both");
    assert_ne!(&traceparent[36..52], outer, "the call has a span of its own");
    assert_eq!(b3, format!("{trace}-{}-1", &traceparent[36..52]), "the same in both forms");
}

#[test]
fn without_a_trace_there_is_no_header() {
    // The propagators are those of the whole process: the other tests' own.
    drop(Place::new(|_| {}));
    // Outside of every set-up: no layer gives the span ids, so there is nothing to send.
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let none = tracing::Dispatch::none();
    let sent = tracing::dispatcher::with_default(&none, || {
        runtime.block_on(async {
            let client = ClientLayer::new().layer(service_fn(echo));
            let request = Request::builder().uri("http://worker/").body(Body::empty());
            let response = client.oneshot(request.expect("a request")).await.expect("infallible");
            text(response.into_body()).await
        })
    });
    assert_eq!(sent, " ");
}

#[test]
fn reqwest_calls_another_service_within_the_trace() {
    let place = Place::new(|_| {});
    place.run(
        async {
            let handler = || async { tracing::info!(target: "callee", "called") };
            let router = Router::new().route("/lookup", get(handler)).layer(ServerLayer::axum());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let url = format!("http://{}/lookup", listener.local_addr().expect("its address"));
            let server = tokio::spawn(axum::serve(listener, router).into_future());
            let client = reqwest_middleware::ClientBuilder::new(reqwest_middleware::reqwest::Client::new())
                .with(TraceMiddleware::new())
                .build();
            tracing::info!(target: "caller", "calling");
            let response = client.get(url).send().await.expect("an answer");
            let header = response.headers()["x-trace-id"].to_str().expect("text").to_owned();
            assert_eq!(header, callers_trace(&place));
            server.abort();
        }
        .instrument_in(&place),
    );
    assert_eq!(place.lines_of("callee")[0]["trace_id"], callers_trace(&place).as_str());
}

#[test]
fn baggage_goes_through_a_service() {
    let place = Place::new(|_| {});
    let sent = place.run(async {
        let handler = || async {
            let seen = service_fn(|request: Request| async move {
                let baggage = request.headers().get("baggage").map(|value| value.as_bytes().to_vec());
                Ok::<_, Infallible>(Response::new(Body::from(baggage.unwrap_or_default())))
            });
            let request = Request::builder().uri("http://next/").body(Body::empty()).expect("a request");
            ClientLayer::new().layer(seen).oneshot(request).await.expect("infallible")
        };
        let router = Router::new().route("/", get(handler)).layer(ServerLayer::axum());
        let request = Request::builder().uri("/").header("baggage", "tier=gold").body(Body::empty());
        let response = router.oneshot(request.expect("a request")).await.expect("infallible");
        text(response.into_body()).await
    });
    assert_eq!(sent, "tier=gold");
}

struct Grpc;

#[tonic::async_trait]
impl TraceService for Grpc {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        tracing::info!(target: "callee", "called");
        match request.get_ref().resource_spans.len() {
            0 => Err(tonic::Status::not_found("nothing here")),
            1 => Err(tonic::Status::data_loss("half of it is gone")),
            _ => Ok(tonic::Response::new(ExportTraceServiceResponse::default())),
        }
    }
}

fn spans(count: usize) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest { resource_spans: vec![Default::default(); count] }
}

#[test]
fn tonic_has_both_layers() {
    let place = Place::new(|_| {});
    place.run(
        async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let url = format!("http://{}", listener.local_addr().expect("its address"));
            let incoming = tonic::transport::server::TcpIncoming::from(listener);
            let server = tonic::transport::Server::builder()
                .layer(ServerLayer::new())
                .add_service(TraceServiceServer::new(Grpc))
                .serve_with_incoming(incoming);
            let server = tokio::spawn(server);
            let channel = tonic::transport::Endpoint::from_shared(url).expect("an address").connect_lazy();
            let mut client = TraceServiceClient::new(ClientLayer::new().layer(channel));
            tracing::info!(target: "caller", "calling");
            let status = client.export(ExportTraceServiceRequest::default()).await.expect_err("not found");
            let header =
                status.metadata().get("x-trace-id").expect("the header").to_str().expect("text").to_owned();
            assert_eq!(header, callers_trace(&place), "an error has the header too");
            client.export(spans(1)).await.expect_err("data loss");
            client.export(spans(2)).await.expect("all is well");
            server.abort();
        }
        .instrument_in(&place),
    );
    assert_eq!(place.lines_of("callee")[0]["trace_id"], callers_trace(&place).as_str());
    // Its order among the lines is the order of the calls; the status of a call that went well is in its trailers.
    let lines = place.lines_of("correlog::access");
    let ends: Vec<_> = lines
        .iter()
        .map(|line| (line["attributes"]["rpc.grpc.status_code"].as_i64(), line["level"].as_str()))
        .collect();
    assert_eq!(ends, [(Some(5), Some("INFO")), (Some(15), Some("ERROR")), (Some(0), Some("INFO"))]);
}

#[test]
fn a_job_goes_on_in_the_trace_that_queued_it() {
    let place = Place::new(|_| {});
    let mut map: HashMap<String, String> = HashMap::new();
    let mut pairs = Pairs::default();
    place.run(async {
        tracing::info_span!("queueing").in_scope(|| {
            tracing::info!(target: "caller", "queued");
            propagation::inject(&mut map);
            propagation::inject_span(&tracing::Span::current(), &mut pairs);
        });
        for (name, headers) in
            [("map", &map as &dyn opentelemetry::propagation::Extractor), ("pairs", &pairs)]
        {
            let span = tracing::info_span!("job");
            assert!(propagation::continue_from(&span, headers));
            span.in_scope(|| tracing::info!(target: "callee", name, "worked"));
        }
        let fresh = tracing::info_span!("job");
        assert!(!propagation::continue_from(&fresh, &Pairs::default()), "nothing to continue");
        fresh.in_scope(|| tracing::info!(target: "alone", "worked"));
    });
    let trace = callers_trace(&place);
    let worked = place.lines_of("callee");
    assert_eq!(worked.len(), 2);
    assert!(worked.iter().all(|line| line["trace_id"] == trace.as_str()), "{worked:?}");
    let alone = &place.lines_of("alone")[0]["trace_id"];
    assert!(*alone != Value::Null && *alone != trace.as_str());
}

/// The span id that would be sent from here.
fn propagated_span() -> String {
    let mut carrier = Pairs::default();
    propagation::inject(&mut carrier);
    let traceparent = carrier.0.into_iter().find(|(name, _)| name == "traceparent").expect("a context").1;
    traceparent[36..52].to_owned()
}

trait InstrumentIn: Future + Sized {
    /// Within a span of the caller's, made under this place's set-up and not under whatever is current.
    fn instrument_in(self, place: &Place) -> tracing::instrument::Instrumented<Self> {
        tracing::dispatcher::with_default(&place.dispatch, || self.instrument(tracing::info_span!("caller")))
    }
}

impl<F: Future> InstrumentIn for F {}
