//! Everything that leaves this host: HTTP with one set of address rules, webhook signatures, and projects that come in.
//!
//! It decides about addresses, not about grants. Of secrets it knows the one that webhooks are signed with, and for one request those that
//! go out with it. It keeps no
//! cookies, uses no proxy of the environment and decompresses nothing. Start reading at [`addresses`], then [`rules`], then [`send`].

pub mod addresses;
pub mod allowed;
mod connect;
mod credentials;
mod redirect;
pub mod rules;
mod scrub;
pub mod send;
pub mod sources;
pub mod webhook;

pub use allowed::Allowed;
pub use rules::Rules;
pub use send::Egress;
pub use sources::{GuardedSources, SourceSettings, limit_program};
pub use webhook::StandardWebhooks;
