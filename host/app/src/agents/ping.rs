//! `GET /api/v1/users/{user}/agents/{agent}/ping`.

use crate::context::App;
use crate::references;
use domain::caller::Caller;
use domain::error::Error;
use serde_json::{Value, json};
use std::time::Duration;

/// What does not answer in this time is not online.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the agent answers: it is active, and database and model take calls now. `latencyMs` is how long these took.
///
/// # Errors
/// 404.
pub async fn ping(app: &App, caller: &Caller, user: &str, agent: &str) -> Result<Value, Error> {
    let (_, agent) = references::user_and_agent(app, caller, user, agent).await?;
    let began = app.ports.clock.elapsed();
    let tier = agent.configuration().unwrap_or_default().model.unwrap_or_default();
    let model = app.ports.models.tier(tier);
    let reached = async { app.ports.tasks.check().await.is_ok() && model.check().await.is_ok() };
    let reached = tokio::select! {
        reached = reached => reached,
        () = app.ports.clock.sleep(PATIENCE) => false,
    };
    let took = app.ports.clock.elapsed().saturating_sub(began);
    Ok(json!({
        "online": agent.is_active() && reached,
        "latencyMs": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "lastSeenAt": agent.last_seen_at.map(domain::time::Timestamp::rfc3339),
    }))
}
