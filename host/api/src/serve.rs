//! The accept loop. It is ours so that the request head has a deadline and open connections end gracefully.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

/// A client sends its request head within this time, also the next one on a kept connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// More than `head_limit`, so that our own answer says what was wrong.
const BUFFER: usize = 128 << 10;
/// Open connections; more wait in the system's queue until one ends. An idle one has its 30 s, an event stream has a key.
const CONNECTIONS: usize = 4096;
/// After an accept that failed for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serve until `draining` becomes true, then let open requests end. Dropping the future ends them at once.
///
/// # Errors
/// Never by itself; accept errors are logged and survived.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    draining: watch::Receiver<bool>,
) -> std::io::Result<()> {
    serve_at_most(CONNECTIONS, listener, router, draining).await
}

async fn serve_at_most(
    limit: usize,
    listener: TcpListener,
    router: Router,
    draining: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let free = Arc::new(Semaphore::new(limit));
    let mut connections = JoinSet::new();
    let mut stop = draining.clone();
    loop {
        tokio::select! {
            accepted = accept(&listener, &free) => match accepted {
                Ok((stream, peer, place)) => {
                    let serving = connection(stream, peer, router.clone(), draining.clone());
                    connections.spawn(async move {
                        let _place = place;
                        serving.await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = is_set(&mut stop) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    free: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(free).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut draining: watch::Receiver<bool>,
) {
    // Small answers must not wait for more; where it cannot be set, they only come later.
    let _slower = stream.set_nodelay(true);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = is_set(&mut draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // A client that goes away is nobody's fault.
        tracing::debug!(%error, %peer, "a connection ended");
    }
}

/// Answers once it is true. A sender that is gone counts as true.
async fn is_set(draining: &mut watch::Receiver<bool>) {
    drop(draining.wait_for(|draining| *draining).await);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn ask(stream: &mut TcpStream) -> std::io::Result<String> {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await?;
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await?;
        answer.truncate(length);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    #[tokio::test]
    async fn a_connection_over_the_limit_waits_until_another_ends() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (drain, draining) = watch::channel(false);
        let router = Router::new().fallback(async || "here");
        let serving = tokio::spawn(serve_at_most(1, listener, router, draining));
        let mut first = TcpStream::connect(address).await?;
        assert!(ask(&mut first).await?.ends_with("here"));
        let mut second = TcpStream::connect(address).await?;
        let mut asking = Box::pin(ask(&mut second));
        // As long as the first is open, all its requests are answered and the second's is not.
        for _ in 0..50 {
            assert!(ask(&mut first).await?.ends_with("here"));
            assert!(futures_util::poll!(&mut asking).is_pending());
        }
        drop(first);
        assert!(asking.await?.ends_with("here"));
        drop(second);
        drain.send(true).map_err(std::io::Error::other)?;
        serving.await?
    }
}
