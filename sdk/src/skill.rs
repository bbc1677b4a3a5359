//! The kind of plugin that offers tools.

use crate::bindings::imports::skep::plugin::types;
use crate::bindings::skill::exports::skep::plugin::skill_guest::Guest;
use crate::{Context, Error};

/// What `#[skill]` implements.
pub trait Skill: crate::manifest::Manifest {
    /// Calls a tool by name with JSON arguments; answers JSON.
    fn call(tool: &str, arguments: &str, context: &Context) -> Result<String, Error>;
}

impl<T: Skill> Guest for T {
    fn call(tool: String, arguments: String, context: types::Context) -> Result<String, types::Error> {
        crate::guest::begin();
        <T as Skill>::call(&tool, &arguments, &context.into()).map_err(Into::into)
    }
}
