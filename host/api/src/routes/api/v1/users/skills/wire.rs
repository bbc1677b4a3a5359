//! Bodies of skills.

#![allow(dead_code, reason = "described for OpenAPI; use cases make the values")]

use serde_json::Value;
use utoipa::ToSchema;

/// What a plugin is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Kind {
    Skill,
    Personality,
    Step,
}

/// Whether new calls go to it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum SkillState {
    Live,
    Held,
}

/// Something that is asked for and not granted.
#[derive(ToSchema)]
pub(super) struct Widened {
    /// `http`, `files`, …
    interface: String,
    /// What of it.
    detail: String,
}

/// A version of a skill.
#[derive(ToSchema)]
pub(super) struct SkillResponse {
    id: String,
    /// A semantic version.
    version: String,
    /// The sha256 of the package.
    digest: String,
    kind: Kind,
    /// Names of its tools; none for other kinds and for text.
    tools: Vec<String>,
    /// Capabilities that it asks for.
    #[schema(value_type = Vec<Object>)]
    requested: Vec<Value>,
    /// Capabilities that it has.
    #[schema(value_type = Vec<Object>)]
    granted: Vec<Value>,
    state: SkillState,
    /// Why it is held.
    widened: Vec<Widened>,
}

/// A skill: the version that serves, and what waits.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SkillDetailResponse {
    id: String,
    version: String,
    digest: String,
    kind: Kind,
    tools: Vec<String>,
    #[schema(value_type = Vec<Object>)]
    requested: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    granted: Vec<Value>,
    state: SkillState,
    widened: Vec<Widened>,
    description: String,
    /// A version that waits for a grant beside the one that serves.
    #[schema(required = true)]
    held: Option<SkillResponse>,
    /// What a rollback goes back to.
    #[schema(required = true)]
    previous: Option<String>,
    /// RFC 3339.
    installed_at: String,
    /// RFC 3339.
    updated_at: String,
}

/// A page of skills.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct SkillListResponse {
    skills: Vec<SkillDetailResponse>,
    total: u64,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// What is granted.
#[derive(ToSchema)]
pub(super) struct GrantsResponse {
    /// The version that serves, or the held one while none does.
    digest: String,
    #[schema(value_type = Vec<Object>)]
    capabilities: Vec<Value>,
    #[schema(required = true)]
    held: Option<HeldGrants>,
}

/// A version that waits.
#[derive(ToSchema)]
pub(super) struct HeldGrants {
    digest: String,
    #[schema(value_type = Vec<Object>)]
    requested: Vec<Value>,
    /// What is still to be granted.
    widened: Vec<Widened>,
}

/// A grant.
#[derive(ToSchema)]
pub(super) struct GrantsRequest {
    /// Of the held version.
    digest: String,
    /// As in a manifest; `reason` does not count.
    #[schema(value_type = Vec<Object>)]
    capabilities: Vec<Value>,
}

/// What to take from the registry.
#[derive(ToSchema)]
pub(super) struct RegistryInstallRequest {
    /// The newest if not given.
    version: Option<String>,
    /// What the package must be.
    digest: Option<String>,
    /// Grant what it asks for.
    grant: Option<bool>,
}
