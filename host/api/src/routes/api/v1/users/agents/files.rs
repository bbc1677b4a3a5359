//! `/api/v1/users/{user}/agents/{agent}/files/*`: the agent's workspace.

mod conditions;
pub(in crate::routes) mod root;

use super::super::wire::{FileResponse, FolderResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, SegmentTriple, read_at_most};
use crate::state::ApiState;
use app::files::{Found, Written};
use app::ports::agent_files::AgentFile;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use conditions::{Conditions, Part, part};
use domain::error::{Code, Error};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

/// Read a file from the agent's workspace: its bytes, with `ETag`, `If-None-Match` and `Range`. A folder answers with its entries.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/agents/{agent}/files/{*path}",
    tag = "Agent Files",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("path" = String, Path, description = "From the root of the workspace; may have slashes.", example = "notes.md"),
        ("If-None-Match" = Option<String>, Header, description = "304 when the file still has this ETag."),
        ("Range" = Option<String>, Header, description = "One range of bytes.", example = "bytes=0-99"),
    ),
    responses(
        (status = 200, description = "The file with its own content type, or a folder.", content(
            (FolderResponse = "application/json", example = json!({
                "path": "docs", "entries": [{ "name": "plan.md", "type": "file", "size": 12, "modifiedAt": "2026-02-23T15:00:00Z" }]
            })),
            (Vec<u8> = "*/*", example = json!("Count the bees.")),
        )),
        (status = 206, description = "The range.", body = Vec<u8>, content_type = "*/*", example = json!("Count")),
        (status = 304, description = "The file still has this ETag."),
        (status = 416, description = "The range is not in the file.", content_type = "application/json", example = json!({
            "error": "the file has 12 bytes, and bytes=12- begins after them"
        })),
    )
)]
pub(in crate::routes) async fn read_agent_file(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentTriple(user, agent, path): SegmentTriple,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let spot = app::files::locate(&state.app, &caller, &user, &agent, &path).await?;
    match app::files::find(&state.app, &spot).await? {
        Found::Folder(folder) => Ok(Json(folder).into_response()),
        Found::File(file) => {
            if Conditions::read(&headers)?.is_unchanged(&file) {
                return Ok(
                    (StatusCode::NOT_MODIFIED, [(header::ETAG, conditions::etag(&file))]).into_response()
                );
            }
            let bytes = app::files::read(&state.app, &file).await?;
            Ok(answer(&file, bytes, &headers))
        }
    }
}

/// Write a file to the agent's workspace: the body is its content, whatever its type. 201 when it is new.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/agents/{agent}/files/{*path}",
    tag = "Agent Files",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("path" = String, Path, description = "From the root of the workspace; folders need not be made.", example = "notes.md"),
        ("If-Match" = Option<String>, Header, description = "Only if the file has this ETag, or `*`: only if it is there."),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only if the file is not there."),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The content.", example = json!("Count the bees.")),
    responses(
        (status = 200, description = "It has another version.", body = FileResponse, headers(("ETag" = String, description = "Of the new version.")), example = json!({
            "path": "notes.md", "type": "file", "size": 12, "modifiedAt": "2026-02-23T15:00:00Z"
        })),
        (status = 201, description = "It is new.", body = FileResponse, headers(("ETag" = String, description = "Of the first version.")), example = json!({
            "path": "notes.md", "type": "file", "size": 12, "modifiedAt": "2026-02-23T15:00:00Z"
        })),
        (status = 412, description = "The condition does not hold.", content_type = "application/json", example = json!({
            "error": "\"notes.md\" has another version than the condition asks for; read it again"
        })),
    )
)]
pub(in crate::routes) async fn write_agent_file(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentTriple(user, agent, path): SegmentTriple,
    request: Request,
) -> Result<Response, ApiError> {
    // Rights, path and size first: nothing is read of a body that nobody wants.
    let spot = app::files::locate(&state.app, &caller, &user, &agent, &path).await?;
    let conditions = Conditions::read(request.headers())?;
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
    app::files::check_size(&state.app, announced)?;
    let limit = usize::try_from(state.app.settings.agent_file_limit).unwrap_or(usize::MAX);
    let bytes = read_at_most(request, limit, state.settings.timeout).await?;
    let passes =
        conditions.of_write().map(|conditions| move |file: Option<&AgentFile>| conditions.pass(file));
    let Written { created, file } = app::files::put(&state.app, &spot, bytes, passes).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let body = json!({ "path": file.path, "type": "file", "size": file.size, "modifiedAt": file.modified_at.rfc3339() });
    Ok((status, [(header::ETAG, conditions::etag(&file))], Json(body)).into_response())
}

/// Delete a file from the workspace; a folder only with `recursive=true`.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{user}/agents/{agent}/files/{*path}",
    tag = "Agent Files",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("path" = String, Path, description = "From the root of the workspace.", example = "notes.md"),
        ("recursive" = Option<bool>, Query, description = "A folder with everything in it.", example = false),
        ("If-Match" = Option<String>, Header, description = "Only if the file has this ETag."),
    ),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "A folder that is not empty.", content_type = "application/json", example = json!({
            "error": "\"docs\" is a folder that is not empty; give ?recursive=true to delete it with everything in it"
        })),
        (status = 412, description = "The condition does not hold.", content_type = "application/json", example = json!({
            "error": "\"notes.md\" has another version than the condition asks for; read it again"
        })),
    )
)]
pub(in crate::routes) async fn delete_agent_file(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentTriple(user, agent, path): SegmentTriple,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let spot = app::files::locate(&state.app, &caller, &user, &agent, &path).await?;
    let recursive = match parameters.get("recursive") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Error::invalid("recursive must be true or false").into()),
    };
    let conditions = Conditions::read(&headers)?;
    let passes =
        conditions.of_write().map(|conditions| move |file: Option<&AgentFile>| conditions.pass(file));
    app::files::delete(&state.app, &spot, recursive, passes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The bytes that were asked for. What a user's file holds does not run in the origin of the API: every answer has a policy against it.
fn answer(file: &AgentFile, bytes: Bytes, headers: &HeaderMap) -> Response {
    let (status, body, range) = match part(headers, file) {
        Part::Whole => (StatusCode::OK, bytes, None),
        Part::Bytes { first, last } => {
            let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let range = format!("bytes {first}-{last}/{}", file.size);
            (StatusCode::PARTIAL_CONTENT, bytes.slice(index(first)..index(last + 1)), Some(range))
        }
        Part::Outside => {
            let message = format!("the file has {} bytes, and the range begins after them", file.size);
            let refused = ApiError(Error::new(Code::RangeNotSatisfiable, message));
            return ([(header::CONTENT_RANGE, format!("bytes */{}", file.size))], refused).into_response();
        }
    };
    let kind = mime_guess::from_path(&file.path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let mut response = (
        status,
        [
            (header::CONTENT_TYPE, kind),
            (header::ETAG, conditions::etag(file)),
            (header::ACCEPT_RANGES, "bytes".to_owned()),
        ],
        Body::from(body),
    )
        .into_response();
    if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}
