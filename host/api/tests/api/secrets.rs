//! Secrets: written, listed masked, deleted; no answer has a value.

use crate::support::TestHost;
use domain::id::UserId;
use http::Method;
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/users/default/secrets";

async fn put(host: &TestHost, body: Value) -> Value {
    let answer = host.call(Method::PUT, SECRETS).json(body.to_string()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn shown(secrets: &[(&str, &str)]) -> Value {
    let time = "2026-02-23T15:00:00Z";
    let shown = |(key, masked): &(&str, &str)| json!({ "key": key, "masked": masked, "updatedAt": time });
    json!({ "secrets": secrets.iter().map(shown).collect::<Vec<_>>() })
}

#[tokio::test]
async fn both_forms_store_and_only_the_ends_of_long_values_are_shown() {
    let host = TestHost::new().await;
    assert_eq!(host.get(SECRETS).send().await.json(), shown(&[]));
    let stored = put(&host, json!({ "B_KEY": "0123456789ab", "A_KEY": "0123456789a" })).await;
    assert_eq!(stored, shown(&[("A_KEY", "****"), ("B_KEY", "****89ab")]));
    let body = json!({ "secrets": {
        "A_KEY": { "value": "a longer value now", "hosts": ["api.example.com", "*.example.org"] },
        "B_KEY": null,
        "C_KEY": "\u{0} and more than that",
        "D_KEY": { "value": "x", "hosts": null },
    } });
    let expected = shown(&[("A_KEY", "**** now"), ("C_KEY", "****that"), ("D_KEY", "****")]);
    assert_eq!(put(&host, body).await, expected);
    assert_eq!(host.get(SECRETS).send().await.json(), expected);
    assert_eq!(put(&host, json!({})).await, expected);
    let gone = host.call(Method::DELETE, &format!("{SECRETS}/C_KEY")).send().await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(put(&host, json!({ "D_KEY": null })).await, shown(&[("A_KEY", "**** now")]));
    let missing = host.call(Method::DELETE, &format!("{SECRETS}/C_KEY")).send().await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json(), json!({ "error": "secret \"C_KEY\" not found" }));
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_without_its_value_and_nothing_is_changed() {
    let host = TestHost::new().await;
    let large = format!("canary{}", "x".repeat(16 << 10));
    let hosts = |hosts: Value| json!({ "secrets": { "KEY": { "value": "canary", "hosts": hosts } } });
    for (body, part) in [
        (json!({ "GOOD": "canary", "key": "canary" }), "\"key\" is not a secret's name"),
        (json!({ "2ND": "canary" }), "does not begin with a digit"),
        (json!({ "GOOD": "canary", "KEY": 1 }), "not a number"),
        (json!({ "KEY": "" }), "the value of KEY is empty"),
        (json!({ "KEY": large }), "the limit of 16384"),
        (json!({ "KEY": ["canary"] }), "not a list"),
        (json!({ "secrets": "canary" }), "secrets must be an object"),
        (json!({ "secrets": { "KEY": {} } }), "KEY.value is missing"),
        (json!({ "secrets": { "KEY": { "value": 1 } } }), "KEY.value must be a string"),
        (hosts(json!([])), "KEY.hosts has 0 hosts"),
        (hosts(json!("canary")), "KEY.hosts must be a list"),
        (hosts(json!([1])), "KEY.hosts must hold strings"),
        (hosts(json!(["*"])), "is not a host"),
        (hosts(json!(["https://api.example.com"])), "without scheme"),
        (hosts(json!(vec!["a.example"; 51])), "has 51 hosts"),
    ] {
        let refused = host.call(Method::PUT, SECRETS).json(body.to_string()).send().await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        let error = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(part) && !error.contains("canary"), "{error}");
        assert_eq!(host.get(SECRETS).send().await.json(), shown(&[]));
    }
    let names = |from: usize, to: usize| {
        Value::Object((from..to).map(|number| (format!("KEY_{number}"), json!("canary"))).collect())
    };
    put(&host, names(0, 200)).await;
    for more in [names(200, 201), names(0, 201)] {
        let refused = host.call(Method::PUT, SECRETS).json(more.to_string()).send().await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(refused.text.contains("at most 200"), "{}", refused.text);
    }
    put(&host, json!({ "KEY_0": null, "KEY_200": "canary" })).await;
}

#[tokio::test]
async fn a_user_without_secrets_has_no_data_key_and_users_do_not_share_one() {
    let host = TestHost::new().await;
    let secrets = &host.app.ports.secrets;
    let default = crate::people::text(&host.get("/api/v1/users/default").send().await.json(), "id");
    let ada = crate::people::text(&host.new_user("ada").await, "id");
    let ids: [UserId; 2] = [default.parse().unwrap(), ada.parse().unwrap()];
    for id in ids {
        assert_eq!(secrets.find_data_key(id).await.unwrap(), None);
    }
    for (user, id) in ["default", "ada"].into_iter().zip(ids) {
        let path = format!("/api/v1/users/{user}/secrets");
        assert_eq!(host.call(Method::PUT, &path).json(r#"{"KEY":"v"}"#).send().await.status, 200);
        let (data_key, row) = secrets.find_secret(id, "KEY").await.unwrap().unwrap();
        assert_eq!((data_key.writes, row.place.version), (1, 1));
        let opened = host.app.ports.vault.open(&data_key.sealed, &row.place, &row.sealed).unwrap();
        assert_eq!(opened.reveal(), "v");
    }
    assert_eq!(host.call(Method::DELETE, "/api/v1/users/ada").send().await.status, 204);
    assert_eq!(secrets.find_data_key(ids[1]).await.unwrap(), None, "the data key is destroyed");
    assert!(secrets.find_data_key(ids[0]).await.unwrap().is_some());
}
