//! Skills.

use super::SqliteStore;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::{
    Roles, VersionRow, count, decode, encode, identity, inherited, is_covered, too_much, version_columns,
};
use app::ports::skills::{Granted, Placed, RolledBack, Skill, SkillQuota, SkillVersion, Skills};
use app::ports::store_error::StoreError;
use domain::id::{Digest, UserId};
use domain::manifest::Manifest;
use domain::manifest::grant::Capability;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

#[async_trait::async_trait]
impl Skills for SqliteStore {
    async fn place_skill(
        &self,
        user: UserId,
        id: &str,
        version: SkillVersion,
        policy: Vec<Capability>,
        quota: SkillQuota,
        now: Timestamp,
    ) -> Result<Placed, StoreError> {
        let (id, row) = (id.to_owned(), VersionRow::of(&version)?);
        let weight = row.weight();
        self.write(Lane::Normal, weight, move |connection| {
            place(connection, (user, &id), &version, &row, &policy, quota, now)
        })
        .await
    }

    async fn find_skill(&self, user: UserId, id: &str) -> Result<Option<Skill>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| skill(connection, (user, &id))).await
    }

    async fn list_skills(&self, user: UserId) -> Result<Vec<Skill>, StoreError> {
        self.read(move |connection| {
            let ids: Vec<String> = connection
                .prepare_cached("SELECT id FROM skills WHERE user_id = ?1 ORDER BY id")?
                .query_map(params![user.to_string()], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let found = ids.iter().map(|id| skill(connection, (user, id)));
            Ok(found.collect::<Outcome<Vec<_>>>()?.into_iter().flatten().collect())
        })
        .await
    }

    async fn grant_skill(
        &self,
        user: UserId,
        id: &str,
        digest: Digest,
        capabilities: Vec<Capability>,
        policy: Vec<Capability>,
        now: Timestamp,
    ) -> Result<Granted, StoreError> {
        let (id, json) = (id.to_owned(), encode(&capabilities)?);
        self.write(Lane::Normal, 1024 + json.len(), move |connection| {
            let Some(found) = skill(connection, (user, &id))? else { return Ok(Granted::NoSkill) };
            let roles = Roles::of(&found);
            let Some(held) = found.held.filter(|held| held.digest == digest) else {
                return Ok(Granted::NotHeld(roles.held));
            };
            if let Some(component) = held.component {
                put_grant(connection, user, component, &capabilities, now)?;
            }
            if is_covered(&held, &[&capabilities, &policy]) {
                put_roles(connection, (user, &id), &roles.swap(digest, now))?;
            }
            Ok(skill(connection, (user, &id))?
                .map_or(Granted::NoSkill, |skill| Granted::Recorded(Box::new(skill))))
        })
        .await
    }

    async fn roll_back_skill(
        &self,
        user: UserId,
        id: &str,
        from: Option<Digest>,
        now: Timestamp,
    ) -> Result<RolledBack, StoreError> {
        let id = id.to_owned();
        self.write(Lane::Normal, 1024, move |connection| {
            let Some(found) = skill(connection, (user, &id))? else { return Ok(RolledBack::NoSkill) };
            let roles = Roles::of(&found);
            let (Some(live), Some(previous)) = (roles.live, roles.previous) else {
                return Ok(RolledBack::NoVersion);
            };
            if from.is_some_and(|from| from != live) {
                return Ok(RolledBack::NoVersion);
            }
            let back = Roles { live: Some(previous), previous: Some(live), updated_at: now, ..roles };
            put_roles(connection, (user, &id), &back)?;
            Ok(skill(connection, (user, &id))?
                .map_or(RolledBack::NoSkill, |skill| RolledBack::Done(Box::new(skill))))
        })
        .await
    }

    async fn delete_skill(
        &self,
        user: UserId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Digest>>, StoreError> {
        let id = id.to_owned();
        self.write(Lane::Normal, 1024, move |connection| {
            let key = params![user.to_string(), id];
            if connection.prepare_cached("DELETE FROM skills WHERE user_id = ?1 AND id = ?2")?.execute(key)? == 0 {
                return Ok(None);
            }
            connection
                .prepare_cached(
                    "DELETE FROM grants WHERE user_id = ?1 AND digest IN
                     (SELECT component FROM skill_versions WHERE user_id = ?1 AND id = ?2)",
                )?
                .execute(key)?;
            let components: Vec<Vec<u8>> = connection
                .prepare_cached(
                    "SELECT DISTINCT component FROM skill_versions WHERE user_id = ?1 AND id = ?2 AND component IS NOT NULL",
                )?
                .query_map(key, |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            mark_left(connection, (user, &id), now)?;
            let components = components.iter().map(|bytes| identity("skill_versions.component", bytes));
            Ok(Some(components.collect::<Result<_, _>>()?))
        })
        .await
    }

    async fn skill_grants(&self, user: UserId, component: Digest) -> Result<Vec<Capability>, StoreError> {
        self.read(move |connection| grants(connection, user, Some(component))).await
    }

    async fn find_component(&self, user: UserId, component: Digest) -> Result<Option<Manifest>, StoreError> {
        self.read(move |connection| {
            let text: Option<String> = connection
                .prepare_cached(
                    "SELECT manifest FROM skill_versions WHERE component = ?2 AND user_id = ?1 AND manifest IS NOT NULL LIMIT 1",
                )?
                .query_row(params![user.to_string(), component.0], |row| row.get(0))
                .optional()?;
            Ok(text.map(|text| decode("skill_versions.manifest", &text)).transpose()?)
        })
        .await
    }

    async fn clean_skill_versions(&self, limit: u32) -> Result<u64, StoreError> {
        self.write(Lane::Normal, 4096, move |connection| {
            let deleted = connection
                .prepare_cached(
                    "DELETE FROM skill_versions WHERE (user_id, id, digest) IN (
                         SELECT user_id, id, digest FROM skill_versions AS old WHERE left_at IS NOT NULL
                         AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.user_id = old.user_id AND tasks.created_at <= old.left_at)
                         LIMIT ?1)",
                )?
                .execute(params![limit])?;
            connection
                .prepare_cached(
                    "DELETE FROM grants WHERE (user_id, digest) IN (
                         SELECT user_id, digest FROM grants AS old WHERE NOT EXISTS (
                             SELECT 1 FROM skill_versions WHERE component = old.digest AND skill_versions.user_id = old.user_id)
                         LIMIT ?1)",
                )?
                .execute(params![limit])?;
            Ok(deleted as u64)
        })
        .await
    }
}

type Key<'a> = (UserId, &'a str);

fn place(
    connection: &Connection,
    key: Key<'_>,
    version: &SkillVersion,
    row: &VersionRow,
    policy: &[Capability],
    quota: SkillQuota,
    now: Timestamp,
) -> Outcome<Placed> {
    let found = skill(connection, key)?;
    let roles = found.as_ref().map_or_else(|| Roles::none(now), Roles::of);
    let live_granted = found.as_ref().map(|found| found.live_granted.clone()).unwrap_or_default();
    let own = grants(connection, key.0, version.component)?;
    let covered = is_covered(version, &[&live_granted, &own, policy]);
    let same = roles.live == Some(version.digest) || (roles.held == Some(version.digest) && !covered);
    if let (true, Some(found)) = (same, found) {
        return Ok(Placed::Same(found));
    }
    let (skills, bytes): (i64, i64) = connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM skills WHERE user_id = ?1 AND id <> ?2),
                    (SELECT coalesce(sum(size), 0) FROM skill_versions WHERE user_id = ?1 AND NOT (id = ?2 AND digest = ?3))",
        )?
        .query_row(params![key.0.to_string(), key.1, row.digest], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(sentence) = too_much(count(skills) + 1, count(bytes).saturating_add(version.size), quota) {
        return Ok(Placed::Full(sentence));
    }
    let was_held = roles.held == Some(version.digest);
    insert_version(connection, key, row)?;
    let roles = if covered { roles.swap(version.digest, now) } else { roles.hold(version.digest, now) };
    put_roles(connection, key, &roles)?;
    if let (true, Some(component)) = (covered, version.component) {
        // What it asks for and no more: a wider grant of the version before does not pass on. What only the operator's policy gives
        // these bytes is not the user's to pass on either.
        put_grant(connection, key.0, component, &inherited(version, &[&live_granted, &own]), now)?;
    }
    let placed = skill(connection, key)?
        .ok_or_else(|| StoreError::Internal("a skill is gone in its own transaction".to_owned()))?;
    Ok(if was_held { Placed::Same(placed) } else { Placed::New(placed) })
}

fn insert_version(connection: &Connection, (user, id): Key<'_>, row: &VersionRow) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO skill_versions (user_id, id, digest, component, version, description, manifest, instructions, size)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (user_id, id, digest) DO NOTHING",
        )?
        .execute(params![
            user.to_string(),
            id,
            row.digest,
            row.component,
            row.version,
            row.description,
            row.manifest,
            row.instructions,
            row.size,
        ])?;
    Ok(())
}

fn put_roles(connection: &Connection, (user, id): Key<'_>, roles: &Roles) -> Outcome<()> {
    let bytes = |digest: Option<Digest>| digest.map(|digest| digest.0);
    connection
        .prepare_cached(
            "INSERT INTO skills (user_id, id, live, held, previous, installed_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (user_id, id) DO UPDATE SET live = excluded.live, held = excluded.held, previous = excluded.previous,
             updated_at = excluded.updated_at",
        )?
        .execute(params![
            user.to_string(),
            id,
            bytes(roles.live),
            bytes(roles.held),
            bytes(roles.previous),
            roles.installed_at.0,
            roles.updated_at.0,
        ])?;
    mark_left(connection, (user, id), roles.updated_at)
}

/// Versions without a role begin to leave; those that have one again do not.
fn mark_left(connection: &Connection, (user, id): Key<'_>, now: Timestamp) -> Outcome<()> {
    connection
        .prepare_cached(
            "UPDATE skill_versions SET left_at = CASE WHEN EXISTS (
                 SELECT 1 FROM skills WHERE skills.user_id = ?1 AND skills.id = ?2 AND skill_versions.digest IN (live, held, previous))
                 THEN NULL ELSE coalesce(left_at, ?3) END
             WHERE user_id = ?1 AND id = ?2",
        )?
        .execute(params![user.to_string(), id, now.0])?;
    Ok(())
}

fn put_grant(
    connection: &Connection,
    user: UserId,
    component: Digest,
    capabilities: &[Capability],
    now: Timestamp,
) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO grants (user_id, digest, capabilities, granted_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_id, digest) DO UPDATE SET capabilities = excluded.capabilities, granted_at = excluded.granted_at",
        )?
        .execute(params![user.to_string(), component.0, encode(&capabilities)?, now.0])?;
    Ok(())
}

fn grants(connection: &Connection, user: UserId, component: Option<Digest>) -> Outcome<Vec<Capability>> {
    let Some(component) = component else { return Ok(Vec::new()) };
    let text: Option<String> = connection
        .prepare_cached("SELECT capabilities FROM grants WHERE user_id = ?1 AND digest = ?2")?
        .query_row(params![user.to_string(), component.0], |row| row.get(0))
        .optional()?;
    Ok(text.map(|text| decode("grants.capabilities", &text)).transpose()?.unwrap_or_default())
}

fn skill(connection: &Connection, (user, id): Key<'_>) -> Outcome<Option<Skill>> {
    type Columns = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>, i64, i64);
    let row: Option<Columns> = connection
        .prepare_cached(
            "SELECT live, held, previous, installed_at, updated_at FROM skills WHERE user_id = ?1 AND id = ?2",
        )?
        .query_row(params![user.to_string(), id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((live, held, previous, installed_at, updated_at)) = row else { return Ok(None) };
    let live = version(connection, (user, id), live)?;
    let held = version(connection, (user, id), held)?;
    let component = |version: &Option<SkillVersion>| version.as_ref().and_then(|version| version.component);
    Ok(Some(Skill {
        id: id.to_owned(),
        live_granted: grants(connection, user, component(&live))?,
        held_granted: grants(connection, user, component(&held))?,
        live,
        held,
        previous: version(connection, (user, id), previous)?,
        installed_at: Timestamp(installed_at),
        updated_at: Timestamp(updated_at),
    }))
}

fn version(
    connection: &Connection,
    (user, id): Key<'_>,
    digest: Option<Vec<u8>>,
) -> Outcome<Option<SkillVersion>> {
    let Some(digest) = digest else { return Ok(None) };
    let row = connection
        .prepare_cached(concat!(
            "SELECT ",
            version_columns!(),
            " FROM skill_versions WHERE user_id = ?1 AND id = ?2 AND digest = ?3"
        ))?
        .query_row(params![user.to_string(), id, digest], |row| {
            Ok(VersionRow {
                digest: row.get(0)?,
                component: row.get(1)?,
                version: row.get(2)?,
                description: row.get(3)?,
                manifest: row.get(4)?,
                instructions: row.get(5)?,
                size: row.get(6)?,
            })
        })
        .optional()?;
    Ok(row.map(VersionRow::into_version).transpose()?)
}
