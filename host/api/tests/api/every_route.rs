//! Every route of the OpenAPI document: without a key, with a bad key, well used, and with bad input. A route without a rule fails here.

use crate::people::{self, People};
use crate::rules::{Rule, Who, rules};
use crate::support::{Call, TASK, TestHost, live_personality};
use app::ports::journal::FollowUps;
use domain::task::{Outcome, TaskFailure};
use http::Method;
use serde_json::Value;
use std::collections::BTreeSet;

fn operations() -> BTreeSet<String> {
    let document = api::document();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|method| format!("{} {path}", method.to_uppercase()))
            .collect();
        methods
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn every_route_has_a_rule_and_every_rule_a_route() {
    let named: BTreeSet<String> = rules().keys().map(ToString::to_string).collect();
    assert_eq!(operations(), named);
}

#[tokio::test]
async fn every_route_refuses_the_unknown_and_bad_input_and_answers_the_rest() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    live_personality(&host.app, "coder-ai");
    for (operation, rule) in rules() {
        let method: Method = operation.split_once(' ').unwrap().0.parse().unwrap();
        let case = Case::new(&host, operation, &rule).await;
        for key in [None, Some("skep_aaaaaaaaaaaa_wrong"), Some(""), Some("Bearer")] {
            let answer = case.call(&host).key(key).send().await;
            if rule.who == Who::Open {
                assert_eq!(answer.status, rule.ok, "{operation} {key:?}");
            } else {
                assert_eq!(answer.status, 401, "{operation} {key:?}");
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{operation}");
                assert!(!answer.json()["error"].is_null(), "{operation}");
            }
        }
        if let Some((path, body, status)) = rule.bad {
            let call = host.call_as(&case.people.user, method.clone(), &case.fill(path));
            let answer = call.text(case.fill(body)).send().await;
            assert_eq!(answer.status, status, "{operation}: {}", answer.text);
            assert!(!answer.json()["error"].is_null(), "{operation}: {}", answer.text);
        }

        // A stream is not read to its end here: its head says enough.
        let ok = case.call(&host).open().await;
        assert_eq!(ok.status(), rule.ok, "{operation}");
        assert!(ok.headers().contains_key("x-request-id"), "{operation}");
        assert_eq!(ok.headers()["x-content-type-options"], "nosniff", "{operation}");

        let again = Case::new(&host, operation, &rule).await;
        let slashed = host.call_as(&again.people.user, method.clone(), &format!("{}/", again.path));
        let slashed = slashed.text(again.body.clone()).open().await;
        assert_eq!(slashed.status(), rule.ok, "{operation}/");
        let wrong = host.call(wrong_method(operation), &again.path).send().await;
        assert_eq!(wrong.status, 405, "{operation}");
        assert!(wrong.header("allow").contains(method.as_str()), "{operation}: {:?}", wrong.header("allow"));
    }
}

/// One that the path of the operation does not take.
fn wrong_method(operation: &str) -> Method {
    let path = operation.split_once(' ').unwrap().1;
    let taken = |method: &str| rules().contains_key(format!("{method} {path}").as_str());
    ["PATCH", "PUT", "DELETE", "POST"].into_iter().find(|method| !taken(method)).unwrap().parse().unwrap()
}

/// An operation with people of its own, so that nothing that another one did is in its way.
pub(crate) struct Case {
    pub(crate) people: People,
    pub(crate) path: String,
    pub(crate) body: String,
    method: Method,
    task: String,
    turn: String,
    /// Further ids by what stands for them.
    ids: Vec<(&'static str, String)>,
}

impl Case {
    pub(crate) async fn new(host: &TestHost, operation: &str, rule: &Rule) -> Self {
        let (method, template) = operation.split_once(' ').unwrap();
        let people = host.people().await;
        let submitted = host.post("/v1/agents/tasks").key(Some(&people.agent_key)).json(TASK).send().await;
        let task = people::text(&submitted.json(), "taskId");
        if operation.ends_with("/replay") {
            end(host, &task).await;
        }
        if operation == "POST /agents/{agentId}/start" {
            let stop = format!("/agents/{}/stop", people.agent_id);
            assert_eq!(host.call_as(&people.user, Method::POST, &stop).send().await.status, 200);
        }
        let turn =
            if operation.contains("{turn}") { people::turn(host, &people).await } else { String::new() };
        if operation.ends_with("/files/{path}") {
            let path = format!("/api/v1/users/{}/agents/{}/files/docs/notes.md", people.user, people.agent);
            assert_eq!(host.call(Method::PUT, &path).raw("Bees.").send().await.status, 201);
        }
        if operation.contains("/skills/{id}")
            && !operation.starts_with("PUT /api/v1/users/{user}/skills/{id}/file")
        {
            crate::skills::install(host, &people.user).await;
        }
        let ids = people::eliza_ids(host, &people, operation).await;
        if operation.contains("{key}") {
            let path = format!("/api/v1/users/{}/secrets", people.user);
            let stored =
                host.call(Method::PUT, &path).json(r#"{"STORED_KEY":"a value of a secret"}"#).send().await;
            assert_eq!(stored.status, 200, "{}", stored.text);
        }
        if operation.contains("{approval}") {
            crate::approvals::ask(host, &task).await;
        }
        let (path, body, method) = (String::new(), String::new(), method.parse().unwrap());
        let mut case = Self { people, path, body, method, task, turn, ids };
        (case.path, case.body) = (case.fill(template), case.fill(rule.body));
        case
    }

    /// Well used, by the admin as the user that it is about.
    pub(crate) fn call<'a>(&self, host: &'a TestHost) -> Call<'a> {
        host.call_as(&self.people.user, self.method.clone(), &self.path).text(self.body.clone())
    }

    /// Well used, by somebody.
    pub(crate) fn call_with<'a>(&self, host: &'a TestHost, path: &str, key: &str) -> Call<'a> {
        host.call(self.method.clone(), path).key(Some(key)).text(self.body.clone())
    }

    /// The text with what it stands for.
    pub(crate) fn fill(&self, text: &str) -> String {
        let text = self.ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        text.replace("{taskId}", &self.task)
            .replace("{turn}", &self.turn)
            .replace("{approval}", &crate::approvals::id(&self.task))
            .replace("{digest}", &crate::skills::held().1)
            .replace("{id}", "coder-ai")
            .replace("{path}", "docs/notes.md")
            .replace("{key}", "STORED_KEY")
            .replace("{user}", &self.people.user)
            .replace("{agentId}", &self.people.agent_id)
            .replace("{agent}", &self.people.agent)
            .replace("{new}", &format!("new-{}", &self.people.user))
    }
}

/// Let a task fail, as a worker would.
async fn end(host: &TestHost, id: &str) {
    loop {
        let (task, lease) = host.claim().await;
        let failure = TaskFailure {
            code: "X".into(),
            message: "x".into(),
            agent: None,
            phase: None,
            details: Value::Null,
        };
        let outcome = Outcome::Failed(failure);
        host.app.ports.journal.finish(&lease, outcome, FollowUps::default(), host.now()).await.unwrap();
        if task.new.id.as_str() == id {
            return;
        }
    }
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let host = TestHost::new().await;
    let head = host.call(Method::HEAD, "/v1/info").send().await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), "application/json");
    assert_eq!(host.call(Method::HEAD, "/v1/info").key(None).send().await.status, 401);
}

#[tokio::test]
async fn a_key_is_taken_from_three_headers_and_the_first_one_counts() {
    let host = TestHost::new().await;
    let admin = host.admin.clone();
    for name in ["x-api-key", "x-eliza-token"] {
        assert_eq!(host.get("/v1/info").key(None).header(name, &admin).send().await.status, 200, "{name}");
        assert_eq!(
            host.get("/v1/info").key(Some("wrong")).header(name, &admin).send().await.status,
            401,
            "{name}"
        );
    }
    assert_eq!(
        host.get("/v1/info")
            .key(None)
            .header("authorization", &format!("bearer {admin}"))
            .send()
            .await
            .status,
        200
    );
    assert_eq!(host.get("/v1/info").key(None).header("authorization", "Basic eDp5").send().await.status, 401);
    assert_eq!(
        host.get("/v1/info")
            .key(None)
            .header("x-api-key", "wrong")
            .header("x-eliza-token", &admin)
            .send()
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn without_a_key_unknown_paths_are_401_and_with_one_404() {
    let host = TestHost::new().await;
    for path in [
        "/v1/nothing",
        "/api/agent/nothing",
        "/agents/nothing/here",
        "/api/agents/x/nothing",
        "/api/v1/nothing",
        "/nothing",
        "/",
    ] {
        assert_eq!(host.get(path).key(None).send().await.status, 401, "{path}");
        assert_eq!(host.get(path).send().await.status, 404, "{path}");
    }
}
