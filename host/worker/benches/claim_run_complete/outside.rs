//! What is outside the engine: a real clock, a receiver of webhooks that answers at once, and parts that no delivery asks.

use app::ports::clock::{Clock, Entropy};
use app::ports::components::{CallRequest, Compiled, ComponentError, Components};
use app::ports::models::Model;
use app::ports::outbound::{Outbound, OutboundRequest, OutboundResponse, Purpose};
use app::ports::packages::{BrokenPackage, Packages, Scan, Unpacked};
use bytes::Bytes;
use domain::component::CallOutcome;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use domain::id::Digest;
use domain::manifest::Manifest;
use domain::time::Timestamp;
use futures_util::stream::BoxStream;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// As the host's own.
pub(crate) struct RealClock;

#[async_trait::async_trait]
impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let now = clock_gettime(ClockId::Realtime);
        Timestamp(now.tv_sec * 1000 + now.tv_nsec / 1_000_000)
    }

    fn elapsed(&self) -> Duration {
        let now = clock_gettime(ClockId::Boottime);
        Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The other end of every delivery.
pub(crate) struct Receiver;

#[async_trait::async_trait]
impl Outbound for Receiver {
    async fn send(&self, _: OutboundRequest, purpose: Purpose) -> Result<OutboundResponse, CallError> {
        assert_eq!(purpose, Purpose::Webhook);
        let body = Box::pin(futures_util::stream::empty());
        Ok(OutboundResponse { status: 204, headers: Vec::new(), body })
    }

    fn check_url(&self, url: &str, _: Purpose) -> Result<url::Url, CallError> {
        url.parse().map_err(|error| CallError::new(ErrorKind::InvalidInput, "url", format!("{error}")))
    }
}

/// Is not asked.
pub(crate) struct NotAsked;

fn not_asked() -> ! {
    panic!("a delivery asked for more than the network")
}

impl Entropy for NotAsked {
    fn fill(&self, _: &mut [u8]) {
        not_asked()
    }
}

#[async_trait::async_trait]
impl Model for NotAsked {
    async fn complete(
        &self,
        _: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        not_asked()
    }

    fn name(&self) -> String {
        not_asked()
    }

    async fn check(&self) -> Result<(), CallError> {
        not_asked()
    }
}

#[async_trait::async_trait]
impl Components for NotAsked {
    async fn compile(&self, _: Bytes, _: &Manifest) -> Result<Compiled, ComponentError> {
        not_asked()
    }

    async fn trial(&self, _: Digest) -> Result<(), ComponentError> {
        not_asked()
    }

    fn is_loaded(&self, _: Digest) -> bool {
        not_asked()
    }

    fn unload(&self, _: Digest) {
        not_asked()
    }

    async fn call(&self, _: CallRequest) -> CallOutcome {
        not_asked()
    }
}

#[async_trait::async_trait]
impl Packages for NotAsked {
    async fn scan(&self) -> Result<Scan, std::io::Error> {
        not_asked()
    }

    async fn changed(&self) {
        not_asked()
    }

    fn inspect(&self, _: &Bytes) -> Result<Manifest, BrokenPackage> {
        not_asked()
    }

    fn unpack(&self, _: &Bytes) -> Result<Unpacked, BrokenPackage> {
        not_asked()
    }
}
