//! What an operator gave to which bytes: implemented by `catalog` over policy files.

use domain::id::Digest;
use domain::manifest::grant::Capability;
use std::collections::BTreeMap;

/// Grants by digest: changed bytes never run under an old grant.
pub trait Grants: Send + Sync + 'static {
    /// Read again what may have changed. An error says what is wrong and leaves the present grants in force.
    ///
    /// # Errors
    /// For people: which file, what is wrong, what to do.
    fn reload(&self) -> Result<(), String>;

    /// What the component with this digest was given; empty when nothing was.
    fn granted(&self, digest: Digest) -> Vec<Capability>;

    /// Everything that was given, by digest.
    fn all(&self) -> BTreeMap<Digest, Vec<Capability>>;
}
