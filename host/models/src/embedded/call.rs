//! Tool calls in what the model wrote: `CALL {json}` lines, and JSON that stands bare or in a fence.

use super::chat::CALL;
use crate::schema;
use domain::effect::model::{ModelTool, ModelToolCall};
use serde_json::Value;

/// Whether text may still become a call, so that it must not be shown yet.
pub(super) fn may_begin(text: &str) -> bool {
    let text = text.trim_start();
    CALL.starts_with(text)
        || text.starts_with(CALL)
        || text.starts_with('{')
        || text.starts_with("```")
        || "```".starts_with(text)
}

/// The calls of known tools with arguments that fit; empty where the text is no call.
pub(super) fn find(text: &str, tools: &[ModelTool]) -> Vec<ModelToolCall> {
    let mut calls = Vec::new();
    let mut rest = text;
    while let Some(at) = find_line(rest) {
        let (_, after) = rest.split_at(at + CALL.len());
        calls.extend(parse(after, tools));
        rest = after;
    }
    if calls.is_empty() {
        let bare = unfenced(text.trim());
        if bare.starts_with('{') {
            calls.extend(parse(bare, tools));
        }
    }
    for (index, call) in calls.iter_mut().enumerate() {
        call.id = format!("call_{index}");
    }
    calls
}

/// Where a line begins with the word.
fn find_line(text: &str) -> Option<usize> {
    let at_line_start = |at: usize| {
        text.get(..at).is_some_and(|before| {
            before.trim_end_matches([' ', '\t']).is_empty()
                || before.trim_end_matches([' ', '\t']).ends_with('\n')
        })
    };
    text.match_indices(CALL).map(|(at, _)| at).find(|at| at_line_start(*at))
}

fn unfenced(text: &str) -> &str {
    let Some(inner) = text.strip_prefix("```") else { return text };
    let inner = inner.split_once('\n').map_or(inner, |(_, inner)| inner);
    inner.split_once("```").map_or(inner, |(inner, _)| inner).trim()
}

fn parse(text: &str, tools: &[ModelTool]) -> Option<ModelToolCall> {
    let value = serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok()?;
    let name = value.get("name")?.as_str()?;
    let tool = tools.iter().find(|tool| tool.name == name)?;
    let arguments = value.get("arguments").or_else(|| value.get("parameters"))?;
    if !arguments.is_object() || !schema::violations(&tool.parameters, arguments).ok()?.is_empty() {
        return None;
    }
    Some(ModelToolCall { id: String::new(), name: name.to_owned(), arguments: arguments.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tools() -> Vec<ModelTool> {
        let parameters =
            json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
        vec![ModelTool { name: "weather".to_owned(), description: String::new(), parameters }]
    }

    #[test]
    fn a_call_is_found_however_it_is_wrapped() {
        let json = "{\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}";
        for text in [
            format!("CALL {json}"),
            format!("I will look.\nCALL {json}\n"),
            format!("```json\n{json}\n```"),
            format!(" {json} "),
            json.replace("arguments", "parameters"),
        ] {
            let calls = find(&text, &tools());
            assert_eq!(calls.len(), 1, "{text}");
            assert!(
                calls.iter().all(|call| call.name == "weather" && call.arguments == "{\"city\":\"Oslo\"}")
            );
        }
    }

    #[test]
    fn unknown_tools_and_wrong_arguments_are_no_calls() {
        for text in [
            "CALL {\"name\":\"news\",\"arguments\":{}}",
            "CALL {\"name\":\"weather\",\"arguments\":{\"city\":1}}",
            "CALL nobody",
            "Say CALL {\"name\":\"weather\",\"arguments\":{\"city\":\"x\"}}",
        ] {
            assert_eq!(find(text, &tools()), Vec::new(), "{text}");
        }
    }

    #[test]
    fn two_lines_are_two_calls_with_different_ids() {
        let line = "CALL {\"name\":\"weather\",\"arguments\":{\"city\":\"Oslo\"}}\n";
        let ids: Vec<String> = find(&line.repeat(2), &tools()).into_iter().map(|call| call.id).collect();
        assert_eq!(ids, ["call_0", "call_1"]);
    }
}
