//! `POST …/renew`, `PATCH …/timeout`, `POST …/heartbeat`.

use super::{find, info, update};
use crate::context::App;
use crate::fields::{invalid, kind};
use domain::caller::Caller;
use domain::error::Error;
use domain::session::{LONGEST_TIMEOUT, SHORTEST_TIMEOUT, Timeout};
use serde_json::Value;
use std::time::Duration;

/// Begin the idle time anew, also without `autoRenew`.
///
/// # Errors
/// 400 for the id; 404; 410 when it is over.
pub async fn renew(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let (session, _) = find(app, caller, id).await?;
    let now = app.ports.clock.now();
    let (session, ()) = update(app, session, |session| {
        session.renew(now);
        Ok(())
    })
    .await?;
    Ok(info(&session, now))
}

/// Say that the session is used; renews it with `autoRenew`.
///
/// # Errors
/// As [`renew`].
pub async fn heartbeat(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    let (session, _) = find(app, caller, id).await?;
    let now = app.ports.clock.now();
    let (session, _) = update(app, session, |session| Ok(session.touch(now))).await?;
    Ok(info(&session, now))
}

/// Give it another timeout. What is not given becomes the default again, as elizaOS does it.
///
/// # Errors
/// As [`renew`]; 400 naming the field, or when the idle time is outside its limits.
pub async fn set_timeout(app: &App, caller: &Caller, id: &str, request: &Value) -> Result<Value, Error> {
    let (session, _) = find(app, caller, id).await?;
    let timeout = read(request, "", Timeout::default())?;
    if !(SHORTEST_TIMEOUT..=LONGEST_TIMEOUT).contains(&timeout.timeout_minutes) {
        let problem = format!("must be from {SHORTEST_TIMEOUT} to {LONGEST_TIMEOUT}");
        return Err(invalid("timeoutMinutes", &problem));
    }
    let (session, ()) = update(app, session, |session| {
        session.set_timeout(timeout);
        Ok(())
    })
    .await?;
    Ok(info(&session, app.ports.clock.now()))
}

/// A timeout as clients write it; `path` is where it is. Minutes may be texts.
pub(super) fn read(given: &Value, path: &str, defaults: Timeout) -> Result<Timeout, Error> {
    let fields = given.as_object().ok_or_else(|| {
        invalid(path.trim_end_matches('.'), &format!("must be an object, not {}", kind(given)))
    })?;
    let minutes = |name: &str, default: u32| -> Result<u32, Error> {
        let number = match fields.get(name) {
            None | Some(Value::Null) => return Ok(default),
            Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
            Some(value) => value.as_f64(),
        };
        let number = number.filter(|number| number.is_finite());
        let number =
            number.ok_or_else(|| invalid(&format!("{path}{name}"), "must be a number of minutes"))?;
        // Whole minutes are kept; what is outside the limits is clamped by whoever keeps it.
        let seconds =
            Duration::try_from_secs_f64(number.clamp(0.0, 1e6) * 60.0).unwrap_or_default().as_secs();
        Ok(u32::try_from(seconds / 60).unwrap_or(u32::MAX))
    };
    let auto_renew = match fields.get("autoRenew") {
        None | Some(Value::Null) => defaults.auto_renew,
        Some(value) => {
            value.as_bool().ok_or_else(|| invalid(&format!("{path}autoRenew"), "must be a boolean"))?
        }
    };
    Ok(Timeout {
        timeout_minutes: minutes("timeoutMinutes", defaults.timeout_minutes)?,
        auto_renew,
        max_duration_minutes: minutes("maxDurationMinutes", defaults.max_duration_minutes)?,
        warning_threshold_minutes: minutes("warningThresholdMinutes", defaults.warning_threshold_minutes)?,
    })
}
