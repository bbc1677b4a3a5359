//! Fetching a known model from a hub: resumed where it broke off, checked against the pinned sha256, put into place at once.

mod partial;

pub(crate) use partial::{hash, hexadecimal};

use crate::addresses;
use crate::known::{self, KnownModel};
use app::ports::clock::Clock;
use app::ports::outbound::{Outbound, OutboundRequest, OutboundResponse, Purpose};
use bytes::Bytes;
use domain::effect::CallError;
use futures_util::StreamExt as _;
use partial::Partial;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Between two chunks; a hub that says nothing for so long has lost us.
const SILENCE: Duration = Duration::from_secs(30);

/// In a row, each without a single new byte.
const FRUITLESS_TRIES: u32 = 4;

const PAUSE: Duration = Duration::from_secs(1);

/// How far a pull is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are on disk.
    pub done: u64,
    /// Bytes of the whole file.
    pub total: u64,
}

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PullFailure {
    /// No such name.
    #[error("there is no model {name:?}; known are: {}", known::names())]
    Unknown {
        /// As it was given.
        name: String,
    },
    /// The hub's address makes no URL.
    #[error("the hub's address {hub} is not usable ({source}); correct HF_ENDPOINT")]
    Address {
        /// As configured.
        hub: Url,
        /// Why.
        source: url::ParseError,
    },
    /// The hub did not answer, or broke off too often.
    #[error(
        "{host} did not deliver {file} ({source}); run the command again to go on at {done} of {total} bytes, {WAY_OUT}"
    )]
    Unreachable {
        /// Of the hub.
        host: String,
        /// What was asked for.
        file: &'static str,
        /// On disk.
        done: u64,
        /// Wanted.
        total: u64,
        /// The last failure.
        source: CallError,
    },
    /// The hub answered something else than the file.
    #[error("{host} answered {status} for {file}, {WAY_OUT}")]
    Refused {
        /// Of the hub.
        host: String,
        /// HTTP status.
        status: u16,
        /// What was asked for.
        file: &'static str,
    },
    /// Other bytes than the pinned ones.
    #[error(
        "{host} delivered another file than {file}: its sha256 is {found}, not {expected}; it was deleted, {WAY_OUT}"
    )]
    WrongBytes {
        /// Of the hub.
        host: String,
        /// What was asked for.
        file: &'static str,
        /// Pinned.
        expected: &'static str,
        /// Of what came.
        found: String,
    },
    /// The disk.
    #[error("{} cannot be written: {source}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process is fetching it.
    #[error("another pull is writing {}; wait for it to end", path.display())]
    Locked {
        /// Which file.
        path: PathBuf,
    },
}

/// What helps where the hub cannot be reached.
const WAY_OUT: &str = "or set HF_ENDPOINT to a hub that this machine reaches, or fetch the file elsewhere and run `skep model import FILE`, or configure a provider in [models]";

/// Fetches models into one directory.
pub struct Puller {
    /// All HTTP goes through it.
    pub outbound: Arc<dyn Outbound>,
    /// For pauses between tries.
    pub clock: Arc<dyn Clock>,
    /// Base URL, [`addresses::MODEL_HUB`] unless configured.
    pub hub: Url,
    /// Where models lie; made when it is missing.
    pub directory: PathBuf,
}

impl Puller {
    /// Fetch the model of this name; its path at once where it is there already.
    ///
    /// # Errors
    /// See [`PullFailure`]; what was fetched stays for the next try, except wrong bytes.
    pub async fn pull(
        &self,
        name: &str,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<PathBuf, PullFailure> {
        let model = known::find(name).ok_or_else(|| PullFailure::Unknown { name: name.to_owned() })?;
        self.pull_known(model, progress).await
    }

    /// The same for a description that is not in the list.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub async fn pull_known(
        &self,
        model: &KnownModel,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<PathBuf, PullFailure> {
        let target = self.directory.join(model.file);
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |source| PullFailure::Disk { path, source }
        };
        if partial::is_right(&target, model).await.map_err(disk(&target))? {
            progress(Progress { done: model.bytes, total: model.bytes });
            return Ok(target);
        }
        tokio::fs::create_dir_all(&self.directory).await.map_err(disk(&self.directory))?;
        let path = self.directory.join(format!("{}.partial", model.file));
        let mut partial = Partial::open(&path, model.bytes)
            .await
            .map_err(disk(&path))?
            .ok_or_else(|| PullFailure::Locked { path: path.clone() })?;
        self.fetch(model, &mut partial, &mut progress).await?;
        let found = partial.digest();
        if found != model.sha256 {
            partial.delete().await.map_err(disk(&path))?;
            return Err(PullFailure::WrongBytes {
                host: self.host(),
                file: model.file,
                expected: model.sha256,
                found,
            });
        }
        partial.move_to(&target).await.map_err(disk(&target))?;
        Ok(target)
    }

    fn host(&self) -> String {
        self.hub.host_str().unwrap_or_default().to_owned()
    }

    async fn fetch(
        &self,
        model: &KnownModel,
        partial: &mut Partial,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<(), PullFailure> {
        let url = addresses::file_url(&self.hub, model)
            .map_err(|source| PullFailure::Address { hub: self.hub.clone(), source })?;
        let mut fruitless = 0;
        progress(Progress { done: partial.length(), total: model.bytes });
        while partial.length() < model.bytes {
            let before = partial.length();
            let failure = match self.ask(&url, model, before).await {
                Ok(response) => self.receive(response, model, partial, progress).await?,
                Err(error) if error.kind.is_retryable() => Some(error),
                Err(error) => return Err(self.unreachable(model, partial, error)),
            };
            let Some(error) = failure else { continue };
            fruitless = if partial.length() > before { 0 } else { fruitless + 1 };
            if fruitless >= FRUITLESS_TRIES {
                return Err(self.unreachable(model, partial, error));
            }
            self.clock.sleep(PAUSE).await;
        }
        Ok(())
    }

    fn unreachable(&self, model: &KnownModel, partial: &Partial, source: CallError) -> PullFailure {
        PullFailure::Unreachable {
            host: self.host(),
            file: model.file,
            done: partial.length(),
            total: model.bytes,
            source,
        }
    }

    async fn ask(&self, url: &Url, model: &KnownModel, from: u64) -> Result<OutboundResponse, CallError> {
        let mut headers = vec![("accept-encoding".to_owned(), "identity".to_owned())];
        if from > 0 {
            headers.push(("range".to_owned(), format!("bytes={from}-")));
        }
        let request = OutboundRequest {
            method: "GET".to_owned(),
            url: url.clone(),
            headers,
            body: Bytes::new(),
            timeout: SILENCE,
            limit: model.bytes,
            permission: None,
            credentials: Vec::new(),
        };
        self.outbound.send(request, Purpose::Registry).await
    }

    /// Write what comes; the failure that ended it early, if any.
    async fn receive(
        &self,
        response: OutboundResponse,
        model: &KnownModel,
        partial: &mut Partial,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Option<CallError>, PullFailure> {
        let disk = |source| PullFailure::Disk {
            path: self.directory.join(format!("{}.partial", model.file)),
            source,
        };
        match response.status {
            206 if starts_at(&response, partial.length()) => {}
            // The hub ignores ranges, or another part came: from the start.
            200 | 206 | 416 if partial.length() > 0 && response.status != 200 => {
                partial.restart().await.map_err(disk)?;
                return Ok(Some(CallError::new(
                    domain::effect::ErrorKind::Unavailable,
                    "range",
                    "the hub sent another part than asked for",
                )));
            }
            200 => partial.restart().await.map_err(disk)?,
            status @ (429 | 500..=599) => {
                let message = format!("the hub answered {status}");
                return Ok(Some(CallError::new(domain::effect::ErrorKind::Unavailable, "hub", message)));
            }
            status => return Err(PullFailure::Refused { host: self.host(), status, file: model.file }),
        }
        let mut body = response.body;
        while let Some(chunk) = body.next().await {
            match chunk {
                Ok(bytes) => partial.append(&bytes).await.map_err(disk)?,
                Err(error) => {
                    partial.flush().await.map_err(disk)?;
                    return Ok(Some(error));
                }
            }
            if partial.length() > model.bytes {
                partial.delete().await.map_err(disk)?;
                let found = format!("that of more than {} bytes", model.bytes);
                return Err(PullFailure::WrongBytes {
                    host: self.host(),
                    file: model.file,
                    expected: model.sha256,
                    found,
                });
            }
            progress(Progress { done: partial.length(), total: model.bytes });
        }
        partial.flush().await.map_err(disk)?;
        let short = partial.length() < model.bytes;
        Ok(short.then(|| {
            CallError::new(domain::effect::ErrorKind::Unavailable, "short", "the hub ended the file early")
        }))
    }
}

/// Whether a partial answer begins where it should.
fn starts_at(response: &OutboundResponse, from: u64) -> bool {
    let range =
        response.headers.iter().find(|(name, _)| name == "content-range").map(|(_, value)| value.as_str());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.0.parse::<u64>().ok());
    start == Some(from)
}
