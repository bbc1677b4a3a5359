//! Rate limits: whether a request is within its user's, and what the client is told.
//!
//! Windows are those of the clock (hour and minute, or a quarter of an hour) and shared by all hosts on one database. A host takes a chunk
//! out of a window's row in one transaction and counts it down in memory, so most requests write nothing.
//!
//! Not `governor`: it has no clock windows (its cells refill all the time, so no plan has exactly N requests in a clock hour and nothing
//! to tell as `X-RateLimit-Reset`), and its state is of one process. `tower_governor` and `axum-gcra` are the same inside.

use crate::ports::clock::Clock;
use crate::ports::rate_windows::RateWindows;
use crate::ports::store_error::StoreError;
use domain::error::Error;
use domain::id::UserId;
use domain::plan::PlanLimits;
use domain::rate::{Counted, Quota, Window};
use domain::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::Instrument as _;

/// What other hosts took is read again after this, so that all of them tell clients the same.
const FRESH: Duration = Duration::from_secs(1);
/// Counts whose windows are over are forgotten when this many are known, and then at twice as many.
const SWEEP_AT: usize = 1024;

/// What a client is told, and whether its request may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Of the window that clients are told about: requests in it.
    pub limit: u32,
    /// Left in it.
    pub remaining: u32,
    /// When the next one begins.
    pub resets_at: Timestamp,
    /// How long it is.
    pub length: Duration,
    /// Whole seconds until it ends.
    pub resets_in: u64,
    /// Refused: seconds until the window that refused ends.
    pub retry_after: Option<u64>,
}

/// What this host holds of each user's windows.
pub struct Rates {
    store: Arc<dyn RateWindows>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    counts: HashMap<(UserId, Counted), Arc<tokio::sync::Mutex<Counts>>>,
    sweep_at: usize,
}

/// One user's windows, in the order of its quotas.
#[derive(Default)]
struct Counts(Vec<Held>);

/// A window, as far as this host knows.
#[derive(Debug, Clone, Copy)]
struct Held {
    window: Window,
    /// Gone out of it at all hosts, with what this host holds.
    taken: u32,
    /// Taken by this host and not used.
    left: u32,
    /// When `taken` was read; none before the first time.
    read_at: Option<Timestamp>,
}

impl Held {
    fn used(&self) -> u32 {
        self.taken.saturating_sub(self.left)
    }

    /// Nothing can be left in it. A host that knows this asks nobody.
    fn is_full(&self, quota: Quota) -> bool {
        self.used() >= quota.limit
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at.is_some_and(|read_at| now.since(read_at) < FRESH)
    }
}

impl Rates {
    /// Of one host.
    #[must_use]
    pub fn new(store: Arc<dyn RateWindows>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Mutex::default() }
    }

    /// Count a request of this user, who has these limits now. Refused ones count nowhere: a full minute takes nothing from the hour.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn admit(&self, user: UserId, counted: Counted, limits: PlanLimits) -> Result<Verdict, Error> {
        let now = self.clock.now();
        let quotas = counted.quotas(limits);
        let mut counts = self.of(user, counted, now).lock_owned().await;
        counts.turn_to(&quotas, now);
        if counts.is_known(&quotas, now) {
            return Ok(counts.decide(&quotas, now));
        }
        let store = Arc::clone(&self.store);
        // A task of its own: a chunk that was taken for a client that went away must not be lost.
        let work = async move {
            counts.refresh(store.as_ref(), (user, counted), &quotas, now).await?;
            Ok::<_, StoreError>(counts.decide(&quotas, now))
        };
        let joined = tokio::spawn(work.in_current_span()).await;
        Ok(joined
            .map_err(|error| Error::internal(format!("a rate limit could not be counted: {error}")))??)
    }

    fn of(&self, user: UserId, counted: Counted, now: Timestamp) -> Arc<tokio::sync::Mutex<Counts>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.counts.len() >= known.sweep_at.max(SWEEP_AT) {
            // One that somebody waits for or works with stays.
            known.counts.retain(|_, counts| {
                Arc::strong_count(counts) > 1 || counts.try_lock().is_ok_and(|counts| !counts.is_over(now))
            });
            known.sweep_at = known.counts.len().saturating_mul(2);
        }
        Arc::clone(known.counts.entry((user, counted)).or_default())
    }
}

impl Counts {
    /// Forget windows that are not those of this time.
    fn turn_to(&mut self, quotas: &[Quota], now: Timestamp) {
        self.0.resize_with(quotas.len(), || Held {
            window: Window { length: Duration::ZERO, starts_at: Timestamp(i64::MIN) },
            taken: 0,
            left: 0,
            read_at: None,
        });
        for (held, quota) in self.0.iter_mut().zip(quotas) {
            let window = Window::at(quota.length, now);
            if held.window != window {
                *held = Held { window, taken: 0, left: 0, read_at: None };
            }
        }
    }

    /// Whether the store need not be asked: it was just now, and there is enough in hand or nothing to be had.
    fn is_known(&self, quotas: &[Quota], now: Timestamp) -> bool {
        self.0.iter().all(|held| held.is_fresh(now))
            && (self.0.iter().all(|held| held.left > 0) || self.is_full(quotas))
    }

    fn is_full(&self, quotas: &[Quota]) -> bool {
        self.0.iter().zip(quotas).any(|(held, quota)| held.is_full(*quota))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.0.iter().all(|held| held.window.ends_at() <= now)
    }

    /// Read what others took, and take chunks where nothing is in hand. Nothing is taken while a window is known to be full.
    async fn refresh(
        &mut self,
        store: &dyn RateWindows,
        (user, counted): (UserId, Counted),
        quotas: &[Quota],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !self.0.iter().all(|held| held.is_fresh(now)) {
            let windows: Vec<Window> = self.0.iter().map(|held| held.window).collect();
            let taken = store.read_windows(user, counted, &windows).await?;
            for (held, taken) in self.0.iter_mut().zip(taken) {
                held.taken = taken.max(held.taken);
                held.read_at = Some(now);
            }
        }
        if self.is_full(quotas) {
            return Ok(());
        }
        let mut empty: Vec<(&mut Held, Quota)> =
            self.0.iter_mut().zip(quotas.iter().copied()).filter(|(held, _)| held.left == 0).collect();
        if empty.is_empty() {
            return Ok(());
        }
        let wanted: Vec<(Window, Quota)> = empty.iter().map(|(held, quota)| (held.window, *quota)).collect();
        let chunks = store.take_chunks(user, counted, &wanted).await?;
        for ((held, _), chunk) in empty.iter_mut().zip(chunks) {
            held.taken = chunk.taken;
            held.left = chunk.got;
        }
        Ok(())
    }

    /// Use one of each window, or of none. After [`Self::refresh`] there is one in hand of each that is not full.
    fn decide(&mut self, quotas: &[Quota], now: Timestamp) -> Verdict {
        let refused = self.0.iter().zip(quotas).filter(|(held, quota)| held.is_full(**quota));
        let retry_after = refused.map(|(held, _)| held.window.seconds_left(now)).max();
        if retry_after.is_none() {
            for held in &mut self.0 {
                held.left = held.left.saturating_sub(1);
            }
        }
        let told = self.0.first().zip(quotas.first());
        let window = told.map_or_else(|| Window::at(Duration::ZERO, now), |(held, _)| held.window);
        Verdict {
            limit: told.map_or(0, |(_, quota)| quota.limit),
            remaining: told.map_or(0, |(held, quota)| quota.limit.saturating_sub(held.used())),
            resets_at: window.ends_at(),
            length: window.length,
            resets_in: window.seconds_left(now),
            retry_after,
        }
    }
}
