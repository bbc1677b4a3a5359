//! Language-model providers behind the port `app::ports::models::Model`.
//!
//! [`openai`] speaks to any OpenAI-compatible server. [`embedded`] (cargo feature `embedded`) runs a small model in this process;
//! [`supervisor`] keeps such a process as a child and speaks to it. [`pull`] and [`import`] put model files where they belong.
//!
//! What it does not do: choose a tier, count budgets, repair an answer that does not fit its schema (its caller asks once more), or
//! open a connection (all HTTP leaves through the outbound port). Start reading at [`openai`].

pub mod addresses;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod import;
pub mod known;
pub mod openai;
pub mod pull;
mod schema;
pub mod secret;
pub mod supervisor;
pub mod verified;
