//! A panicking handler becomes a 500 that still names its trace. The panic hook has run by then; we install none.

use std::any::Any;

use http::{HeaderValue, Response, StatusCode, header};

/// The text a panic was started with, if it was a text.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is not a text")
}

/// Logs the panic; called within the request's span.
pub(super) fn log(panic: &(dyn Any + Send)) {
    let message = message(panic);
    tracing::error!(
        target: "correlog::http",
        { "exception.type" = "panic", "exception.message" = message },
        "the handler panicked: {message}",
    );
}

/// The answer's body. What the panic said stays in the log: it may hold what the client must not see.
pub(super) fn text(trace_id: Option<&str>) -> String {
    match trace_id {
        Some(trace_id) => format!("{{\"error\":\"internal server error\",\"trace_id\":\"{trace_id}\"}}\n"),
        None => "{\"error\":\"internal server error\"}\n".to_owned(),
    }
}

pub(super) fn response<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
