//! Our request as the JSON of `POST /chat/completions`.

use super::{OpenAiSettings, TokensField};
use domain::effect::model::{ModelMessage, ModelRequest, ModelTool, ToolChoice};
use domain::effect::{CallError, ErrorKind};
use serde_json::{Map, Value, json};

pub(super) fn body(request: &ModelRequest, settings: &OpenAiSettings) -> Result<Vec<u8>, CallError> {
    let mut body = Map::new();
    body.insert("model".to_owned(), settings.model.clone().into());
    body.insert("messages".to_owned(), request.messages.iter().map(message).collect());
    body.insert("stream".to_owned(), true.into());
    body.insert("stream_options".to_owned(), json!({ "include_usage": true }));
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
        body.insert("tool_choice".to_owned(), tool_choice(&request.tool_choice));
    }
    if let Some(schema) = &request.answer_schema {
        let format = json!({ "name": "answer", "schema": schema, "strict": is_strict(schema) });
        body.insert("response_format".to_owned(), json!({ "type": "json_schema", "json_schema": format }));
    }
    if let Some(tokens) = request.max_tokens.or(settings.max_tokens) {
        let field = match settings.tokens_field {
            TokensField::MaxTokens => "max_tokens",
            TokensField::MaxCompletionTokens => "max_completion_tokens",
        };
        body.insert(field.to_owned(), tokens.into());
    }
    if let Some(temperature) = request.temperature {
        // 0.2_f32 as f64 would be written as 0.20000000298.
        let short: f64 = temperature.to_string().parse().unwrap_or_default();
        body.insert("temperature".to_owned(), short.into());
    }
    if !request.stop.is_empty() {
        body.insert("stop".to_owned(), request.stop.clone().into());
    }
    if let Some(seed) = settings.seed {
        body.insert("seed".to_owned(), seed.into());
    }
    serde_json::to_vec(&body).map_err(|error| {
        CallError::new(ErrorKind::InvalidInput, "request", format!("the request is no JSON: {error}"))
    })
}

fn message(message: &ModelMessage) -> Value {
    let mut body = json!({ "role": message.role.as_str(), "content": message.content });
    if let Some(object) = body.as_object_mut() {
        if !message.tool_calls.is_empty() {
            let calls = message.tool_calls.iter().map(|call| {
                let function = json!({ "name": call.name, "arguments": call.arguments });
                json!({ "id": call.id, "type": "function", "function": function })
            });
            object.insert("tool_calls".to_owned(), calls.collect());
        }
        if let Some(id) = &message.tool_call_id {
            object.insert("tool_call_id".to_owned(), id.clone().into());
        }
    }
    body
}

fn tool(tool: &ModelTool) -> Value {
    let function =
        json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters });
    json!({ "type": "function", "function": function })
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

/// Whether OpenAI's strict mode takes the schema: every object lists all its properties as required and allows no others.
/// A schema that does not would be answered 400, so it goes without `strict` and the answer is checked here anyway.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => {
            let fits = match object.get("properties").and_then(Value::as_object) {
                None => object.get("type").and_then(Value::as_str) != Some("object"),
                Some(properties) => {
                    let required: Vec<&str> = object
                        .get("required")
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .collect();
                    object.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(|name| required.contains(&name.as_str()))
                }
            };
            fits && object.values().all(is_strict)
        }
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_needs_every_property_required_and_no_other_allowed() {
        let strict = json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"], "additionalProperties": false });
        assert!(is_strict(&strict));
        assert!(!is_strict(
            &json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false })
        ));
        assert!(!is_strict(
            &json!({ "type": "array", "items": { "type": "object", "properties": {}, "required": [] } })
        ));
        assert!(!is_strict(&json!({ "type": "object" })));
    }

    #[test]
    fn a_temperature_is_written_as_a_person_wrote_it() {
        let settings = OpenAiSettings::new("http://127.0.0.1/v1".parse().unwrap(), "m");
        let request = ModelRequest { temperature: Some(0.2), ..ModelRequest::default() };
        let text = String::from_utf8(body(&request, &settings).unwrap()).unwrap();
        assert!(text.contains("\"temperature\":0.2"), "{text}");
    }
}
