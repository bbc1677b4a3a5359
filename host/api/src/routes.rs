//! Every route on one page. Files mirror URLs: `/v1/agents/tasks` is `routes/v1/agents/tasks.rs`.

mod agents;
mod api;
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
        // Autonomis: users.
        .routes(routes!(api::v1::users::create_user, api::v1::users::list_users))
        .routes(routes!(api::v1::users::user::get_user, api::v1::users::user::delete_user))
        .routes(routes!(api::v1::users::tier::set_tier))
        // Autonomis: agents.
        .routes(routes!(api::v1::users::agents::create_agents, api::v1::users::agents::list_user_agents))
        .routes(routes!(
            api::v1::users::agents::agent::get_user_agent,
            api::v1::users::agents::agent::delete_user_agent
        ))
        .routes(routes!(api::v1::users::agents::rotate_key::rotate_agent_key))
        .routes(routes!(api::v1::users::agents::ping::ping_agent))
        .routes(routes!(api::v1::users::agents::connect::connect_agent))
        .routes(routes!(
            api::v1::users::agents::config::get_agent_config,
            api::v1::users::agents::config::patch_agent_config
        ))
        .routes(routes!(api::v1::users::deploy::status::get_deploy_status))
        // Autonomis: usage and monitoring.
        .routes(routes!(api::v1::users::logs::list_logs))
        .routes(routes!(api::v1::users::usage::get_usage))
        // Autonomis: files.
        .routes(routes!(api::v1::users::agents::files::root::list_agent_files))
        .routes(routes!(
            api::v1::users::agents::files::read_agent_file,
            api::v1::users::agents::files::write_agent_file,
            api::v1::users::agents::files::delete_agent_file
        ))
        // Autonomis: chat.
        .routes(routes!(api::v1::users::agents::chat::chat_with_agent))
        .routes(routes!(api::v1::users::agents::chat::stream::stream_chat))
        .routes(routes!(api::v1::users::agents::chat::turns::events::follow_turn))
        .routes(routes!(api::v1::users::agents::chat::events::follow_agent))
        // Autonomis: templates.
        .routes(routes!(
            api::v1::users::agent_templates::get_user_templates,
            api::v1::users::agent_templates::put_user_templates
        ))
        .routes(routes!(
            api::v1::users::agents::templates::get_agent_templates,
            api::v1::users::agents::templates::put_agent_templates
        ))
        // Autonomis: skills.
        .routes(routes!(api::v1::users::skills::list_skills))
        .routes(routes!(api::v1::users::skills::skill::get_skill))
        .routes(routes!(api::v1::users::skills::file::put_skill, api::v1::users::skills::file::delete_skill))
        .routes(routes!(
            api::v1::users::skills::grants::get_skill_grants,
            api::v1::users::skills::grants::put_skill_grants
        ))
        .routes(routes!(api::v1::users::skills::rollback::roll_back_skill))
        .routes(routes!(api::v1::users::skills::registry_install::install_from_registry))
        // Autonomis: secrets.
        .routes(routes!(api::v1::users::secrets::put_secrets, api::v1::users::secrets::list_secrets))
        .routes(routes!(api::v1::users::secrets::secret::delete_secret))
        // Autonomy.
        .routes(routes!(api::agent::autonomy::get_autonomy, api::agent::autonomy::set_autonomy))
        .routes(routes!(api::agent::autonomy::status::get_autonomy_status))
        .routes(routes!(api::agent::autonomy::messages::list_autonomy_messages))
        .routes(routes!(api::agent::autonomy::instructions::add_instruction))
        .routes(routes!(api::agent::autonomy::interval::set_interval))
        // Start agent.
        .routes(routes!(agents::list_runtimes))
        .routes(routes!(agents::agent::get_runtime))
        .routes(routes!(agents::start::start_agent))
        .routes(routes!(agents::stop::stop_agent))
        .routes(routes!(agents::message::send_message))
        // elizaOS: agents.
        .routes(routes!(api::agents::list_characters, api::agents::create_character))
        .routes(routes!(
            api::agents::agent::get_character,
            api::agents::agent::update_character,
            api::agents::agent::delete_character
        ))
        .routes(routes!(api::agents::start::start_character))
        .routes(routes!(api::agents::stop::stop_character))
        .routes(routes!(api::agents::panels::list_panels))
        .routes(routes!(api::agents::logs::list_agent_logs))
        .routes(routes!(api::agents::runs::list_runs))
        .routes(routes!(api::agents::runs::run::get_run))
        // elizaOS: messaging.
        .routes(routes!(api::messaging::sessions::create_session, api::messaging::sessions::list_sessions))
        .routes(routes!(api::messaging::sessions::health::get_session_health))
        .routes(routes!(
            api::messaging::sessions::session::get_session,
            api::messaging::sessions::session::delete_session
        ))
        .routes(routes!(
            api::messaging::sessions::messages::list_session_messages,
            api::messaging::sessions::messages::send_session_message
        ))
        .routes(routes!(api::messaging::sessions::renew::renew_session))
        .routes(routes!(api::messaging::sessions::heartbeat::keep_session_alive))
        .routes(routes!(api::messaging::sessions::timeout::set_session_timeout))
        .routes(routes!(api::messaging::jobs::create_job, api::messaging::jobs::list_jobs))
        .routes(routes!(api::messaging::jobs::health::get_job_health))
        .routes(routes!(api::messaging::jobs::job::get_job))
        .routes(routes!(api::messaging::message_servers::list_message_servers))
        // elizaOS: memory and server.
        .routes(routes!(api::memory::memories::list_memories))
        .routes(routes!(api::server::health::get_server_health))
        .routes(routes!(api::server::ping::ping_server))
        .routes(routes!(api::server::hello::greet))
        .routes(routes!(api::server::status::get_server_status))
        // Ours.
        .routes(routes!(v1::approvals::list_approvals))
        .routes(routes!(v1::approvals::approval::get_approval, v1::approvals::approval::decide_approval))
        .routes(routes!(v1::admin::plugins::list_plugins))
}
