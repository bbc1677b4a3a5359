//! Which foreign effects may have happened. Whoever is not sure says so: another try would do them a second time, under another key.

use crate::ports::outbound::{LEASE_ENDS, NOT_CONNECTED};
use domain::effect::{CallError, EffectClass, ErrorKind};
use domain::journal::{Entry, EntryBody, Recorded};

/// Whether the error says for certain that nothing was sent.
pub(super) fn never_left(error: &CallError) -> bool {
    matches!(error.kind, ErrorKind::Denied | ErrorKind::InvalidInput)
        || [NOT_CONNECTED, LEASE_ENDS].contains(&error.code.as_str())
}

/// What a guest is told of a once effect that failed: after something may have left, nobody but the sink knows.
pub(super) fn of_once(error: CallError) -> CallError {
    if never_left(&error) || error.kind == ErrorKind::Uncertain {
        return error;
    }
    let message = format!("it may or may not have happened, and is not sent again: {}", error.message);
    CallError::new(ErrorKind::Uncertain, error.code, message)
}

/// Whether an entry is the record of a foreign effect that happened or may have happened.
pub(super) fn may_have_happened(entry: &Entry) -> bool {
    match &entry.body {
        EntryBody::Call(record) => {
            let left = match &record.result {
                Some(Recorded::Error(error)) => !never_left(error),
                // None: it was started, and nobody knows how it ended.
                Some(Recorded::Inline(_) | Recorded::Blob(_) | Recorded::Content(_)) | None => true,
            };
            matches!(record.class, EffectClass::Keyed | EffectClass::Once) && left
        }
        EntryBody::Start(_) | EntryBody::End(_) => false,
    }
}
