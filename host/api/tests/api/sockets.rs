//! Names, origins, proxies, bodies and slashes over a real socket, where a client may say what it likes.

use crate::support::TestHost;
use api::HttpSettings;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A host behind a listener.
struct Served {
    host: TestHost,
    address: SocketAddr,
}

impl Served {
    async fn new(change: impl FnOnce(&mut HttpSettings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let host = TestHost::with(|settings| {
            settings.listen = address;
            change(settings);
        })
        .await;
        tokio::spawn(api::serve(listener, host.router.clone(), host.draining.subscribe()));
        Self { host, address }
    }

    /// The status and the whole answer to a request whose head ends with these lines.
    async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut request =
            format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    fn key(&self) -> String {
        format!("Bearer {}", self.host.admin)
    }
}

#[tokio::test]
async fn names_and_origins_are_checked_before_keys() {
    let served = Served::new(|settings| {
        settings.cors_origins = vec!["https://app.example".to_owned()];
        settings.public_url = Some("https://skep.example".parse().unwrap());
    })
    .await;
    let key = served.key();
    for (host, status) in [
        ("127.0.0.1", 200),
        ("localhost:9", 200),
        ("skep.example", 200),
        ("SKEP.example.:443", 200),
        ("evil.example", 421),
        ("skep.example.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("192.0.2.1", 421),
        ("", 421),
    ] {
        let (found, answer) =
            served.send("GET /v1/info", &[("Host", host), ("X-API-Key", &served.host.admin)], "").await;
        assert_eq!(found, status, "{host}: {answer}");
    }
    let (status, _) =
        served.send("GET /v1/info", &[("Host", "localhost"), ("Host", "evil.example")], "").await;
    assert!([400, 421].contains(&status), "two hosts: {status}");
    let (status, answer) =
        served.send("GET /v1/info", &[("Origin", "https://evil.example"), ("Authorization", &key)], "").await;
    assert_eq!(status, 403);
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    let own = format!("http://{}", served.address);
    for origin in [own.as_str(), "https://skep.example", "https://app.example"] {
        let (status, answer) =
            served.send("POST /v1/agents/tasks", &[("Origin", origin), ("Authorization", &key)], "").await;
        assert_eq!(status, 400, "{origin}: it came as far as the handler: {answer}");
        let allowed = answer.contains(&format!("access-control-allow-origin: {origin}"));
        assert_eq!(allowed, origin == "https://app.example", "{answer}");
    }
    let preflight = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "PUT")];
    let (status, answer) = served.send("OPTIONS /api/v1/users/default/tier", &preflight, "").await;
    assert!(
        status == 204 && answer.contains("access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE")
    );
    for name in ["Idempotency-Key", "If-Match", "Last-Event-ID", "X-Skep-User"] {
        assert!(answer.contains(name), "{answer}");
    }
    let foreign = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "PUT")];
    assert_eq!(served.send("OPTIONS /api/v1/users/default/tier", &foreign, "").await.0, 403);
}

#[tokio::test]
async fn forwarded_headers_count_only_from_a_trusted_proxy() {
    let forwarded = [("X-Forwarded-Host", "skep.example"), ("X-Forwarded-Proto", "https")];
    for (trusted, status, url) in [(false, 200, "ws://127.0.0.1"), (true, 200, "wss://skep.example/gateway")]
    {
        let served = Served::new(|settings| {
            settings.public_url = Some("https://skep.example".parse().unwrap());
            if trusted {
                settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            }
        })
        .await;
        let key = served.key();
        let headers: Vec<(&str, &str)> =
            forwarded.into_iter().chain([("Authorization", key.as_str())]).collect();
        let connect = "GET /api/v1/users/default/agents/manager/connect";
        let (found, answer) = served.send(connect, &headers, "").await;
        assert!(found == status && answer.contains(url), "trusted: {trusted}: {answer}");
        // A name that the host does not have is refused whoever says so, if it counts.
        let evil = [("X-Forwarded-Host", "evil.example"), ("Authorization", key.as_str())];
        assert_eq!(served.send(connect, &evil, "").await.0, if trusted { 421 } else { 200 });
        // Behind a proxy nobody is local.
        let far = [("X-Forwarded-For", "203.0.113.7")];
        assert_eq!(served.send("GET /metrics", &far, "").await.0, 401);
        assert_eq!(served.send("GET /metrics", &[], "").await.0, if trusted { 401 } else { 200 });
    }
}

#[tokio::test]
async fn empty_bodies_heads_slashes_and_types_are_as_documented() {
    let served = Served::new(|_| {}).await;
    let key = served.key();
    let with = |more: &[(&'static str, &'static str)]| {
        let mut headers = vec![("Authorization", key.clone())];
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        headers
    };
    for (line, more, body, status) in [
        // As real clients send it: a type and no body.
        (
            "POST /api/v1/users/default/agents/manager/rotate-key",
            &[("Content-Type", "application/json")][..],
            "",
            200,
        ),
        ("POST /api/v1/users/default/agents/manager/rotate-key/", &[], "", 200),
        ("POST /api/v1/users/default/agents", &[("Content-Type", "application/json")], "", 400),
        ("POST /api/v1/users", &[("Content-Type", "text/plain")], "{\"name\":\"ada\"}", 415),
        ("POST /api/v1/users", &[("Content-Type", "application/xml")], "<a/>", 415),
        (
            "POST /api/v1/users",
            &[("Content-Type", "application/json; charset=utf-8")],
            "{\"name\":\"ada\"}",
            201,
        ),
        ("HEAD /v1/info", &[], "", 200),
        ("HEAD /v1/info/", &[], "", 200),
        ("GET /v1/info//", &[], "", 404),
        ("GET //v1/info", &[], "", 404),
        ("GET /v1/agents/list", &[], "", 200),
        ("GET /v1/agents/list/status", &[], "", 404),
        ("DELETE /v1/info", &[], "", 405),
    ] {
        let headers = with(more);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (found, answer) = served.send(line, &headers, body).await;
        assert_eq!(found, status, "{line}: {answer}");
        assert!(answer.contains("x-request-id: "), "{line}: {answer}");
        assert!(!line.starts_with("HEAD") || answer.ends_with("\r\n\r\n"), "{line}: {answer}");
    }
}

#[tokio::test]
async fn without_authentication_everybody_is_the_admin_and_may_name_a_user() {
    let served = Served::new(|settings| settings.no_auth = true).await;
    served.host.new_user("ada").await;
    for headers in [&[][..], &[("X-Skep-User", "ada")], &[("Authorization", "Bearer unknown")]] {
        let (status, answer) = served.send("GET /api/v1/users", headers, "").await;
        assert_eq!(status, 200, "{answer}");
        assert!(!answer.contains("x-ratelimit"), "{answer}");
    }
    assert_eq!(served.send("GET /v1/info", &[("X-Skep-User", "nobody")], "").await.0, 404);
    // Its own key counts, also then.
    let key = crate::people::text(&served.host.new_user("bob").await, "apiKey");
    let (status, _) = served.send("GET /api/v1/users", &[("X-API-Key", &key)], "").await;
    assert_eq!(status, 403);
}
