//! What a refresh knows of the ones before it. Only a memory: losing it costs compiling again.

use domain::id::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// `skep build` writes the policy first and then renames the components; a person who revokes a grant waits no longer than this.
const GRACE: Duration = Duration::from_secs(10);
/// Calls of a version that was swapped out find its code in memory this long; later ones compile it again from the cache.
const DRAIN: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Why bytes cannot run, so that they are not compiled at each look.
    refused: BTreeMap<Digest, String>,
    /// Bytes that compile and start; their grant may be missing.
    passed: BTreeSet<Digest>,
    /// Bytes that are in the database.
    recorded: BTreeSet<Digest>,
    /// Where live plugins came from.
    paths: BTreeMap<Digest, PathBuf>,
    /// Swapped out, and since when.
    draining: BTreeMap<Digest, Duration>,
    /// Live with a grant that left the policy, and since when.
    lost: BTreeMap<Digest, Duration>,
    /// The last trouble with the policy, which is logged once.
    policy: Option<String>,
}

impl Memory {
    pub(super) fn policy(&mut self, reloaded: Result<(), String>) {
        match reloaded {
            Ok(()) => self.policy = None,
            Err(reason) if self.policy.as_ref() == Some(&reason) => {}
            Err(reason) => {
                tracing::error!(%reason, "the policy cannot be read; the grants stay as they were");
                self.policy = Some(reason);
            }
        }
    }

    /// Forget judgements about bytes that are gone.
    pub(super) fn keep_only(&mut self, present: &BTreeSet<Digest>) {
        self.refused.retain(|digest, _| present.contains(digest));
        self.passed.retain(|digest| present.contains(digest));
    }

    pub(super) fn refused(&self, digest: Digest) -> Option<&str> {
        self.refused.get(&digest).map(String::as_str)
    }

    pub(super) fn refuse(&mut self, digest: Digest, reason: String) {
        self.refused.insert(digest, reason);
    }

    pub(super) fn has_passed(&self, digest: Digest) -> bool {
        self.passed.contains(&digest)
    }

    pub(super) fn pass(&mut self, digest: Digest) {
        self.passed.insert(digest);
    }

    pub(super) fn is_recorded(&self, digest: Digest) -> bool {
        self.recorded.contains(&digest)
    }

    pub(super) fn recorded(&mut self, digest: Digest) {
        self.recorded.insert(digest);
    }

    pub(super) fn path(&self, digest: Digest) -> Option<&PathBuf> {
        self.paths.get(&digest)
    }

    pub(super) fn set_paths(&mut self, paths: BTreeMap<Digest, PathBuf>) {
        self.lost.retain(|digest, _| paths.contains_key(digest));
        self.paths = paths;
    }

    /// Whether a live digest without a grant may go on for a moment. The first question begins it.
    pub(super) fn is_in_grace(&mut self, digest: Digest, now: Duration) -> bool {
        let since = *self.lost.entry(digest).or_insert(now);
        now < since.saturating_add(GRACE)
    }

    pub(super) fn forget_loss(&mut self, digest: Digest) {
        self.lost.remove(&digest);
    }

    pub(super) fn drain(&mut self, digest: Digest, now: Duration) {
        self.draining.insert(digest, now);
    }

    pub(super) fn draining(&self) -> BTreeSet<Digest> {
        self.draining.keys().copied().collect()
    }

    /// Those that have drained; asked once for each.
    pub(super) fn drained(&mut self, now: Duration, live: &BTreeSet<Digest>) -> Vec<Digest> {
        self.draining.retain(|digest, _| !live.contains(digest));
        let over = |since: Duration| since.saturating_add(DRAIN) <= now;
        let drained: Vec<Digest> =
            self.draining.iter().filter(|(_, since)| over(**since)).map(|(digest, _)| *digest).collect();
        self.draining.retain(|_, since| !over(*since));
        drained
    }

    /// Whether a grace has to end without another signal.
    pub(super) fn is_waiting(&self) -> bool {
        !self.lost.is_empty()
    }
}
