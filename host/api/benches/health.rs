//! Requests per second of the health endpoint against bare axum with the same answer, over loopback, in one run. Aim: at least 0.9 times.
//!
//! Rounds alternate, so that a busy machine slows both; the medians are compared.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

#[allow(dead_code, reason = "a bench needs little of what the tests use")]
#[path = "../tests/api/support.rs"]
mod support;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::TestHost;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// As many clients as the submit bench has.
const CONNECTIONS: usize = 64;
/// Rounds of each side.
const ROUNDS: usize = 5;
/// Long enough that starting the clients does not count.
const ROUND: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let host = TestHost::new().await;
    let ours =
        listen(|listener| tokio::spawn(api::serve(listener, host.router.clone(), host.draining.subscribe())))
            .await;
    let bare = Router::new().route("/health", get(|| async { Json(json!({ "status": "ok" })) }));
    let bare = listen(|listener| tokio::spawn(async move { axum::serve(listener, bare).await })).await;
    let mut rates = [Vec::new(), Vec::new()];
    measure(ours, Duration::from_millis(300)).await;
    measure(bare, Duration::from_millis(300)).await;
    for round in 1..=ROUNDS {
        let [ours, bare] = [measure(ours, ROUND).await, measure(bare, ROUND).await];
        println!("round {round}: skep {ours:.0} requests/s, bare axum {bare:.0} requests/s");
        rates[0].push(ours);
        rates[1].push(bare);
    }
    let [ours, bare] = rates.map(median);
    println!("median: skep {ours:.0}, bare axum {bare:.0}, ratio {:.2} (aim: at least 0.90)", ours / bare);
}

async fn listen<T>(serve: impl FnOnce(TcpListener) -> T) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener);
    address
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Requests per second of all connections together.
async fn measure(address: SocketAddr, duration: Duration) -> f64 {
    let started = Instant::now();
    let clients = (0..CONNECTIONS).map(|_| tokio::spawn(client(address, duration)));
    let counts = futures_util::future::join_all(clients).await;
    let count: u32 = counts.into_iter().map(Result::unwrap).sum();
    f64::from(count) / started.elapsed().as_secs_f64()
}

async fn client(address: SocketAddr, duration: Duration) -> u32 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut buffer = vec![0; 4096];
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < duration {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut length = 0;
        // Both bodies end with the same brace, and no head does.
        while length == 0 || buffer[length - 1] != b'}' {
            let read = stream.read(&mut buffer[length..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..length]));
        count += 1;
    }
    count
}
