//! Uploads under `kill -9`: what was acknowledged, and what must be there afterwards. Files and skills have cases of it.

#![allow(clippy::indexing_slicing, reason = "a test ends by panicking")]

use crate::host::{ADMIN_KEY, HostProcess};
use std::sync::{Arc, Mutex, PoisonError};

/// Where something is uploaded to and read back from.
#[derive(Debug, Clone)]
pub struct Target {
    /// Written to with PUT.
    pub put: String,
    /// Read with GET: its body is what was uploaded last, its `ETag` ends in `-VERSION`.
    pub get: String,
}

/// What is known of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The content of the last acknowledged upload, and how many there have been that are known to have happened.
    pub acknowledged: Option<(Vec<u8>, u64)>,
    /// Contents of uploads since then whose answer never came.
    pub unknown: Vec<Vec<u8>>,
}

/// What is there after a restart: content and version.
pub type Present = Option<(Vec<u8>, u64)>;

impl Known {
    /// What is wrong with what is there; none when it is one of the states that the answers allow.
    #[must_use]
    pub fn judge(&self, present: &Present) -> Option<String> {
        let acknowledged = self.acknowledged.as_ref().map_or(0, |(_, count)| *count);
        let Some((content, version)) = present else {
            return self
                .acknowledged
                .as_ref()
                .map(|(_, count)| format!("acknowledged version {count} is lost"));
        };
        let is_acknowledged = self.acknowledged.as_ref().is_some_and(|(last, _)| last == content);
        if !is_acknowledged && !self.unknown.contains(content) {
            return Some(format!("{} bytes that nobody uploaded in one piece", content.len()));
        }
        let most = acknowledged + self.unknown.len() as u64;
        let least = if is_acknowledged { acknowledged } else { acknowledged + 1 };
        if (least..=most).contains(version) {
            None
        } else {
            Some(format!("version {version}, which is not in {least}..={most}"))
        }
    }
}

/// The uploads of one drill.
#[derive(Debug, Clone)]
pub struct Uploads {
    targets: Vec<Target>,
    known: Arc<Mutex<Vec<Known>>>,
    client: reqwest::Client,
    /// Makes contents that nobody else makes.
    content: fn(target: usize, number: u64) -> Vec<u8>,
}

impl Uploads {
    /// To these targets; `content` is the nth content of a target.
    ///
    /// # Panics
    /// Never: the client has no settings that can fail.
    #[must_use]
    pub fn new(targets: Vec<Target>, content: fn(usize, u64) -> Vec<u8>) -> Self {
        let _set = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let known = Arc::new(Mutex::new(vec![Known::default(); targets.len()]));
        Self { targets, known, client, content }
    }

    /// Acknowledged uploads so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.known().iter().filter_map(|known| known.acknowledged.as_ref()).map(|(_, count)| count).sum()
    }

    /// One after the other for each target, all targets at once, until the host is gone.
    pub async fn upload(&self, url: &str) {
        let loops = (0..self.targets.len()).map(|target| self.upload_to(url, target));
        futures_util::future::join_all(loops).await;
    }

    async fn upload_to(&self, url: &str, target: usize) {
        loop {
            let number = {
                let known = self.known();
                known[target].acknowledged.as_ref().map_or(0, |(_, count)| *count)
                    + known[target].unknown.len() as u64
                    + 1
            };
            let content = (self.content)(target, number);
            self.known()[target].unknown.push(content.clone());
            let put = self.client.put(format!("{url}{}", self.targets[target].put)).bearer_auth(ADMIN_KEY);
            let Ok(answer) = put.body(content.clone()).send().await else { return };
            assert!(answer.status().is_success(), "{}: {}", self.targets[target].put, answer.status());
            let mut known = self.known();
            let count = known[target].acknowledged.as_ref().map_or(0, |(_, count)| *count) + 1;
            known[target] = Known { acknowledged: Some((content, count)), unknown: Vec::new() };
        }
    }

    /// Compare everything with what the host has now. What it has is known from then on.
    ///
    /// # Panics
    /// When the host does not answer.
    pub async fn check(&self, host: &HostProcess) -> Vec<String> {
        let mut problems = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let get = self.client.get(format!("{}{}", host.url, target.get)).bearer_auth(ADMIN_KEY);
            let answer = get.send().await.expect("the host answers");
            let status = answer.status().as_u16();
            let version = answer.headers().get("etag").and_then(|etag| {
                etag.to_str().ok()?.trim_matches('"').rsplit_once('-')?.1.parse::<u64>().ok()
            });
            let content = answer.bytes().await.expect("the whole body comes").to_vec();
            let present = match (status, version) {
                (200, Some(version)) => Some((content, version)),
                (404, _) => None,
                (status, _) => {
                    problems.push(format!("{}: HTTP {status}", target.get));
                    continue;
                }
            };
            let mut known = self.known();
            problems.extend(known[index].judge(&present).map(|problem| format!("{}: {problem}", target.get)));
            known[index] = Known { acknowledged: present, unknown: Vec::new() };
        }
        problems
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
