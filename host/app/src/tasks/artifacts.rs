//! The content of artifacts: files are stored once, in the workspace, and read when they are shown.

use crate::context::App;
use domain::error::Error;
use domain::id::TaskId;
use serde_json::{Value, json};

/// Larger files are listed without their text; the diff has them.
const CONTENT_LIMIT: u64 = 1 << 20;

/// The output with `content` in every artifact: a file's text, or null when it is not UTF-8 or is too large.
pub(super) async fn filled(app: &App, task: &TaskId, output: &Value) -> Result<Value, Error> {
    let mut output = output.clone();
    if let Some(artifacts) = output.get_mut("artifacts").and_then(Value::as_array_mut) {
        for artifact in artifacts {
            let shown = match artifact.get("path").and_then(Value::as_str) {
                Some(path) if artifact.get("content").is_none() => content(app, task, path).await?,
                _ => continue,
            };
            *artifact = json!({
                "id": artifact.get("id"),
                "type": artifact.get("type"),
                "path": artifact.get("path"),
                "content": shown,
                "language": artifact.get("language"),
            });
        }
    }
    Ok(output)
}

async fn content(app: &App, task: &TaskId, path: &str) -> Result<Option<String>, Error> {
    let Some(file) =
        app.ports.workspaces.find_file(task, path).await?.filter(|file| file.size <= CONTENT_LIMIT)
    else {
        return Ok(None);
    };
    let bytes = app.ports.blobs.find_blob(file.blob).await?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes.into()).ok()))
}
