//! What a refresh knows of the ones before it. Losing it costs compiling again; what must outlive the process is in the database, too.

use super::Key;
use crate::catalog::CatalogView;
use crate::ports::plugins::LiveRecord;
use domain::id::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// `skep build` writes the policy first and then renames the components; a person who revokes a grant waits no longer than this.
const GRACE: Duration = Duration::from_secs(10);
/// Calls of a version that was swapped out find its code in memory this long; later ones compile it again from the cache.
const DRAIN: Duration = Duration::from_secs(60);

/// Why a version was taken back before a restart.
const TRAPPED: &str = "it was taken back, because it trapped again and again after it was swapped in. Put another version into the file";

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
    /// What the database says was live; none before it was read.
    stored: Option<Vec<LiveRecord>>,
    /// Was live before the restart, and has not been looked at since.
    absent: Vec<LiveRecord>,
    /// The versions that live ones replaced, while those are new.
    previous: BTreeMap<Key, Digest>,
    /// Versions that were taken back, of which plugin and why.
    rejected: BTreeMap<Digest, (Key, String)>,
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
        self.rejected.retain(|digest, _| present.contains(digest));
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

    pub(super) fn set_path(&mut self, digest: Digest, path: PathBuf) {
        self.paths.insert(digest, path);
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

    /// Whether the database has been asked what was live.
    pub(super) fn knows_the_past(&self) -> bool {
        self.stored.is_some()
    }

    /// What was live before the restart.
    pub(super) fn remember(&mut self, stored: Vec<LiveRecord>) {
        for record in &stored {
            let key = (record.kind, record.name.clone());
            if let Some(previous) = record.previous {
                self.previous.insert(key.clone(), previous);
            }
            for digest in &record.rejected {
                self.reject(*digest, key.clone(), TRAPPED.to_owned());
            }
        }
        self.absent.clone_from(&stored);
        self.stored = Some(stored);
    }

    /// Those that were live before the restart and have not been looked at.
    pub(super) fn take_absent(&mut self) -> Vec<LiveRecord> {
        std::mem::take(&mut self.absent)
    }

    /// Look at it again next time.
    pub(super) fn keep_absent(&mut self, record: LiveRecord) {
        self.absent.push(record);
    }

    pub(super) fn previous(&self, key: &Key) -> Option<Digest> {
        self.previous.get(key).copied()
    }

    pub(super) fn replaced(&mut self, key: Key, previous: Digest) {
        self.previous.insert(key, previous);
    }

    pub(super) fn forget_previous(&mut self, key: &Key) {
        self.previous.remove(key);
    }

    /// Plugins whose version may be taken back.
    pub(super) fn replaceable(&self) -> Vec<Key> {
        self.previous.keys().cloned().collect()
    }

    /// Do not load these bytes again while a file has them.
    pub(super) fn reject(&mut self, digest: Digest, key: Key, reason: String) {
        self.rejected.insert(digest, (key, reason));
    }

    pub(super) fn rejected(&self, digest: Digest) -> Option<&str> {
        self.rejected.get(&digest).map(|(_, reason)| reason.as_str())
    }

    /// What the database has to know about a view; nothing when it knows that already.
    pub(super) fn to_store(&self, view: &CatalogView) -> Option<Vec<LiveRecord>> {
        let record = |(key, digest): (&Key, Digest)| LiveRecord {
            kind: key.0,
            name: key.1.clone(),
            digest,
            path: self.path(digest).map(|path| path.display().to_string()).unwrap_or_default(),
            previous: self.previous(key),
            rejected: self
                .rejected
                .iter()
                .filter(|(_, (of, _))| of == key)
                .map(|(digest, _)| *digest)
                .collect(),
        };
        let live: Vec<LiveRecord> =
            view.live.iter().map(|(key, plugin)| record((key, plugin.digest))).collect();
        (self.stored.as_ref() != Some(&live)).then_some(live)
    }

    pub(super) fn stored(&mut self, live: Vec<LiveRecord>) {
        self.stored = Some(live);
    }
}
