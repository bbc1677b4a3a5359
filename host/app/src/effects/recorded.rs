//! Replies and outputs as the journal keeps them: inline, or as a blob above 16 KiB; a read file as its digest.

use crate::ports::blobs::Blobs;
use crate::ports::store_error::StoreError;
use bytes::Bytes;
use domain::component::Output;
use domain::effect::{CallError, ErrorKind, Reply};
use domain::id::Digest;
use domain::journal::{INLINE_LIMIT, REPLY_LIMIT, Recorded, RecordedOutput};

/// Make the form that is stored. A reply over 8 MiB becomes the error `too-large`, for the guest too.
///
/// # Errors
/// When a blob cannot be kept.
pub async fn record_reply(
    blobs: &dyn Blobs,
    result: &mut Result<Reply, CallError>,
) -> Result<Recorded, StoreError> {
    let reply = match result {
        Err(error) => return Ok(Recorded::Error(error.clone())),
        Ok(Reply::Content(content)) if content.len() <= REPLY_LIMIT => {
            // Only a read of a file answers this, and its bytes came from this very blob: a read costs no write.
            return Ok(Recorded::Content(Digest::of(content)));
        }
        Ok(reply) => reply,
    };
    let json = to_json(reply)?;
    if json.len() > REPLY_LIMIT {
        let message = format!("the reply has {} bytes, more than the limit of {REPLY_LIMIT}", json.len());
        let error = CallError::new(ErrorKind::TooLarge, "reply", message);
        *result = Err(error.clone());
        return Ok(Recorded::Error(error));
    }
    if json.len() > INLINE_LIMIT {
        return Ok(Recorded::Blob(blobs.put_blob(Bytes::from(json)).await?));
    }
    Ok(Recorded::Inline(reply.clone()))
}

/// The reply or error that was stored.
///
/// # Errors
/// When its blob is gone or unreadable.
pub async fn restore_reply(
    blobs: &dyn Blobs,
    recorded: &Recorded,
) -> Result<Result<Reply, CallError>, StoreError> {
    Ok(match recorded {
        Recorded::Error(error) => Err(error.clone()),
        Recorded::Inline(reply) => Ok(reply.clone()),
        Recorded::Content(digest) => Ok(Reply::Content(fetch(blobs, *digest).await?.to_vec())),
        Recorded::Blob(digest) => Ok(from_json(&fetch(blobs, *digest).await?)?),
    })
}

/// Make the form that is stored.
///
/// # Errors
/// When a blob cannot be kept.
pub async fn record_output(blobs: &dyn Blobs, output: &Output) -> Result<RecordedOutput, StoreError> {
    let json = to_json(output)?;
    if json.len() > INLINE_LIMIT {
        return Ok(RecordedOutput::Blob(blobs.put_blob(Bytes::from(json)).await?));
    }
    Ok(RecordedOutput::Inline(output.clone()))
}

/// The output that was stored; none for a call that the host made itself (its reply is in the entry before).
///
/// # Errors
/// When its blob is gone or unreadable.
pub async fn restore_output(
    blobs: &dyn Blobs,
    recorded: &RecordedOutput,
) -> Result<Option<Output>, StoreError> {
    Ok(match recorded {
        RecordedOutput::Host => None,
        RecordedOutput::Inline(output) => Some(output.clone()),
        RecordedOutput::Blob(digest) => Some(from_json(&fetch(blobs, *digest).await?)?),
    })
}

/// A blob that a row names.
///
/// # Errors
/// When it is gone.
pub async fn fetch(blobs: &dyn Blobs, digest: Digest) -> Result<Bytes, StoreError> {
    blobs
        .find_blob(digest)
        .await?
        .ok_or_else(|| StoreError::Internal(format!("blob {digest} is named by a row and missing")))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value)
        .map_err(|error| StoreError::Internal(format!("a value cannot be written as JSON: {error}")))
}

fn from_json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Internal(format!("a stored value cannot be read: {error}")))
}
