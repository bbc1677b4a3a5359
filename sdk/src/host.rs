//! Where host calls go: to the host inside a component, to the scripted host of a test everywhere else.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::imports::skep::plugin::{
    agents, clock, files, http, kv, log, model, progress, random, secrets, tools,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::scripted::{
    agents, clock, files, http, kv, log, model, progress, random, secrets, tools,
};
