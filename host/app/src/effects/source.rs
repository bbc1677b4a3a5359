//! Fetching a git source into the task's workspace, in one transaction.

use super::host::{Halt, Performed};
use super::live::Live;
use domain::effect::Reply;
use domain::effect::source::{SourceReport, SourceRequest};
use domain::journal::LocalEffect;

pub(super) async fn import(live: &Live, request: &SourceRequest) -> Result<Performed, Halt> {
    let app = &live.host.attempt.app;
    let cloned = match app.ports.sources.clone_git(&request.url, request.reference.as_deref()).await {
        Ok(cloned) => cloned,
        Err(error) => return Ok(Performed::error(error)),
    };
    let mut report = SourceReport { commit: cloned.commit, files: 0, bytes: 0 };
    let mut effects = Vec::with_capacity(cloned.files.len() + 1);
    for file in cloned.files {
        let size = file.content.len() as u64;
        report.files += 1;
        report.bytes += size;
        let blob = app.ports.blobs.put_blob(file.content).await?;
        effects.push(LocalEffect::PutFile { path: file.path, blob, size });
    }
    effects.push(LocalEffect::MarkBase);
    Ok(Performed::local(Reply::Source(report), effects))
}
