//! A database that is away for a moment is no reason to lose a lease.

use app::effects::attempt::Attempt;
use app::ports::store_error::StoreError;
use std::time::Duration;

/// Before the second try; doubles.
const FIRST: Duration = Duration::from_millis(200);
/// Pauses do not grow beyond this: a lease is short.
const LONGEST: Duration = Duration::from_secs(2);

/// Do it again while the database cannot be reached and the lease lasts.
pub(super) async fn insist<T, F>(attempt: &Attempt, mut operation: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pause = FIRST;
    loop {
        match operation().await {
            Err(StoreError::Unavailable(reason)) if !attempt.is_overdue() => {
                tracing::warn!(task = %attempt.lease.task, %reason, "the database is away; trying again");
                attempt.app.ports.clock.sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST);
            }
            result => return result,
        }
    }
}
