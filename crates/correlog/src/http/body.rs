//! The response's body on its way out: counts its bytes, keeps the request's span open until its end, and carries
//! our own answer where the service panicked. It changes no frame.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::access::{Access, End};

pin_project! {
    /// The body of every response that passes [`ServerLayer`](super::ServerLayer).
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: Option<B>,
        // Instead of `inner`, and only then: our own short answer.
        own: Option<Bytes>,
        // Taken when the body has ended; dropped with the body otherwise.
        access: Option<Access>,
    }
}

impl<B: Body> TracedBody<B> {
    pub(super) fn new(inner: B, access: Access) -> Self {
        let mut body = Self { inner: Some(inner), own: None, access: Some(access) };
        // A server never polls a body that says it is empty.
        if body.inner.as_ref().is_some_and(Body::is_end_stream) {
            end(&mut body.access, End::Complete);
        }
        body
    }

    pub(super) fn own(text: String, access: Access) -> Self {
        Self { inner: None, own: Some(text.into()), access: Some(access) }
    }
}

/// Writes the access line.
fn end(access: &mut Option<Access>, how: End) {
    if let Some(mut access) = access.take() {
        access.end = how;
    }
}

impl<B> Body for TracedBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            let Some(own) = this.own.take() else { return Poll::Ready(None) };
            count(this.access, own.len());
            end(this.access, End::Complete);
            return Poll::Ready(Some(Ok(Frame::data(own.into()))));
        };
        let span = this.access.as_ref().map(|access| access.span.clone());
        let entered = span.as_ref().map(tracing::Span::enter);
        let polled = inner.poll_frame(context);
        drop(entered);
        match ready!(polled) {
            Some(Ok(frame)) => {
                count(this.access, frame.data_ref().map_or(0, Buf::remaining));
                if let (Some(access), Some(trailers)) = (this.access.as_mut(), frame.trailers_ref()) {
                    access.take_grpc_status(trailers);
                }
                if this.inner.as_ref().get_ref().as_ref().is_some_and(Body::is_end_stream) {
                    end(this.access, End::Complete);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                end(this.access, End::Failed);
                Poll::Ready(Some(Err(error)))
            }
            None => {
                end(this.access, End::Complete);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Some(inner) => inner.is_end_stream(),
            None => self.own.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(self.own.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}

fn count(access: &mut Option<Access>, bytes: usize) {
    if let Some(access) = access {
        access.response_size += bytes as u64;
    }
}
