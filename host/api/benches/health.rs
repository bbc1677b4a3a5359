//! Requests per second of the health endpoint against bare axum with the same answer, over loopback, in one run. Aim: at least 0.9 times.
//!
//! Rounds alternate, so that a busy machine slows all; the medians are compared. Servers and clients share one runtime, and each
//! connection is kept. Bare axum is one route that answers bytes, without a layer and without a header of ours. The third side asks the
//! same of this host with a slash at the end: that goes through routing and every layer, as all other routes do.

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

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use support::TestHost;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// As many clients as the submit bench has.
const CONNECTIONS: usize = 64;
/// Rounds of each side.
const ROUNDS: usize = 15;
/// Long enough that starting the clients does not count, short enough that all sides see the same machine.
const ROUND: Duration = Duration::from_millis(700);

/// What every side answers.
const BODY: &str = r#"{"status":"ok"}"#;

#[tokio::main]
async fn main() {
    let host = TestHost::new().await;
    let ours =
        listen(|listener| tokio::spawn(api::serve(listener, host.router.clone(), host.draining.subscribe())))
            .await;
    let bare = Router::new().route("/health", get(|| async { ([(CONTENT_TYPE, "application/json")], BODY) }));
    let bare = listen(|listener| tokio::spawn(async move { axum::serve(listener, bare).await })).await;
    let sides = [("skep", ours, "/health"), ("bare axum", bare, "/health"), ("all layers", ours, "/health/")];
    println!("{CONNECTIONS} kept connections, rounds of {} ms, {} threads", ROUND.as_millis(), threads());
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for (_, address, path) in sides {
        measure(address, path, Duration::from_millis(300)).await;
    }
    for round in 1..=ROUNDS {
        print!("round {round}, requests/s:");
        for ((name, address, path), rates) in sides.iter().zip(&mut rates) {
            let rate = measure(*address, path, ROUND).await;
            print!(" {name} {rate:.0};");
            rates.push(rate);
        }
        println!();
    }
    let [ours, bare, layers] = rates.map(median);
    println!("median: skep {ours:.0}, bare axum {bare:.0}, ratio {:.2} (aim: at least 0.90)", ours / bare);
    println!("median: through routing and every layer {layers:.0}, ratio {:.2}", layers / bare);
}

fn threads() -> usize {
    tokio::runtime::Handle::current().metrics().num_workers()
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
async fn measure(address: SocketAddr, path: &'static str, duration: Duration) -> f64 {
    let started = Instant::now();
    let clients = (0..CONNECTIONS).map(|_| tokio::spawn(client(address, path, duration)));
    let counts = futures_util::future::join_all(clients).await;
    let count: u32 = counts.into_iter().map(Result::unwrap).sum();
    f64::from(count) / started.elapsed().as_secs_f64()
}

async fn client(address: SocketAddr, path: &str, duration: Duration) -> u32 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut buffer = vec![0; 4096];
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < duration {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut length = 0;
        // The body is the end, and no head has it.
        while !buffer[..length].ends_with(BODY.as_bytes()) {
            let read = stream.read(&mut buffer[length..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..length]));
        count += 1;
    }
    count
}
