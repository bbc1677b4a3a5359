//! Names, origins, proxies.

use crate::support::TestHost;
use http::Method;

#[tokio::test]
async fn a_foreign_name_is_421_before_anything_else() {
    let host = TestHost::new().await;
    for (name, status) in [
        ("127.0.0.1:3000", 200),
        ("localhost:3000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:3000", 421),
    ] {
        let answer = host.get("/health").key(None).host_header(name).send().await;
        assert_eq!(answer.status, status, "{name}");
    }
    let answer = host.get("/v1/info").host_header("evil.example").send().await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (421, "MISDIRECTED_REQUEST"));
    let public =
        TestHost::with(|settings| settings.public_url = Some("https://skep.example".parse().unwrap())).await;
    assert_eq!(public.get("/health").host_header("skep.example").send().await.status, 200);
}

#[tokio::test]
async fn a_foreign_origin_is_403_unless_listed() {
    let host = TestHost::with(|settings| settings.cors_origins = vec!["https://app.example".into()]).await;
    for (origin, status) in [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost:5173", 403),
        ("http://127.0.0.1:3000", 200),
        ("https://app.example", 200),
    ] {
        let answer = host.get("/v1/info").header("origin", origin).send().await;
        assert_eq!(answer.status, status, "{origin}");
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed == origin, origin == "https://app.example", "{origin}");
    }
    let preflight = |origin: &'static str| {
        let call = host.call(Method::OPTIONS, "/v1/agents/tasks").key(None).header("origin", origin);
        call.header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization")
            .send()
    };
    let answer = preflight("https://app.example").await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("access-control-allow-headers").contains("Authorization"));
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(preflight("https://evil.example").await.status, 403);
    // Errors can be read by a listed page too.
    let refused = host.get("/v1/info").key(None).header("origin", "https://app.example").send().await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("access-control-allow-origin")),
        (401, "https://app.example")
    );
}

#[tokio::test]
async fn forwarded_headers_count_only_from_trusted_proxies() {
    let host = TestHost::with(|settings| {
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        settings.public_url = Some("https://skep.example".parse().unwrap());
    })
    .await;
    let forwarded = |peer: &str, name: &'static str| {
        host.get("/health").key(None).peer(peer).host_header("10.0.0.2:3000").header("x-forwarded-host", name)
    };
    assert_eq!(forwarded("10.0.0.1:9", "skep.example").send().await.status, 200);
    assert_eq!(forwarded("10.0.0.1:9", "evil.example").send().await.status, 421);
    assert_eq!(forwarded("203.0.113.9:9", "skep.example").send().await.status, 421);
}

#[tokio::test]
async fn metrics_are_for_admins_and_clients_on_this_machine() {
    let host =
        TestHost::with(|settings| settings.trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()]).await;
    let local = |peer: &str| host.get("/metrics").key(None).peer(peer);
    assert_eq!(local("127.0.0.1:9").send().await.status, 200);
    assert_eq!(local("[::1]:9").send().await.status, 200);
    assert_eq!(local("203.0.113.9:9").send().await.status, 401);
    // Behind a proxy on this machine a client is not on this machine, whether the proxy is trusted or not.
    assert_eq!(local("127.0.0.1:9").header("x-forwarded-for", "203.0.113.9").send().await.status, 401);
    assert_eq!(local("127.0.0.2:9").header("x-forwarded-for", "127.0.0.1").send().await.status, 401);
    let text = host.get("/metrics").send().await.text;
    assert!(
        text.contains("skep_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"} 2"),
        "{text}"
    );
    assert!(text.contains("skep_tasks{state=\"queued\"} 0"), "{text}");
}

#[tokio::test]
async fn the_docs_page_is_served_from_the_binary() {
    let host = TestHost::new().await;
    let page = host.get("/docs/").key(None).send().await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(host.get("/docs/swagger-initializer.js").key(None).send().await.text.contains("/openapi.json"));
    let redirect = host.get("/docs").key(None).send().await;
    assert_eq!((redirect.status.as_u16(), redirect.header("location")), (303, "/docs/"));
}

#[tokio::test]
async fn rows_of_the_metrics_are_bounded_whatever_methods_clients_invent() {
    let host = TestHost::new().await;
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("skep_http_requests_total{")).count();
    let before = rows(&host.get("/metrics").send().await.text);
    for number in 0..200 {
        let method = Method::from_bytes(format!("ZZ{number}").as_bytes()).unwrap();
        assert_eq!(host.call(method, "/v1/agents/tasks").key(None).send().await.status, 401);
    }
    let long = Method::from_bytes("Z".repeat(100_000).as_bytes()).unwrap();
    assert_eq!(host.call(long, "/v1/agents/tasks").key(None).send().await.status, 413);
    let text = host.get("/metrics").send().await.text;
    // The refused ones, the long one, and the request for the metrics itself.
    assert!(rows(&text) <= before + 3, "{text}");
    assert!(text.contains("method=\"OTHER\"") && !text.contains("ZZ"), "{text}");
}
