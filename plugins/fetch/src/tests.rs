#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use skep_sdk::prelude::*;
use skep_sdk::testing::Host;

use crate::fetch::Plugin;

const URL: &str = "https://example.com/a";

fn get(host: &Host, arguments: Value) -> Result<Value> {
    host.call_tool::<Plugin>("get", arguments)
}

#[test]
fn a_page_comes_back_with_status_type_and_text() {
    let host =
        Host::new().http("GET", URL, 404, &[("Content-Type", "text/html; charset=utf-8")], "<h1>Nö</h1>");
    let page = get(&host, json!({"url": URL, "headers": {"accept-language": "de"}})).unwrap();
    assert_eq!(
        page,
        json!({"status": 404, "contentType": "text/html; charset=utf-8", "text": "<h1>Nö</h1>", "truncated": false})
    );
    let request = &host.http_requests()[0];
    assert_eq!(request.headers, [("accept-language".to_owned(), "de".to_owned())]);
    assert!(request.credentials.is_empty() && request.body.is_none());
}

#[test]
fn a_long_page_is_cut_between_characters() {
    let host = Host::new().http("GET", URL, 200, &[("content-type", "text/plain")], "aöö");
    let page = get(&host, json!({"url": URL, "maxBytes": 4})).unwrap();
    assert_eq!((page["text"].as_str(), page["truncated"].as_bool()), (Some("aö"), Some(true)));
}

#[test]
fn latin_1_and_broken_bytes_become_text() {
    let host = Host::new()
        .http("GET", URL, 200, &[("content-type", "text/plain; charset=ISO-8859-1")], b"\xe4")
        .http("GET", URL, 200, &[], b"a\xffb");
    assert_eq!(get(&host, json!({"url": URL})).unwrap()["text"], "ä");
    assert_eq!(get(&host, json!({"url": URL})).unwrap()["text"], "a\u{fffd}b");
}

#[test]
fn what_is_not_text_is_refused_with_its_type() {
    for kind in ["image/png", "application/octet-stream", "application/pdf"] {
        let host = Host::new().http("GET", URL, 200, &[("content-type", kind)], [1, 2]);
        let error = get(&host, json!({"url": URL})).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.contains(kind)), ("not-text", true));
    }
    for kind in ["application/json", "application/problem+json", "image/svg+xml", "TEXT/CSV"] {
        let host = Host::new().http("GET", URL, 200, &[("content-type", kind)], "{}");
        assert_eq!(get(&host, json!({"url": URL})).unwrap()["text"], "{}");
    }
}

#[test]
fn only_http_urls_leave_and_the_hosts_refusals_come_back() {
    for url in ["file:///etc/passwd", "example.com", "ftp://example.com"] {
        let error = get(&Host::new(), json!({"url": url})).unwrap_err();
        assert!(error.kind == ErrorKind::InvalidInput && error.message.contains(url), "{error}");
    }
    let host = Host::new().http_fails("GET", URL, Error::denied("the address is private"));
    let error = get(&host, json!({"url": URL})).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Denied, "GET https://example.com/a: the address is private")
    );
}

#[test]
fn head_joins_headers_of_one_name() {
    let host = Host::new().http("HEAD", URL, 200, &[("Vary", "a"), ("vary", "b"), ("ETag", "x")], "");
    let head = host.call_tool::<Plugin>("head", json!({"url": URL})).unwrap();
    assert_eq!(head, json!({"status": 200, "headers": {"vary": "a, b", "etag": "x"}}));
}
