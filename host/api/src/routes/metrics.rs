//! `GET /metrics`: counters in Prometheus' text format.

use crate::error::ApiError;
use crate::state::ApiState;
use app::rights::{self, Action};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::caller::Caller;
use http::header;
use std::fmt::{Display, Write as _};

/// Counters of this host. Needs an admin key, or a client on the same machine.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Operation",
    responses((status = 200, description = "Prometheus' text format.", content_type = "text/plain", example = json!("skep_queue_depth 0\n")))
)]
pub(super) async fn get_metrics(
    State(state): State<ApiState>,
    caller: Option<Extension<Caller>>,
) -> Result<Response, ApiError> {
    // Without a caller the client is on this machine: the authentication middleware lets nobody else through.
    if let Some(Extension(caller)) = caller {
        rights::authorize(&caller, Action::ReadMetrics)?;
    }
    let counts = app::health::queue(&state.app).await?;
    let view = state.app.catalog.view();
    let mut text = Text::default();
    text.family("skep_build", "gauge", "The version of the host.");
    text.row("skep_build", &[("version", &state.app.settings.version)], 1);
    text.family("skep_uptime_seconds", "gauge", "Since the start.");
    text.row("skep_uptime_seconds", &[], state.uptime().as_secs_f64());
    text.family("skep_tasks", "gauge", "Unfinished tasks by state.");
    for (name, count) in [("queued", counts.queued), ("running", counts.running), ("waiting", counts.waiting)]
    {
        text.row("skep_tasks", &[("state", name)], count);
    }
    text.family("skep_queue_depth", "gauge", "Tasks that wait for a worker.");
    text.row("skep_queue_depth", &[], counts.queued);
    text.family("skep_plugins", "gauge", "Installed plugins by state.");
    for (name, count) in [("live", view.live.len()), ("held", view.held.len()), ("broken", view.broken.len())]
    {
        text.row("skep_plugins", &[("state", name)], count);
    }
    text.family("skep_event_streams", "gauge", "Open event streams.");
    text.row("skep_event_streams", &[], state.counters.open_streams());
    text.family("skep_http_requests_total", "counter", "Answered requests.");
    let requests = state.counters.snapshot();
    for ((method, route, status), count, _) in &requests {
        text.row(
            "skep_http_requests_total",
            &[("method", method), ("route", route), ("status", &status.to_string())],
            count,
        );
    }
    text.family("skep_http_request_seconds_total", "counter", "Time until requests were answered.");
    for ((method, route, status), _, sum) in &requests {
        text.row(
            "skep_http_request_seconds_total",
            &[("method", method), ("route", route), ("status", &status.to_string())],
            sum.as_secs_f64(),
        );
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text.0).into_response())
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String does not fail.
        let _infallible = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn row(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, text)| {
                format!(
                    "{label}=\"{}\"",
                    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
                )
            })
            .collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _infallible = writeln!(self.0, "{name}{labels} {value}");
    }
}
