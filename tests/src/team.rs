//! A scripted model for the whole line of personalities: it answers each phase with the smallest value that fits the asked schema, and
//! coder-ai's generate phase with the change that the test wants.

use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::model_server::{ModelServer, Received, Scripted};

/// A server that plays the team; coder-ai's change is `change` (`{summary,edits,files}`).
///
/// # Panics
/// When loopback cannot be used.
pub async fn start(change: Value) -> ModelServer {
    start_shaped(change, |_, answer| answer).await
}

/// The same, with each answer shaped: held back, or replaced.
///
/// # Panics
/// When loopback cannot be used.
pub async fn start_shaped(
    change: Value,
    shape: impl Fn(&Received, Scripted) -> Scripted + Send + Sync + 'static,
) -> ModelServer {
    let server = ModelServer::start().await.expect("loopback");
    let asked = AtomicUsize::new(0);
    server.otherwise(move |received| shape(received, answer(received, &change, &asked)));
    server
}

fn answer(received: &Received, change: &Value, asked: &AtomicUsize) -> Scripted {
    let Some(schema) = received.answer_schema() else { return Scripted::text("no schema was asked for") };
    if received.last_text().starts_with("PHASE coder-ai/generate")
        && schema.pointer("/properties/edits").is_some()
    {
        let mut change = change.clone();
        // A round that repeats itself word for word is no answer to the gates that sent the work back.
        let number = asked.fetch_add(1, Ordering::SeqCst);
        for file in change.get_mut("files").and_then(Value::as_array_mut).into_iter().flatten() {
            let content = file.get("content").and_then(Value::as_str).unwrap_or_default().to_owned();
            file["content"] = json!(format!("{content}# {number}\n"));
        }
        return Scripted::json(&change);
    }
    Scripted::json(&smallest(schema))
}

/// The smallest value that fits a schema of the kind that the SDK makes.
#[must_use]
pub fn smallest(schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return first.clone();
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(first) = schema.get(choice).and_then(Value::as_array).and_then(|schemas| schemas.first())
        {
            return smallest(first);
        }
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_u64).unwrap_or(0);
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            let mut object = Map::new();
            for name in required.iter().filter_map(Value::as_str) {
                let property = schema.pointer(&format!("/properties/{name}")).cloned().unwrap_or_default();
                object.insert(name.to_owned(), smallest(&property));
            }
            Value::Object(object)
        }
        Some("array") => {
            let item = smallest(schema.get("items").unwrap_or(&Value::Null));
            json!(vec![item; usize::try_from(number("minItems")).unwrap_or(0)])
        }
        Some("string") => {
            json!("word ".repeat(1 + usize::try_from(number("minLength")).unwrap_or(0) / 5).trim())
        }
        Some("integer" | "number") => json!(number("minimum")),
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}
