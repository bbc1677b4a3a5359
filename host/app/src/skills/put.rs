//! `PUT /api/v1/users/{user}/skills/{id}/file`.

use super::{own, policy, shown, unprocessable};
use crate::context::App;
use crate::failpoint;
use crate::install;
use crate::ports::packages::{Package, Unpacked};
use crate::ports::skills::{Placed, Skill, SkillQuota, SkillVersion};
use crate::references;
use crate::rights::{self, Action};
use bytes::Bytes;
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::id::{Digest, UserId};
use domain::manifest::is_name;
use serde_json::Value;
use std::sync::Arc;

/// What one user may keep.
const QUOTA: SkillQuota = SkillQuota { skills: 100, bytes: 1 << 30 };

/// Whether it is new, and the version.
///
/// # Errors
/// 404; 403 for an agent key; 413 beyond the quota; 422 for what cannot be installed, with the reason.
pub async fn put(
    app: &App,
    caller: &Caller,
    user: &str,
    id: &str,
    bytes: Bytes,
) -> Result<(bool, Value), Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSkills)?;
    let (user, digest) = (scoped.user.id, Digest::of(&bytes));
    if !is_name(id) {
        return Err(unprocessable(format!("{id:?} is no name of a plugin; use a-z, 0-9 and '-'")));
    }
    let before = app.ports.skills.find_skill(user, id).await?;
    let live = before.as_ref().and_then(|skill| skill.live.as_ref());
    if let (Some(skill), true) = (&before, live.is_some_and(|live| live.digest == digest)) {
        return Ok((false, of_live(app, skill)));
    }
    let _permit = app.own.installs.acquire().await.map_err(|error| Error::internal(error.to_string()))?;
    let packages = Arc::clone(&app.ports.packages);
    let package = bytes.clone();
    let unpacked = tokio::task::spawn_blocking(move || packages.unpack(&package)).await;
    let unpacked = unpacked
        .map_err(|error| Error::internal(format!("a package could not be read: {error}")))?
        .map_err(|broken| unprocessable(broken.reason))?;
    let version = version(digest, bytes.len() as u64, &unpacked);
    let name = unpacked.name();
    if name != id {
        let id = domain::effect::bounded(id.to_owned(), 80);
        return Err(unprocessable(format!(
            "the package is {name:?} and the path says {id:?}; both must be the same"
        )));
    }
    if let Some((component, manifest)) = unpacked.component {
        let digest = Digest::of(&component);
        let package = Package { path: "(upload)".into(), digest, bytes: component.clone(), manifest };
        let profile = install::examine(app, &package).await?;
        own::used(app, digest, profile);
        app.ports.blobs.put_blob(component).await?;
    }
    app.ports.blobs.put_blob(bytes).await?;
    failpoint::reach("skill.before-record");
    let placed = record(app, user, id, version).await?;
    failpoint::reach("skill.after-record");
    let (is_new, skill) = match placed {
        Placed::New(skill) => (true, skill),
        Placed::Same(skill) => (false, skill),
        Placed::Full(reason) => return Err(Error::new(Code::TooLarge, reason)),
    };
    tracing::info!(user = %scoped.user.name, skill = id, %digest, held = skill.held.is_some(), "a skill was installed");
    leave(app, before.as_ref(), &skill);
    Ok((is_new, shown(app, &skill)))
}

async fn record(app: &App, user: UserId, id: &str, version: SkillVersion) -> Result<Placed, Error> {
    let policy = policy(app, &version);
    Ok(app.ports.skills.place_skill(user, id, version, policy, QUOTA, app.ports.clock.now()).await?)
}

/// Also when another version waits beside it.
fn of_live(app: &App, skill: &Skill) -> Value {
    shown(app, &Skill { held: None, ..skill.clone() })
}

fn version(digest: Digest, size: u64, unpacked: &Unpacked) -> SkillVersion {
    let manifest = unpacked.component.as_ref().map(|(_, manifest)| manifest.clone());
    let document = unpacked.document.as_ref();
    let said = |text: &str| text.replace('\0', "");
    SkillVersion {
        digest,
        component: unpacked.component.as_ref().map(|(bytes, _)| Digest::of(bytes)),
        version: manifest
            .as_ref()
            .map(|manifest| manifest.version.clone())
            .or_else(|| document.map(|document| document.version.clone()))
            .unwrap_or_default(),
        // The document says when to use the skill, which is what models choose by.
        description: document
            .map(|document| said(&document.description))
            .or_else(|| manifest.as_ref().map(|manifest| said(&manifest.description)))
            .unwrap_or_default(),
        instructions: document.map(|document| document.text.clone()),
        manifest,
        size,
    }
}

/// What does not serve any more leaves the memory.
pub(super) fn leave(app: &App, before: Option<&Skill>, after: &Skill) {
    let component = |skill: &Skill| skill.live.as_ref().and_then(|version| version.component);
    if let Some(old) = before.and_then(component).filter(|old| Some(*old) != component(after)) {
        own::release(app, old);
    }
}
