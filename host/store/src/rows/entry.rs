//! The row of a journal entry, and what a second append at the same address means.

use super::{decode, encode};
use app::ports::store_error::StoreError;
use domain::component::{Cost, Nondeterminism};
use domain::id::Digest;
use domain::journal::{
    BYTES_LIMIT, CallRecord, ENTRIES_LIMIT, Entry, EntryBody, Recorded, RecordedOutput, ScopeEnd,
};
use domain::rigor::phase::Phase;
use serde_json::Value;

/// Said when a journal has no room; both databases say the same.
const ENTRIES_LIMIT_TEXT: &str = "a task has at most 10000 entries and 64 MiB of journal";

/// The columns of `entries`.
#[derive(Debug, Clone)]
pub(crate) struct EntryRow {
    pub(crate) scope: String,
    pub(crate) ordinal: i64,
    pub(crate) at: i64,
    /// `start`, `call` or `end`.
    pub(crate) kind: &'static str,
    /// What makes an equal append equal: the request hash of a call, a sha256 of what is compared of the others.
    pub(crate) hash: String,
    /// Whether nothing is to be added: false only for a call that has started.
    pub(crate) answered: bool,
    /// The body's JSON.
    pub(crate) body: String,
    /// Blobs that the body names; they stay as long as the entry, and count towards the task's bytes once.
    pub(crate) blobs: Vec<Digest>,
    /// The work of a personality that this entry ends.
    pub(crate) work: Option<Work>,
}

/// A finished phase of a personality, for `personality_record`: one row for each task and personality sums them up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) personality: String,
    pub(crate) wall_us: u64,
    /// The last phase of the line ended well.
    pub(crate) finished: bool,
}

/// What is at an address already.
#[derive(Debug, Clone)]
pub(crate) struct StoredEntry {
    pub(crate) kind: String,
    pub(crate) hash: String,
    pub(crate) answered: bool,
    pub(crate) body: String,
}

/// What an append does at its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Insert.
    Nothing,
    /// A no-op.
    Equal,
    /// It had started: set `body`, `answered` and `at`; `pos` stays.
    Started,
}

impl EntryRow {
    /// The row of an entry.
    pub(crate) fn of(entry: &Entry) -> Result<Self, StoreError> {
        let body = encode(&entry.body)?;
        let (kind, hash, answered, blobs) = match &entry.body {
            EntryBody::Start(_) => ("start", fingerprint(&body), true, Vec::new()),
            EntryBody::Call(call) => ("call", call.hash.clone(), call.result.is_some(), blobs_of_call(call)),
            EntryBody::End(end) => {
                // What a scope took is recorded and never compared.
                let compared = EntryBody::End(ScopeEnd { cost: Cost::default(), ..end.clone() });
                ("end", fingerprint(&encode(&compared)?), true, blobs_of_end(end))
            }
        };
        Ok(Self {
            scope: entry.scope.to_string(),
            ordinal: entry.ordinal.into(),
            at: entry.at.0,
            kind,
            hash,
            answered,
            body,
            blobs,
            work: work_of(entry),
        })
    }

    /// The row as it will be found at its address: for a second entry of one append.
    pub(crate) fn as_stored(&self) -> StoredEntry {
        StoredEntry {
            kind: self.kind.to_owned(),
            hash: self.hash.clone(),
            answered: self.answered,
            body: self.body.clone(),
        }
    }
}

fn fingerprint(body: &str) -> String {
    Digest::of(body.as_bytes()).hex()
}

fn blobs_of_call(call: &CallRecord) -> Vec<Digest> {
    match &call.result {
        Some(Recorded::Blob(digest) | Recorded::Content(digest)) => vec![*digest],
        Some(Recorded::Inline(_) | Recorded::Error(_)) | None => Vec::new(),
    }
}

fn blobs_of_end(end: &ScopeEnd) -> Vec<Digest> {
    match &end.result {
        Ok(RecordedOutput::Blob(digest)) => vec![*digest],
        Ok(RecordedOutput::Inline(_) | RecordedOutput::Host) | Err(_) => Vec::new(),
    }
}

fn work_of(entry: &Entry) -> Option<Work> {
    let EntryBody::End(end) = &entry.body else { return None };
    let (station, phase) = entry.scope.place.0.split_once('/')?;
    // Nested calls have more parts and are part of their caller's time.
    let phase = Phase::ALL.into_iter().find(|known| known.as_str() == phase)?;
    let personality = station.split('@').next().unwrap_or(station).to_owned();
    Some(Work {
        personality,
        wall_us: end.cost.wall_us,
        finished: phase == Phase::Review && end.result.is_ok(),
    })
}

/// What appending `new` at an address means that holds `stored`.
pub(crate) fn compare(stored: Option<&StoredEntry>, new: &EntryRow) -> Result<Found, StoreError> {
    let Some(stored) = stored else { return Ok(Found::Nothing) };
    if stored.kind != new.kind || stored.hash != new.hash {
        let side = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        return Err(StoreError::Nondeterminism(Box::new(Nondeterminism {
            scope: new.scope.clone(),
            ordinal: u32::try_from(new.ordinal).unwrap_or(u32::MAX),
            recorded: side(&stored.body),
            actual: side(&new.body),
        })));
    }
    Ok(if !stored.answered && new.answered { Found::Started } else { Found::Equal })
}

/// The entry of a row.
pub(crate) fn entry_of(scope: &str, ordinal: i64, at: i64, body: &str) -> Result<Entry, StoreError> {
    Ok(Entry {
        scope: super::parse("entries.scope", scope)?,
        ordinal: u32::try_from(ordinal)
            .map_err(|error| super::unreadable("entries.ordinal", scope, &error))?,
        at: domain::time::Timestamp(at),
        body: decode("entries.body", body)?,
    })
}

/// Whether a journal of this size has no room: then nothing of the append is stored.
pub(crate) fn exhausted(entries: u64, bytes: u64) -> Result<(), StoreError> {
    if entries > ENTRIES_LIMIT || bytes > BYTES_LIMIT {
        return Err(StoreError::Exhausted(format!(
            "{ENTRIES_LIMIT_TEXT}, this one would have {entries} and {bytes} bytes"
        )));
    }
    Ok(())
}
