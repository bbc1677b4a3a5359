//! A clock that moves only when a test says so, and randomness that is the same in every run.

use app::ports::clock::{Clock, Entropy};
use domain::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Simulated time. Clones share it.
#[derive(Debug, Clone)]
pub struct SimClock {
    start: Timestamp,
    /// Time since the start; those who sleep hold receivers.
    elapsed: watch::Sender<Duration>,
}

impl SimClock {
    /// A clock that shows `start` until somebody advances it.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { start, elapsed: watch::Sender::new(Duration::ZERO) }
    }

    /// Move time forward; wakes every sleep whose time has come.
    pub fn advance(&self, duration: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += duration);
    }

    /// Answers once at least `count` sleeps are under way: then advancing wakes them for sure.
    pub async fn sleepers(&self, count: usize) {
        while self.elapsed.receiver_count() < count {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait::async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.start.plus(*self.elapsed.borrow())
    }

    fn elapsed(&self) -> Duration {
        *self.elapsed.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let mut receiver = self.elapsed.subscribe();
        let until = receiver.borrow().saturating_add(duration);
        // The sender lives in `self`, so the channel cannot close.
        let _open = receiver.wait_for(|elapsed| *elapsed >= until).await;
    }
}

/// Bytes of a fixed sequence (SplitMix64): the same seed gives the same bytes. Fit for tests only.
#[derive(Debug)]
pub struct SeededEntropy {
    state: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(target, byte)| *target = byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleep_ends_when_the_clock_has_been_advanced_past_it_and_not_before() {
        let clock = SimClock::new(Timestamp(1_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        clock.sleepers(1).await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert!(sleeper.await.is_ok());
        assert_eq!((clock.now(), clock.elapsed()), (Timestamp(11_000), Duration::from_secs(10)));
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let (entropy, mut bytes) = (SeededEntropy::new(seed), [0_u8; 20]);
            entropy.fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
