//! Templates: agent over user over built-in.

use crate::support::TestHost;
use domain::template::Template;
use http::Method;
use serde_json::{Value, json};

const USER: &str = "/api/v1/users/default/agent-templates";
const AGENT: &str = "/api/v1/users/default/agents/manager/templates";

async fn put(host: &TestHost, path: &str, body: Value) -> Value {
    let answer = host.call(Method::PUT, path).json(body.to_string()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn texts_are_merged_by_level_and_resolved() {
    let host = TestHost::new().await;
    let empty = json!({ "SOUL.md": "", "USER.md": "", "TOOLS.md": "", "HEARTBEAT.md": "" });
    assert_eq!(host.get(USER).send().await.json(), empty);
    let set = put(&host, USER, json!({ "SOUL.md": "stern", "MEMORY.md": "7 bees" })).await;
    let expected = json!({ "SOUL.md": "stern", "USER.md": "", "TOOLS.md": "", "HEARTBEAT.md": "", "MEMORY.md": "7 bees" });
    assert_eq!(set, expected);
    let set = put(&host, USER, json!({ "templates": { "MEMORY.md": null, "USER.md": "Ada" } })).await;
    assert_eq!(set, json!({ "SOUL.md": "stern", "USER.md": "Ada", "TOOLS.md": "", "HEARTBEAT.md": "" }));
    put(&host, AGENT, json!({ "SOUL.md": "kind" })).await;
    assert_eq!(host.get(AGENT).send().await.json()["USER.md"], json!(""), "of that level only");
    let resolved = host.get(&format!("{AGENT}?resolved=true")).send().await.json();
    assert_eq!(resolved["SOUL.md"], json!({ "text": "kind", "source": "agent" }));
    assert_eq!(resolved["USER.md"], json!({ "text": "Ada", "source": "user" }));
    assert_eq!(resolved["TOOLS.md"], json!({ "text": Template::Tools.built_in(), "source": "built-in" }));
    let of_user = host.get(&format!("{USER}?resolved=true")).send().await.json();
    assert_eq!(of_user["SOUL.md"], json!({ "text": "stern", "source": "user" }));
}

#[tokio::test]
async fn what_is_no_template_is_refused_and_nothing_is_changed() {
    let host = TestHost::new().await;
    for (body, status, part) in [
        (json!({ "SOUL.md": "a", "soul.md": "b" }), 400, "\"soul.md\" is not a template"),
        (json!({ "SOUL.md": "a", "USER.md": 1 }), 400, "USER.md must be a string or null, not a number"),
        (json!({ "templates": [] }), 400, "templates must be an object, not a list"),
        (json!({ "SOUL.md": "x".repeat((64 << 10) + 1) }), 413, "limit of 65536"),
    ] {
        for path in [USER, AGENT] {
            let refused = host.call(Method::PUT, path).json(body.to_string()).send().await;
            assert_eq!(refused.status, status, "{}", refused.text);
            assert!(refused.text.contains(&part.replace('"', "\\\"")), "{}", refused.text);
            assert_eq!(host.get(path).send().await.json()["SOUL.md"], json!(""));
        }
    }
    assert_eq!(
        put(&host, USER, json!({ "SOUL.md": "x".repeat(64 << 10) })).await["SOUL.md"].as_str().unwrap().len(),
        64 << 10
    );
}
