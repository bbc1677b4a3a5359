//! `…/agents/{agent}/files/*`.

use crate::people::People;
use crate::support::{Answer, Call, TestHost};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn a_file_is_written_read_listed_and_deleted() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let written = call(&host, &people, Method::PUT, "docs/plan.md").key(Some(&people.agent_key));
    let written = written.raw("Count the bees.").send().await;
    let shown =
        json!({ "path": "docs/plan.md", "type": "file", "size": 15, "modifiedAt": host.now().rfc3339() });
    assert_eq!((written.status.as_u16(), written.json()), (201, shown.clone()));
    let again = call(&host, &people, Method::PUT, "docs/plan.md").raw("Count the wasp.").send().await;
    assert_eq!((again.status.as_u16(), again.json()), (200, shown));
    assert_ne!(again.header("etag"), written.header("etag"));

    let read = call(&host, &people, Method::GET, "docs/plan.md").send().await;
    assert_eq!((read.status.as_u16(), read.text.as_str()), (200, "Count the wasp."));
    assert_eq!(read.header("content-type"), "text/markdown; charset=utf-8");
    assert_eq!((read.header("etag"), read.header("accept-ranges")), (again.header("etag"), "bytes"));
    assert!(read.header("content-security-policy").contains("default-src 'none'"));
    let head = call(&host, &people, Method::HEAD, "docs/plan.md").send().await;
    assert_eq!((head.status.as_u16(), head.text.as_str(), head.header("content-length")), (200, "", "15"));

    call(&host, &people, Method::PUT, "a.bin").raw(vec![0, 255, 10]).send().await;
    let root = call(&host, &people, Method::GET, "").send().await.json();
    let now = host.now().rfc3339();
    assert_eq!(
        root,
        json!({ "path": "", "entries": [
        { "name": "a.bin", "type": "file", "size": 3, "modifiedAt": now },
        { "name": "docs", "type": "folder", "size": 15, "modifiedAt": now },
    ] })
    );
    for folder in ["docs", "docs/"] {
        let listed = call(&host, &people, Method::GET, folder).send().await.json();
        let entry = json!({ "name": "plan.md", "type": "file", "size": 15, "modifiedAt": now });
        assert_eq!(listed, json!({ "path": "docs", "entries": [entry] }));
    }
    let refused = call(&host, &people, Method::DELETE, "docs").send().await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(call(&host, &people, Method::DELETE, "docs?recursive=true").send().await.status, 204);
    assert_eq!(call(&host, &people, Method::GET, "docs/plan.md").send().await.status, 404);
    assert_eq!(call(&host, &people, Method::DELETE, "a.bin").send().await.status, 204);
    assert_eq!(call(&host, &people, Method::DELETE, "a.bin").send().await.status, 404);
    assert_eq!(
        call(&host, &people, Method::GET, "").send().await.json(),
        json!({ "path": "", "entries": [] })
    );
}

#[tokio::test]
async fn conditions_and_ranges_are_kept() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let etag =
        call(&host, &people, Method::PUT, "a").raw("0123456789").send().await.header("etag").to_owned();
    let get = |name: &str, value: &str| call(&host, &people, Method::GET, "a").header(name, value);
    let unchanged = get("if-none-match", &etag).send().await;
    assert_eq!(
        (unchanged.status.as_u16(), unchanged.text.as_str(), unchanged.header("etag")),
        (304, "", etag.as_str())
    );
    assert_eq!(get("if-none-match", "\"other\"").send().await.status, 200);
    let part = get("range", "bytes=2-4").send().await;
    assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    assert_eq!(get("range", "bytes=-3").send().await.text, "789");
    let outside = get("range", "bytes=10-").send().await;
    assert_eq!((outside.status.as_u16(), outside.header("content-range")), (416, "bytes */10"));
    assert!(outside.json()["error"].is_string());

    let put = |name: &str, value: &str| call(&host, &people, Method::PUT, "a").header(name, value).raw("new");
    for (name, value) in [("if-match", "\"other\""), ("if-none-match", "*"), ("if-none-match", etag.as_str())]
    {
        let refused = put(name, value).send().await;
        assert_eq!(refused.status, 412, "{name}: {value}: {}", refused.text);
    }
    assert_eq!(put("if-match", "nonsense").send().await.status, 412);
    let stale = call(&host, &people, Method::DELETE, "a").header("if-match", "\"other\"").send().await;
    assert_eq!(stale.status, 412);
    assert_eq!(put("if-match", &etag).send().await.status, 200);
    assert_eq!(put("if-match", &etag).send().await.status, 412);
    let missing = call(&host, &people, Method::PUT, "b").header("if-match", "*").raw("x").send().await;
    assert_eq!(missing.status, 412);
    let first = call(&host, &people, Method::PUT, "b").header("if-none-match", "*").raw("x").send().await;
    assert_eq!(first.status, 201);
}

#[tokio::test]
async fn of_concurrent_writes_to_one_version_exactly_one_wins() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let etag = call(&host, &people, Method::PUT, "a").raw("0").send().await.header("etag").to_owned();
    for round in 0..3 {
        // Bytes that are equal, too: the version decides, not the content.
        let writes = (0..8).map(|number| {
            let body = if round == 0 { "same".to_owned() } else { format!("{round}/{number}") };
            call(&host, &people, Method::PUT, "a").header("if-match", &etag).raw(body).send()
        });
        let answers: Vec<Answer> = futures_util::future::join_all(writes).await;
        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let lost = answers.iter().filter(|answer| answer.status == 412).count();
        assert_eq!((won, lost), if round == 0 { (1, 7) } else { (0, 8) }, "round {round}");
    }
    let firsts = (0..8).map(|number| {
        call(&host, &people, Method::PUT, "b").header("if-none-match", "*").raw(number.to_string()).send()
    });
    let answers = futures_util::future::join_all(firsts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
}

#[tokio::test]
async fn limits_are_kept_and_a_file_is_no_folder() {
    let host = TestHost::with_settings(|settings| {
        (settings.agent_file_limit, settings.agent_files_quota) = (10, 25);
    })
    .await;
    let people = host.people().await;
    let put = async |path: &str, size: usize| {
        call(&host, &people, Method::PUT, path).raw("x".repeat(size)).send().await.status.as_u16()
    };
    assert_eq!(put("big", 11).await, 413);
    assert_eq!((put("a", 10).await, put("b", 10).await, put("c", 6).await), (201, 201, 413));
    assert_eq!((put("c", 5).await, put("a", 10).await), (201, 200));
    assert_eq!((put("a", 1).await, put("c", 10).await), (200, 200));
    assert_eq!((put("a/b", 1).await, put("d/e", 1).await, put("d", 1).await), (409, 201, 409));
    for path in ["", "%2e%2e", "a%00b", "%c0%ae%c0%ae/x", "x%5c..%5cy", "/etc/passwd", "C:/x", "a//b"] {
        let refused = call(&host, &people, Method::PUT, path).raw("x").send().await;
        assert_eq!(refused.status, if path.is_empty() { 405 } else { 400 }, "{path}: {}", refused.text);
    }
    // Another agent of the same user has a workspace of its own.
    let other = format!("/api/v1/users/{}/agents/reader/files/a", people.user);
    assert_eq!(host.get(&other).send().await.status, 404);
}

#[tokio::test]
async fn a_deleted_agent_and_user_leave_no_rows_and_a_restart_all() {
    let host = TestHost::new().await;
    let people = host.people().await;
    assert_eq!(call(&host, &people, Method::PUT, "a").raw("kept").send().await.status, 201);
    let host = host.restart().await;
    assert_eq!(call(&host, &people, Method::GET, "a").send().await.text, "kept");
    let agent = format!("/api/v1/users/{}/agents/{}", people.user, people.agent);
    assert_eq!(host.call(Method::DELETE, &agent).send().await.status, 204);
    let id = people.agent_id.parse().unwrap();
    assert_eq!(host.app.ports.agent_files.list_agent_files(id, "", 10).await.unwrap(), []);
}

fn call<'a>(host: &'a TestHost, people: &People, method: Method, path: &str) -> Call<'a> {
    let path = format!("/api/v1/users/{}/agents/{}/files/{path}", people.user, people.agent);
    // An admin, whom no rate limit stops.
    host.call(method, &path)
}
