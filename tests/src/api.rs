//! A plain client of the REST API.

use serde_json::Value;
use std::time::{Duration, Instant};

/// Talks to one host with one key.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    key: String,
    client: reqwest::Client,
}

/// Status and JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; a string when it is not JSON.
    pub body: Value,
}

impl Api {
    /// A client.
    ///
    /// # Panics
    /// Never: the client has no settings that can fail.
    #[must_use]
    pub fn new(base: &str, key: &str) -> Self {
        // The provider is process-wide; another test of this process may have set it.
        let _set = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Self { base: base.to_owned(), key: key.to_owned(), client }
    }

    /// GET.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        Self::answer(self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.key)).await
    }

    /// POST of JSON.
    ///
    /// # Errors
    /// When the host does not answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, reqwest::Error> {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.key);
        Self::answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// JSON by another method.
    ///
    /// # Errors
    /// When the host does not answer.
    ///
    /// # Panics
    /// When that is no method.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Answer, reqwest::Error> {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        Self::answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Submit a task; its id once the host has acknowledged it.
    ///
    /// # Errors
    /// When the host does not answer, so that nobody knows whether it took it.
    ///
    /// # Panics
    /// When the host refuses it.
    pub async fn submit(&self, request: &Value) -> Result<String, reqwest::Error> {
        let answer = self.post("/v1/agents/tasks", request).await?;
        assert_eq!(answer.status, 202, "{}", answer.body);
        Ok(answer.body.get("taskId").and_then(Value::as_str).expect("a task id").to_owned())
    }

    /// Wait until a task has ended; its body.
    ///
    /// # Panics
    /// When it has not in time.
    pub async fn ended(&self, task: &str, time: Duration) -> Value {
        let mut last = Value::Null;
        let ended = eventually(time, async || {
            let answer = self.get(&format!("/v1/agents/tasks/{task}")).await.ok()?;
            last = answer.body.clone();
            let status = answer.body.get("status").and_then(Value::as_str)?;
            ["completed", "failed", "cancelled"].contains(&status).then_some(answer.body)
        });
        match ended.await {
            Some(body) => body,
            None => panic!("task {task} has not ended in {time:?}: {last}"),
        }
    }

    /// All entries of a task's journal, in order.
    ///
    /// # Panics
    /// When the host does not show them.
    pub async fn journal(&self, task: &str) -> Vec<Value> {
        let (mut entries, mut cursor) = (Vec::new(), String::from("0"));
        loop {
            let path = format!("/v1/agents/tasks/{task}/journal?limit=200&cursor={cursor}");
            let answer = self.get(&path).await.expect("the host answers");
            assert_eq!(answer.status, 200, "{}", answer.body);
            let page = answer.body.get("entries").and_then(Value::as_array);
            entries.extend(page.into_iter().flatten().cloned());
            match answer.body.get("nextCursor").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut cursor),
                None => return entries,
            }
        }
    }

    async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }
}

/// Ask again until there is an answer; none when there is none in time. The only place where tests wait for a condition.
pub async fn eventually<T>(time: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
    }
}
