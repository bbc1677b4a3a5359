//! The accept loop on a real socket.

use crate::support::TestHost;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn send(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 64 << 10];
    let length = stream.read(&mut buffer).await.unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[tokio::test]
async fn a_real_socket_is_served_and_ends_when_the_host_drains() {
    let host = TestHost::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(api::serve(listener, host.router.clone(), host.draining.subscribe()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n");
    for _ in 0..2 {
        let answer = send(&mut stream, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
    }
    let metrics = send(&mut stream, &format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "the peer is known: {metrics}");
    host.draining.send(true).unwrap();
    serving.await.unwrap().unwrap();
    // The kept connection was closed.
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err());
}
