//! What the code that macros write calls: the manifest, reading arguments, writing answers. Authors need none of it.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::{Piece, Schema, join};
use crate::{Error, Result};

/// A plugin's manifest, known while compiling.
pub trait Manifest {
    /// The parts of its JSON text.
    const PIECES: &'static [Piece];

    /// The JSON text, as it stands in the component's `skep:plugin` section.
    fn text() -> String {
        join(Self::PIECES)
    }
}

/// Finds out while compiling whether a tool's answer has a schema: the inherent constant exists only then, and it wins over
/// that of [`NoSchema`].
#[doc(hidden)]
pub struct Output<T: ?Sized>(PhantomData<T>);

impl<T: Schema + ?Sized> Output<T> {
    /// The members of its schema.
    pub const MEMBERS: &'static [Piece] = T::MEMBERS;
}

/// The case without a schema.
#[doc(hidden)]
pub trait NoSchema {
    /// Nothing.
    const MEMBERS: &'static [Piece] = &[];
}

impl<T: ?Sized> NoSchema for Output<T> {}

/// Reads the arguments of a tool. The host has checked them against the schema; what serde refuses beyond that is said here.
pub fn arguments<T: DeserializeOwned>(tool: &str, json: &str) -> Result<T> {
    input(&format!("arguments of `{tool}`"), json)
}

/// Reads a JSON input.
pub fn input<T: DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::invalid_input(format!("the {what} do not fit: {error}")))
}

/// Writes an answer.
pub fn answer<T: Serialize + ?Sized>(answer: &T) -> Result<String> {
    serde_json::to_string(answer)
        .map_err(|error| Error::other(format!("the answer cannot be written as JSON: {error}")))
}

/// A tool that the skill does not have.
pub fn no_such_tool(tool: &str, known: &str) -> Error {
    Error::not_found(format!("there is no tool `{tool}`; there are {known}"))
}
