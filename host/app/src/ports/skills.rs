//! Plugins that users installed: theirs alone. Rows are the truth: a call finds the version that is live when it begins, on every host.

use super::store_error::StoreError;
use domain::id::{Digest, UserId};
use domain::manifest::Manifest;
use domain::manifest::grant::Capability;
use domain::time::Timestamp;

/// One package: a bare component, or a zip with `SKILL.md`, `plugin.wasm` or both.
#[derive(Debug, Clone, PartialEq)]
pub struct SkillVersion {
    /// The sha256 of the package's bytes, which are a blob.
    pub digest: Digest,
    /// The component's, a blob too; none where there is only text.
    pub component: Option<Digest>,
    /// As the manifest or `SKILL.md` says.
    pub version: String,
    /// For people and models.
    pub description: String,
    /// The component's.
    pub manifest: Option<Manifest>,
    /// What models read of it: the text of `SKILL.md`.
    pub instructions: Option<String>,
    /// Bytes of the package.
    pub size: u64,
}

impl SkillVersion {
    /// What the component asks for.
    #[must_use]
    pub fn requested(&self) -> &[Capability] {
        self.manifest.as_ref().map_or(&[], |manifest| manifest.capabilities.as_slice())
    }
}

/// An installed plugin of a user, by its versions in each role.
#[derive(Debug, Clone, PartialEq)]
pub struct Skill {
    /// Unique among those of the user; the plugin's name.
    pub id: String,
    /// What new calls go to; none while the first version is held.
    pub live: Option<SkillVersion>,
    /// Waits for a grant.
    pub held: Option<SkillVersion>,
    /// What a rollback goes back to.
    pub previous: Option<SkillVersion>,
    /// What was granted to the live version.
    pub live_granted: Vec<Capability>,
    /// What was granted to the held version.
    pub held_granted: Vec<Capability>,
    /// When the first version came.
    pub installed_at: Timestamp,
    /// The last change.
    pub updated_at: Timestamp,
}

/// How much a user may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkillQuota {
    /// Skills.
    pub skills: u64,
    /// Bytes of all versions that are kept.
    pub bytes: u64,
}

/// What became of a package.
#[derive(Debug, Clone, PartialEq)]
pub enum Placed {
    /// It is live or held now.
    New(Skill),
    /// The same bytes were live or held already.
    Same(Skill),
    /// The user keeps as many as it may: a sentence for it.
    Full(String),
}

/// What became of a grant.
#[derive(Debug, Clone, PartialEq)]
pub enum Granted {
    /// It is recorded; the version is live now if it covers everything.
    Recorded(Box<Skill>),
    /// There is no such skill.
    NoSkill,
    /// This digest is not held: what is, if something is.
    NotHeld(Option<Digest>),
}

/// What became of a rollback.
#[derive(Debug, Clone, PartialEq)]
pub enum RolledBack {
    /// The version before is live.
    Done(Box<Skill>),
    /// There is no such skill.
    NoSkill,
    /// There is no version before, or another one is live meanwhile.
    NoVersion,
}

/// Skills. `policy` is what the operator's policy gives to the component in question: it counts besides what the user granted.
#[async_trait::async_trait]
pub trait Skills: Send + Sync + 'static {
    /// Install a version whose bytes are blobs already. What it asks for and neither the grant of the live version, nor an earlier grant of
    /// the same bytes, nor the policy covers holds it; otherwise new calls go to it.
    async fn place_skill(
        &self,
        user: UserId,
        id: &str,
        version: SkillVersion,
        policy: Vec<Capability>,
        quota: SkillQuota,
        now: Timestamp,
    ) -> Result<Placed, StoreError>;

    /// One.
    async fn find_skill(&self, user: UserId, id: &str) -> Result<Option<Skill>, StoreError>;

    /// All of a user, by id.
    async fn list_skills(&self, user: UserId) -> Result<Vec<Skill>, StoreError>;

    /// Grant to the held version.
    async fn grant_skill(
        &self,
        user: UserId,
        id: &str,
        digest: Digest,
        capabilities: Vec<Capability>,
        policy: Vec<Capability>,
        now: Timestamp,
    ) -> Result<Granted, StoreError>;

    /// Live and previous change places; only when `from` is live, if it is given.
    async fn roll_back_skill(
        &self,
        user: UserId,
        id: &str,
        from: Option<Digest>,
        now: Timestamp,
    ) -> Result<RolledBack, StoreError>;

    /// Delete it with its grants. Answers the components that it had, none when there was no such skill.
    async fn delete_skill(
        &self,
        user: UserId,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<Digest>>, StoreError>;

    /// What the user granted to a component.
    async fn skill_grants(&self, user: UserId, component: Digest) -> Result<Vec<Capability>, StoreError>;

    /// The manifest of a component that is or was installed by the user.
    async fn find_component(&self, user: UserId, component: Digest) -> Result<Option<Manifest>, StoreError>;

    /// Delete at most `limit` versions without a role that no task of their user can have begun on.
    async fn clean_skill_versions(&self, limit: u32) -> Result<u64, StoreError>;
}
