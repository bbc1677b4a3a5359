//! Every public address that this crate knows.

use crate::known::KnownModel;
use url::Url;

/// The public model hub, where `HF_ENDPOINT` or the configuration names no other.
pub const MODEL_HUB: &str = "https://huggingface.co";

/// Where a hub serves one file at one revision.
pub(crate) fn file_url(hub: &Url, model: &KnownModel) -> Result<Url, url::ParseError> {
    let KnownModel { repository, revision, file, .. } = model;
    Url::parse(&format!("{}/{repository}/resolve/{revision}/{file}", hub.as_str().trim_end_matches('/')))
}
