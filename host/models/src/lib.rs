//! Language-model providers behind the port `app::ports::models::Model`.
//!
//! [`openai`] speaks to any OpenAI-compatible server.
//!
//! What it does not do: choose a tier, count budgets, repair an answer that does not fit its schema (its caller asks once more), or
//! open a connection (all HTTP leaves through the outbound port). Start reading at [`openai`].

pub mod openai;
mod schema;
pub mod secret;
