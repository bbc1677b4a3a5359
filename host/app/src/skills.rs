//! Plugins that users install: theirs alone, through the same stages as those of the host (`crate::install`).
//!
//! Rows are the truth. A call looks up which version is live when it begins (`own`), so a change is in force on every host as soon as it
//! is committed, and after a restart. Where a user's plugin has the name (or personality) of one of the host's, it stands before it for
//! that user and for nobody else.

mod delete;
mod grants;
mod list;
pub(crate) mod own;
mod put;
mod registry;
mod rollback;
mod toolbox;

pub use delete::delete;
pub use grants::{get_grants, put_grants};
pub use list::{get, list};
pub use put::put;
pub use registry::install_from_registry;
pub use rollback::rollback;
pub(crate) use toolbox::{Toolbox, Usable};

use crate::context::App;
use crate::ports::skills::{Skill, SkillVersion};
use domain::error::{Code, Error};
use domain::manifest::grant::{Capability, widened};
use domain::manifest::{PluginKind, is_name};
use serde_json::{Value, json};

fn no_skill() -> Error {
    Error::not_found("skill not found")
}

/// 404 for what can be nobody's id, before a store is asked.
fn check_id(id: &str) -> Result<(), Error> {
    if is_name(id) { Ok(()) } else { Err(no_skill()) }
}

/// Of an installation that cannot be.
fn unprocessable(reason: impl Into<String>) -> Error {
    Error::new(Code::Unprocessable, reason)
}

/// What the operator's policy gives to the version's component.
fn policy(app: &App, version: &SkillVersion) -> Vec<Capability> {
    version.component.map(|component| app.catalog.granted(component)).unwrap_or_default()
}

/// The version that a change was about, as api.md §4 has it: what is held, else what is live.
fn shown(app: &App, skill: &Skill) -> Value {
    match (&skill.held, &skill.live) {
        (Some(held), _) => shown_version(app, skill, held, &skill.held_granted, "held"),
        (None, Some(live)) => shown_version(app, skill, live, &skill.live_granted, "live"),
        (None, None) => Value::Null,
    }
}

/// The version that serves; one that waits beside it is under `held`.
fn shown_whole(app: &App, skill: &Skill) -> Value {
    let held = skill.held.as_ref().map(|held| shown_version(app, skill, held, &skill.held_granted, "held"));
    let live = skill.live.as_ref().map(|live| shown_version(app, skill, live, &skill.live_granted, "live"));
    let beside = live.is_some();
    let mut shown = live.or_else(|| held.clone()).unwrap_or_default();
    if let Some(fields) = shown.as_object_mut() {
        let version = skill.live.as_ref().or(skill.held.as_ref());
        fields.insert("description".to_owned(), json!(version.map(|version| &version.description)));
        fields.insert("held".to_owned(), held.filter(|_| beside).unwrap_or_default());
        fields.insert("previous".to_owned(), json!(skill.previous.as_ref().map(|version| version.digest)));
        fields.insert("installedAt".to_owned(), json!(skill.installed_at.rfc3339()));
        fields.insert("updatedAt".to_owned(), json!(skill.updated_at.rfc3339()));
    }
    shown
}

fn shown_version(app: &App, skill: &Skill, version: &SkillVersion, own: &[Capability], state: &str) -> Value {
    let manifest = version.manifest.as_ref();
    let tools: Vec<&str> = manifest
        .map(|manifest| manifest.tools.iter().map(|tool| tool.name.as_str()).collect())
        .unwrap_or_default();
    let mut granted = own.to_vec();
    granted.extend(policy(app, version).into_iter().filter(|capability| !own.contains(capability)));
    let lacks: Vec<Value> = widened(version.requested(), &granted)
        .into_iter()
        .map(|(interface, detail)| json!({ "interface": interface, "detail": detail }))
        .collect();
    json!({
        "id": skill.id,
        "version": version.version,
        "digest": version.digest,
        // A package without a component is text for the agents of the user, as a skill's is.
        "kind": manifest.map_or(PluginKind::Skill, |manifest| manifest.kind).as_str(),
        "tools": tools,
        "requested": version.requested(),
        "granted": granted,
        "state": state,
        "widened": lacks,
    })
}
