//! The scripted host: what it answers, and that it is strict.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use skep_sdk::prelude::*;
use skep_sdk::testing::Host;

/// The message that a test of an author would fail with.
fn failure(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).unwrap_err();
    panic
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| (*panic.downcast_ref::<&str>().unwrap()).to_owned())
}

#[test]
fn a_call_without_a_host_or_without_an_answer_fails_the_test() {
    let message = failure(|| drop(files::read("a.txt")));
    assert!(message.contains("called files.read, but this test has no host"), "{message}");
    for (call, expected) in [
        (
            Box::new(|| drop(model::conversation().user("hello?").answer())) as Box<dyn FnOnce()>,
            "the last message is: hello?",
        ),
        (
            Box::new(|| drop(http::get("https://a.example").send())),
            "called GET https://a.example, but no answer was scripted",
        ),
        (
            Box::new(|| drop(tools::call::<Value>("a.b", &json!({})))),
            "called a.b, but no answer was scripted",
        ),
    ] {
        let message = failure(|| {
            let _host = Host::new();
            call();
        });
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn another_call_than_the_next_one_fails_the_test() {
    let message = failure(|| {
        let _host = Host::new().http("GET", "https://a.example", 200, &[], "");
        drop(http::post("https://a.example").send());
    });
    assert!(
        message.contains("called POST https://a.example, but the next scripted answer is for GET"),
        "{message}"
    );
}

#[test]
fn an_answer_that_nobody_asked_for_fails_the_test() {
    let message = failure(|| drop(Host::new().tool_answers("a.b", &1).model_text("x")));
    assert!(message.contains("were not asked for") && message.contains("tool a.b"), "{message}");
    // Afterwards the thread has no host, and a new one can be made.
    drop(Host::new());
}

#[test]
fn answers_come_in_order_and_failures_are_errors() {
    let host = Host::new()
        .tool_answers("a.b", &json!({"sum": 3}))
        .tool_fails("a.b", Error::busy("come again").retry_after(5).code("full"))
        .model_fails(Error::exhausted("no tokens left"))
        .http("GET", "https://a.example", 503, &[("Retry-After", "2")], "");
    let answer: Value = tools::call("a.b", &json!({"x": 1})).unwrap();
    assert_eq!(answer, json!({"sum": 3}));
    let error = tools::call::<Value>("a.b", &json!({})).unwrap_err();
    assert_eq!((error.kind, error.code.as_str(), error.retry_after_ms), (ErrorKind::Busy, "full", Some(5)));
    assert!(error.is_retryable());
    let error = model::conversation().user("x").answer().unwrap_err();
    assert_eq!(error.to_string(), "asking the model: no tokens left");
    let error = http::get("https://a.example").send().unwrap().error_for_status().unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str(), error.retry_after_ms),
        (ErrorKind::Unavailable, "http-status-503", Some(2000))
    );
    assert_eq!(host.tool_calls(), [("a.b".to_owned(), json!({"x": 1})), ("a.b".to_owned(), json!({}))]);
}

#[test]
fn requests_are_seen_as_they_were_sent() {
    let host = Host::new().http("POST", "https://a.example/x", 200, &[], r#"{"ok":true}"#).model_text("yes");
    let request = http::post("https://a.example/x").json(&json!({"a": 1})).unwrap().bearer("TOKEN").once();
    let answer: Value = request.timeout(Duration::from_secs(3)).send().unwrap().json().unwrap();
    assert_eq!(answer, json!({"ok": true}));
    let sent = &host.http_requests()[0];
    assert_eq!(
        (sent.body.as_deref(), sent.once, sent.timeout_ms),
        (Some(br#"{"a":1}"#.as_slice()), true, Some(3000))
    );
    assert_eq!(sent.credentials.len(), 1);
    assert!(sent.headers.iter().all(|(name, _)| name != "authorization"));
    model::conversation()
        .system("s")
        .user("u")
        .tier(model::Tier::Ultra)
        .max_tokens(5)
        .temperature(0.5)
        .answer()
        .unwrap();
    let asked = &host.model_requests()[0];
    assert_eq!(
        (asked.tier.as_deref(), asked.max_tokens, asked.temperature),
        (Some("ultra"), Some(5), Some(0.5))
    );
    assert_eq!((asked.messages.len(), &asked.answer_schema), (2, &None));
}

#[test]
fn state_time_random_and_agents_answer_the_same_each_time() {
    let run = || {
        let host = Host::new().kv("count", "1").agent("bee").secret("KEY", "signature").now_ms(5_000);
        let count: u32 = kv::get_json("count").unwrap().unwrap();
        kv::put_json("count", &(count + 1)).unwrap();
        assert_eq!(host.kv_value("count").unwrap(), b"2");
        assert_eq!(kv::keys("co").unwrap(), ["count"]);
        assert_eq!(kv::get("none").unwrap(), None);
        assert_eq!(time::since_epoch(), Duration::from_secs(5));
        let start = time::Instant::now();
        assert!(start.elapsed() > Duration::ZERO);
        assert!(secrets::exists("KEY").unwrap() && !secrets::exists("OTHER").unwrap());
        assert_eq!(secrets::sign("KEY", secrets::Algorithm::Ed25519, b"x").unwrap(), b"signature");
        assert!(agents::send("bee", "hello").unwrap().starts_with("msg_"));
        assert_eq!(agents::start_task("wasp", &json!({})).unwrap_err().kind, ErrorKind::NotFound);
        log::warn("careful", &[("what", "bee")]);
        progress::report(150, "done");
        assert_eq!(
            (host.log_lines()[0].message.as_str(), host.progress()),
            ("careful", vec![(100, "done".to_owned())])
        );
        let mut bytes = [0; 100];
        random::fill(&mut bytes);
        (bytes, random::number(), (0..50).map(|_| random::below(6)).collect::<Vec<_>>())
    };
    let (bytes, number, dice) = run();
    assert_eq!((bytes, number, dice.clone()), run());
    assert!(dice.iter().all(|die| *die < 6) && (0..6).all(|die| dice.contains(&die)), "{dice:?}");
}

#[test]
fn the_workspace_has_the_hosts_rules() {
    let host = Host::new().file("src/a.txt", "one\ntwo").file("b.bin", [0xff]);
    for path in ["", "/a", "a//b", "a/", "../a", "a/./b", "a\\b", "a\nb", "C:/a"] {
        assert_eq!(files::write(path, "x").unwrap_err().kind, ErrorKind::InvalidInput, "{path}");
    }
    assert_eq!(files::write("src", "x").unwrap_err().kind, ErrorKind::Conflict);
    assert_eq!(files::read_text("b.bin").unwrap_err().kind, ErrorKind::InvalidInput);
    assert_eq!(files::read_text_if_exists("c.txt").unwrap(), None);
    assert_eq!(
        files::list("").unwrap().iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(),
        ["b.bin", "src"]
    );
    assert_eq!(files::search("^t", "src/", 10).unwrap()[0].line, 2);
    // A prefix is a file or a folder, as in the host, never the beginning of a name.
    assert_eq!(files::search("^t", "src", 10).unwrap()[0].line, 2);
    assert!(files::search("^t", "sr", 10).unwrap().is_empty());
    files::delete("src/a.txt").unwrap();
    assert_eq!(host.paths(), ["b.bin"]);
    assert_eq!(
        files::delete("src/a.txt").unwrap_err().to_string(),
        "deleting `src/a.txt`: there is no `src/a.txt` in the workspace"
    );
}

#[test]
fn a_failing_disk_fails_every_file_call() {
    let _host = Host::new().file("a.txt", "x").files_fail(Error::unavailable("the disk is full"));
    assert_eq!(files::read("a.txt").unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(files::list("").unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(files::search("x", "", 1).unwrap_err().kind, ErrorKind::Unavailable);
}
