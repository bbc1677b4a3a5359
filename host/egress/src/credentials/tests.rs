//! Against a server that shows all that it was sent, in every form.

#![allow(clippy::unwrap_used, reason = "tests")]
use crate::{Egress, Rules};
use app::ports::outbound::{Attachment, Outbound as _, OutboundRequest, Purpose, read_body};
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Redirect, Response};
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use domain::effect::http::Credential;
use domain::effect::{CallError, ErrorKind};
use domain::secret::SecretValue;
use http::HeaderMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const VALUE: &str = "canary/1234+5678=\"é\"&x";

/// What arrived: method and URI, headers, body.
type Seen = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// Shows the request in its answer: headers, body, base64 and hex of both. Some paths answer otherwise.
async fn echo(port: u16, seen: Seen, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    let body = String::from_utf8(body.to_vec()).unwrap();
    seen.lock().unwrap().push((line.clone(), parts.headers.clone(), body.clone()));
    let query = parts.uri.query().unwrap_or_default();
    match parts.uri.path() {
        "/same" => return Redirect::temporary(&format!("/?again&{query}")).into_response(),
        "/port" => {
            return Redirect::temporary(&format!("http://127.0.0.1:{}/?{query}", port + 1)).into_response();
        }
        "/host" => return Redirect::temporary(&format!("http://localhost:{port}/?{query}")).into_response(),
        "/zip" => return ([("content-encoding", "gzip")], "not really").into_response(),
        "/long" => return Body::from("x".repeat(5000)).into_response(),
        _ => {}
    }
    let headers: Vec<String> = parts
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let all = format!("{line}\n{}\n{body}", headers.join("\n"));
    let mut answer = HeaderMap::new();
    for name in ["authorization", "x-key"] {
        if let Some(value) = parts.headers.get(name) {
            answer.insert("x-echo", value.clone());
        }
    }
    let text = format!("{all}\n{}\n{}", BASE64.encode(all.as_bytes()), HEXLOWER.encode(all.as_bytes()));
    (answer, text).into_response()
}

async fn server() -> (u16, Seen) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, seen) = (listener.local_addr().unwrap().port(), Seen::default());
    let kept = Arc::clone(&seen);
    let router = axum::Router::new().fallback(move |request: Request| echo(port, Arc::clone(&kept), request));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, seen)
}

fn egress(port: u16) -> Egress {
    let allow = ["127.0.0.1".to_owned(), format!("localhost:{port}")];
    Egress::new(Arc::new(Rules {
        allow: allow.iter().map(|entry| entry.parse().unwrap()).collect(),
        ..Rules::default()
    }))
}

fn with(credential: Credential, value: &str) -> Vec<Attachment> {
    vec![Attachment { credential, value: SecretValue::new(value.to_owned()) }]
}

fn request(method: &str, url: String, body: &str, credentials: Vec<Attachment>) -> OutboundRequest {
    OutboundRequest {
        method: method.into(),
        url: url.parse().unwrap(),
        headers: Vec::new(),
        body: Bytes::from(body.to_owned()),
        timeout: Duration::from_secs(20),
        limit: 100_000,
        permission: None,
        credentials,
    }
}

fn header() -> Credential {
    Credential::Header { header: "X-Key".into(), prefix: "Key ".into(), secret: "KEY".into() }
}

fn places() -> [(Credential, &'static str, &'static str); 5] {
    [
        (header(), "GET", ""),
        (Credential::Basic { user: "ada".into(), secret: "KEY".into() }, "GET", ""),
        (Credential::Query { name: "key".into(), secret: "KEY".into() }, "GET", ""),
        (Credential::Form { name: "key".into(), secret: "KEY".into() }, "POST", "more=1"),
        (
            Credential::JsonPointer { pointer: "/a~1b/key".into(), secret: "KEY".into() },
            "POST",
            r#"{"a/b":{"n":1}}"#,
        ),
    ]
}

/// Status, headers and body of the answer as one text.
async fn sent(port: u16, request: OutboundRequest) -> Result<String, CallError> {
    let answer = egress(port).send(request, Purpose::Plugin).await?;
    let (status, headers) = (answer.status, format!("{:?}", answer.headers));
    let body = read_body(answer.body).await?;
    Ok(format!("{status} {headers} {}", String::from_utf8(body.to_vec()).unwrap()))
}

fn is_clean(text: &str) -> bool {
    let coded = BASE64.encode(VALUE.as_bytes());
    let hex = HEXLOWER.encode(VALUE.as_bytes());
    [VALUE, "canary", coded.get(4..16).unwrap(), &hex].iter().all(|part| !text.contains(part))
}

#[tokio::test]
async fn the_server_gets_the_value_in_its_place_and_its_echo_comes_without_it() {
    let (port, seen) = server().await;
    for (credential, method, body) in places() {
        let url = format!("http://127.0.0.1:{port}/path?q=1");
        let text = sent(port, request(method, url, body, with(credential.clone(), VALUE))).await.unwrap();
        assert!(text.starts_with("200") && text.contains("****"), "{credential:?}: {text}");
        assert!(is_clean(&text), "{credential:?}: {text}");
        let (line, headers, body) = seen.lock().unwrap().pop().unwrap();
        let of = |name: &str| {
            headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        assert_eq!(of("accept-encoding").as_deref(), Some("identity"));
        match credential {
            Credential::Header { .. } => assert_eq!(of("x-key").unwrap(), format!("Key {VALUE}")),
            Credential::Basic { .. } => {
                let coded = BASE64.encode(format!("ada:{VALUE}").as_bytes());
                assert_eq!(of("authorization").unwrap(), format!("Basic {coded}"));
            }
            Credential::Query { .. } => {
                assert_eq!(line, "GET /path?q=1&key=canary%2F1234%2B5678%3D%22%C3%A9%22%26x");
            }
            Credential::Form { .. } => {
                assert_eq!(body, "more=1&key=canary%2F1234%2B5678%3D%22%C3%A9%22%26x");
                assert_eq!(of("content-type").unwrap(), "application/x-www-form-urlencoded");
            }
            Credential::JsonPointer { .. } => {
                let body: serde_json::Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body, serde_json::json!({ "a/b": { "n": 1, "key": VALUE } }));
            }
        }
    }
    // The control: without a credential an echo is an echo.
    let plain = request("POST", format!("http://127.0.0.1:{port}/"), VALUE, Vec::new());
    assert!(sent(port, plain).await.unwrap().contains(VALUE));
}

#[tokio::test]
async fn a_redirect_carries_no_secret_to_another_origin() {
    let (port, seen) = server().await;
    let (_, elsewhere) = server().await;
    for (credential, _, _) in places().into_iter().take(3) {
        for path in ["port", "host"] {
            let url = format!("http://127.0.0.1:{port}/{path}");
            let text = sent(port, request("GET", url, "", with(credential.clone(), VALUE))).await.unwrap();
            assert!(
                text.starts_with("307") && text.contains("location") && is_clean(&text),
                "{path}: {text}"
            );
            assert_eq!(
                seen.lock().unwrap().drain(..).count(),
                1,
                "{path}: the redirect itself is the answer"
            );
        }
        let url = format!("http://127.0.0.1:{port}/same");
        let text = sent(port, request("GET", url, "", with(credential.clone(), VALUE))).await.unwrap();
        assert!(text.starts_with("200") && is_clean(&text), "{text}");
        assert_eq!(seen.lock().unwrap().drain(..).count(), 2, "the same origin is followed");
    }
    assert!(elsewhere.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_carry_a_secret_or_be_searched_for_it_is_refused_by_name() {
    let (port, seen) = server().await;
    let base = format!("http://127.0.0.1:{port}");
    let send = async |path: &str, change: fn(&mut OutboundRequest)| {
        let mut request = request("POST", format!("{base}{path}"), "", with(header(), VALUE));
        change(&mut request);
        sent(port, request).await.unwrap_err()
    };
    type Change = fn(&mut OutboundRequest);
    let cases: [(Change, &str); 12] = [
        (
            |request| request.headers.push(("range".into(), "bytes=0-4".into())),
            "the header range cannot go out",
        ),
        (|request| request.headers.push(("x-key".into(), "mine".into())), "\"x-key\" is there already"),
        (|request| request.credentials = with(header(), "line\nbreak"), "the secret KEY has characters"),
        (
            |request| {
                let header =
                    Credential::Header { header: "Host".into(), prefix: String::new(), secret: "KEY".into() };
                request.credentials = with(header, VALUE);
            },
            "is set by the host",
        ),
        (
            |request| {
                let header =
                    Credential::Header { header: "a b".into(), prefix: String::new(), secret: "KEY".into() };
                request.credentials = with(header, VALUE);
            },
            "is not a header's name",
        ),
        (
            |request| {
                request.credentials =
                    with(Credential::Basic { user: "a:b".into(), secret: "KEY".into() }, VALUE);
            },
            "has a colon",
        ),
        (
            |request| {
                request.url.set_query(Some("key=mine"));
                request.credentials =
                    with(Credential::Query { name: "key".into(), secret: "KEY".into() }, VALUE);
            },
            "the query parameter \"key\" is there already",
        ),
        (
            |request| {
                request.body = Bytes::from("key=mine");
                request.credentials =
                    with(Credential::Form { name: "key".into(), secret: "KEY".into() }, VALUE);
            },
            "the form field \"key\" is there already",
        ),
        (
            |request| {
                request.headers.push(("content-type".into(), "text/plain".into()));
                request.credentials =
                    with(Credential::Form { name: "key".into(), secret: "KEY".into() }, VALUE);
            },
            "needs application/x-www-form-urlencoded",
        ),
        (
            |request| {
                request.body = Bytes::from("[1, canary");
                let pointer = Credential::JsonPointer { pointer: "/0".into(), secret: "KEY".into() };
                request.credentials = with(pointer, VALUE);
            },
            "the body is not JSON",
        ),
        (
            |request| {
                request.body = Bytes::from(r#"{"a":1}"#);
                let pointer = Credential::JsonPointer { pointer: "/a/b".into(), secret: "KEY".into() };
                request.credentials = with(pointer, VALUE);
            },
            "leads nowhere",
        ),
        (
            |request| {
                let pointer = Credential::JsonPointer { pointer: "key".into(), secret: "KEY".into() };
                request.credentials = with(pointer, VALUE);
            },
            "leads nowhere",
        ),
    ];
    for (change, part) in cases {
        let error = send("/", change).await;
        assert_eq!(error.kind, ErrorKind::InvalidInput, "{error}");
        assert!(error.message.contains(part) && is_clean(&error.message), "{part}: {error}");
    }
    assert!(seen.lock().unwrap().is_empty(), "nothing was sent");
    let zipped = send("/zip", |_| {}).await;
    assert!(zipped.message.contains("coding \"gzip\""), "{zipped}");
    let long = send("/long", |request| request.limit = 1000).await;
    assert_eq!(long.kind, ErrorKind::TooLarge, "{long}");
}

#[tokio::test]
async fn a_secret_is_not_sent_in_the_clear_unless_the_operator_allowed_the_host() {
    let egress = Egress::new(Arc::new(Rules::default()));
    let error = egress
        .send(request("GET", "http://8.8.8.8/".into(), "", with(header(), VALUE)), Purpose::Plugin)
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(error.message.contains("is not encrypted: use https") && is_clean(&error.message), "{error}");
}

#[tokio::test]
async fn errors_of_the_connection_do_not_tell_the_value() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for (credential, method, body) in places() {
        let url = format!("http://127.0.0.1:{port}/");
        let error = sent(port, request(method, url, body, with(credential, VALUE))).await.unwrap_err();
        assert!(error.kind == ErrorKind::Unavailable && is_clean(&error.message), "{error}");
    }
}
