//! Document Autonomis, "User Management".

use crate::people::text;
use crate::support::{TASK, TestHost};
use domain::id::UserId;
use http::Method;
use serde_json::{Value, json};

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn is_key(value: &Value) -> bool {
    let parts: Vec<&str> = value.as_str().unwrap_or_default().split('_').collect();
    parts.len() == 3 && parts[0] == "skep" && (parts[1].len(), parts[2].len()) == (12, 52)
}

#[tokio::test]
async fn a_user_is_made_with_a_key_that_works_and_a_started_manager() {
    let host = TestHost::new().await;
    let body = r#"{"name":"ada","email":"ada@example.com","tier":"growth","color":"ignored"}"#;
    let made = host.post("/api/v1/users").json(body).send().await;
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (201, "no-store"));
    let made = made.json();
    assert_eq!(keys(&made), ["apiKey", "createdAt", "email", "id", "name", "tier"]);
    assert!(text(&made, "id").parse::<UserId>().is_ok() && is_key(&made["apiKey"]), "{made}");
    assert_eq!(
        (&made["name"], &made["email"], &made["tier"], &made["createdAt"]),
        (&json!("ada"), &json!("ada@example.com"), &json!("growth"), &json!("2026-02-23T15:00:00Z"))
    );
    let key = text(&made, "apiKey");
    for reference in ["ada", made["id"].as_str().unwrap()] {
        let found = host.get(&format!("/api/v1/users/{reference}")).key(Some(&key)).send().await.json();
        assert_eq!(keys(&found), ["agents", "createdAt", "email", "id", "name", "tier"]);
        let agents = found["agents"].as_array().unwrap();
        assert_eq!(agents.len(), 1);
        assert_eq!(
            (&agents[0]["name"], &agents[0]["status"], &agents[0]["default"]),
            (&json!("manager"), &json!("active"), &json!(true))
        );
    }
    // Its tasks run as its manager.
    assert_eq!(host.post("/v1/agents/tasks").key(Some(&key)).json(TASK).send().await.status, 202);
    // A name is enough.
    let plain = host.new_user("bob").await;
    assert_eq!((&plain["email"], &plain["tier"]), (&Value::Null, &json!("startup")));
}

#[tokio::test]
async fn what_cannot_be_a_user_is_refused_by_name() {
    let host = TestHost::new().await;
    let mail = |email: &str| json!({ "name": "eve", "email": email }).to_string();
    host.post("/api/v1/users")
        .json(json!({ "name": "bob", "email": "bob@example.com" }).to_string())
        .send()
        .await;
    for (body, status, part) in [
        ("{}".to_owned(), 400, "name is required"),
        (r#"{"name":7}"#.to_owned(), 400, "name must be a string"),
        (r#"{"name":"Ada"}"#.to_owned(), 400, "\"Ada\" is not valid"),
        (r#"{"name":"550e8400-e29b-41d4-a716-446655440000"}"#.to_owned(), 400, "form of a UUID"),
        (r#"{"name":"ban"}"#.to_owned(), 400, "reserved"),
        (r#"{"name":"publisher"}"#.to_owned(), 400, "reserved"),
        (r#"{"name":"eve","tier":"gold"}"#.to_owned(), 400, "startup, growth, scale, enterprise"),
        (mail("eve"), 400, "email must be an address"),
        (mail("e ve@example.com"), 400, "email must be an address"),
        (mail(&format!("{}@example.com", "e".repeat(250))), 400, "email must be an address"),
        (r#"{"name":"bob"}"#.to_owned(), 409, "name \"bob\" is taken"),
        (r#"{"name":"default"}"#.to_owned(), 409, "name \"default\" is taken"),
        (mail("bob@example.com"), 409, "email \"bob@example.com\" is taken"),
        ("[]".to_owned(), 400, "the body must be a JSON object"),
        ("{".to_owned(), 400, "the body is not JSON"),
    ] {
        let answer = host.post("/api/v1/users").json(body.clone()).send().await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert_eq!(keys(&answer.json()), ["error"], "{body}");
        assert!(text(&answer.json(), "error").contains(part), "{body}: {}", answer.text);
    }
    assert_eq!(
        host.post("/api/v1/users").header("content-type", "text/plain").raw("x").send().await.status,
        415
    );
    assert_eq!(host.get("/api/v1/users").send().await.json()["total"], 2);
}

#[tokio::test]
async fn users_are_listed_in_pages_without_keys() {
    let host = TestHost::new().await;
    for name in ["cyn", "ada", "bob"] {
        host.new_user(name).await;
    }
    let first = host.get("/api/v1/users?limit=3").send().await.json();
    assert_eq!(keys(&first), ["nextCursor", "total", "users"]);
    assert_eq!(keys(&first["users"][0]), ["createdAt", "email", "id", "name", "tier"]);
    let names = |page: &Value| {
        let users = page["users"].as_array().unwrap().iter();
        users.map(|user| text(user, "name")).collect::<Vec<_>>()
    };
    assert_eq!((names(&first), &first["total"]), (vec!["ada".into(), "bob".into(), "cyn".into()], &json!(4)));
    let rest = format!("/api/v1/users?limit=3&cursor={}", text(&first, "nextCursor"));
    let rest = host.get(&rest).send().await.json();
    assert_eq!((names(&rest), &rest["nextCursor"]), (vec!["default".to_owned()], &Value::Null));
    for query in ["limit=0", "limit=201", "limit=x", "cursor=No!"] {
        assert_eq!(host.get(&format!("/api/v1/users?{query}")).send().await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn an_admin_changes_a_plan() {
    let host = TestHost::new().await;
    host.new_user("ada").await;
    let put = |body: &'static str| host.call(Method::PUT, "/api/v1/users/ada/tier").json(body).send();
    let changed = put(r#"{"tier":"enterprise"}"#).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["tier"]), (200, &json!("enterprise")));
    assert_eq!(keys(&changed.json()), ["createdAt", "email", "id", "name", "tier"]);
    assert_eq!(host.get("/api/v1/users/ada").send().await.json()["tier"], "enterprise");
    for body in ["{}", r#"{"tier":"gold"}"#, r#"{"tier":null}"#, r#"{"tier":1}"#] {
        let refused = put(body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text.contains("tier"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_its_keys_and_tasks() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let submit = || host.post("/v1/agents/tasks").key(Some(&people.user_key)).json(TASK);
    submit().send().await;
    let (running, lease) = host.claim().await;
    let mut stops = host.app.cancelled.subscribe();
    let path = format!("/api/v1/users/{}", people.user);
    let gone = host.call(Method::DELETE, &path).send().await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(stops.try_recv().unwrap(), running.new.id, "its worker is told");
    let late = domain::task::Outcome::Completed(json!({}));
    let late = host.app.ports.journal.finish(&lease, late, Default::default(), host.now()).await;
    assert_eq!(late.unwrap_err(), app::ports::store_error::StoreError::Stale);
    for key in [&people.user_key, &people.agent_key, &people.sibling_key] {
        assert_eq!(host.get("/v1/info").key(Some(key)).send().await.status, 401);
    }
    assert_eq!(host.get("/v1/info").key(Some(&people.stranger_key)).send().await.status, 200);
    for reference in [&people.user, &people.user_id] {
        let answer = host.get(&format!("/api/v1/users/{reference}")).send().await;
        assert_eq!((answer.status.as_u16(), answer.json()), (404, json!({ "error": "user not found" })));
    }
    assert_eq!(host.call(Method::DELETE, &path).send().await.status, 404);
    // The name is free again, and nothing of the old one comes back with it.
    let again = host.new_user(&people.user).await;
    assert_ne!(text(&again, "id"), people.user_id);
    let tasks = host.get("/v1/agents/tasks").key(again["apiKey"].as_str()).send().await.json();
    assert_eq!(tasks["tasks"], json!([]));
}

#[tokio::test]
async fn the_default_user_stays() {
    let host = TestHost::new().await;
    let answer = host.call(Method::DELETE, "/api/v1/users/default").send().await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.text.contains("cannot be deleted"));
    let user = host.get("/api/v1/users/default").send().await.json();
    assert_eq!((&user["tier"], &user["agents"][0]["status"]), (&json!("enterprise"), &json!("active")));
}

#[tokio::test]
async fn a_key_is_not_shown_again() {
    let host = TestHost::new().await;
    let post = || host.post("/api/v1/users").header("idempotency-key", "k").json(r#"{"name":"ada"}"#);
    let (first, again) = (post().send().await, post().send().await);
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert!(is_key(&first.json()["apiKey"]));
    assert_eq!((&again.json()["apiKey"], &again.json()["id"]), (&Value::Null, &first.json()["id"]));
    let secret = text(&first.json(), "apiKey");
    for path in ["/api/v1/users", "/api/v1/users/ada", "/api/v1/users/ada/agents"] {
        assert!(!host.get(path).send().await.text.contains(&secret), "{path}");
    }
}

#[tokio::test]
async fn references_take_names_and_ids_and_nothing_else() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let status = async |path: String| host.get(&path).send().await.status.as_u16();
    for user in [&people.user, &people.user_id] {
        for agent in [&people.agent, &people.agent_id] {
            assert_eq!(status(format!("/api/v1/users/{user}/agents/{agent}")).await, 200, "{user} {agent}");
        }
    }
    let upper = people.user_id.to_uppercase();
    assert_eq!(status(format!("/api/v1/users/{upper}")).await, 200);
    let simple = people.user_id.replace('-', "");
    for user in [simple.as_str(), "User-1", "%00", "a%2Fb", "..", "%F0%9F%90%9D", "'%20OR%201=1"] {
        assert_eq!(status(format!("/api/v1/users/{user}")).await, 404, "{user}");
        assert_eq!(status(format!("/api/v1/users/{}/agents/{user}", people.user)).await, 404, "{user}");
    }
    assert_eq!(status("/api/v1/users/%ff".to_owned()).await, 400);
}
