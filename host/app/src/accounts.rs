//! First start: the user `default` with its started agent `manager`, and an admin key.

use crate::agents::start::{Models, StartFailure, start};
use crate::context::App;
use crate::ports::keys::{Account, KeyRow};
use crate::ports::store_error::StoreError;
use domain::agent::DeployState;
use domain::caller::KeyKind;
use domain::error::Error;
use domain::id::{AgentId, Digest, UserId};
use serde_json::json;

/// The user that an admin key works for when it names no other.
pub const DEFAULT_USER: &str = "default";
/// Its plan.
const DEFAULT_PLAN: &str = "enterprise";
/// Key ids of admin keys that the operator chose; minted ids have no hyphen.
const OPERATOR_KEY: &str = "operator-";

/// What a start found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstStart {
    /// The user `default`.
    pub account: Account,
    /// The text of an admin key that was made just now; it is never known again.
    pub new_admin_key: Option<String>,
}

/// Make what is missing. A key from the configuration replaces the operator's own key of an earlier start; without one, a key is minted
/// when there is no other. `keep` puts a minted key where the operator finds it and answers the key that is there, which may be that of
/// a start that ended too early; only then is it stored, so that no key is valid that nobody knows. Run at each start.
///
/// # Errors
/// When the store or `keep` fails.
pub async fn ensure_default(
    app: &App,
    admin_key_from_config: Option<&str>,
    keep: impl FnOnce(String) -> Result<String, Error>,
) -> Result<FirstStart, Error> {
    let now = app.ports.clock.now();
    let wanted = Account {
        user: UserId(app.random_uuid()),
        name: DEFAULT_USER.to_owned(),
        plan: DEFAULT_PLAN.to_owned(),
        default_agent: AgentId(app.random_uuid()),
    };
    let account = app.ports.keys.ensure_account(wanted, now).await?;
    let interrupted = app.ports.agents.fail_interrupted_starts().await?;
    if interrupted > 0 {
        tracing::warn!(
            agents = interrupted,
            "starts of agents were under way when a host ended; start them again"
        );
    }
    start_manager(app, &account).await?;
    let configured = admin_key_from_config.map(|key| KeyRow {
        id: operator_key_id(app, key),
        kind: KeyKind::Admin,
        user: account.user,
        agent: None,
        hash: app.ports.api_keys.hash(key),
    });
    let mut present = app.ports.keys.list_keys_of(KeyKind::Admin).await?;
    if let Some(configured) = &configured {
        // Another one replaces it; a start without the variable does not lock the operator out.
        for row in present.iter().filter(|row| row.id.starts_with(OPERATOR_KEY) && row.id != configured.id) {
            app.ports.keys.delete_key(&row.id, now).await?;
        }
    }
    present.retain(|row| {
        configured
            .as_ref()
            .is_none_or(|configured| configured.id == row.id || !row.id.starts_with(OPERATOR_KEY))
    });
    let new_admin_key = match configured {
        Some(row) => {
            if !present.iter().any(|found| found.id == row.id) {
                app.ports.keys.insert_key(row, now).await.map_err(taken)?;
            }
            None
        }
        None if present.is_empty() => {
            let text = keep(app.ports.api_keys.mint().text)?;
            let row = KeyRow {
                id: app.ports.api_keys.id_of(&text).unwrap_or_else(|| operator_key_id(app, &text)),
                kind: KeyKind::Admin,
                user: account.user,
                agent: None,
                hash: app.ports.api_keys.hash(&text),
            };
            app.ports.keys.insert_key(row, now).await.map_err(taken)?;
            Some(text)
        }
        None => None,
    };
    Ok(FirstStart { account, new_admin_key })
}

/// Start its agent if no start of it ever ended well: somebody who stopped it wants it stopped.
async fn start_manager(app: &App, account: &Account) -> Result<(), Error> {
    let found = app.ports.agents.find_agent(account.user, account.default_agent).await?;
    let Some(agent) = found.filter(|agent| !agent.is_active() && agent.deploy.state != DeployState::Ready)
    else {
        return Ok(());
    };
    match start(app, &agent, &json!({}), false, &mut Models::default()).await {
        // Another host was faster.
        Ok(_) | Err(StartFailure::Running | StartFailure::Gone) => {}
        Err(failure @ StartFailure::Step { .. }) => {
            tracing::error!(%failure, "the agent {:?} was not started; the next start of the host tries again", agent.name);
        }
    }
    Ok(())
}

/// Two hosts that start at once may both insert it; one that was replaced does not come back.
fn taken(error: StoreError) -> Error {
    match error {
        StoreError::Conflict(_) => Error::conflict(
            "the configured admin key cannot be stored: it was replaced by another one before, or another host is storing it now; start again, or choose a new key",
        ),
        error => error.into(),
    }
}

/// The id under which an operator's own key is stored. Of its hash, not of itself: an id is in logs.
pub(crate) fn operator_key_id(app: &App, key: &str) -> String {
    // Hashed once more, so that the id says nothing about the stored hash.
    let digest = Digest::of(&app.ports.api_keys.hash(key)).hex();
    format!("{OPERATOR_KEY}{}", digest.chars().take(24).collect::<String>())
}
