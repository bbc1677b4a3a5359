//! A conversation as the text that the model was trained on.

use super::vocabulary::Vocabulary;
use domain::effect::model::{ModelMessage, ModelRequest, Role, ToolChoice};
use domain::effect::{CallError, ErrorKind};
use minijinja::Environment;
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("../../templates/bare-tools.jinja");

/// What a call begins with, on the model's side too.
pub(super) const CALL: &str = "CALL ";

/// The template, ready to use.
pub(super) struct Chat {
    environment: Environment<'static>,
}

fn broken(error: &minijinja::Error) -> CallError {
    CallError::new(
        ErrorKind::InvalidInput,
        "template",
        format!("the conversation cannot be written for the model: {error:#}"),
    )
}

impl Chat {
    pub(super) fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.add_template("chat", TEMPLATE)?;
        Ok(Self { environment })
    }

    /// The text up to where the answer begins.
    pub(super) fn render(
        &self,
        request: &ModelRequest,
        vocabulary: &Vocabulary,
    ) -> Result<String, CallError> {
        let mut messages: Vec<Value> =
            request.messages.iter().map(|each| message(each, vocabulary)).collect();
        if messages.is_empty() {
            messages.push(json!({ "role": "user", "content": "" }));
        }
        let tools: Vec<Value> = if request.tool_choice == ToolChoice::None {
            Vec::new()
        } else {
            let describe = |tool: &domain::effect::model::ModelTool| {
                let text = json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters }).to_string();
                // Harmless text is still JSON: control tokens stand in strings only.
                serde_json::from_str(&vocabulary.harmless(&text)).unwrap_or_default()
            };
            request.tools.iter().map(describe).collect()
        };
        let template = self.environment.get_template("chat").map_err(|error| broken(&error))?;
        template
            .render(
                minijinja::context! { messages => messages, tools => tools, add_generation_prompt => true },
            )
            .map_err(|error| broken(&error))
    }
}

fn message(message: &ModelMessage, vocabulary: &Vocabulary) -> Value {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut value = json!({ "role": role, "content": vocabulary.harmless(&message.content) });
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let arguments =
                serde_json::from_str(&vocabulary.harmless(&call.arguments)).unwrap_or_else(|_| json!({}));
            json!({ "name": vocabulary.harmless(&call.name), "arguments": arguments })
        });
        if let Some(object) = value.as_object_mut() {
            object.insert("tool_calls".to_owned(), calls.collect());
        }
    }
    value
}
