//! A server that the command line is sent to: it keeps every request as it came, and answers or hangs up as a test wants it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A request's whole text, head and body.
type Requests = Arc<Mutex<Vec<String>>>;

/// The server. It ends with the test's process.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    requests: Requests,
}

impl Peer {
    /// `answer` gets a request and makes the bytes to send back before the connection is closed.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(mut answer: impl FnMut(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Requests::default();
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read(&mut stream) else { continue };
                let bytes = answer(&request);
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                // Whoever asked may be gone.
                let _gone = stream.write_all(bytes.as_bytes());
            }
        });
        Self { address, requests }
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A header of every request so far, by its lower-case name.
    #[must_use]
    pub fn headers(&self, name: &str) -> Vec<Option<String>> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let header = |request: &String| {
            let mut lines = request.lines().take_while(|line| !line.is_empty());
            lines.find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        requests.iter().map(header).collect()
    }
}

/// A whole answer.
#[must_use]
pub fn response(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut block) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut block).ok()?;
        bytes.extend_from_slice(block.get(..count)?);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        if count == 0 {
            return None;
        }
    }
}
