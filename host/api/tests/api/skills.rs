//! Plugins of a user: upload, hold, grant, roll back, delete, and what agents see of them. That components run is shown end to end.

use crate::support::{Answer, TestHost};
use domain::id::Digest;
use http::Method;
use serde_json::{Value, json};

const TEXT: &str =
    "---\nname: coder-ai\ndescription: Greets people.\nversion: 1.1.0\n---\nSay hello to everybody.\n";
const ANOTHER: &str = "---\nname: coder-ai\ndescription: Greets people.\nversion: 1.0.0\n---\nSay hello.\n";

/// A component that says this of itself and does nothing: a header and the section.
pub(crate) fn component(manifest: &Value) -> Vec<u8> {
    let (name, data) = (b"skep:plugin", manifest.to_string().into_bytes());
    let leb = |mut value: usize| {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(value & 0x7f).unwrap();
            value >>= 7;
            bytes.push(if value == 0 { low } else { low | 0x80 });
            if value == 0 {
                return bytes;
            }
        }
    };
    let mut bytes = b"\0asm\x0d\0\x01\0\0".to_vec();
    bytes.extend(leb(leb(name.len()).len() + name.len() + data.len()));
    bytes.extend(leb(name.len()));
    bytes.extend(name);
    bytes.extend(data);
    bytes
}

fn manifest(version: &str, capabilities: Value) -> Value {
    json!({
        "abi": "0.1.0", "kind": "skill", "name": "coder-ai", "version": version, "description": "Greets.",
        "tools": [{ "name": "greet", "description": "Say hello.", "schema": {} }, { "name": "wave", "schema": {} }],
        "capabilities": capabilities,
    })
}

/// A component that asks for something, and the digest of it.
pub(crate) fn held() -> (Vec<u8>, String) {
    let bytes =
        component(&manifest("2.0.0", json!([{ "interface": "kv", "reason": "remembers", "quota": 10 }])));
    let digest = Digest::of(&bytes).to_string();
    (bytes, digest)
}

/// A skill with two versions and one that waits.
pub(crate) async fn install(host: &TestHost, user: &str) {
    for body in [ANOTHER.as_bytes().to_vec(), TEXT.as_bytes().to_vec(), held().0] {
        assert_eq!(put(host, user, body).await.status, 201);
    }
}

async fn put(host: &TestHost, user: &str, bytes: Vec<u8>) -> Answer {
    host.call(Method::PUT, &format!("/api/v1/users/{user}/skills/coder-ai/file")).raw(bytes).send().await
}

async fn user(host: &TestHost, name: &str) -> String {
    let made = host.post("/api/v1/users").json(format!(r#"{{"name":"{name}"}}"#)).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["apiKey"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_upload_answers_exactly_what_the_contract_says() {
    let host = TestHost::new().await;
    user(&host, "ada").await;
    let bytes = component(&manifest("1.0.0", json!([])));
    let expected = json!({
        "id": "coder-ai", "version": "1.0.0", "digest": Digest::of(&bytes).to_string(), "kind": "skill",
        "tools": ["greet", "wave"], "requested": [], "granted": [], "state": "live", "widened": [],
    });
    for status in [201, 200] {
        let answer = put(&host, "ada", bytes.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (status, expected.clone()));
    }
    let got = host.get("/api/v1/users/ada/skills/coder-ai").send().await.json();
    assert_eq!(got["description"], "Greets.");
    assert_eq!((&got["held"], &got["previous"]), (&Value::Null, &Value::Null));
    let list = host.get("/api/v1/users/ada/skills").send().await.json();
    assert_eq!((list["total"].clone(), list["skills"][0].clone()), (json!(1), got));
    let deleted = host.call(Method::DELETE, "/api/v1/users/ada/skills/coder-ai/file").send().await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    assert_eq!(host.get("/api/v1/users/ada/skills/coder-ai").send().await.status, 404);
}

#[tokio::test]
async fn what_asks_for_more_is_held_until_it_is_granted_and_the_old_version_serves() {
    let host = TestHost::new().await;
    user(&host, "ada").await;
    put(&host, "ada", component(&manifest("1.0.0", json!([])))).await;
    let (bytes, digest) = held();
    let answer = put(&host, "ada", bytes.clone()).await;
    assert_eq!(answer.status, 201);
    let body = answer.json();
    assert_eq!(body["state"], "held");
    assert_eq!(body["widened"], json!([{ "interface": "kv", "detail": "10 bytes" }]));
    assert_eq!(put(&host, "ada", bytes).await.status, 200, "the same bytes are still held");
    let got = host.get("/api/v1/users/ada/skills/coder-ai").send().await.json();
    assert_eq!(
        (&got["version"], &got["state"], &got["held"]["version"]),
        (&json!("1.0.0"), &json!("live"), &json!("2.0.0"))
    );

    let grants = "/api/v1/users/ada/skills/coder-ai/grants";
    let grant = |digest: &str, quota: u64| {
        json!({ "digest": digest, "capabilities": [{ "interface": "kv", "quota": quota }] }).to_string()
    };
    let wrong = host.call(Method::PUT, grants).json(grant(&Digest([7; 32]).to_string(), 10)).send().await;
    assert_eq!(wrong.status, 409, "{}", wrong.text);
    assert!(wrong.text.contains(&digest), "{}", wrong.text);
    let less = host.call(Method::PUT, grants).json(grant(&digest, 9)).send().await;
    assert_eq!((less.status.as_u16(), &less.json()["state"]), (200, &json!("held")));
    let enough = host.call(Method::PUT, grants).json(grant(&digest, 10)).send().await.json();
    assert_eq!(
        (&enough["state"], &enough["version"], &enough["widened"]),
        (&json!("live"), &json!("2.0.0"), &json!([]))
    );
    let again = host.call(Method::PUT, grants).json(grant(&digest, 10)).send().await;
    assert_eq!(again.status, 409, "nothing is held any more");
    assert_eq!(host.get(grants).send().await.json()["held"], Value::Null);

    // Narrower swaps at once, wider is held again: the grant of old bytes is no grant of new ones beyond what it covers.
    let narrower = component(&manifest("3.0.0", json!([{ "interface": "kv", "reason": "", "quota": 5 }])));
    assert_eq!(put(&host, "ada", narrower).await.json()["state"], "live");
    let wider = component(&manifest("3.1.0", json!([{ "interface": "kv", "reason": "", "quota": 10 }])));
    assert_eq!(put(&host, "ada", wider).await.json()["state"], "held", "the wider grant was not passed on");
    let back = host.post("/api/v1/users/ada/skills/coder-ai/rollback").send().await.json();
    assert_eq!((&back["version"], &back["state"]), (&json!("2.0.0"), &json!("live")));
    let forth = host.post("/api/v1/users/ada/skills/coder-ai/rollback").send().await.json();
    assert_eq!(forth["version"], "3.0.0");
}

#[tokio::test]
async fn what_cannot_be_installed_is_422_with_the_reason_and_changes_nothing() {
    let host = TestHost::new().await;
    user(&host, "ada").await;
    put(&host, "ada", TEXT.into()).await;
    let unlinked = json!({ "description": "Does not link." });
    let mut broken = manifest("9.0.0", json!([]));
    broken["description"] = unlinked["description"].clone();
    let mut renamed = manifest("1.0.0", json!([]));
    renamed["name"] = json!("other");
    for (bytes, reason) in [
        (b"hello".to_vec(), "neither WebAssembly nor a zip"),
        (b"\0asm\x01\0\0\0".to_vec(), "core module"),
        (component(&broken), "does not link"),
        (component(&renamed), "the package is \"other\" and the path says \"coder-ai\""),
        (component(&json!({ "abi": "0.9.0" })), "skep:plugin 0.9.0"),
    ] {
        let answer = put(&host, "ada", bytes).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(
            answer.json()["error"].as_str().unwrap().contains(reason),
            "{} does not say {reason}",
            answer.text
        );
    }
    assert_eq!(host.get("/api/v1/users/ada/skills").send().await.json()["total"], 1);
    assert_eq!(host.get("/api/v1/users/ada/skills/coder-ai").send().await.json()["version"], "1.1.0");
    let path = "/api/v1/users/ada/skills/coder-ai/file";
    assert_eq!(host.call(Method::PUT, path).send().await.status, 400, "no body");
    assert_eq!(host.call(Method::PUT, path).json("{}").send().await.status, 415);
    let large = vec![0; (50 << 20) + 1];
    assert_eq!(put(&host, "ada", large).await.status, 413);
}

#[tokio::test]
async fn a_form_carries_one_file() {
    let host = TestHost::new().await;
    user(&host, "ada").await;
    let part = |name: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"SKILL.md\"\r\n\r\n{TEXT}\r\n"
        )
    };
    let send = async |body: String| {
        let call = host.call(Method::PUT, "/api/v1/users/ada/skills/coder-ai/file");
        call.header("content-type", "multipart/form-data; boundary=x").raw(body).send().await
    };
    assert_eq!(send(format!("{}{}--x--\r\n", part("a"), part("b"))).await.status, 400);
    assert_eq!(send("--x--\r\n".to_owned()).await.status, 400);
    assert_eq!(send("no form".to_owned()).await.status, 400);
    let sent = send(format!("{}--x--\r\n", part("file"))).await;
    assert_eq!(sent.status, 201, "{}", sent.text);
}

#[tokio::test]
async fn a_skill_is_its_users_alone_and_its_agents_have_it_at_once_and_after_a_restart() {
    let host = TestHost::new().await;
    let (ada, bob) = (user(&host, "ada").await, user(&host, "bob").await);
    assert_eq!(put(&host, "ada", component(&manifest("1.0.0", json!([])))).await.status, 201);
    let skills = async |host: &TestHost, user: &str| {
        host.get(&format!("/api/v1/users/{user}/agents/manager")).send().await.json()["skills"].clone()
    };
    assert_eq!((skills(&host, "ada").await, skills(&host, "bob").await), (json!(["coder-ai"]), json!([])));
    for path in ["", "/coder-ai", "/coder-ai/grants"] {
        let path = format!("/api/v1/users/ada/skills{path}");
        assert_eq!(host.get(&path).key(Some(&bob)).send().await.status, 404, "{path}");
        assert_eq!(host.get(&path).key(Some(&ada)).send().await.status, 200, "{path}");
    }
    let config = "/api/v1/users/ada/agents/manager/config";
    let deny = async |tools: &str| {
        let body = format!(r#"{{"tools":{tools}}}"#);
        assert_eq!(host.call(Method::PATCH, config).json(body).send().await.status, 200);
    };
    deny(r#"{"deny":["coder-ai.*"]}"#).await;
    assert_eq!(skills(&host, "ada").await, json!([]));
    deny(r#"{"deny":["coder-ai.greet"]}"#).await;
    assert_eq!(skills(&host, "ada").await, json!(["coder-ai"]));
    let host = host.restart().await;
    assert_eq!(skills(&host, "ada").await, json!(["coder-ai"]));
    assert_eq!(host.call(Method::DELETE, "/api/v1/users/ada").send().await.status, 204);
    user(&host, "ada").await;
    assert_eq!(host.get("/api/v1/users/ada/skills").send().await.json()["total"], 0);
}

#[tokio::test]
async fn a_users_personality_is_listed_for_that_user() {
    let host = TestHost::new().await;
    let (ada, bob) = (user(&host, "ada").await, user(&host, "bob").await);
    let personality = component(&json!({
        "abi": "0.1.0", "kind": "personality", "name": "coder-ai", "version": "1.0.0",
        "personalities": [{ "id": "poet-ai", "description": "Writes verse." }],
    }));
    let answer = put(&host, "ada", personality).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["kind"]), (201, &json!("personality")));
    let listed = async |key: &str| {
        let list = host.get("/v1/agents/list").key(Some(key)).send().await.json();
        list["agents"].as_array().unwrap().iter().any(|agent| agent["id"] == "poet-ai")
    };
    assert_eq!((listed(&ada).await, listed(&bob).await), (true, false));
}

#[tokio::test]
async fn there_is_no_registry() {
    let host = TestHost::new().await;
    let install = async |path: &str, body: &str| host.post(path).json(body).send().await;
    let path = "/api/v1/users/default/skills/weather/registry-install";
    for (path, body, status) in [
        ("/api/v1/users/nobody/skills/weather/registry-install", "{}", 404),
        ("/api/v1/users/default/skills/No!/registry-install", "{}", 400),
        (path, r#"{"version":1}"#, 400),
        (path, r#"{"digest":"sha256:1"}"#, 400),
        (path, r#"{"grant":"yes"}"#, 400),
        (path, "{}", 409),
    ] {
        assert_eq!(install(path, body).await.status, status, "{path} {body}");
    }
    assert_eq!(install(path, "").await.json(), json!({ "error": "no registry is configured" }));
}

#[tokio::test]
async fn two_uploads_of_one_id_at_once_leave_one_of_both_whole() {
    let host = TestHost::new().await;
    user(&host, "ada").await;
    let bodies: Vec<Vec<u8>> =
        (0..8).map(|patch| component(&manifest(&format!("1.0.{patch}"), json!([])))).collect();
    let answers =
        futures_util::future::join_all(bodies.iter().map(|bytes| put(&host, "ada", bytes.clone()))).await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    let got = host.get("/api/v1/users/ada/skills/coder-ai").send().await.json();
    let digests: Vec<String> = bodies.iter().map(|bytes| Digest::of(bytes).to_string()).collect();
    let place = |digest: &Value| digests.iter().position(|known| *digest == **known).unwrap();
    assert_ne!(place(&got["digest"]), place(&got["previous"]));
    assert_eq!(got["version"], format!("1.0.{}", place(&got["digest"])));
}
