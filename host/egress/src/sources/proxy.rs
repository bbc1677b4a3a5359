//! A proxy on loopback for one clone: git resolves and connects nothing itself, so the address rules hold for it too.
//!
//! It takes `CONNECT` (https) and absolute-form requests (http), each only with the credential of this clone.

use crate::connect::{CONNECT_TIMEOUT, Names, resolve};
use crate::rules::{Rules, invalid, parse_url};
use app::ports::outbound::Purpose;
use data_encoding::{BASE64, HEXLOWER};
use domain::effect::{CallError, ErrorKind};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What a request's head may have; git's are a few hundred bytes.
const HEAD_LIMIT: usize = 16 << 10;
/// A client of ours sends its head at once.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The proxy; it ends, with all its connections, when this is dropped.
pub(super) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Accepts; it owns the connections.
    accepting: tokio::task::JoinHandle<()>,
}

struct Shared {
    rules: Arc<Rules>,
    names: Arc<dyn Names>,
    password: String,
    /// Bytes that may still come in.
    left: AtomicU64,
    /// The first refusal, which says more than what git makes of it.
    trouble: Mutex<Option<CallError>>,
}

impl Proxy {
    /// Listen on a free port of loopback.
    pub(super) async fn start(
        rules: &Arc<Rules>,
        names: &Arc<dyn Names>,
        received_bytes: u64,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let mut secret = [0; 32];
        // Only whoever can read this process or git's environment knows it; both belong to this host's account.
        getrandom(&mut secret)?;
        let shared = Arc::new(Shared {
            rules: Arc::clone(rules),
            names: Arc::clone(names),
            password: HEXLOWER.encode(&secret),
            left: AtomicU64::new(received_bytes),
            trouble: Mutex::new(None),
        });
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// For `http.proxy`, with its credential.
    pub(super) fn url(&self) -> String {
        format!("http://skep:{}@{}", self.shared.password, self.address)
    }

    /// Why something was not let through, if anything was not.
    pub(super) fn trouble(&self) -> Option<CallError> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The credential, so that it can be taken out of messages.
    pub(super) fn password(&self) -> &str {
        &self.shared.password
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// From rustls' provider, which is the source of randomness that this crate has anyway.
fn getrandom(bytes: &mut [u8]) -> io::Result<()> {
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(bytes)
        .map_err(|_| io::Error::other("no randomness"))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let shared = Arc::clone(&shared);
                connections.spawn(async move { serve(client, &shared).await });
            }
            Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// One connection; an I/O error only ends it.
async fn serve(mut client: TcpStream, shared: &Shared) {
    let Ok(Ok((head, rest))) = tokio::time::timeout(HEAD_TIMEOUT, read_head(&mut client)).await else {
        return;
    };
    let status = match open(&head, shared).await {
        Ok((mut upstream, forwarded)) => {
            let begun = async {
                match forwarded {
                    Some(head) => upstream.write_all(head.as_bytes()).await?,
                    None => client.write_all(b"HTTP/1.1 200 connected\r\n\r\n").await?,
                }
                upstream.write_all(&rest).await
            };
            if begun.await.is_ok() {
                relay(client, upstream, shared).await;
            }
            return;
        }
        Err(Refusal::Unauthorized) => "407 a credential is needed",
        Err(Refusal::Trouble(error)) => {
            shared.keep(error);
            "403 refused"
        }
    };
    // The client is told; whether it listens is its own matter.
    let _sent = client
        .write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").as_bytes())
        .await;
}

enum Refusal {
    Unauthorized,
    Trouble(CallError),
}

/// The connection that the head asks for, and for plain http the head to forward.
async fn open(head: &str, shared: &Shared) -> Result<(TcpStream, Option<String>), Refusal> {
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let expected = format!("Basic {}", BASE64.encode(format!("skep:{}", shared.password).as_bytes()));
    let given = header(headers, "proxy-authorization").unwrap_or_default();
    // Both digests are compared whole, so that the time says nothing about the place of a difference.
    if domain::id::Digest::of(given.as_bytes()) != domain::id::Digest::of(expected.as_bytes()) {
        return Err(Refusal::Unauthorized);
    }
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refusal::Trouble(invalid("git sent a request that is not HTTP/1.1")));
    };
    let url = match method {
        "CONNECT" => parse_url(&format!("https://{target}/")),
        _ => parse_url(target),
    };
    let url = url.map_err(Refusal::Trouble)?;
    let upstream = connect(&url, shared).await.map_err(Refusal::Trouble)?;
    let forwarded = (method != "CONNECT").then(|| {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let kept = headers.split("\r\n").filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !line.is_empty()
                && !["proxy-authorization", "proxy-connection", "connection"]
                    .iter()
                    .any(|ours| name.eq_ignore_ascii_case(ours))
        });
        let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
        // One request a connection: the next one may go elsewhere and is a new decision.
        format!("{method} {path} HTTP/1.1\r\n{kept}Connection: close\r\n\r\n")
    });
    Ok((upstream, forwarded))
}

async fn connect(url: &url::Url, shared: &Shared) -> Result<TcpStream, CallError> {
    let destination = shared.rules.check_url(url, Purpose::Source)?;
    let addresses = resolve(shared.names.as_ref(), &shared.rules, &destination).await?;
    let unavailable = |why: String| {
        CallError::new(
            ErrorKind::Unavailable,
            "source",
            format!("{} could not be connected: {why}", destination.shown()),
        )
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(addresses.as_slice())).await {
        Ok(connected) => connected.map_err(|error| unavailable(error.to_string())),
        Err(_) => Err(unavailable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
    }
}

impl Shared {
    fn keep(&self, error: CallError) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

async fn relay(client: TcpStream, upstream: TcpStream, shared: &Shared) {
    let (client_read, client_write) = client.into_split();
    let (upstream_read, upstream_write) = upstream.into_split();
    tokio::join!(pass(client_read, upstream_write, None), pass(upstream_read, client_write, Some(shared)));
}

/// Bytes in one direction until either side ends; those that come in are counted.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, counted: Option<&Shared>) {
    let mut buffer = vec![0; 32 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if let Some(shared) = counted {
            let taken = shared
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(length as u64));
            if taken.is_err() {
                shared.keep(CallError::new(
                    ErrorKind::TooLarge,
                    "source",
                    "the repository is larger than a clone may receive",
                ));
                break;
            }
        }
        let Some(chunk) = buffer.get(..length) else { break };
        if to.write_all(chunk).await.is_err() {
            break;
        }
    }
    // The other side sees the end; if it is gone already there is nothing to end.
    let _ended = to.shutdown().await;
}

/// The head as text, and what came after it.
async fn read_head(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut buffer = Vec::new();
    loop {
        if client.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = buffer.split_off(end + 4);
            buffer.truncate(end);
            let head = String::from_utf8(buffer).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            return Ok((head, rest));
        }
        if buffer.len() > HEAD_LIMIT {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

fn header<'a>(headers: &'a str, wanted: &str) -> Option<&'a str> {
    headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case(wanted).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::connect::SystemNames;

    async fn echo() -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.unwrap();
        });
        port
    }

    async fn ask(proxy: &Proxy, target: &str, password: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let credential = BASE64.encode(format!("skep:{password}").as_bytes());
        let head = format!("CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {credential}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let (answer, _) = read_head(&mut stream).await.unwrap();
        (stream, answer.lines().next().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_tunnel_needs_the_credential_and_an_address_that_may_be_reached() {
        let port = echo().await;
        let rules = Rules { allow: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..Rules::default() };
        let names: Arc<dyn Names> = Arc::new(SystemNames);
        let proxy = Proxy::start(&Arc::new(rules), &names, 1000).await.unwrap();
        let target = format!("127.0.0.1:{port}");
        assert!(ask(&proxy, &target, "wrong").await.1.starts_with("HTTP/1.1 407"));
        let password = proxy.password().to_owned();
        let (mut tunnel, status) = ask(&proxy, &target, &password).await;
        assert_eq!(status, "HTTP/1.1 200 connected");
        tunnel.write_all(b"ping").await.unwrap();
        let mut answer = [0; 4];
        tunnel.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"ping");
        assert_eq!(proxy.trouble(), None);
        assert!(ask(&proxy, "169.254.169.254:80", &password).await.1.starts_with("HTTP/1.1 403"));
        assert!(proxy.trouble().unwrap().message.contains("metadata"));
    }
}
