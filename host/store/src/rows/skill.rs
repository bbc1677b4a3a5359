//! Skills: the rules by which versions take their roles, the same on both databases.

use super::{decode, encode};
use app::ports::skills::{Skill, SkillVersion};
use app::ports::store_error::StoreError;
use domain::id::Digest;
use domain::manifest::grant::{Capability, missing};
use domain::time::Timestamp;

/// Columns of `skill_versions`, in the order of [`version`].
macro_rules! version_columns {
    () => {
        "digest, component, version, description, manifest, instructions, size"
    };
}
pub(crate) use version_columns;

/// Which version is in which role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) live: Option<Digest>,
    pub(crate) held: Option<Digest>,
    pub(crate) previous: Option<Digest>,
    pub(crate) installed_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Roles {
    /// Before the first version.
    pub(crate) fn none(now: Timestamp) -> Self {
        Self { live: None, held: None, previous: None, installed_at: now, updated_at: now }
    }

    /// Of a skill as it is.
    pub(crate) fn of(skill: &Skill) -> Self {
        let digest = |version: &Option<SkillVersion>| version.as_ref().map(|version| version.digest);
        Self {
            live: digest(&skill.live),
            held: digest(&skill.held),
            previous: digest(&skill.previous),
            installed_at: skill.installed_at,
            updated_at: skill.updated_at,
        }
    }

    /// `digest` serves from now on. What waited was older.
    pub(crate) fn swap(self, digest: Digest, now: Timestamp) -> Self {
        let previous = if self.live == Some(digest) { self.previous } else { self.live };
        Self { live: Some(digest), held: None, previous, updated_at: now, ..self }
    }

    /// `digest` waits; what serves goes on.
    pub(crate) fn hold(self, digest: Digest, now: Timestamp) -> Self {
        Self { held: Some(digest), updated_at: now, ..self }
    }
}

/// Whether a version may serve: what it asks for is covered by what the live version was given, what it was given itself, or the policy.
pub(crate) fn is_covered(version: &SkillVersion, given: &[&[Capability]]) -> bool {
    let given: Vec<Capability> = given.concat();
    missing(version.requested(), &given).is_empty()
}

/// What a version asks for of what was given already.
pub(crate) fn inherited(version: &SkillVersion, given: &[&[Capability]]) -> Vec<Capability> {
    let given: Vec<Capability> = given.concat();
    let is_given = |wanted: &&Capability| missing(std::slice::from_ref(*wanted), &given).is_empty();
    version.requested().iter().filter(is_given).cloned().collect()
}

/// The columns of one version as they are stored.
#[derive(Debug)]
pub(crate) struct VersionRow {
    pub(crate) digest: Vec<u8>,
    pub(crate) component: Option<Vec<u8>>,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) manifest: Option<String>,
    pub(crate) instructions: Option<String>,
    pub(crate) size: i64,
}

impl VersionRow {
    /// What is written.
    pub(crate) fn of(version: &SkillVersion) -> Result<Self, StoreError> {
        Ok(Self {
            digest: version.digest.0.to_vec(),
            component: version.component.map(|component| component.0.to_vec()),
            version: version.version.clone(),
            description: version.description.clone(),
            manifest: version.manifest.as_ref().map(encode).transpose()?,
            instructions: version.instructions.clone(),
            size: super::column(version.size),
        })
    }

    /// Rough size in the writer's queue.
    pub(crate) fn weight(&self) -> usize {
        let lengths = [&self.manifest, &self.instructions].map(|text| text.as_ref().map_or(0, String::len));
        1024 + lengths.iter().sum::<usize>()
    }

    /// And back.
    pub(crate) fn into_version(self) -> Result<SkillVersion, StoreError> {
        Ok(SkillVersion {
            digest: identity("skill_versions.digest", &self.digest)?,
            component: self
                .component
                .as_deref()
                .map(|bytes| identity("skill_versions.component", bytes))
                .transpose()?,
            version: self.version,
            description: self.description,
            manifest: self.manifest.map(|text| decode("skill_versions.manifest", &text)).transpose()?,
            instructions: self.instructions,
            size: super::count(self.size),
        })
    }
}

/// A digest from its column.
pub(crate) fn identity(column: &str, bytes: &[u8]) -> Result<Digest, StoreError> {
    let bytes: Result<[u8; 32], _> = bytes.try_into();
    bytes
        .map(Digest)
        .map_err(|_| StoreError::Internal(format!("column {column} holds no digest of 32 bytes")))
}

/// The sentence for a user who keeps too much; none while there is room.
pub(crate) fn too_much(skills: u64, bytes: u64, quota: app::ports::skills::SkillQuota) -> Option<String> {
    if skills > quota.skills {
        return Some(format!(
            "a user keeps at most {} skills; delete one first (`DELETE …/skills/ID/file`)",
            quota.skills
        ));
    }
    (bytes > quota.bytes).then(|| {
        format!(
            "the skills of this user and their earlier versions would take {bytes} bytes, at most {} are kept; delete some",
            quota.bytes
        )
    })
}
