//! The outside world: counts what arrives, by idempotency key, apart from the host.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// A sink on loopback.
#[derive(Debug, Clone)]
pub struct Sink {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

/// What arrived.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Keyed effects: `(task-unique name) -> keys`; an effect that happened twice has two keys.
    pub keyed: BTreeMap<String, BTreeSet<String>>,
    /// Once effects: how often each arrived.
    pub once: BTreeMap<String, u32>,
    /// Live runs of scopes, in order of arrival.
    pub probes: Vec<String>,
    /// Webhook bodies by `webhook-id`.
    pub webhooks: BTreeMap<String, Vec<Value>>,
}

impl Sink {
    /// Listen.
    ///
    /// # Panics
    /// When loopback cannot be used.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let router = Router::new()
            .route("/{task}/probe", get(probe))
            .route("/{task}/keyed", post(keyed))
            .route("/{task}/once", post(once))
            .route("/webhook", post(webhook))
            .with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    /// `127.0.0.1:PORT`, for the egress policy.
    #[must_use]
    pub fn address(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    /// What has arrived until now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

type Shared = State<Arc<Mutex<Seen>>>;

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name(task: &str, body: &Bytes) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    format!("{task} {}", body.get("scope").and_then(Value::as_str).unwrap_or_default())
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("(none)").to_owned()
}

async fn probe(
    State(seen): Shared,
    axum::extract::Path(task): axum::extract::Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> StatusCode {
    let scope = query.get("scope").cloned().unwrap_or_default();
    lock(&seen).probes.push(format!("{task} {scope}"));
    StatusCode::OK
}

async fn keyed(
    State(seen): Shared,
    axum::extract::Path(task): axum::extract::Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    lock(&seen).keyed.entry(name(&task, &body)).or_default().insert(header(&headers, "idempotency-key"));
    StatusCode::OK
}

async fn once(
    State(seen): Shared,
    axum::extract::Path(task): axum::extract::Path<String>,
    body: Bytes,
) -> StatusCode {
    *lock(&seen).once.entry(name(&task, &body)).or_default() += 1;
    StatusCode::OK
}

async fn webhook(State(seen): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = header(&headers, "webhook-id");
    lock(&seen).webhooks.entry(id).or_default().push(serde_json::from_slice(&body).unwrap_or_default());
    StatusCode::OK
}
