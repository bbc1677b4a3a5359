//! The bodies of secrets for OpenAPI. The use case checks and makes them.

#![allow(dead_code, reason = "schemas: nobody makes values of these types")]

use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Secrets by name (`[A-Z_][A-Z0-9_]{0,127}`); null removes one. The same map may be within `secrets`.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum SecretsRequest {
    Within(SecretsWithin),
    Bare(BTreeMap<String, SecretToStore>),
}

/// Secrets by name.
#[derive(ToSchema)]
pub(super) struct SecretsWithin {
    secrets: BTreeMap<String, SecretToStore>,
}

/// A value of 1 to 16,384 bytes, or one with the hosts that it may go to, or null, which removes the secret.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum SecretToStore {
    Value(String),
    WithHosts(SecretWithHosts),
    Removed,
}

/// A value and the hosts that it may go to.
#[derive(ToSchema)]
pub(super) struct SecretWithHosts {
    #[schema(min_length = 1, max_length = 16384)]
    value: String,
    /// `api.example.com`, `*.example.com` or an address; without them the plugins' grants alone say.
    #[schema(min_items = 1, max_items = 50)]
    hosts: Option<Vec<String>>,
}

/// The user's secrets, by name. No value is ever answered.
#[derive(ToSchema)]
pub(super) struct SecretListResponse {
    secrets: Vec<StoredSecret>,
}

/// One secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct StoredSecret {
    /// Its name.
    key: String,
    /// `****`, and the last four characters of a value that has more than eleven.
    masked: String,
    /// When it was last written.
    updated_at: String,
}
