#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use app::ports::outbound::{Permission, read_body};
use axum::body::Body as AxumBody;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Names with scripted addresses; each lookup takes the next answer, the last one stays.
struct Script {
    answers: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    lookups: AtomicUsize,
}

#[async_trait::async_trait]
impl Names for Script {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let index = self.lookups.fetch_add(1, Ordering::SeqCst);
        let answers = self.answers.get(host).ok_or_else(|| std::io::Error::other("no such name"))?;
        Ok(answers[index.min(answers.len() - 1)].clone())
    }
}

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// For documents: nobody has it.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

/// A server that keeps what it was asked.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<(String, HeaderMap)>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let router = axum::Router::new().fallback(move |request: Request| {
            kept.lock()
                .unwrap()
                .push((format!("{} {}", request.method(), request.uri()), request.headers().clone()));
            let response = answer(request.uri().path());
            async move { response }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }
}

fn egress(allow: &[String], answers: &[(&'static str, &[&[IpAddr]])]) -> Egress {
    let allow = allow.iter().map(|entry| entry.parse().unwrap()).collect();
    let answers = answers
        .iter()
        .map(|(name, answers)| (*name, answers.iter().map(|addresses| addresses.to_vec()).collect()))
        .collect();
    let rules = Rules { allow, ..Rules::default() };
    Egress::with_names(Arc::new(rules), Arc::new(Script { answers, lookups: AtomicUsize::new(0) }))
}

fn get(url: &str) -> OutboundRequest {
    OutboundRequest {
        method: "GET".into(),
        url: url.parse().unwrap(),
        headers: Vec::new(),
        body: Bytes::new(),
        timeout: Duration::from_secs(20),
        limit: 1000,
        permission: None,
        credentials: Vec::new(),
    }
}

async fn kind(egress: &Egress, request: OutboundRequest, purpose: Purpose) -> (ErrorKind, String) {
    let error = egress.send(request, purpose).await.err().expect("refused");
    (error.kind, error.message)
}

#[tokio::test]
async fn an_allowed_address_is_reached_and_its_neighbour_port_is_not() {
    let server = Server::start(|_| "hello".into_response()).await;
    let other = Server::start(|_| "other".into_response()).await;
    let egress = egress(&[format!("127.0.0.1:{}", server.port)], &[]);
    let answer =
        egress.send(get(&format!("http://127.0.0.1:{}/a?b=c", server.port)), Purpose::Plugin).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(read_body(answer.body).await.unwrap(), "hello");
    assert_eq!(server.seen(), ["GET /a?b=c"]);
    let (refused, message) =
        kind(&egress, get(&format!("http://127.0.0.1:{}/", other.port)), Purpose::Plugin).await;
    assert_eq!(refused, ErrorKind::Denied);
    assert!(
        message.contains(&format!("127.0.0.1:{}", other.port)) && message.contains("loopback"),
        "{message}"
    );
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_name_that_points_inside_is_denied_and_names_the_rule() {
    let egress = egress(&[], &[("rebind.test", &[&[LOCAL]])]);
    let (refused, message) = kind(&egress, get("http://rebind.test:1/"), Purpose::Plugin).await;
    assert_eq!(refused, ErrorKind::Denied);
    assert!(message.contains("rebind.test is at 127.0.0.1, a loopback address"), "{message}");
}

#[tokio::test]
async fn a_name_is_resolved_once_and_only_checked_addresses_are_connected() {
    let server = Server::start(|_| "inside".into_response()).await;
    // A second lookup would answer loopback: the check must not be followed by another resolution.
    let script = Arc::new(Script {
        answers: HashMap::from([("twice.test", vec![vec![ELSEWHERE], vec![LOCAL]])]),
        lookups: AtomicUsize::new(0),
    });
    let rules = Rules { allow: vec!["203.0.113.1".parse().unwrap()], ..Rules::default() };
    let egress = Egress::with_names(Arc::new(rules), Arc::clone(&script) as Arc<dyn Names>);
    let request = OutboundRequest {
        timeout: Duration::from_millis(300),
        ..get(&format!("http://twice.test:{}/", server.port))
    };
    // Whatever the first address does within the time, it is not the server on loopback that answers.
    assert!(matches!(
        kind(&egress, request, Purpose::Plugin).await.0,
        ErrorKind::Timeout | ErrorKind::Unavailable
    ));
    assert_eq!(script.lookups.load(Ordering::SeqCst), 1);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn of_mixed_addresses_only_the_open_ones_are_used() {
    let server = Server::start(|_| "inside".into_response()).await;
    let egress = egress(
        &[format!("127.0.0.1:{}", server.port)],
        &[("mixed.test", &[&["169.254.169.254".parse().unwrap(), LOCAL]])],
    );
    let answer =
        egress.send(get(&format!("http://mixed.test.:{}/", server.port)), Purpose::Plugin).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn connections_of_a_model_are_not_reachable_for_a_plugin() {
    let server = Server::start(|_| "model".into_response()).await;
    let base = format!("http://127.0.0.1:{}/v1", server.port);
    let rules = Rules { model_urls: vec![base.parse().unwrap()], ..Rules::default() };
    let egress = Egress::new(Arc::new(rules));
    let answer = egress.send(get(&base), Purpose::Model).await.unwrap();
    assert_eq!(read_body(answer.body).await.unwrap(), "model");
    for purpose in [Purpose::Plugin, Purpose::Webhook, Purpose::Registry, Purpose::Source] {
        assert_eq!(kind(&egress, get(&base), purpose).await.0, ErrorKind::Denied);
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn each_redirect_is_a_new_decision() {
    let server = Server::start(|path| match path {
        "/in" => Redirect::temporary("http://169.254.169.254/latest").into_response(),
        "/scheme" => Redirect::temporary("file:///etc/passwd").into_response(),
        "/loop" => Redirect::temporary("/loop").into_response(),
        "/once" => Redirect::temporary("/end").into_response(),
        _ => "end".into_response(),
    })
    .await;
    let egress = egress(&[format!("127.0.0.1:{}", server.port)], &[]);
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    assert_eq!(kind(&egress, get(&url("/in")), Purpose::Plugin).await.0, ErrorKind::Denied);
    assert_eq!(kind(&egress, get(&url("/scheme")), Purpose::Plugin).await.0, ErrorKind::InvalidInput);
    assert_eq!(kind(&egress, get(&url("/loop")), Purpose::Plugin).await.0, ErrorKind::Permanent);
    assert_eq!(server.seen().iter().filter(|line| line.ends_with("/loop")).count(), 6);
    let answer = egress.send(get(&url("/once")), Purpose::Plugin).await.unwrap();
    assert_eq!(read_body(answer.body).await.unwrap(), "end");
    for (method, purpose) in [("POST", Purpose::Plugin), ("GET", Purpose::Webhook), ("GET", Purpose::Model)] {
        let request = OutboundRequest { method: method.into(), ..get(&url("/once")) };
        assert_eq!(egress.send(request, purpose).await.unwrap().status, 307, "{method} {purpose:?}");
    }
}

#[tokio::test]
async fn credentials_stay_with_the_origin_that_they_were_for() {
    let target = Server::start(|_| "end".into_response()).await;
    let there = format!("http://other.test:{}/end", target.port);
    let server = Server::start(move |_| Redirect::temporary(&there).into_response()).await;
    let allow = [format!("one.test:{}", server.port), format!("other.test:{}", target.port)];
    let egress = egress(&allow, &[("one.test", &[&[LOCAL]]), ("other.test", &[&[LOCAL]])]);
    let request = || OutboundRequest {
        headers: ["Authorization", "Cookie", "Idempotency-Key", "X-Api-Key", "Accept"]
            .iter()
            .map(|name| ((*name).to_owned(), "v".to_owned()))
            .collect(),
        ..get(&format!("http://one.test:{}/", server.port))
    };
    let answer = egress.send(request(), Purpose::Registry).await.unwrap();
    assert_eq!(read_body(answer.body).await.unwrap(), "end");
    let (_, sent) = server.seen.lock().unwrap()[0].clone();
    assert!(sent.contains_key("authorization") && sent.contains_key("x-api-key"));
    let (_, sent) = target.seen.lock().unwrap()[0].clone();
    let mut names: Vec<_> = sent.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "user-agent"]);
}

#[tokio::test]
async fn a_redirect_to_another_host_goes_back_to_the_plugin_whose_grant_names_hosts() {
    let target = Server::start(|_| "end".into_response()).await;
    let there = format!("http://b.test:{}/end", target.port);
    let location = there.clone();
    let server = Server::start(move |path| match path {
        "/within" => Redirect::temporary("/away").into_response(),
        _ => Redirect::temporary(&location).into_response(),
    })
    .await;
    // Both hosts may be reached as far as addresses go: what keeps the plugin from b.test is its grant alone.
    let allow = [format!("a.test:{}", server.port), format!("b.test:{}", target.port)];
    let egress = egress(&allow, &[("a.test", &[&[LOCAL]]), ("b.test", &[&[LOCAL]])]);
    // Also behind a redirect that was followed. Its next call is authorized, journaled and charged like any other.
    for path in ["/away", "/within"] {
        let request = get(&format!("http://a.test:{}{path}", server.port));
        let answer = egress.send(request, Purpose::Plugin).await.unwrap();
        assert_eq!(answer.status, 307, "{path}");
        assert!(answer.headers.contains(&("location".to_owned(), there.clone())), "{path}");
    }
    assert!(target.seen().is_empty());
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_whether_announced_or_not() {
    let server = Server::start(|path| match path {
        "/announced" => vec![b'x'; 1001].into_response(),
        "/fits" => vec![b'x'; 1000].into_response(),
        _ => {
            let chunks = stream::iter((0..11).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 100]))));
            Response::new(AxumBody::from_stream(chunks))
        }
    })
    .await;
    let egress = egress(&[format!("127.0.0.1:{}", server.port)], &[]);
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", server.port);
    let answer = egress.send(get(&url("/announced")), Purpose::Plugin).await.unwrap();
    assert_eq!(read_body(answer.body).await.unwrap_err().kind, ErrorKind::TooLarge);
    let answer = egress.send(get(&url("/fits")), Purpose::Plugin).await.unwrap();
    assert_eq!(read_body(answer.body).await.unwrap().len(), 1000);
    let answer = egress.send(get(&url("/streamed")), Purpose::Plugin).await.unwrap();
    assert_eq!(read_body(answer.body).await.unwrap_err().kind, ErrorKind::TooLarge);
    let head = OutboundRequest { method: "HEAD".into(), ..get(&url("/announced")) };
    assert_eq!(egress.send(head, Purpose::Plugin).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_receiver_of_webhooks_is_judged_by_its_status_however_long_its_page_is() {
    let server = Server::start(|path| {
        let status =
            if path == "/down" { http::StatusCode::SERVICE_UNAVAILABLE } else { http::StatusCode::OK };
        (status, vec![b'x'; 100 << 10]).into_response()
    })
    .await;
    let egress = egress(&[format!("127.0.0.1:{}", server.port)], &[]);
    for (path, status) in [("/down", 503), ("/well", 200)] {
        let url = format!("http://127.0.0.1:{}{path}", server.port);
        let request = OutboundRequest { method: "POST".into(), limit: 64 << 10, ..get(&url) };
        let answer = egress.send(request, Purpose::Webhook).await.unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(read_body(answer.body).await.unwrap_err().kind, ErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn silence_is_a_timeout_before_and_within_the_body() {
    let server = Server::start(|_| {
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from("first"))]);
        Response::new(AxumBody::from_stream(first.chain(stream::pending())))
    })
    .await;
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let egress = egress(&["127.0.0.1".to_owned()], &[]);
    let short = |port: u16| OutboundRequest {
        timeout: Duration::from_millis(200),
        ..get(&format!("http://127.0.0.1:{port}/?key=s3cret"))
    };
    let (refused, message) = kind(&egress, short(port), Purpose::Plugin).await;
    assert_eq!(refused, ErrorKind::Timeout);
    assert!(!message.contains("s3cret"), "{message}");
    for purpose in [Purpose::Plugin, Purpose::Webhook] {
        let answer = egress.send(short(server.port), purpose).await.unwrap();
        assert_eq!(read_body(answer.body).await.unwrap_err().kind, ErrorKind::Timeout, "{purpose:?}");
    }
}

#[tokio::test]
async fn failures_name_the_host_and_no_query() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let egress = egress(&["127.0.0.1".to_owned()], &[]);
    let (refused, message) =
        kind(&egress, get(&format!("http://127.0.0.1:{port}/?key=s3cret")), Purpose::Plugin).await;
    assert_eq!(refused, ErrorKind::Unavailable);
    assert!(message.contains(&format!("127.0.0.1:{port}")) && !message.contains("s3cret"), "{message}");
    assert_eq!(kind(&egress, get("http://nowhere.test/"), Purpose::Plugin).await.0, ErrorKind::Unavailable);
}

#[tokio::test]
async fn headers_of_the_connection_and_odd_methods_are_refused() {
    let egress = egress(&["127.0.0.1".to_owned()], &[]);
    for (name, value) in
        [("Host", "inside"), ("Transfer-Encoding", "chunked"), ("bad name", "x"), ("x", "a\r\nb: c")]
    {
        let request =
            OutboundRequest { headers: vec![(name.into(), value.into())], ..get("http://127.0.0.1:1/") };
        let (refused, message) = kind(&egress, request, Purpose::Plugin).await;
        assert_eq!(refused, ErrorKind::InvalidInput, "{name}");
        assert!(message.contains(name), "{message}");
    }
    for method in ["CONNECT", "TRACE", "", "A B"] {
        let request = OutboundRequest { method: method.into(), ..get("http://127.0.0.1:1/") };
        assert_eq!(kind(&egress, request, Purpose::Plugin).await.0, ErrorKind::InvalidInput, "{method}");
    }
}

/// Holds for so many questions.
fn permission(questions: usize) -> Permission {
    let left = AtomicUsize::new(questions);
    let take =
        move || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    Permission::new(take)
}

/// A lease that ends while the name is looked up.
struct SlowNames {
    lease: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Names for SlowNames {
    async fn lookup(&self, _host: &str) -> std::io::Result<Vec<IpAddr>> {
        self.lease.store(false, Ordering::SeqCst);
        Ok(vec![LOCAL])
    }
}

#[tokio::test]
async fn nothing_is_connected_once_the_lease_ended_while_the_name_was_looked_up() {
    let server = Server::start(|_| "hello".into_response()).await;
    let rules =
        Rules { allow: vec![format!("slow.test:{}", server.port).parse().unwrap()], ..Rules::default() };
    let lease = Arc::new(AtomicBool::new(true));
    let names = Arc::new(SlowNames { lease: Arc::clone(&lease) });
    let egress = Egress::with_names(Arc::new(rules), names);
    let url = format!("http://slow.test:{}/", server.port);
    let asked = Arc::clone(&lease);
    let permission = Permission::new(move || asked.load(Ordering::SeqCst));
    assert!(permission.holds(), "the caller's own look before sees a good lease");
    let request = OutboundRequest { method: "POST".into(), permission: Some(permission), ..get(&url) };
    let error = egress.send(request, Purpose::Webhook).await.err().unwrap();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Unavailable, LEASE_ENDS));
    assert!(
        error.message.contains("slow.test") && error.message.contains("nothing was sent"),
        "{}",
        error.message
    );
    assert!(server.seen().is_empty());
    // The same without a lease to ask, as a control.
    assert_eq!(egress.send(get(&url), Purpose::Webhook).await.unwrap().status, 200);
    assert_eq!(server.seen(), ["GET /"]);
}

#[tokio::test]
async fn each_hop_asks_again_whether_the_lease_lasts() {
    let server = Server::start(|path| match path {
        "/first" => Redirect::temporary("/second").into_response(),
        _ => "there".into_response(),
    })
    .await;
    let egress = egress(&[format!("127.0.0.1:{}", server.port)], &[]);
    let url = format!("http://127.0.0.1:{}/first", server.port);
    let request = |questions| OutboundRequest { permission: Some(permission(questions)), ..get(&url) };
    assert_eq!(egress.send(request(2), Purpose::Plugin).await.unwrap().status, 200);
    assert_eq!(server.seen(), ["GET /first", "GET /second"]);
    let error = egress.send(request(1), Purpose::Plugin).await.err().unwrap();
    assert_eq!(error.code, LEASE_ENDS);
    assert_eq!(server.seen(), ["GET /first", "GET /second", "GET /first"]);
}
