//! The JSON examples of the documents Autonomy, Start agent and Autonomis are golden. The pages lie in `tests/documents` as they are; their
//! examples are found by a program, and one that no case here claims fails.

use crate::every_route::Case;
use crate::framework::breaking;
use crate::rules::rules;
use crate::support::{START, TestHost};
use domain::effect::{CallError, ErrorKind};
use serde_json::{Value, json};

const AUTONOMY: &str = include_str!("../documents/autonomy-api.md");
const START_AGENT: &str = include_str!("../documents/start-agent.md");
const SHAPES: &str = include_str!("../documents/shapes.md");
const AUTONOMIS: &str = include_str!("../documents/autonomis-api.md");

/// Every JSON object of a page, in its order, wherever it stands: in a fence, in a shell command, in the running text.
fn examples(page: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('{') {
        let mut values = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<Value>();
        let parsed = values.next();
        let length = values.byte_offset();
        match parsed {
            Some(Ok(value)) => {
                found.push(value);
                rest = &rest[start + length..];
            }
            _ => rest = &rest[start + 1..],
        }
    }
    found
}

/// The same keys, types and nulls; of a list, each entry like the example's first; UUIDs where it has UUIDs.
pub(crate) fn assert_like(example: &Value, actual: &Value, at: &str) {
    match (example, actual) {
        (Value::Object(expected), Value::Object(fields)) => {
            let sorted = |fields: &serde_json::Map<String, Value>| {
                let mut keys: Vec<String> = fields.keys().cloned().collect();
                keys.sort_unstable();
                keys
            };
            assert_eq!(sorted(fields), sorted(expected), "keys at {at:?}");
            for (name, value) in expected {
                assert_like(value, &fields[name], &format!("{at}/{name}"));
            }
        }
        (Value::Array(expected), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(first) = expected.first() {
                    assert_like(first, item, &format!("{at}/{index}"));
                }
            }
        }
        (Value::String(expected), Value::String(text)) => {
            let is_uuid = |text: &str| text.len() == 36 && text.parse::<uuid::Uuid>().is_ok();
            assert_eq!(is_uuid(text), is_uuid(expected), "{at}: {text:?} for {expected:?}");
            let is_time = |text: &str| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok();
            assert_eq!(is_time(text), is_time(expected), "{at}: {text:?} for {expected:?}");
            assert!(!is_time(text) || text.len() == expected.len(), "{at}: {text:?} for {expected:?}");
        }
        (Value::Number(expected), Value::Number(number)) => {
            assert!(expected.is_f64() || !number.is_f64(), "{at}: {number} for {expected}");
        }
        (Value::Bool(_), Value::Bool(_)) | (Value::Null, Value::Null) => {}
        _ => panic!("{at}: {actual} for {example}"),
    }
}

/// A stopped agent of the user `default` under the document's own id.
async fn stopped_agent(host: &TestHost, id: &str) {
    host.new_agents("default", &json!({ "name": "writer", "id": id })).await;
    assert_eq!(host.post(&format!("/agents/{id}/stop")).send().await.status, 200);
}

#[tokio::test]
async fn every_example_of_document_autonomy() {
    let examples = examples(AUTONOMY);
    for (number, example) in examples.iter().enumerate() {
        let host = TestHost::new().await;
        let path = "/api/agent/autonomy";
        let get = async || host.get(path).send().await;
        match number {
            // GET.
            0 => {
                host.post(path).json(r#"{"enabled":true}"#).send().await;
                let answer = get().await;
                assert_eq!((answer.status.as_u16(), &answer.json()), (200, example));
            }
            // POST: request and response.
            1 => {
                let answer = host.post(path).json(example.to_string()).send().await;
                assert_eq!((answer.status.as_u16(), &answer.json()), (200, &examples[2]));
                assert_eq!(get().await.json(), examples[2]);
            }
            2 => {}
            _ => panic!("no case claims the example {example}"),
        }
    }
    assert_eq!(examples.len(), 3);
}

#[tokio::test]
async fn every_error_code_of_document_autonomy() {
    let table = AUTONOMY.split("## Common Error Codes").nth(1).unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        Some((cells.next()?.parse::<u16>().ok()?, cells.next()?.trim_matches('`')))
    });
    let rows: Vec<(u16, &str)> = rows.collect();
    assert_eq!(rows.len(), 6, "{rows:?}");
    let path = "/api/agent/autonomy";
    for (status, code) in rows {
        let mut host = TestHost::new().await;
        let answer = match code {
            "INVALID_REQUEST" => host.post(path).json(r#"{"enabled":"true"}"#).send().await,
            "UNAUTHORIZED" => host.get(path).key(None).send().await,
            "NOT_FOUND" => host.get(&format!("{path}/nothing")).send().await,
            "SERVICE_UNAVAILABLE" => {
                let agent = host.get("/api/v1/users/default/agents/manager").send().await.json();
                let agent = crate::people::text(&agent, "id");
                assert_eq!(host.post(&format!("/agents/{agent}/stop")).send().await.status, 200);
                host.post(path).json(r#"{"enabled":true}"#).send().await
            }
            "AUTONOMY_DISABLED" => {
                host = TestHost::with_settings(|settings| settings.autonomy = false).await;
                host.post(path).json(r#"{"enabled":true}"#).send().await
            }
            "INTERNAL_ERROR" => {
                host = breaking().await;
                host.get(path).send().await
            }
            other => panic!("no case claims the error code {other}"),
        };
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)));
        assert_like(&json!({ "error": "text", "code": code }), &answer.json(), code);
    }
}

#[tokio::test]
async fn every_example_of_document_start_agent() {
    const ID: &str = "550e8400-e29b-41d4-a716-446655440000";
    let examples = examples(START_AGENT);
    let path = format!("/agents/{ID}/start");
    for (number, example) in examples.iter().enumerate() {
        let host = TestHost::new().await;
        let start = |path: &str| host.post(path).json(example.to_string());
        match number {
            // Requests.
            0 | 2 | 3 | 4 => {
                stopped_agent(&host, ID).await;
                let answer = start(&path).send().await;
                let mut expected = examples[5].clone();
                expected["data"]["startedAt"] = json!(START.0);
                expected["data"]["enableAutonomy"] = json!(example["enableAutonomy"] == json!(true));
                assert_eq!((answer.status.as_u16(), answer.json()), (200, expected), "{example}");
                let read = host.get(&format!("/agents/{ID}")).send().await.json();
                let settings = example.get("settings").cloned().unwrap_or(json!({}));
                assert_eq!((&read["status"], &read["data"]["settings"]), (&json!("active"), &settings));
            }
            // A typesetting artefact: the field names of the page's table as keys. "Success Response" is the law.
            1 => assert!(example["data"].get("data.agentId").is_some(), "{example}"),
            // "Success Response": its keys, types and texts, and its id is this agent's.
            5 => {
                stopped_agent(&host, ID).await;
                let answer = host.post(&path).json("{}").send().await.json();
                assert_like(example, &answer, "");
                assert_eq!(answer["message"], example["message"]);
                assert_eq!(
                    (&answer["data"]["agentId"], &answer["data"]["status"]),
                    (&json!(ID), &json!("active"))
                );
            }
            // "Error Responses".
            6 => assert_refused(host.post(&path).json("{}").send().await, 404, example),
            7 => {
                stopped_agent(&host, ID).await;
                assert_eq!(host.post(&path).json("{}").send().await.status, 200);
                assert_refused(host.post(&path).json("{}").send().await, 409, example);
            }
            8 => assert_refused(host.post("/agents/7/start").json("{}").send().await, 400, example),
            9 => {
                stopped_agent(&host, ID).await;
                let ill = CallError::new(ErrorKind::Permanent, "test", "the model is gone");
                *host.illness.lock().unwrap() = Some(ill);
                assert_refused(host.post(&path).json("{}").send().await, 500, example);
            }
            _ => panic!("no case claims the example {example}"),
        }
    }
    assert_eq!(examples.len(), 10);
}

fn assert_refused(answer: crate::support::Answer, status: u16, example: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.json()), (status, example));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn every_example_of_document_autonomis() {
    const CHAT: &str = "/api/v1/users/default/agents/manager/chat";
    let examples = examples(AUTONOMIS);
    for (number, example) in examples.iter().enumerate() {
        let host = TestHost::new().await;
        match number {
            // "Error Responses".
            0 => {
                let answer = host.get("/api/v1/users/default/agents/nobody").send().await;
                assert_refused(answer, 404, example);
            }
            // Chat: request and response.
            1 => {
                let _answering = host.answering();
                let answer = host.post(CHAT).json(example.to_string()).send().await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                assert_like(&examples[2], &answer.json(), "");
                assert_eq!(answer.json()["agent"], examples[2]["agent"]);
            }
            2 => {}
            // "Health Check".
            3 => {
                for path in ["/api/v1/health", "/health", "/healthz"] {
                    let answer = host.get(path).key(None).send().await;
                    let expected = (200, r#"{"status":"ok"}"#, example);
                    assert_eq!((answer.status.as_u16(), answer.text.as_str(), &answer.json()), expected);
                }
            }
            _ => panic!("no case claims the example {example}"),
        }
    }
    assert_eq!(examples.len(), 4);
    // "server errors (5xx) always return a generic message".
    let host = breaking().await;
    for accept in ["application/json", "application/problem+json"] {
        let answer = host.get("/api/v1/users").header("accept", accept).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (500, r#"{"error":"internal server error"}"#)
        );
    }
}

#[tokio::test]
async fn every_example_of_our_own_shapes() {
    let rules = rules();
    let host = TestHost::new().await;
    let _answering = host.answering();
    let mut seen = 0;
    for part in SHAPES.split("\n### ").skip(1) {
        let (heading, text) = part.split_once('\n').unwrap();
        let (operation, status) = heading.split_once(" -> ").unwrap();
        let (operation, rule) =
            rules.get_key_value(operation).unwrap_or_else(|| panic!("{operation} is no route"));
        let [example] = &examples(text)[..] else { panic!("{operation} has not one example") };
        let case = Case::new(&host, operation, rule).await;
        let answer = case.call(&host).send().await;
        assert_eq!(answer.status.as_str(), status, "{operation}: {}", answer.text);
        assert_like(example, &answer.json(), operation);
        seen += 1;
    }
    assert_eq!(seen, SHAPES.matches("```json").count());
}

/// Rows of document Autonomis that have no route yet. One that gets its route is taken out of here.
const TO_COME: [&str; 7] = [
    "GET /api/v1/users/{user}/agents/{agent}/files/*",
    "PUT /api/v1/users/{user}/agents/{agent}/files/*",
    "DELETE /api/v1/users/{user}/agents/{agent}/files/*",
    "PUT /api/v1/users/{user}/skills/{id}/file",
    "DELETE /api/v1/users/{user}/skills/{id}/file",
    "POST /api/v1/users/{user}/skills/{slug}/registry-install",
    "GET /api/v1/users/{user}/usage",
];

#[test]
fn every_row_of_document_autonomis_is_a_route() {
    let document = api::document();
    let wildcard = |path: &str| {
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    };
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.push(format!("{} {}", method.to_uppercase(), wildcard(path)));
        }
    }
    let mut rows = 0;
    for line in AUTONOMIS.lines().filter(|line| line.starts_with("| ") && line.contains("/api/v1/")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let row = format!("{} {}", cells[1], cells[2]);
        let found = routes.contains(&format!("{} {}", cells[1], wildcard(cells[2])));
        assert!(found || TO_COME.contains(&row.as_str()), "{row} has no route");
        rows += 1;
    }
    assert_eq!(rows, 31);
}

#[test]
fn the_program_that_finds_examples_finds_them() {
    let page = "text {not json} `{\"a\":{\"b\":1}}` -d '{}'\n```\n{\n\"c\": [true]\n}\n``` {\"torn\": ";
    assert_eq!(examples(page), [json!({ "a": { "b": 1 } }), json!({}), json!({ "c": [true] })]);
    let wrong = std::panic::catch_unwind(|| assert_like(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 }), ""));
    assert!(wrong.is_err());
}
