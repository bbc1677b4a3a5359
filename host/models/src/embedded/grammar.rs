//! JSON Schemas as grammars that the model cannot leave.

use super::chat::CALL;
use super::vocabulary::Vocabulary;
use domain::effect::model::ModelTool;
use domain::effect::{CallError, ErrorKind};
use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use llguidance::{Matcher, ParserFactory};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use toktrie::InferenceCapabilities;

/// A small model writes until it is stopped: what a schema leaves open is bounded by these.
const LONGEST_TEXT: u64 = 1_000;
const MOST_ITEMS: u64 = 12;
const LARGEST_NUMBER: i64 = 1_000_000_000;

/// Makes matchers for one vocabulary.
pub(super) struct Grammars {
    factory: ParserFactory,
}

fn refuse(error: impl std::fmt::Display) -> CallError {
    CallError::new(
        ErrorKind::InvalidInput,
        "schema",
        format!("the embedded model cannot follow this schema: {error}"),
    )
}

impl Grammars {
    pub(super) fn new(vocabulary: &Arc<Vocabulary>) -> Result<Self, String> {
        let abilities = InferenceCapabilities { ff_tokens: true, ..InferenceCapabilities::default() };
        let slices = SlicedBiasComputer::general_slices();
        let mut factory = ParserFactory::new(&vocabulary.environment(), abilities, &slices)
            .map_err(|error| error.to_string())?;
        factory.quiet();
        Ok(Self { factory })
    }

    fn matcher(&self, grammar: TopLevelGrammar) -> Result<Matcher, CallError> {
        let matcher = Matcher::new(self.factory.create_parser(grammar));
        match matcher.get_error() {
            Some(error) => Err(refuse(error)),
            None => Ok(matcher),
        }
    }

    /// JSON that fits the schema.
    pub(super) fn answer(&self, schema: &Value) -> Result<Matcher, CallError> {
        self.matcher(TopLevelGrammar::from_json_schema(prepared(schema)))
    }

    /// A call of one of these tools.
    pub(super) fn call(&self, tools: &[&ModelTool]) -> Result<Matcher, CallError> {
        let text = format!("start: \"{CALL}\" call\ncall: %json {}\n", calls(tools));
        self.matcher(TopLevelGrammar::from_lark(text))
    }

    /// A call of one of these tools, or JSON that fits the schema.
    pub(super) fn call_or_answer(&self, tools: &[&ModelTool], schema: &Value) -> Result<Matcher, CallError> {
        let text = format!(
            "start: \"{CALL}\" call | answer\ncall: %json {}\nanswer: %json {}\n",
            calls(tools),
            prepared(schema)
        );
        self.matcher(TopLevelGrammar::from_lark(text))
    }
}

/// A schema of `{"name": …, "arguments": …}` for these tools.
fn calls(tools: &[&ModelTool]) -> Value {
    let call = |tool: &&ModelTool| {
        let mut arguments = tool.parameters.clone();
        if !arguments.is_object() {
            arguments = json!({ "type": "object", "additionalProperties": false });
        }
        let definitions = ["$defs", "definitions"]
            .map(|name| (name, arguments.as_object_mut().and_then(|object| object.remove(name))));
        let mut call = json!({
            "type": "object",
            "properties": { "name": { "const": tool.name }, "arguments": arguments },
            "required": ["name", "arguments"],
            "additionalProperties": false
        });
        for (name, definition) in definitions {
            if let (Some(definition), Some(object)) = (definition, call.as_object_mut()) {
                object.insert(name.to_owned(), definition);
            }
        }
        call
    };
    match tools {
        [tool] => prepared(&call(tool)),
        tools => prepared(&json!({ "anyOf": tools.iter().map(call).collect::<Vec<_>>() })),
    }
}

/// The schema with bounds, without white space between tokens, and with unknown keywords passed over: the whole answer is checked
/// against the schema as it was given anyway.
fn prepared(schema: &Value) -> Value {
    let mut schema = schema.clone();
    bound(&mut schema);
    if let Value::Object(object) = &mut schema {
        object.insert("x-guidance".to_owned(), json!({ "whitespace_flexible": false, "lenient": true }));
    }
    schema
}

fn bound(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    let is_type = |object: &Map<String, Value>, name: &str| match object.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(some)) => some.iter().any(|one| one == name),
        _ => false,
    };
    let fixed = ["enum", "const", "$ref"].iter().any(|name| object.contains_key(*name));
    if !fixed {
        let has_shape = object.contains_key("pattern") || object.contains_key("format");
        if is_type(object, "string") && !has_shape && !object.contains_key("maxLength") {
            let least = object.get("minLength").and_then(Value::as_u64).unwrap_or(0);
            object.insert("maxLength".to_owned(), LONGEST_TEXT.max(least).into());
        }
        if is_type(object, "array") && !object.contains_key("maxItems") {
            let least = object.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            object.insert("maxItems".to_owned(), MOST_ITEMS.max(least).into());
        }
        if is_type(object, "integer") {
            if !object.contains_key("maximum")
                && !object.contains_key("exclusiveMaximum")
                && object.get("minimum").and_then(Value::as_i64).unwrap_or(0) <= LARGEST_NUMBER
            {
                object.insert("maximum".to_owned(), LARGEST_NUMBER.into());
            }
            if !object.contains_key("minimum")
                && !object.contains_key("exclusiveMinimum")
                && object.get("maximum").and_then(Value::as_i64).unwrap_or(0) >= -LARGEST_NUMBER
            {
                object.insert("minimum".to_owned(), (-LARGEST_NUMBER).into());
            }
        }
        if is_type(object, "object")
            && object.contains_key("properties")
            && !object.contains_key("additionalProperties")
        {
            object.insert("additionalProperties".to_owned(), false.into());
        }
    }
    for name in ["items", "additionalProperties", "not"] {
        object.get_mut(name).into_iter().for_each(bound);
    }
    for name in ["properties", "$defs", "definitions", "patternProperties"] {
        object
            .get_mut(name)
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(Map::values_mut)
            .for_each(bound);
    }
    for name in ["anyOf", "oneOf", "prefixItems"] {
        object.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().for_each(bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_bounded_and_what_is_bounded_stays() {
        let mut schema = json!({ "type": "object", "properties": {
            "text": { "type": "string" },
            "short": { "type": "string", "maxLength": 5 },
            "word": { "type": "string", "enum": ["a"] },
            "list": { "type": "array", "items": { "type": "integer", "minimum": 0 } }
        } });
        bound(&mut schema);
        let expected = json!({ "type": "object", "additionalProperties": false, "properties": {
            "text": { "type": "string", "maxLength": LONGEST_TEXT },
            "short": { "type": "string", "maxLength": 5 },
            "word": { "type": "string", "enum": ["a"] },
            "list": { "type": "array", "maxItems": MOST_ITEMS, "items": { "type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER } }
        } });
        assert_eq!(schema, expected);
    }
}
