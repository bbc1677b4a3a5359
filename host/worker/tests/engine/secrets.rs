//! Secrets in host calls: granted by the plugin's grants and bound by their own hosts; a journal has names, and a replay needs no values.

use crate::support::{AGENT, SCOPE, TestHost, USER, done, ended, http, run};
use app::ports::keys::Account;
use app::ports::outbound::Attachment;
use domain::caller::{Caller, KeyKind};
use domain::effect::http::{Credential, HttpRequest};
use domain::effect::{Call, CallError, ErrorKind, Reply, SignAlgorithm};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testkit::components::script;
use tokio::sync::Notify;

const VALUE: &str = "canary-4f1b3a5c";

async fn put(host: &TestHost, secrets: Value) {
    let account = Account { user: USER, name: "ada".into(), plan: "startup".into(), default_agent: AGENT };
    host.app.ports.keys.ensure_account(account, host.now()).await.unwrap();
    let caller = Caller { kind: KeyKind::User, user: USER, agent: AGENT, key_id: None };
    app::secrets::put(&host.app, &caller, &USER.to_string(), secrets).await.unwrap();
}

fn get(header: &str, secret: &str) -> Call {
    let credential =
        Credential::Header { header: header.into(), prefix: "Bearer ".into(), secret: secret.into() };
    Call::Http(HttpRequest { credentials: vec![credential], ..http("GET", "page") })
}

fn sign(name: &str, algorithm: SignAlgorithm) -> Call {
    Call::SecretSign { name: name.into(), algorithm, bytes: b"text".to_vec() }
}

/// Of the plugin: one secret as one header, signing with two.
fn grants() -> Value {
    json!([
        {
            "interface": "http", "hosts": ["*"], "methods": ["GET"],
            "credentials": [
                { "secret": "KEY", "hosts": ["*"], "placement": "header", "name": "authorization" },
                { "secret": "BOUND", "hosts": ["*"], "placement": "header" },
                { "secret": "MISSING", "hosts": ["*"], "placement": "header" },
            ],
        },
        { "interface": "secrets", "names": ["KEY", "MISSING"] },
    ])
}

/// What a guest with these grants is answered, one call after the other.
async fn asked(host: &TestHost, calls: Vec<Call>) -> Vec<Result<Reply, CallError>> {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&answers);
    let hangs = Arc::new(Notify::new());
    let tells = Arc::clone(&hangs);
    host.skill(
        "guest",
        grants(),
        script(move |guest| {
            let (calls, kept, tells) = (calls.clone(), Arc::clone(&kept), Arc::clone(&tells));
            async move {
                for call in calls {
                    let answer = guest.ask(call).await?;
                    kept.lock().unwrap().push(answer);
                }
                // Its host dies before it ends, so that whoever resumes it asks again.
                if guest.call == 1 {
                    tells.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok(done())
            }
        }),
    );
    let id = host.submit().await;
    let attempt = host.attempt().await;
    let dying = {
        let attempt = Arc::clone(&attempt);
        tokio::spawn(async move { run(&attempt, SCOPE, "guest").await })
    };
    hangs.notified().await;
    dying.abort();
    attempt.flush(Vec::new(), Vec::new()).await.unwrap();
    let journal = format!("{:?}", host.entries(&id).await);
    assert!(!journal.contains(VALUE), "{journal}");
    // Once more, from the journal alone: no secret is left, and nothing is sent.
    let sent = host.wire.sent().len();
    let first = std::mem::take(&mut *answers.lock().unwrap());
    put(host, json!({ "KEY": null, "BOUND": null })).await;
    let attempt = host.crash(attempt).await;
    ended(run(&attempt, SCOPE, "guest").await).0.unwrap();
    assert_eq!(*answers.lock().unwrap(), first);
    assert_eq!(host.wire.sent().len(), sent);
    first
}

fn refused(answer: &Result<Reply, CallError>, kind: ErrorKind, code: &str, part: &str) {
    let error = answer.as_ref().unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
    assert!(error.message.contains(part) && !error.message.contains(VALUE), "{error}");
}

#[tokio::test]
async fn a_secret_goes_out_with_the_request_and_is_journaled_by_name() {
    let host = TestHost::new();
    put(&host, json!({ "KEY": VALUE })).await;
    let answers = asked(&host, vec![get("Authorization", "KEY")]).await;
    assert!(matches!(answers[0], Ok(Reply::Http(_))), "{answers:?}");
    let attached = host.wire.attached();
    let [Attachment { credential: Credential::Header { header, secret, .. }, value }] = attached.as_slice()
    else {
        panic!("{attached:?}")
    };
    assert_eq!((header.as_str(), secret.as_str(), value.reveal()), ("Authorization", "KEY", VALUE));
}

#[tokio::test]
async fn what_is_not_granted_stored_or_bound_there_is_refused_with_what_to_do() {
    let host = TestHost::new();
    let bound = json!({ "value": VALUE, "hosts": ["api.example.com"] });
    put(&host, json!({ "secrets": { "KEY": VALUE, "BOUND": bound } })).await;
    let basic = Credential::Basic { user: "ada".into(), secret: "KEY".into() };
    let many = vec![basic.clone(); 9];
    let calls = vec![
        get("x-key", "KEY"),
        get("authorization", "OTHER"),
        Call::Http(HttpRequest { credentials: vec![basic], ..http("GET", "page") }),
        get("x-key", "MISSING"),
        get("x-key", "BOUND"),
        sign("KEY", SignAlgorithm::Ed25519),
        sign("MISSING", SignAlgorithm::HmacSha256),
        sign("BOUND", SignAlgorithm::HmacSha256),
        Call::SecretExists { name: "BOUND".into() },
        Call::Http(HttpRequest { credentials: many, ..http("GET", "page") }),
    ];
    let answers = asked(&host, calls).await;
    let denied = (ErrorKind::Denied, "missing-grant");
    for (index, (kind, code), part) in [
        (0, denied, "the secret KEY to"),
        (1, denied, "the secret OTHER to"),
        (2, denied, "as basic \"ada\""),
        (3, (ErrorKind::NotFound, "no-secret"), "skep secrets set MISSING"),
        (4, (ErrorKind::Denied, "secret-host"), "it was stored for api.example.com alone"),
        (5, (ErrorKind::InvalidInput, "no-seed"), "64 hex digits"),
        (6, (ErrorKind::NotFound, "no-secret"), "the user has no secret MISSING"),
        (7, denied, "secrets BOUND"),
        (8, denied, "secrets BOUND"),
        (9, denied, "as basic"),
    ] {
        refused(&answers[index], kind, code, part);
    }
    assert_eq!(host.wire.sent(), []);
}

#[tokio::test]
async fn signing_and_looking_answer_what_the_user_has() {
    let host = TestHost::new();
    put(&host, json!({ "KEY": "Jefe" })).await;
    let calls = vec![
        sign("KEY", SignAlgorithm::HmacSha256),
        Call::SecretExists { name: "KEY".into() },
        Call::SecretExists { name: "MISSING".into() },
    ];
    let answers = asked(&host, calls).await;
    assert!(matches!(&answers[0], Ok(Reply::Bytes(Some(signature))) if signature.len() == 32), "{answers:?}");
    assert_eq!(answers[1..], [Ok(Reply::Bool(true)), Ok(Reply::Bool(false))]);
}
