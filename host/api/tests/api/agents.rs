//! Document Autonomis, "Agent Management", and `config`.

use crate::people::text;
use crate::support::{TestHost, live_personality};
use domain::effect::{CallError, ErrorKind};
use domain::id::{AgentId, Digest};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

const AGENT: [&str; 8] = ["autonomy", "createdAt", "default", "id", "model", "name", "skills", "status"];

fn with_key(fields: &[&'static str]) -> Vec<&'static str> {
    let mut fields: Vec<_> = fields.iter().copied().chain(["apiKey"]).collect();
    fields.sort_unstable();
    fields
}

#[tokio::test]
async fn one_agent_is_answered_with_its_fields_and_works_at_once() {
    let host = TestHost::new().await;
    host.new_user("ada").await;
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let body = json!({ "name": "writer", "id": id, "model": "pro", "autonomy": { "interval": 1 }, "color": "ignored" });
    let made = host.new_agents("ada", &body).await;
    let one = &made["agents"][0];
    assert_eq!(keys(one), with_key(&AGENT));
    for (name, value) in one.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name} stands bare, too");
    }
    let mut expected = json!({
        "id": id, "name": "writer", "status": "active", "default": false,
        "autonomy": { "enabled": false, "interval": 5000 }, "model": "pro", "skills": [],
        "createdAt": "2026-02-23T15:00:00Z",
    });
    let read = host.get("/api/v1/users/ada/agents/writer").key(Some(&text(&made, "apiKey"))).send().await;
    assert_eq!(read.json(), expected);
    expected["apiKey"] = one["apiKey"].clone();
    assert_eq!(one, &expected);
    let config = host.get("/api/v1/users/ada/agents/writer/config").send().await.json();
    assert_eq!((&config["model"], &config["autonomy"]), (&json!("pro"), &json!({ "interval": 5000 })));
}

#[tokio::test]
async fn several_agents_come_all_or_none() {
    let host = TestHost::new().await;
    host.new_user("ada").await;
    let made = host
        .new_agents("ada", &json!({ "agents": [{ "name": "a" }, { "name": "b", "temperature": 1 }] }))
        .await;
    assert_eq!(keys(&made), ["agents"]);
    let made = host.new_agents("ada", &json!({ "count": 3 })).await;
    let names: Vec<String> =
        made["agents"].as_array().unwrap().iter().map(|agent| text(agent, "name")).collect();
    assert_eq!(names, ["agent-1", "agent-2", "agent-3"]);
    let one = host.new_agents("ada", &json!({ "count": 1 })).await;
    assert_eq!(one["name"], "agent-4", "one is answered with its fields");
    let path = "/api/v1/users/ada/agents";
    let taken = one["id"].as_str().unwrap();
    for (body, status, part) in [
        (json!({ "agents": [{ "name": "new" }, { "name": "a" }] }), 409, "\"a\""),
        (json!({ "agents": [{ "name": "new" }, { "name": "new" }] }), 409, "\"new\""),
        (json!({ "agents": [{ "name": "new" }, { "name": "newer", "id": taken }] }), 409, taken),
        (json!({ "name": "manager" }), 409, "manager"),
        (json!({}), 400, "name is required"),
        (json!({ "name": "A" }), 400, "\"A\" is not valid"),
        (json!({ "name": "new", "count": 2 }), 400, "one of name, agents and count"),
        (json!({ "count": 101 }), 400, "count must be a whole number from 1 to 100"),
        (json!({ "count": "2" }), 400, "count must be a whole number"),
        (json!({ "agents": [] }), 400, "agents must have 1 to 100 entries"),
        (json!({ "agents": {} }), 400, "agents must be a list"),
        (json!({ "agents": ["new"] }), 400, "agents[0] must be an object"),
        (json!({ "agents": [{ "name": "new" }, {}] }), 400, "agents[1].name is required"),
        (json!({ "agents": [{ "name": 1 }] }), 400, "agents[0].name must be a string"),
        (json!({ "name": "new", "id": "7" }), 400, "id must be a UUID"),
        (json!({ "name": "new", "temperature": 3 }), 400, "temperature must be a number from 0 to 2"),
        (
            json!({ "agents": [{ "name": "new", "maxTokens": 0 }] }),
            400,
            "agents[0].maxTokens must be a whole number",
        ),
    ] {
        let answer = host.post(path).json(body.to_string()).send().await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert!(text(&answer.json(), "error").contains(part), "{body}: {}", answer.text);
    }
    let listed = host.get(path).send().await.json();
    assert_eq!(listed["total"], 7, "nothing of the refused ones is there: {listed}");
    // The id of another user's agent is taken, too; its name is not.
    host.new_user("bob").await;
    let id = listed["agents"][1]["id"].clone();
    let answer =
        host.post("/api/v1/users/bob/agents").json(json!({ "name": "b", "id": id }).to_string()).send().await;
    assert_eq!(answer.status, 409);
    host.new_agents("bob", &json!({ "name": "b" })).await;
}

#[tokio::test]
async fn agents_are_listed_in_pages_and_an_agent_sees_itself() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = format!("/api/v1/users/{}/agents", people.user);
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = host.get(&format!("{path}?limit=1{cursor}")).send().await.json();
        assert_eq!((keys(&page), &page["total"]), (vec!["agents", "nextCursor", "total"], &json!(3)));
        assert_eq!(keys(&page["agents"][0]), AGENT);
        names.push(text(&page["agents"][0], "name"));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", next.replace('+', "%2B")),
            None => break,
        }
    }
    assert_eq!(names, ["manager", "reader", "writer"]);
    let own = host.get(&path).key(Some(&people.agent_key)).send().await.json();
    assert_eq!((&own["total"], &own["agents"][0]["name"]), (&json!(1), &json!("writer")));
    assert_eq!(host.get(&format!("{path}?cursor=No!")).send().await.status, 400);
}

#[tokio::test]
async fn a_rotated_key_is_dead_at_once() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = format!("/api/v1/users/{}/agents/writer/rotate-key", people.user);
    let works = async |key: &str| host.get("/v1/info").key(Some(key)).send().await.status == 200;
    let rotated = host.post(&path).key(Some(&people.user_key)).send().await;
    assert_eq!((rotated.status.as_u16(), rotated.header("cache-control")), (200, "no-store"));
    assert_eq!(keys(&rotated.json()), ["apiKey"]);
    assert!(works(&text(&rotated.json(), "apiKey")).await);
    assert!(
        !works(&people.agent_key).await && works(&people.sibling_key).await && works(&people.user_key).await
    );
}

#[tokio::test]
async fn a_deleted_agent_is_gone_with_its_key_and_the_default_one_stays() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = |agent: &str| format!("/api/v1/users/{}/agents/{agent}", people.user);
    let task =
        host.post("/v1/agents/tasks").key(Some(&people.agent_key)).json(crate::support::TASK).send().await;
    let task = text(&task.json(), "taskId");
    let gone = host.call(Method::DELETE, &path("writer")).send().await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(host.get("/v1/info").key(Some(&people.agent_key)).send().await.status, 401);
    for answer in
        [host.get(&path("writer")).send().await, host.call(Method::DELETE, &path("writer")).send().await]
    {
        assert_eq!((answer.status.as_u16(), answer.json()), (404, json!({ "error": "agent not found" })));
    }
    let ended = host.get(&format!("/v1/agents/tasks/{task}")).key(Some(&people.user_key)).send().await.json();
    assert_eq!(ended["status"], "cancelled");
    let stays = host.call(Method::DELETE, &path("manager")).send().await;
    assert_eq!(stays.status, 409, "{}", stays.text);
    assert!(stays.text.contains("stays as long as the user"));
}

#[tokio::test]
async fn a_ping_is_measured() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = format!("/api/v1/users/{}/agents/writer/ping", people.user);
    let ping = async || host.get(&path).send().await.json();
    assert_eq!(ping().await, json!({ "online": true, "latencyMs": 0, "lastSeenAt": "2026-02-23T15:00:00Z" }));
    *host.illness.lock().unwrap() = Some(CallError::new(ErrorKind::Unavailable, "down", "down"));
    assert_eq!(ping().await["online"], false);
    *host.illness.lock().unwrap() = None;
    let stop = format!("/agents/{}/stop", people.agent_id);
    assert_eq!(host.call_as(&people.user, Method::POST, &stop).send().await.status, 200);
    assert_eq!(ping().await["online"], false);
}

#[tokio::test]
async fn connect_gives_a_token_for_ten_minutes_and_the_way_that_the_client_came() {
    let host = TestHost::with(|settings| {
        settings.public_url = Some("https://skep.example".parse().unwrap());
        settings.trusted_proxies = vec!["198.51.100.1/32".parse().unwrap()];
    })
    .await;
    let people = host.people().await;
    let path = format!("/api/v1/users/{}/agents/writer/connect", people.user);
    let answer = host.get(&path).key(Some(&people.agent_key)).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let body = answer.json();
    assert_eq!(keys(&body), ["agent", "protocol", "token", "url"]);
    assert_eq!(
        (&body["url"], &body["protocol"], &body["agent"]),
        (&json!("ws://127.0.0.1:3000/gateway"), &json!(4), &json!("writer"))
    );
    let hash = Digest::of(text(&body, "token").as_bytes()).0;
    let token = async || host.app.ports.agents.find_token(hash, host.now()).await.unwrap();
    let kept = token().await.unwrap();
    assert_eq!(
        (kept.agent.to_string(), kept.user.to_string()),
        (people.agent_id.clone(), people.user_id.clone())
    );
    host.clock.advance(Duration::from_secs(599));
    assert!(token().await.is_some());
    host.clock.advance(Duration::from_secs(1));
    assert!(token().await.is_none());
    let url = async |call: crate::support::Call<'_>| text(&call.send().await.json(), "url");
    assert_eq!(url(host.get(&path).host_header("skep.example")).await, "wss://skep.example/gateway");
    let proxied = host.get(&path).peer("198.51.100.1:1").header("x-forwarded-host", "skep.example");
    assert_eq!(url(proxied.header("x-forwarded-proto", "http")).await, "ws://skep.example/gateway");
    // Nobody but a trusted proxy says how the client came.
    let pretended = host.get(&path).header("x-forwarded-proto", "https");
    assert_eq!(url(pretended).await, "ws://127.0.0.1:3000/gateway");
}

#[tokio::test]
async fn deploy_status_tells_of_the_real_starts() {
    let host = TestHost::new().await;
    host.new_user("ada").await;
    let status = async || host.get("/api/v1/users/ada/deploy/status").send().await.json();
    let ready = |name: &str| json!({ "name": name, "status": "ready", "progress": 100, "step": "listen" });
    assert_eq!(status().await, json!({ "status": "ready", "agents": [ready("manager")] }));
    *host.illness.lock().unwrap() =
        Some(CallError::new(ErrorKind::Denied, "key", "the key of the model is wrong"));
    let made = host.new_agents("ada", &json!({ "name": "writer" })).await;
    assert_eq!(made["status"], "inactive", "it is made, and not started");
    let failed = json!({ "name": "writer", "status": "failed", "progress": 40, "step": "connect" });
    assert_eq!(status().await, json!({ "status": "failed", "agents": [ready("manager"), failed] }));
    *host.illness.lock().unwrap() = None;
    let start = format!("/agents/{}/start", text(&made, "id"));
    assert_eq!(host.call_as("ada", Method::POST, &start).send().await.status, 200);
    assert_eq!(status().await, json!({ "status": "ready", "agents": [ready("manager"), ready("writer")] }));
    let fresh: AgentId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
    let user = text(&host.get("/api/v1/users/ada").send().await.json(), "id").parse().unwrap();
    let never = domain::agent::Agent::new(fresh, user, "later", host.now());
    host.app.ports.agents.insert_agents(vec![never], vec![]).await.unwrap();
    let pending = status().await;
    assert_eq!(
        (&pending["status"], &pending["agents"][1]),
        (&json!("pending"), &json!({ "name": "later", "status": "pending", "progress": 0, "step": null }))
    );
}

#[tokio::test]
async fn a_configuration_is_patched_checked_and_read_back() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = format!("/api/v1/users/{}/agents/writer/config", people.user);
    let patch = |body: Value| host.call(Method::PATCH, &path).json(body.to_string()).send();
    let defaults = json!({
        "model": "core", "temperature": null, "maxTokens": null, "tools": { "allow": ["*"], "deny": [] },
        "autonomy": { "interval": 30000 }, "acmfMode": "ASSISTED", "budget": null,
    });
    assert_eq!(host.get(&path).send().await.json(), defaults);
    let full = json!({
        "model": "pro", "temperature": 0.8, "maxTokens": 2000, "tools": { "allow": ["files.*"], "deny": ["files.delete"] },
        "autonomy": { "interval": 60000 }, "acmfMode": "OBSERVE", "budget": 1_000_000,
    });
    let answer = patch(full.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, full.clone()));
    assert_eq!(host.get(&path).send().await.json(), full);
    // A merge: what is not named stays, null is the default again, the interval is clamped.
    let merged =
        patch(json!({ "temperature": null, "tools": { "deny": null }, "autonomy": { "interval": 1 } }))
            .await
            .json();
    let mut expected = full.clone();
    expected["temperature"] = Value::Null;
    expected["tools"]["deny"] = json!([]);
    expected["autonomy"]["interval"] = json!(5000);
    assert_eq!(merged, expected);
    assert_eq!(patch(json!({})).await.json(), expected);
    for (body, part) in [
        (json!({ "modell": "pro" }), "modell is not a configuration key; there are model, temperature"),
        (json!({ "tools": { "only": [] } }), "tools.only is not a configuration key"),
        (json!({ "color": null }), "color is not a configuration key"),
        (json!({ "temperature": 2.1 }), "temperature must be a number from 0 to 2"),
        (json!({ "tools": { "allow": [1] } }), "tools.allow[0] must be a tool"),
        (json!({ "budget": "much" }), "budget must be a whole number"),
    ] {
        let refused = patch(body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(text(&refused.json(), "error").contains(part), "{body}: {}", refused.text);
    }
    assert_eq!(host.get(&path).send().await.json(), expected, "a refused patch changes nothing");
    let nothing = patch(
        json!({ "model": null, "maxTokens": null, "tools": null, "autonomy": null, "acmfMode": null, "budget": null }),
    );
    assert_eq!(nothing.await.json(), defaults);
}

#[tokio::test]
async fn concurrent_patches_lose_nothing() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = format!("/api/v1/users/{}/agents/writer/config", people.user);
    let patches = [
        json!({ "model": "ultra" }),
        json!({ "temperature": 1.5 }),
        json!({ "maxTokens": 7 }),
        json!({ "tools": { "deny": ["x.y"] } }),
        json!({ "acmfMode": "LEARNING" }),
        json!({ "budget": 9 }),
    ];
    let calls = patches.iter().map(|patch| host.call(Method::PATCH, &path).json(patch.to_string()).send());
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(
        host.get(&path).send().await.json(),
        json!({
            "model": "ultra", "temperature": 1.5, "maxTokens": 7, "tools": { "allow": ["*"], "deny": ["x.y"] },
            "autonomy": { "interval": 30000 }, "acmfMode": "LEARNING", "budget": 9,
        })
    );
}

#[tokio::test]
async fn an_agent_has_the_live_skills_that_its_configuration_allows() {
    let host = TestHost::new().await;
    live_personality(&host.app, "coder-ai");
    let mut view = (*host.app.catalog.view()).clone();
    for name in ["files", "patch"] {
        let manifest: domain::manifest::Manifest = serde_json::from_value(json!({
            "abi": "0.1.0", "kind": "skill", "name": name, "version": "0.1.0", "description": "A skill.",
            "tools": [{ "name": "read", "description": "Reads.", "schema": {} }], "capabilities": [],
        }))
        .unwrap();
        let plugin = app::catalog::LivePlugin {
            digest: Digest::of(name.as_bytes()),
            manifest,
            granted: vec![],
            profile: app::ports::components::Profile::Small,
            owner: None,
        };
        view.live.insert((domain::manifest::PluginKind::Skill, name.into()), std::sync::Arc::new(plugin));
    }
    host.app.catalog.swap(view);
    let path = "/api/v1/users/default/agents/manager";
    let skills = async || host.get(path).send().await.json()["skills"].clone();
    assert_eq!(skills().await, json!(["files", "patch"]));
    let deny = json!({ "tools": { "deny": ["patch.*"] } }).to_string();
    assert_eq!(host.call(Method::PATCH, &format!("{path}/config")).json(deny).send().await.status, 200);
    assert_eq!(skills().await, json!(["files"]));
}
