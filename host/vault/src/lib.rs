//! What is secret: API keys, users' secrets, the key-encryption key, and the files that hold secrets of the host.
//!
//! It seals, opens and hashes bytes and touches no database. It draws no randomness by itself: that comes through the port
//! `Entropy`. Start reading at [`api_keys`], then [`key_file`] and [`envelope`].

pub mod api_keys;
pub mod envelope;
pub mod key_file;
pub mod secret_file;
mod sign;

pub use api_keys::SkepKeys;
pub use envelope::Envelope;
