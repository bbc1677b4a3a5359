//! Whether the host is well, measured now.

use crate::context::App;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::effect::model::Tier;
use domain::error::Error;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A model that does not answer in this time is not well.
const MODEL_CHECK: Duration = Duration::from_secs(2);
/// Models are asked once in this time, however often somebody asks here: providers count and charge requests.
const MODELS_KEPT: Duration = Duration::from_secs(15);

/// What the models answered, and when by the clock's `elapsed`.
pub(crate) struct ModelsChecked {
    at: Duration,
    by_tier: Value,
    all_well: bool,
}

/// `GET /v1/health`: `{status,version,uptime,checks}`.
///
/// # Errors
/// 403.
pub async fn health(app: &App, caller: &Caller, uptime: Duration) -> Result<Value, Error> {
    rights::authorize(caller, Action::ReadHealth)?;
    let database = app.ports.tasks.check().await;
    let (models, models_well) = models(app).await;
    let view = app.catalog.view();
    let has_personalities = !view.personalities.is_empty();
    let status = match (&database, models_well && has_personalities) {
        (Err(_), _) => "unhealthy",
        (Ok(()), true) => "healthy",
        (Ok(()), false) => "degraded",
    };
    if let Err(error) = &database {
        tracing::warn!(%error, "the database check failed");
    }
    Ok(json!({
        "status": status,
        "version": app.settings.version,
        "uptime": uptime.as_secs(),
        "checks": {
            "database": { "status": if database.is_ok() { "ok" } else { "failed" } },
            "models": models,
            "plugins": {
                "status": if has_personalities { "ok" } else { "failed" },
                "live": view.live.len(),
                "held": view.held.len(),
                "broken": view.broken.len(),
            },
        },
    }))
}

/// By tier. Who comes while the models are being asked waits for that answer.
async fn models(app: &App) -> (Value, bool) {
    let mut checked = app.models_checked.lock().await;
    let now = app.ports.clock.elapsed();
    if let Some(kept) = checked.as_ref().filter(|kept| now.saturating_sub(kept.at) < MODELS_KEPT) {
        return (kept.by_tier.clone(), kept.all_well);
    }
    let (by_tier, all_well) = ask_models(app).await;
    *checked = Some(ModelsChecked { at: app.ports.clock.elapsed(), by_tier: by_tier.clone(), all_well });
    (by_tier, all_well)
}

async fn ask_models(app: &App) -> (Value, bool) {
    let checks = Tier::ALL.map(|tier| {
        let model = Arc::clone(app.ports.models.tier(tier));
        async move {
            let name = model.name();
            let checked = tokio::select! {
                checked = model.check() => checked.is_ok(),
                () = app.ports.clock.sleep(MODEL_CHECK) => false,
            };
            (tier, name, checked)
        }
    });
    let mut by_tier = Map::new();
    let mut all_well = true;
    for (tier, name, is_well) in join_all(checks).await {
        all_well &= is_well;
        by_tier.insert(
            tier.as_str().to_owned(),
            json!({ "status": if is_well { "ok" } else { "failed" }, "model": name }),
        );
    }
    (Value::Object(by_tier), all_well)
}

/// `GET /readyz`: whether requests are taken.
///
/// # Errors
/// 503 when the database does not answer or accepts no writes.
pub async fn readiness(app: &App) -> Result<(), Error> {
    Ok(app.ports.tasks.check().await?)
}

/// Counts for `/metrics`: queued, running and waiting tasks of the whole host.
///
/// # Errors
/// When the store fails.
pub async fn queue(app: &App) -> Result<crate::ports::tasks::QueueCounts, Error> {
    Ok(app.ports.tasks.count_queue(None).await?)
}
