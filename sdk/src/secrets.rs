//! Secrets, by name. Their values never enter a plugin: sign with them here, send them with `http` credentials.

use crate::host::secrets as host;
use crate::{Result, ResultExt as _};

pub use crate::bindings::imports::skep::plugin::secrets::Algorithm;

/// Whether the agent has it.
pub fn exists(name: &str) -> Result<bool> {
    host::exists(name).during(format_args!("looking for the secret `{name}`"))
}

/// Signs bytes.
pub fn sign(name: &str, algorithm: Algorithm, bytes: &[u8]) -> Result<Vec<u8>> {
    host::sign(name, algorithm, bytes).during(format_args!("signing with the secret `{name}`"))
}
