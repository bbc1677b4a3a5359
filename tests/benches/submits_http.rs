//! Durable submits per second over HTTP: the real binary on SQLite, 64 kept connections, `POST /v1/agents/tasks` with a key. Each 202 comes
//! after the commit. The host takes in and runs nothing (`SKEP_CONCURRENCY=0`), so that only intake is measured; client and host share the
//! machine. At the end the host is killed, and the next one must know as many tasks as were answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::disk::Disk;
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("disk: {}", Disk::measure(folder.path()).unwrap());
    println!("{CONNECTIONS} connections, rounds of {} s", ROUND.as_secs());
    let spec = HostSpec::new(&folder.path().join("data")).set("SKEP_CONCURRENCY", "0");
    let mut host = spec.start();
    let mut rates = Vec::new();
    let mut answered = 0;
    measure(&host, Duration::from_millis(300), &mut answered).await;
    for round in 1..=ROUNDS {
        let (rate, [median, late]) = measure(&host, ROUND, &mut answered).await;
        println!("round {round}: {rate:.0} submits/s (p50 {median:.1} ms, p99 {late:.1} ms)");
        rates.push(rate);
    }
    rates.sort_by(f64::total_cmp);
    println!("median: {:.0} submits/s", rates[ROUNDS / 2]);
    host.kill();
    let host = spec.start();
    let status = host.api().get("/v1/agents/orchestrator/coordination").await.unwrap();
    let queued = status.body.get("queueDepth").and_then(Value::as_u64);
    assert_eq!(queued, Some(answered), "tasks after kill -9, and answers: {}", status.body);
    println!("{answered} answers, as many tasks after kill -9");
    println!("disk: {}", Disk::measure(folder.path()).unwrap());
}

/// Submits per second of all connections, and the median and 99th percentile of one in milliseconds.
async fn measure(host: &HostProcess, duration: Duration, answered: &mut u64) -> (f64, [f64; 2]) {
    let address = host.url.strip_prefix("http://").unwrap();
    let began = Instant::now();
    let connections: Vec<_> =
        (0..CONNECTIONS).map(|_| tokio::spawn(connection(address.to_owned(), began, duration))).collect();
    let mut times = Vec::new();
    for connection in connections {
        times.append(&mut connection.await.unwrap());
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    *answered += times.len() as u64;
    times.sort();
    (rate, [50, 99].map(|part| times[times.len() * part / 100].as_secs_f64() * 1e3))
}

async fn connection(address: String, began: Instant, duration: Duration) -> Vec<Duration> {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let body = json!({
        "task": "Add a test for the parser of durations, and make the one that fails on leap seconds pass.",
        "capabilities": ["BUILD"],
        "scope": "mvp",
        "intelligence": "core",
        "priority": "normal",
    })
    .to_string();
    let request = format!(
        "POST /v1/agents/tasks HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut buffer = vec![0; 8192];
    let mut times = Vec::new();
    while began.elapsed() < duration {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut length = 0;
        // The body is one flat object, and no head has a brace.
        while length == 0 || buffer[length - 1] != b'}' {
            let read = stream.read(&mut buffer[length..]).await.unwrap();
            assert!(read > 0, "the host closed the connection");
            length += read;
        }
        times.push(asked.elapsed());
        assert!(buffer.starts_with(b"HTTP/1.1 202"), "{}", String::from_utf8_lossy(&buffer[..length]));
    }
    times
}
