//! Every route on one page. Files mirror URLs: `/v1/agents/tasks` is `routes/v1/agents/tasks.rs`.

pub(crate) mod health;
mod metrics;
mod openapi;
mod readyz;
mod v1;

use crate::state::ApiState;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, each described for OpenAPI by its handler.
pub(crate) fn all() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        // Open.
        .routes(routes!(health::get_health))
        .routes(routes!(health::get_healthz))
        .routes(routes!(health::get_api_v1_health))
        .routes(routes!(readyz::get_readiness))
        .routes(routes!(openapi::get_openapi))
        // For operators.
        .routes(routes!(metrics::get_metrics))
        // Autonoma: agent tasks.
        .routes(routes!(v1::agents::tasks::submit_task, v1::agents::tasks::list_tasks))
        .routes(routes!(v1::agents::tasks::task::get_task))
        .routes(routes!(v1::agents::tasks::cancel::cancel_task))
        .routes(routes!(v1::agents::tasks::events::follow_task))
        .routes(routes!(v1::agents::tasks::journal::list_entries))
        .routes(routes!(v1::agents::tasks::replay::replay_task))
        // Autonoma: agent management.
        .routes(routes!(v1::agents::list::list_agents))
        .routes(routes!(v1::agents::status::get_agent_status))
        .routes(routes!(v1::agents::orchestrator::get_coordination))
        // Autonoma: utility.
        .routes(routes!(v1::health::get_health))
        .routes(routes!(v1::info::get_info))
        // Ours.
        .routes(routes!(v1::admin::plugins::list_plugins))
}
