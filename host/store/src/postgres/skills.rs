//! The port `Skills`.

use super::PostgresStore;
use super::failure::Failure;
use super::row::bytes;
use super::transaction::{Write, transact};
use crate::rows::{
    Roles, VersionRow, count, decode, encode, identity, inherited, is_covered, too_much, version_columns,
};
use app::ports::skills::{Granted, Placed, RolledBack, Skill, SkillQuota, SkillVersion, Skills};
use app::ports::store_error::StoreError;
use domain::id::{Digest, UserId};
use domain::manifest::Manifest;
use domain::manifest::grant::Capability;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

#[async_trait::async_trait]
impl Skills for PostgresStore {
    async fn place_skill(
        &self,
        user: UserId,
        id: &str,
        version: SkillVersion,
        policy: Vec<Capability>,
        quota: SkillQuota,
        now: Timestamp,
    ) -> Result<Placed, StoreError> {
        transact!(self.database(), write => place(&mut write, (user, id), &version, &policy, quota, now))
    }

    async fn find_skill(&self, user: UserId, id: &str) -> Result<Option<Skill>, StoreError> {
        transact!(self.database(), write => skill(&mut write, (user, id)))
    }

    async fn list_skills(&self, user: UserId) -> Result<Vec<Skill>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query("SELECT id FROM skills WHERE user_id = $1 ORDER BY id COLLATE \"C\"")
                .bind(user.to_string())
                .fetch_all(write.connection())
                .await?;
            let mut skills = Vec::new();
            for row in rows {
                let id: String = row.try_get("id")?;
                skills.extend(skill(&mut write, (user, &id)).await?);
            }
            Ok(skills)
        })
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
        transact!(self.database(), write => grant(&mut write, (user, id), digest, &capabilities, &policy, now))
    }

    async fn roll_back_skill(
        &self,
        user: UserId,
        id: &str,
        from: Option<Digest>,
        now: Timestamp,
    ) -> Result<RolledBack, StoreError> {
        transact!(self.database(), write => async {
            lock(&mut write, user).await?;
            let Some(found) = skill(&mut write, (user, id)).await? else { return Ok(RolledBack::NoSkill) };
            let roles = Roles::of(&found);
            let (Some(live), Some(previous)) = (roles.live, roles.previous) else { return Ok(RolledBack::NoVersion) };
            if from.is_some_and(|from| from != live) {
                return Ok(RolledBack::NoVersion);
            }
            let back = Roles { live: Some(previous), previous: Some(live), updated_at: now, ..roles };
            put_roles(&mut write, (user, id), &back).await?;
            Ok(skill(&mut write, (user, id)).await?.map_or(RolledBack::NoSkill, |skill| RolledBack::Done(Box::new(skill))))
        })
    }

    async fn delete_skill(
        &self,
        user: UserId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Digest>>, StoreError> {
        transact!(self.database(), write => delete(&mut write, (user, id), now))
    }

    async fn skill_grants(&self, user: UserId, component: Digest) -> Result<Vec<Capability>, StoreError> {
        transact!(self.database(), write => grants(&mut write, user, Some(component)))
    }

    async fn find_component(&self, user: UserId, component: Digest) -> Result<Option<Manifest>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT manifest FROM skill_versions WHERE component = $2 AND user_id = $1 AND manifest IS NOT NULL LIMIT 1",
                )
                .bind(user.to_string())
                .bind(bytes(&component))
                .fetch_optional(write.connection())
                .await?;
            let text: Option<String> = row.map(|row| row.try_get("manifest")).transpose()?;
            Ok(text.map(|text| decode("skill_versions.manifest", &text)).transpose()?)
        })
    }

    async fn clean_skill_versions(&self, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => clean(&mut write, limit))
    }
}

type Key<'a> = (UserId, &'a str);

/// One change of a user's skills at a time.
async fn lock(write: &mut Write, user: UserId) -> Result<(), Failure> {
    let row = write
        .query("SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE")
        .bind(user.to_string())
        .fetch_optional(write.connection())
        .await?;
    row.map(|_| ()).ok_or_else(|| StoreError::NotFound("user not found".to_owned()).into())
}

async fn place(
    write: &mut Write,
    key: Key<'_>,
    version: &SkillVersion,
    policy: &[Capability],
    quota: SkillQuota,
    now: Timestamp,
) -> Result<Placed, Failure> {
    lock(write, key.0).await?;
    let found = skill(write, key).await?;
    let roles = found.as_ref().map_or_else(|| Roles::none(now), Roles::of);
    let live_granted = found.as_ref().map(|found| found.live_granted.clone()).unwrap_or_default();
    let own = grants(write, key.0, version.component).await?;
    let covered = is_covered(version, &[&live_granted, &own, policy]);
    let same = roles.live == Some(version.digest) || (roles.held == Some(version.digest) && !covered);
    if let (true, Some(found)) = (same, found) {
        return Ok(Placed::Same(found));
    }
    let row = write
        .query(
            "SELECT (SELECT count(*) FROM skills WHERE user_id = $1 AND id <> $2) AS skills,
                    (SELECT coalesce(sum(size), 0)::bigint FROM skill_versions
                     WHERE user_id = $1 AND NOT (id = $2 AND digest = $3)) AS bytes",
        )
        .bind(key.0.to_string())
        .bind(key.1.to_owned())
        .bind(bytes(&version.digest))
        .fetch_one(write.connection())
        .await?;
    let (skills, size) = (count(row.try_get("skills")?), count(row.try_get("bytes")?));
    if let Some(sentence) = too_much(skills + 1, size.saturating_add(version.size), quota) {
        return Ok(Placed::Full(sentence));
    }
    let was_held = roles.held == Some(version.digest);
    insert_version(write, key, VersionRow::of(version)?).await?;
    let roles = if covered { roles.swap(version.digest, now) } else { roles.hold(version.digest, now) };
    put_roles(write, key, &roles).await?;
    if let (true, Some(component)) = (covered, version.component) {
        // What it asks for and no more: a wider grant of the version before does not pass on. What only the operator's policy gives
        // these bytes is not the user's to pass on either.
        put_grant(write, key.0, component, &inherited(version, &[&live_granted, &own]), now).await?;
    }
    let placed = skill(write, key)
        .await?
        .ok_or_else(|| StoreError::Internal("a skill is gone in its own transaction".to_owned()))?;
    Ok(if was_held { Placed::Same(placed) } else { Placed::New(placed) })
}

async fn grant(
    write: &mut Write,
    key: Key<'_>,
    digest: Digest,
    capabilities: &[Capability],
    policy: &[Capability],
    now: Timestamp,
) -> Result<Granted, Failure> {
    lock(write, key.0).await?;
    let Some(found) = skill(write, key).await? else { return Ok(Granted::NoSkill) };
    let roles = Roles::of(&found);
    let Some(held) = found.held.filter(|held| held.digest == digest) else {
        return Ok(Granted::NotHeld(roles.held));
    };
    if let Some(component) = held.component {
        put_grant(write, key.0, component, capabilities, now).await?;
    }
    if is_covered(&held, &[capabilities, policy]) {
        put_roles(write, key, &roles.swap(digest, now)).await?;
    }
    Ok(skill(write, key).await?.map_or(Granted::NoSkill, |skill| Granted::Recorded(Box::new(skill))))
}

async fn delete(write: &mut Write, key: Key<'_>, now: Timestamp) -> Result<Option<Vec<Digest>>, Failure> {
    lock(write, key.0).await?;
    let of_skill = |statement: &'static str| (statement, key.0.to_string(), key.1.to_owned());
    let (statement, user, id) = of_skill("DELETE FROM skills WHERE user_id = $1 AND id = $2");
    let deleted = write.query(statement).bind(user).bind(id).execute(write.connection()).await?;
    if deleted.rows_affected() == 0 {
        return Ok(None);
    }
    let (statement, user, id) = of_skill(
        "DELETE FROM grants WHERE user_id = $1 AND digest IN (SELECT component FROM skill_versions WHERE user_id = $1 AND id = $2)",
    );
    write.query(statement).bind(user).bind(id).execute(write.connection()).await?;
    let (statement, user, id) = of_skill(
        "SELECT DISTINCT component FROM skill_versions WHERE user_id = $1 AND id = $2 AND component IS NOT NULL",
    );
    let rows = write.query(statement).bind(user).bind(id).fetch_all(write.connection()).await?;
    mark_left(write, key, now).await?;
    let mut components = Vec::new();
    for row in rows {
        components.push(identity("skill_versions.component", row.try_get("component")?)?);
    }
    Ok(Some(components))
}

async fn clean(write: &mut Write, limit: u32) -> Result<u64, Failure> {
    let deleted = write
        .query(
            "DELETE FROM skill_versions WHERE (user_id, id, digest) IN (
                 SELECT user_id, id, digest FROM skill_versions old WHERE left_at IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.user_id = old.user_id AND t.created_at <= old.left_at)
                 LIMIT $1 FOR UPDATE SKIP LOCKED)",
        )
        .bind(i64::from(limit))
        .execute(write.connection())
        .await?;
    write
        .query(
            "DELETE FROM grants WHERE (user_id, digest) IN (
                 SELECT user_id, digest FROM grants old WHERE NOT EXISTS (
                     SELECT 1 FROM skill_versions v WHERE v.component = old.digest AND v.user_id = old.user_id)
                 LIMIT $1 FOR UPDATE SKIP LOCKED)",
        )
        .bind(i64::from(limit))
        .execute(write.connection())
        .await?;
    Ok(deleted.rows_affected())
}

async fn insert_version(write: &mut Write, (user, id): Key<'_>, row: VersionRow) -> Result<(), Failure> {
    write
        .query(
            "INSERT INTO skill_versions (user_id, id, digest, component, version, description, manifest, instructions, size)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) 
             ON CONFLICT (user_id, id, digest) DO UPDATE SET left_at = NULL",
        )
        .bind(user.to_string())
        .bind(id.to_owned())
        .bind(row.digest)
        .bind(row.component)
        .bind(row.version)
        .bind(row.description)
        .bind(row.manifest)
        .bind(row.instructions)
        .bind(row.size)
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn put_roles(write: &mut Write, (user, id): Key<'_>, roles: &Roles) -> Result<(), Failure> {
    let digest = |digest: &Option<Digest>| digest.as_ref().map(bytes);
    write
        .query(
            "INSERT INTO skills (user_id, id, live, held, previous, installed_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (user_id, id) DO UPDATE SET live = excluded.live, held = excluded.held, previous = excluded.previous,
             updated_at = excluded.updated_at",
        )
        .bind(user.to_string())
        .bind(id.to_owned())
        .bind(digest(&roles.live))
        .bind(digest(&roles.held))
        .bind(digest(&roles.previous))
        .bind(roles.installed_at.0)
        .bind(roles.updated_at.0)
        .execute(write.connection())
        .await?;
    mark_left(write, (user, id), roles.updated_at).await
}

/// Versions without a role begin to leave; those that have one again do not.
async fn mark_left(write: &mut Write, (user, id): Key<'_>, now: Timestamp) -> Result<(), Failure> {
    write
        .query(
            "UPDATE skill_versions v SET left_at = CASE WHEN EXISTS (
                 SELECT 1 FROM skills s WHERE s.user_id = $1 AND s.id = $2 AND v.digest IN (s.live, s.held, s.previous))
                 THEN NULL ELSE coalesce(v.left_at, $3) END
             WHERE v.user_id = $1 AND v.id = $2",
        )
        .bind(user.to_string())
        .bind(id.to_owned())
        .bind(now.0)
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn put_grant(
    write: &mut Write,
    user: UserId,
    component: Digest,
    capabilities: &[Capability],
    now: Timestamp,
) -> Result<(), Failure> {
    write
        .query(
            "INSERT INTO grants (user_id, digest, capabilities, granted_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, digest) DO UPDATE SET capabilities = excluded.capabilities, granted_at = excluded.granted_at",
        )
        .bind(user.to_string())
        .bind(bytes(&component))
        .bind(encode(&capabilities)?)
        .bind(now.0)
        .execute(write.connection())
        .await?;
    Ok(())
}

async fn grants(
    write: &mut Write,
    user: UserId,
    component: Option<Digest>,
) -> Result<Vec<Capability>, Failure> {
    let Some(component) = component else { return Ok(Vec::new()) };
    let row = write
        .query("SELECT capabilities FROM grants WHERE user_id = $1 AND digest = $2")
        .bind(user.to_string())
        .bind(bytes(&component))
        .fetch_optional(write.connection())
        .await?;
    let text: Option<String> = row.map(|row| row.try_get("capabilities")).transpose()?;
    Ok(text.map(|text| decode("grants.capabilities", &text)).transpose()?.unwrap_or_default())
}

async fn skill(write: &mut Write, (user, id): Key<'_>) -> Result<Option<Skill>, Failure> {
    let row = write
        .query(
            "SELECT live, held, previous, installed_at, updated_at FROM skills WHERE user_id = $1 AND id = $2",
        )
        .bind(user.to_string())
        .bind(id.to_owned())
        .fetch_optional(write.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let live = version(write, (user, id), &row, "live").await?;
    let held = version(write, (user, id), &row, "held").await?;
    let previous = version(write, (user, id), &row, "previous").await?;
    let component = |version: &Option<SkillVersion>| version.as_ref().and_then(|version| version.component);
    Ok(Some(Skill {
        id: id.to_owned(),
        live_granted: grants(write, user, component(&live)).await?,
        held_granted: grants(write, user, component(&held)).await?,
        live,
        held,
        previous,
        installed_at: Timestamp(row.try_get("installed_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
    }))
}

async fn version(
    write: &mut Write,
    (user, id): Key<'_>,
    roles: &PgRow,
    role: &str,
) -> Result<Option<SkillVersion>, Failure> {
    let Some(digest) = roles.try_get::<Option<Vec<u8>>, _>(role)? else { return Ok(None) };
    let row = write
        .query(concat!(
            "SELECT ",
            version_columns!(),
            " FROM skill_versions WHERE user_id = $1 AND id = $2 AND digest = $3"
        ))
        .bind(user.to_string())
        .bind(id.to_owned())
        .bind(digest)
        .fetch_optional(write.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let row = VersionRow {
        digest: row.try_get("digest")?,
        component: row.try_get("component")?,
        version: row.try_get("version")?,
        description: row.try_get("description")?,
        manifest: row.try_get("manifest")?,
        instructions: row.try_get("instructions")?,
        size: row.try_get("size")?,
    };
    Ok(Some(row.into_version()?))
}
