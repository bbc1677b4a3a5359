//! What `/metrics` counts of requests.

use crate::routes::health::PATHS;
use http::Method;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Method, route template and status of answered requests.
type Key = (&'static str, String, u16);

/// Counted since the start. Routes are templates and methods those that have a name here, so the number of rows is bounded whatever
/// clients send.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: Mutex<BTreeMap<Key, (u64, Duration)>>,
    liveness: [AtomicU64; PATHS.len()],
    streams: AtomicI64,
}

impl Counters {
    pub(crate) fn count(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, sum) = requests.entry((counted(method), route.to_owned(), status)).or_default();
        *count = count.saturating_add(1);
        *sum = sum.saturating_add(took);
    }

    /// A liveness check that was answered before routing.
    pub(crate) fn count_liveness(&self, path: &str) {
        for (known, count) in PATHS.iter().zip(&self.liveness) {
            if *known == path {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn snapshot(&self) -> Vec<(Key, u64, Duration)> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = requests.clone();
        for (path, answered) in PATHS.iter().zip(&self.liveness) {
            let answered = answered.load(Ordering::Relaxed);
            if answered > 0 {
                let (count, _) = all.entry(("GET", (*path).to_owned(), 200)).or_default();
                *count = count.saturating_add(answered);
            }
        }
        all.into_iter().map(|(key, (count, sum))| (key, count, sum)).collect()
    }

    pub(crate) fn open_streams(&self) -> i64 {
        self.streams.load(Ordering::Relaxed)
    }
}

/// The method as a row names it. Clients may send any word as a method.
fn counted(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Counts an open stream until it is dropped.
pub(crate) struct OpenStream(std::sync::Arc<Counters>);

impl OpenStream {
    pub(crate) fn new(counters: &std::sync::Arc<Counters>) -> Self {
        counters.streams.fetch_add(1, Ordering::Relaxed);
        Self(std::sync::Arc::clone(counters))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
