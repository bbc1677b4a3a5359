//! The kind of plugin that is one step of a workflow.

use crate::bindings::imports::skep::plugin::types;
use crate::bindings::step::exports::skep::plugin::step_guest::Guest;
use crate::{Context, Error};

/// What `#[step]` implements.
pub trait Step: crate::manifest::Manifest {
    /// Runs the step on JSON; answers JSON.
    fn run(config: &str, input: &str, context: &Context) -> Result<String, Error>;
}

impl<T: Step> Guest for T {
    fn run(config: String, input: String, context: types::Context) -> Result<String, types::Error> {
        crate::guest::begin();
        <T as Step>::run(&config, &input, &context.into()).map_err(Into::into)
    }
}
