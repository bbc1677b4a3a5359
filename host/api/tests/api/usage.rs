//! `GET /api/v1/users/{user}/usage`.

use crate::support::TestHost;
use app::ports::journal::Append;
use domain::effect::model::Usage;
use domain::journal::LocalEffect;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn tokens_are_those_that_were_charged_by_agent_and_model() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let usage = format!("/api/v1/users/{}/usage", people.user);
    let nothing = json!({
        "month": "2026-02", "inputTokens": 0, "outputTokens": 0, "totalTokens": 0, "limit": null, "byAgent": [], "byModel": []
    });
    assert_eq!(host.get(&usage).key(Some(&people.user_key)).send().await.json(), nothing);

    let submitted = host.post("/v1/agents/tasks").key(Some(&people.agent_key)).json(crate::support::TASK);
    assert_eq!(submitted.send().await.status, 202);
    let (_, lease) = host.claim().await;
    let used = |model: &str, input_tokens, output_tokens| LocalEffect::Usage {
        model: model.to_owned(),
        usage: Usage { input_tokens, output_tokens },
    };
    let effects = vec![used("small", 10, 2), used("large", 100, 20), used("small", 1, 1)];
    let append = Append { entries: vec![], effects };
    host.app.ports.journal.append(&lease, append, host.now()).await.unwrap();
    let config = format!("/api/v1/users/{}/agents/{}/config", people.user, people.agent);
    assert_eq!(host.call(Method::PATCH, &config).json(r#"{"budget":500}"#).send().await.status, 200);
    let answer = host.get(&format!("{usage}?month=2026-02")).key(Some(&people.user_key)).send().await.json();
    assert_eq!(
        answer,
        json!({
            "month": "2026-02", "inputTokens": 111, "outputTokens": 23, "totalTokens": 134, "limit": 500,
            "byAgent": [{ "agent": "writer", "inputTokens": 111, "outputTokens": 23, "totalTokens": 134, "limit": 500 }],
            "byModel": [
                { "model": "large", "inputTokens": 100, "outputTokens": 20, "totalTokens": 120 },
                { "model": "small", "inputTokens": 11, "outputTokens": 3, "totalTokens": 14 },
            ],
        })
    );
    let before = host.get(&format!("{usage}?month=2026-01")).send().await.json();
    assert_eq!((before["totalTokens"].as_u64(), &before["limit"]), (Some(0), &json!(500)));
}
