//! A TCP proxy before the server that cuts a connection at its COMMIT.

use crate::database::TestDatabase;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// `COMMIT` as a simple query.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// Where to cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never sees the commit.
    Before,
    /// The server commits, and its answer is lost.
    After,
}

/// The proxy; it runs until the test ends.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    /// Start one before the server of `database`.
    pub(crate) async fn start(database: &TestDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = database.server_address();
        let (cut, cuts) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let proxy = Self { port, cut: Arc::clone(&cut), cuts: Arc::clone(&cuts) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(relay(client, server, Arc::clone(&cut), Arc::clone(&cuts)));
            }
        });
        proxy
    }

    /// Cut at the next commit.
    pub(crate) fn arm(&self, cut: Cut) {
        *self.cut.lock().unwrap() = Some(cut);
    }

    /// How often it has cut.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: Arc<Mutex<Option<Cut>>>,
    cuts: Arc<AtomicUsize>,
) {
    let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(request) = read.ok().filter(|length| *length > 0).and_then(|length| asked.get(..length)) else { return };
                let armed = if request == COMMIT { cut.lock().unwrap().take() } else { None };
                if armed == Some(Cut::Before) {
                    cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                server.write_all(request).await.unwrap();
                if armed == Some(Cut::After) {
                    // The answer means that the commit is done. It goes nowhere.
                    assert!(server.read(&mut answered).await.unwrap() > 0);
                    cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Some(answer) = read.ok().filter(|length| *length > 0).and_then(|length| answered.get(..length)) else { return };
                if client.write_all(answer).await.is_err() {
                    return;
                }
            }
        }
    }
}
