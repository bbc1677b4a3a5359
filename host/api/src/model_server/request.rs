//! The body of `POST /v1/chat/completions` and what the model port is asked for it.

use domain::effect::model::{ModelMessage, ModelRequest, ModelTool, ModelToolCall, Role, ToolChoice};
use serde::Deserialize;
use serde_json::{Value, json};

/// What clients send. Fields that we don't know are ignored, as other servers do.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    messages: Vec<Message>,
    #[serde(default)]
    tools: Option<Vec<Tool>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    stop: Option<Value>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) stream: bool,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) stream_options: StreamOptions,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    tool_calls: Option<Vec<ToolCall>>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ToolCall {
    id: String,
    function: CalledFunction,
}

#[derive(Debug, Deserialize)]
struct CalledFunction {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Debug, Deserialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: String,
    function: OfferedFunction,
}

#[derive(Debug, Deserialize)]
struct OfferedFunction {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    json_schema: Option<JsonSchema>,
}

#[derive(Debug, Deserialize)]
struct JsonSchema {
    schema: Value,
}

fn null_is_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl ChatRequest {
    /// Read a body; the error names the field.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
        if !value.is_object() {
            return Err("the body must be a JSON object".to_owned());
        }
        serde_path_to_error::deserialize(value)
            .map_err(|error| format!("{}: {}", error.path(), error.inner()))
    }

    /// What the model port is asked.
    pub(super) fn into_model_request(self) -> Result<ModelRequest, String> {
        if self.n.is_some_and(|choices| choices != 1) {
            return Err("n must be 1: this server gives one choice".to_owned());
        }
        if self.messages.is_empty() {
            return Err("messages must not be empty".to_owned());
        }
        let temperature = self.temperature;
        if temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            return Err("temperature must be a number from 0 to 2".to_owned());
        }
        let messages = self
            .messages
            .into_iter()
            .enumerate()
            .map(|(index, message)| message.convert(index))
            .collect::<Result<_, _>>()?;
        let tools = self
            .tools
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, tool)| tool.convert(index))
            .collect::<Result<Vec<_>, _>>()?;
        let tool_choice = tool_choice(self.tool_choice, &tools)?;
        Ok(ModelRequest {
            messages,
            tools,
            tool_choice,
            answer_schema: self.response_format.map(ResponseFormat::schema).transpose()?.flatten(),
            tier: None,
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            temperature,
            stop: stop(self.stop)?,
        })
    }
}

impl Message {
    fn convert(self, index: usize) -> Result<ModelMessage, String> {
        let role = match self.role.as_str() {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => Role::Tool,
            other => {
                return Err(format!(
                    "messages[{index}].role must be system, developer, user, assistant or tool, not {other:?}"
                ));
            }
        };
        let tool_calls = self.tool_calls.unwrap_or_default();
        Ok(ModelMessage {
            role,
            content: text(self.content, index)?,
            tool_calls: tool_calls
                .into_iter()
                .map(|call| ModelToolCall {
                    id: call.id,
                    name: call.function.name,
                    arguments: call.function.arguments,
                })
                .collect(),
            tool_call_id: self.tool_call_id,
        })
    }
}

/// Content is a text, or parts of type `text`.
fn text(content: Value, index: usize) -> Result<String, String> {
    match content {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Array(parts) => parts
            .into_iter()
            .enumerate()
            .map(|(part, value)| {
                let is_text = value.get("type").and_then(Value::as_str) == Some("text");
                let text = value.get("text").and_then(Value::as_str).filter(|_| is_text);
                text.map(str::to_owned).ok_or_else(|| {
                    format!(
                        "messages[{index}].content[{part}] must be a text part: this model reads text only"
                    )
                })
            })
            .collect(),
        _ => Err(format!("messages[{index}].content must be a string or a list of text parts")),
    }
}

impl Tool {
    fn convert(self, index: usize) -> Result<ModelTool, String> {
        if self.kind != "function" {
            return Err(format!("tools[{index}].type must be function, not {:?}", self.kind));
        }
        Ok(ModelTool {
            name: self.function.name,
            description: self.function.description.unwrap_or_default(),
            parameters: self
                .function
                .parameters
                .unwrap_or_else(|| json!({ "type": "object", "properties": {} })),
        })
    }
}

fn tool_choice(choice: Option<Value>, tools: &[ModelTool]) -> Result<ToolChoice, String> {
    let choice = match choice {
        None | Some(Value::Null) => return Ok(ToolChoice::Auto),
        Some(Value::String(word)) => match word.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            other => {
                return Err(format!("tool_choice must be auto, none, required or a function, not {other:?}"));
            }
        },
        Some(value) => {
            let name = value.pointer("/function/name").and_then(Value::as_str);
            ToolChoice::Named(name.ok_or("tool_choice.function.name must be the name of a tool")?.to_owned())
        }
    };
    match &choice {
        ToolChoice::Required if tools.is_empty() => {
            Err("tool_choice is required, and tools is empty".to_owned())
        }
        ToolChoice::Named(name) if !tools.iter().any(|tool| tool.name == *name) => {
            Err(format!("tool_choice names {name:?}, which tools does not have"))
        }
        _ => Ok(choice),
    }
}

impl ResponseFormat {
    fn schema(self) -> Result<Option<Value>, String> {
        match self.kind.as_str() {
            "text" => Ok(None),
            "json_object" => Ok(Some(json!({ "type": "object" }))),
            "json_schema" => {
                let schema = self.json_schema.ok_or("response_format.json_schema.schema is missing")?.schema;
                if schema.is_object() {
                    Ok(Some(schema))
                } else {
                    Err("response_format.json_schema.schema must be an object".to_owned())
                }
            }
            other => {
                Err(format!("response_format.type must be text, json_object or json_schema, not {other:?}"))
            }
        }
    }
}

fn stop(stop: Option<Value>) -> Result<Vec<String>, String> {
    const WRONG: &str = "stop must be a string or a list of at most 4 strings";
    match stop {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(list)) if list.len() <= 4 => list
            .into_iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| WRONG.to_owned()))
            .collect(),
        Some(_) => Err(WRONG.to_owned()),
    }
}
