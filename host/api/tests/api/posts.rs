//! `Idempotency-Key` on every POST that there is.

use crate::every_route::Case;
use crate::rules::rules;
use crate::support::{Answer, TestHost, live_personality};
use app::ports::idempotency::{Begin, IdempotencyScope};
use domain::id::Digest;
use serde_json::Value;

/// A body without the keys and tokens that are shown once.
fn without_keys(text: &str) -> Value {
    fn blank(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name == "apiKey" || name == "token" {
                        *value = Value::Null;
                    } else {
                        blank(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(blank),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(text).unwrap_or(Value::Null);
    blank(&mut value);
    value
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

/// One that was made, to be made again.
struct Made {
    operation: &'static str,
    case: Case,
    first: Answer,
}

#[tokio::test]
async fn every_post_gets_its_first_answer_again_also_after_a_restart() {
    let host = TestHost::new().await;
    let answering = host.answering();
    live_personality(&host.app, "coder-ai");
    let mut made: Vec<Made> = Vec::new();
    for (operation, rule) in rules() {
        if !operation.starts_with("POST ") {
            continue;
        }
        let case = Case::new(&host, operation, &rule).await;
        let with = |key: &str| case.call(&host).header("idempotency-key", key);
        let head = with("stream?").open().await;
        assert_eq!(head.status(), rule.ok, "{operation}");
        let is_stream = head.headers()["content-type"].as_bytes().starts_with(b"text/event-stream");
        drop(head);
        if is_stream {
            // Streams are not kept: the key is free again.
            let again = with("stream?").open().await;
            assert!(
                again.status() == rule.ok && !again.headers().contains_key("idempotent-replayed"),
                "{operation}"
            );
            continue;
        }
        let case = Case::new(&host, operation, &rule).await;
        let with = |key: &str| case.call(&host).header("idempotency-key", key);
        let first = with("k").send().await;
        assert_eq!(
            (first.status.as_u16(), is_replayed(&first)),
            (rule.ok, false),
            "{operation}: {}",
            first.text
        );
        let again = with("k").send().await;
        assert_eq!((again.status, is_replayed(&again)), (first.status, true), "{operation}");
        assert_eq!(
            without_keys(&first.text),
            serde_json::from_str::<Value>(&again.text).unwrap(),
            "{operation}"
        );
        for header in ["content-type", "location"] {
            assert_eq!(first.header(header), again.header(header), "{operation}");
        }
        // Another body, another caller.
        let other = case.call(&host).header("idempotency-key", "k").raw(r#"{"another":"body"}"#).send().await;
        assert_eq!(other.status, 422, "{operation}: {}", other.text);
        let stranger = case.call_with(&host, &case.path, &case.people.stranger_key);
        let stranger = stranger.header("idempotency-key", "k").send().await;
        assert!(!is_replayed(&stranger) && stranger.status != 422, "{operation}: {}", stranger.text);
        // The first one still runs.
        let user: String = case.people.user_id.clone();
        let scope = IdempotencyScope {
            caller: format!("{user}/admin"),
            method: "POST".to_owned(),
            path: case.path.clone(),
            key: "running".to_owned(),
        };
        let hash = Digest::of(case.body.as_bytes()).0;
        assert_eq!(host.app.ports.idempotency.begin(&scope, hash, host.now()).await.unwrap(), Begin::Fresh);
        let running = with("running").send().await;
        assert_eq!((running.status.as_u16(), running.header("retry-after")), (409, "1"), "{operation}");
        made.push(Made { operation, case, first });
    }
    assert!(made.len() >= 10, "{}", made.len());
    answering.end().await;
    let host = host.restart().await;
    for Made { operation, case, first } in made {
        let again = case.call(&host).header("idempotency-key", "k").send().await;
        assert_eq!((again.status, is_replayed(&again)), (first.status, true), "{operation} after a restart");
        assert_eq!(
            without_keys(&first.text),
            serde_json::from_str::<Value>(&again.text).unwrap(),
            "{operation}"
        );
    }
}
