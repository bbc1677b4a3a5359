//! Server-sent events: counted while they are open, kept alive, and ended when the host stops.

use crate::counters::OpenStream;
use crate::state::ApiState;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _};
use http::HeaderMap;
use std::convert::Infallible;
use std::time::Duration;

/// Proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `Last-Event-ID`; one that is no text is no id of any stream.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("last-event-id")?;
    Some(value.to_str().unwrap_or("?").trim()).filter(|id| !id.is_empty())
}

/// Answer with these events. A stopping host ends its streams; the follower resumes at another, or after the start.
pub(crate) fn event_stream(state: &ApiState, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let open = OpenStream::new(&state.counters);
    let mut draining = state.settings.draining.clone();
    let stop = Box::pin(async move {
        if draining.wait_for(|draining| *draining).await.is_err() {
            // Nobody can stop the host through this channel any more.
            std::future::pending::<()>().await;
        }
    });
    let frames = events.take_until(stop).map(move |event| {
        let _counted = &open;
        Ok::<Event, Infallible>(event)
    });
    Sse::new(frames).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}
