//! The whole OpenAPI document is a snapshot, and its rules are checked.

use crate::support::TestHost;
use serde_json::Value;

#[test]
fn the_document_is_the_recorded_one() {
    let mut document = api::document();
    document["info"]["version"] = Value::from("VERSION");
    // Whether serde_json keeps the order of keys depends on what else is built.
    let text = serde_json::to_string_pretty(&sorted(document)).unwrap();
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("openapi", text);
    });
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: std::collections::BTreeMap<String, Value> = fields.into_iter().collect();
            let sorted = fields.into_iter().map(|(key, value)| match (key.as_str(), sorted(value)) {
                // Their order is that of an example's keys.
                ("required", Value::Array(mut names)) => {
                    names.sort_by_key(ToString::to_string);
                    (key, Value::Array(names))
                }
                (_, value) => (key, value),
            });
            Value::Object(sorted.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[test]
fn every_operation_has_an_id_an_example_security_and_error_bodies() {
    let document = api::document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{name} repeats an operationId"
            );
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{name}");
            assert!(operation["security"].is_array(), "{name}");
            let responses = operation["responses"].as_object().unwrap();
            let (status, success) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
            let content = success["content"].as_object();
            assert_eq!(content.is_none(), status == "204", "{name}");
            let mut media = content.into_iter().flat_map(|content| content.values());
            assert!(media.all(|media| media.get("example").is_some()), "{name} has no example");
            let is_open = operation["security"] == serde_json::json!([]);
            assert_eq!(responses.contains_key("401"), !is_open, "{name}");
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                // One of its own, or the one that all operations of its surface share.
                let target = response["$ref"].as_str().map(|target| target.trim_start_matches('#'));
                let response = target.map_or(response, |target| document.pointer(target).unwrap());
                assert!(response["content"]["application/json"]["example"].is_object(), "{name} {status}");
            }
            if let Some(body) = operation.get("requestBody") {
                let mut media = body["content"].as_object().unwrap().values();
                assert!(media.all(|media| media.get("example").is_some()), "{name}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = api::document();
    let mut pending = vec![&document];
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
                }
                pending.extend(fields.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_host_serves_this_document() {
    let host = TestHost::new().await;
    let served = host.get("/openapi.json").key(None).send().await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.json(), api::document());
}
