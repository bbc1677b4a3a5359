//! Small state that stays from call to call, for this plugin and agent.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::kv as host;
use crate::{Error, Result, ResultExt as _};

/// The bytes of a key.
pub fn get(key: &str) -> Result<Option<Vec<u8>>> {
    host::get(key).during(format_args!("reading the key `{key}`"))
}

/// Sets a key.
pub fn put(key: &str, value: impl AsRef<[u8]>) -> Result<()> {
    host::put(key, value.as_ref()).during(format_args!("writing the key `{key}`"))
}

/// A value that was kept as JSON.
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    let Some(bytes) = get(key)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| Error::invalid_input(format!("the value of the key `{key}` does not fit: {error}")))
}

/// Keeps a value as JSON.
pub fn put_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<()> {
    put(key, serde_json::to_vec(value)?)
}

/// Removes a key.
pub fn delete(key: &str) -> Result<()> {
    host::delete(key).during(format_args!("deleting the key `{key}`"))
}

/// Keys that begin with `prefix`, sorted.
pub fn keys(prefix: &str) -> Result<Vec<String>> {
    host::keys(prefix).during(format_args!("listing the keys `{prefix}`"))
}
