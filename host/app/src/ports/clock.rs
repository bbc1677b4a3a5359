//! Time and randomness, injected.

use domain::time::Timestamp;
use std::time::Duration;

/// The host's clock.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Wall time.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point; goes on while the machine is suspended (CLOCK_BOOTTIME).
    fn elapsed(&self) -> Duration;

    /// Answers once `duration` is over.
    async fn sleep(&self, duration: Duration);
}

/// Random bytes fit for keys.
pub trait Entropy: Send + Sync + 'static {
    /// Fill the buffer.
    fn fill(&self, buffer: &mut [u8]);
}
