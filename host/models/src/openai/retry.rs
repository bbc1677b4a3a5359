//! Whether a failed try is followed by another, and after how long.

use super::OpenAiSettings;
use domain::effect::{CallError, ErrorKind};
use domain::time::Timestamp;
use std::time::Duration;

/// Doubles with each try: 250 ms, 500 ms, 1 s, 2 s, …
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// How long to wait before the next try; the error itself where there is none.
pub(super) fn wait(error: CallError, tried: u32, settings: &OpenAiSettings) -> Result<Duration, CallError> {
    if !error.kind.is_retryable() {
        return Err(error);
    }
    let backoff = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tried.saturating_sub(1)));
    let asked = error.retry_after_ms.map(Duration::from_millis);
    if let Some(asked) = asked.filter(|asked| *asked > settings.longest_wait) {
        // Whoever asks for a time is busy, also when it says 503: the engine suspends until then.
        return Err(CallError { kind: ErrorKind::Busy, ..error }.retry_after(milliseconds(asked)));
    }
    // A timeout has used up its time already.
    if tried >= settings.tries || error.kind == ErrorKind::Timeout {
        let next = asked.unwrap_or(backoff);
        return Err(if error.kind == ErrorKind::Busy {
            error.retry_after(milliseconds(next))
        } else {
            error
        });
    }
    Ok(asked.unwrap_or(backoff.min(settings.longest_wait)))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds from `retry-after-ms`, or `Retry-After` as seconds or as an HTTP date.
pub(super) fn come_again(headers: &[(String, String)], now: Timestamp) -> Option<u64> {
    let header = |wanted: &str| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    if let Some(milliseconds) = header("retry-after-ms").and_then(|value| value.parse::<f64>().ok()) {
        return whole(milliseconds);
    }
    let value = header("retry-after")?;
    if let Ok(seconds) = value.parse::<f64>() {
        return whole(seconds * 1000.0);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let date = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = u64::try_from(now.0).unwrap_or(0);
    Some(milliseconds(date).saturating_sub(now))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be positive and finite; a cast saturates"
)]
fn whole(milliseconds: f64) -> Option<u64> {
    (milliseconds.is_finite() && milliseconds >= 0.0).then(|| milliseconds.ceil() as u64)
}
