//! A scripted OpenAI-compatible server: exact answers in order or by content, and every fault that a provider has.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use testkit::model_server::{ModelServer, Scripted};
//! let server = ModelServer::start().await?;
//! server.push(Scripted::status(429).retry_after("0"));
//! server.push(Scripted::text("hello"));
//! server.when_contains("weather", Scripted::tool("weather", serde_json::json!({ "city": "Oslo" })));
//! // … point a provider at server.base_url(), then look at server.requests()
//! # Ok(()) }
//! ```

mod answer;
mod file;
mod outbound;
mod received;
mod routes;
mod script;

pub use answer::{Gate, Scripted, ScriptedCall};
pub use file::{ScriptFile, ScriptStep};
pub use outbound::RouterOutbound;
pub use received::Received;

use script::Script;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The server; it ends when the last value of it is dropped.
pub struct ModelServer {
    address: SocketAddr,
    script: Arc<Script>,
    serving: tokio::task::JoinHandle<()>,
}

impl ModelServer {
    /// Listen on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listen on this address.
    ///
    /// # Errors
    /// The port cannot be bound.
    pub async fn start_at(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let script = Arc::new(Script::default());
        let router = routes::router(Arc::clone(&script));
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the scripted model server ended: {error}");
            }
        });
        Ok(Self { address, script, serving })
    }

    /// What a provider is configured with, like `http://127.0.0.1:4711/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An outbound port that reaches this server without a socket, whatever host the URL names.
    #[must_use]
    pub fn outbound(&self) -> Arc<RouterOutbound> {
        Arc::new(RouterOutbound::new(routes::router(Arc::clone(&self.script))))
    }

    /// The next answer; answers by content go first.
    pub fn push(&self, answer: Scripted) -> &Self {
        self.script.push(answer);
        self
    }

    /// Every request whose conversation contains `text` gets this answer.
    pub fn when_contains(&self, text: impl Into<String>, answer: Scripted) -> &Self {
        let text = text.into();
        self.when(move |request| request.contains(&text), answer)
    }

    /// Every request that fits gets this answer.
    pub fn when(&self, fits: impl Fn(&Received) -> bool + Send + Sync + 'static, answer: Scripted) -> &Self {
        self.script.when(Box::new(fits), None, answer);
        self
    }

    /// The first `times` requests that fit get this answer.
    pub fn when_times(
        &self,
        times: u32,
        fits: impl Fn(&Received) -> bool + Send + Sync + 'static,
        answer: Scripted,
    ) -> &Self {
        self.script.when(Box::new(fits), Some(times), answer);
        self
    }

    /// Compute the answer of every request that nothing else fits.
    pub fn otherwise(&self, answer: impl Fn(&Received) -> Scripted + Send + Sync + 'static) -> &Self {
        self.script.otherwise(Box::new(answer));
        self
    }

    /// Add the steps of a script file.
    pub fn load(&self, file: ScriptFile) -> &Self {
        file.load(&self.script);
        self
    }

    /// All requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.script.requests()
    }

    /// Requests that nothing was scripted for; a test asserts that this is empty.
    #[must_use]
    pub fn unexpected(&self) -> Vec<Received> {
        self.script.unexpected()
    }

    /// Answers that were pushed and not fetched.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.script.remaining()
    }

    /// Answers once `count` requests have arrived.
    pub async fn wait_for_requests(&self, count: usize) {
        self.script.wait_for_requests(count).await;
    }

    /// Runs until the process ends.
    ///
    /// # Errors
    /// The server task failed.
    pub async fn serve_forever(mut self) -> std::io::Result<()> {
        (&mut self.serving).await.map_err(std::io::Error::other)
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
