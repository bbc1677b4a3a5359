//! Tools of the other skills of this agent.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::tools as host;
use crate::{Error, Result, ResultExt as _};

pub use crate::bindings::imports::skep::plugin::tools::Description;

/// The tools that this plugin may call.
pub fn available() -> Result<Vec<Description>> {
    host::available().during("listing the tools")
}

/// Calls `skill.tool` with anything that serde can write and reads the answer as any type.
pub fn call<T: DeserializeOwned>(name: &str, arguments: &impl Serialize) -> Result<T> {
    let answer =
        host::call(name, &serde_json::to_string(arguments)?).during(format_args!("calling `{name}`"))?;
    serde_json::from_str(&answer).map_err(|error| {
        Error::other(format!("the answer of `{name}` does not fit what is expected here: {error}"))
    })
}
