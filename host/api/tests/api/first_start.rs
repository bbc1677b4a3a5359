//! First start and who may do what.

use crate::support::{TASK, TestHost};
use app::accounts::ensure_default;
use app::ports::keys::KeyRow;
use domain::caller::KeyKind;
use domain::id::AgentId;

#[tokio::test]
async fn a_second_start_changes_nothing_and_shows_no_key() {
    let host = TestHost::new().await;
    let first = host.app.ports.keys.find_account("default").await.unwrap().unwrap();
    let second = ensure_default(&host.app, None, Ok).await.unwrap();
    assert_eq!((second.account, second.new_admin_key), (first, None));
    assert_eq!(host.get("/v1/info").send().await.status, 200);
}

#[tokio::test]
async fn a_configured_admin_key_replaces_the_one_configured_before() {
    let host = TestHost::new().await;
    let works = async |key: &str| host.get("/v1/info").key(Some(key)).send().await.status == 200;
    assert_eq!(ensure_default(&host.app, Some("my own key"), Ok).await.unwrap().new_admin_key, None);
    assert!(works("my own key").await && works(&host.admin).await);
    ensure_default(&host.app, Some("another"), Ok).await.unwrap();
    assert!(works("another").await && !works("my own key").await);
    ensure_default(&host.app, Some("another"), Ok).await.unwrap();
    ensure_default(&host.app, None, Ok).await.unwrap();
    assert!(works("another").await, "a start without the variable locks nobody out");
    assert!(
        ensure_default(&host.app, Some("my own key"), Ok)
            .await
            .unwrap_err()
            .message
            .contains("choose a new key")
    );
}

/// A key of another kind for the user `default`.
async fn key(host: &TestHost, kind: KeyKind, agent: Option<AgentId>) -> String {
    let account = host.app.ports.keys.find_account("default").await.unwrap().unwrap();
    let minted = host.app.ports.api_keys.mint();
    let row = KeyRow {
        id: minted.id,
        kind,
        user: account.user,
        agent: agent.map(|_| account.default_agent),
        hash: minted.hash,
    };
    host.app.ports.keys.insert_key(row, host.now()).await.unwrap();
    minted.text
}

#[tokio::test]
async fn user_and_agent_keys_may_less() {
    let host = TestHost::new().await;
    crate::support::live_personality(&host.app, "coder-ai");
    let user = key(&host, KeyKind::User, None).await;
    let agent = key(&host, KeyKind::Agent, Some(AgentId(uuid::Uuid::nil()))).await;
    let id = host.submit(TASK).await;
    for (path, of_user, of_agent) in [
        ("/v1/info".to_owned(), 200, 200),
        ("/v1/health".to_owned(), 200, 200),
        (format!("/v1/agents/tasks/{id}"), 200, 200),
        ("/v1/agents/list".to_owned(), 200, 200),
        ("/v1/agents/coder-ai/status".to_owned(), 200, 403),
        ("/v1/admin/plugins".to_owned(), 403, 403),
        ("/metrics".to_owned(), 403, 403),
    ] {
        assert_eq!(host.get(&path).key(Some(&user)).send().await.status, of_user, "user {path}");
        assert_eq!(host.get(&path).key(Some(&agent)).send().await.status, of_agent, "agent {path}");
    }
    assert_eq!(host.post("/v1/agents/tasks").key(Some(&user)).json(TASK).send().await.status, 202);
}

#[tokio::test]
async fn an_admin_names_a_user_and_others_may_not() {
    let host = TestHost::new().await;
    let as_user = |key: &str, name: &str| {
        host.get("/v1/agents/tasks").key(Some(key)).header("x-skep-user", name).send()
    };
    assert_eq!(as_user(&host.admin, "default").await.status, 200);
    for name in ["nobody", "", "Default", "../default"] {
        assert_eq!(as_user(&host.admin, name).await.status, 404, "{name}");
    }
    let user = key(&host, KeyKind::User, None).await;
    assert_eq!(as_user(&user, "default").await.status, 403);
}

#[tokio::test]
async fn another_users_task_is_not_there() {
    use app::ports::keys::Account;
    use domain::id::UserId;
    let host = TestHost::new().await;
    let other = Account {
        user: UserId(uuid::Uuid::from_u128(1)),
        name: "other".into(),
        plan: "startup".into(),
        default_agent: AgentId(uuid::Uuid::from_u128(2)),
    };
    host.app.ports.keys.ensure_account(other, host.now()).await.unwrap();
    let id = host.submit(TASK).await;
    for path in ["", "/events", "/journal"] {
        let answer =
            host.get(&format!("/v1/agents/tasks/{id}{path}")).header("x-skep-user", "other").send().await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(
        host.post(&format!("/v1/agents/tasks/{id}/cancel"))
            .header("x-skep-user", "other")
            .send()
            .await
            .status,
        404
    );
    assert_eq!(
        host.get("/v1/agents/tasks").header("x-skep-user", "other").send().await.json()["tasks"],
        serde_json::json!([])
    );
    assert_eq!(host.get(&format!("/v1/agents/tasks/{id}")).send().await.status, 200);
}

#[tokio::test]
async fn without_authentication_everybody_is_the_admin() {
    let host = TestHost::with(|settings| settings.no_auth = true).await;
    for key in [None, Some("anything")] {
        assert_eq!(host.get("/v1/admin/plugins").key(key).send().await.status, 200, "{key:?}");
    }
    let user = key(&host, KeyKind::User, None).await;
    assert_eq!(host.get("/v1/admin/plugins").key(Some(&user)).send().await.status, 403);
}
