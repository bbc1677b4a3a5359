//! `/openapi.json`: what the handlers say of themselves, with security schemes and the errors of each surface.

use crate::middleware::authenticate::{Access, access};
use crate::routes;
use crate::surface::Surface;
use domain::error::{Code, Error};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::OpenApi;

/// The finished document.
#[derive(Debug)]
pub(crate) struct Document {
    /// As it is served.
    pub(crate) text: String,
    /// `METHOD /path` of every operation, for `/v1/info`.
    pub(crate) operations: Vec<String>,
}

/// The whole document; for tools and tests that have no running host.
#[must_use]
pub fn document() -> Value {
    let (_, openapi) = routes::all().split_for_parts();
    complete(&openapi)
}

pub(crate) fn finish(openapi: &OpenApi) -> Document {
    let document = complete(openapi);
    let mut operations = Vec::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        operations.extend(
            item.as_object()
                .into_iter()
                .flatten()
                .map(|(method, _)| format!("{} {path}", method.to_uppercase())),
        );
    }
    Document { text: document.to_string(), operations }
}

fn complete(openapi: &OpenApi) -> Value {
    let mut document = serde_json::to_value(openapi).unwrap_or_default();
    set(&mut document, &["info"], information());
    set(&mut document, &["components", "securitySchemes"], security_schemes());
    set(&mut document, &["components", "schemas", "Problem"], problem_schema());
    name_wildcards(&mut document);
    let mut refusals = BTreeMap::new();
    for (path, item) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            describe(path, method, operation, &mut refusals);
        }
    }
    for (name, (surface, code)) in refusals {
        set(&mut document, &["components", "responses", &name], error_response(surface, code));
    }
    document
}

/// `{*path}` takes any number of segments in the router; in the document it is a parameter like another.
fn name_wildcards(document: &mut Value) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    *paths = std::mem::take(paths).into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
}

/// Set a field of nested objects, making those that are missing.
fn set(value: &mut Value, path: &[&str], to: Value) {
    let Some((name, rest)) = path.split_first() else {
        *value = to;
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    if let Some(fields) = value.as_object_mut() {
        set(fields.entry(*name).or_insert(Value::Null), rest, to);
    }
}

fn information() -> Value {
    json!({
        "title": "Skep",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Autonomous agents whose every ability is a sealed WebAssembly component. \
            Errors have the shape of their surface; `Accept: application/problem+json` gets RFC 9457 instead.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}

fn security_schemes() -> Value {
    json!({
        "bearer": { "type": "http", "scheme": "bearer", "description": "An admin, user or agent key." },
        "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
        "elizaToken": { "type": "apiKey", "in": "header", "name": "X-Eliza-Token" },
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "type": "string" },
        },
    })
}

/// Error responses that operations refer to, by name.
type Refusals = BTreeMap<String, (Surface, Code)>;

/// Security and errors of one operation.
fn describe(path: &str, method: &str, operation: &mut Value, refusals: &mut Refusals) {
    let access = access(path);
    let keys = [json!({ "bearer": [] }), json!({ "apiKey": [] }), json!({ "elizaToken": [] })];
    let security = match access {
        Access::Open => Vec::new(),
        Access::KeyOrLocal => std::iter::once(json!({})).chain(keys).collect(),
        Access::Key => keys.to_vec(),
    };
    set(operation, &["security"], Value::Array(security));
    let mut codes = vec![Code::MisdirectedRequest, Code::InternalError, Code::ServiceUnavailable];
    if access != Access::Open {
        codes.extend([Code::Unauthorized, Code::Forbidden, Code::RateLimited]);
    }
    if path.contains('{') {
        codes.push(Code::NotFound);
    }
    if method == "post" {
        codes.extend([Code::Conflict, Code::TooLarge, Code::UnsupportedMediaType, Code::Unprocessable]);
        add_parameter(operation, idempotency_key());
    }
    if operation.get("requestBody").is_some() {
        codes.extend([Code::InvalidRequest, Code::Conflict, Code::TooLarge, Code::UnsupportedMediaType]);
    }
    if operation.get("parameters").is_some() {
        codes.push(Code::InvalidRequest);
    }
    let surface = Surface::of(path);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for code in codes {
        let name = format!("{surface:?}{}", code.status());
        responses
            .entry(code.status().to_string())
            .or_insert_with(|| json!({ "$ref": format!("#/components/responses/{name}") }));
        refusals.insert(name, (surface, code));
    }
    let sorted: BTreeMap<String, Value> = std::mem::take(responses).into_iter().collect();
    *responses = sorted.into_iter().collect();
}

fn add_parameter(operation: &mut Value, parameter: Value) {
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(parameter),
        None => set(operation, &["parameters"], json!([parameter])),
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "The same key with the same body gets the first answer again for 24 hours.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
    })
}

const RATE_HEADERS: [(&str, &str); 4] = [
    ("Retry-After", "Seconds until it is worth another try."),
    (
        "X-RateLimit-Limit",
        "Requests that the user has in a clock hour (a quarter of one outside of `/v1` and `/api/v1`).",
    ),
    ("X-RateLimit-Remaining", "Those that are left."),
    ("X-RateLimit-Reset", "When the next one begins: seconds since the epoch."),
];

fn error_response(surface: Surface, code: Code) -> Value {
    let (description, message) = meaning(code);
    let error = Error::new(code, message);
    let example = surface.body(&error);
    let mut content = Map::new();
    content
        .insert("application/json".to_owned(), json!({ "schema": schema_of(&example), "example": example }));
    if let Some(example) = surface.problem(&error) {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        content
            .insert("application/problem+json".to_owned(), json!({ "schema": schema, "example": example }));
    }
    let mut response = json!({ "description": description, "content": content });
    if code == Code::Unauthorized {
        let schema = json!({ "type": "string", "const": "Bearer" });
        set(&mut response, &["headers", "WWW-Authenticate"], json!({ "schema": schema }));
    }
    if code == Code::RateLimited {
        for (name, description) in RATE_HEADERS {
            let header = json!({ "description": description, "schema": { "type": "integer" } });
            set(&mut response, &["headers", name], header);
        }
    }
    response
}

fn meaning(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::InvalidRequest => {
            ("The request is malformed.", "limit must be a whole number from 1 to 200, not \"x\"")
        }
        Code::Unauthorized => ("No key, or one that is not valid.", "the API key is not valid"),
        Code::Forbidden => {
            ("The caller may not do this.", "an admin key is needed to list the plugins of the host")
        }
        Code::NotFound => ("No such thing for this caller.", "task \"task_a1b2c3d4e5f6\" not found"),
        Code::Conflict => (
            "The thing's state excludes this.",
            "the first request with this Idempotency-Key is still running",
        ),
        Code::TooLarge => ("Larger than the limit.", "the body is larger than the limit of 1048576 bytes"),
        Code::UnsupportedMediaType => ("A body of another type.", "the body must be application/json"),
        Code::MisdirectedRequest => (
            "The host does not answer to this name.",
            "this host does not answer to the name \"example.com\"; SKEP_PUBLIC_URL can add it",
        ),
        Code::Unprocessable => (
            "Well-formed and unacceptable.",
            "this Idempotency-Key came before with another body; use a new key",
        ),
        Code::RateLimited => (
            "The user's requests of this hour or minute are used up. Every answer to a user or agent key has the `X-RateLimit-*` headers.",
            "the limit of requests is reached; try again in 42 s, or ask for a larger plan",
        ),
        Code::ServiceUnavailable => ("Not now.", ""),
        _ => ("Our fault; the cause is in the log.", ""),
    }
}

/// The schema of an example: objects with exactly these keys.
fn schema_of(example: &Value) -> Value {
    match example {
        Value::Object(fields) => {
            let required: Vec<&String> = fields.keys().collect();
            let properties: Map<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), schema_of(value))).collect();
            json!({ "type": "object", "required": required, "properties": properties })
        }
        Value::String(_) => json!({ "type": "string" }),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::Null => json!({ "type": "null" }),
        Value::Array(_) => json!({ "type": "array" }),
    }
}
