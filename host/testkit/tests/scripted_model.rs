//! The scripted model server as a process, over real sockets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(script: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("script.json");
        std::fs::write(&file, script.to_string()).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_scripted-model"))
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap().to_owned();
        Self { process, address }
    }

    /// All that comes back until the connection ends, and whether it ended in order.
    fn send(&self, method: &str, path: &str, body: &Value) -> String {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A scripted cut is an error here; what came before it counts.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn chat(&self, text: &str) -> String {
        let body = json!({ "model": "m", "stream": true, "messages": [{ "role": "user", "content": text }] });
        self.send("POST", "/v1/chat/completions", &body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn steps_come_in_order_and_by_content_with_their_faults() {
    let server = Server::start(&json!({ "steps": [
        { "status": 429, "retryAfter": "7" },
        { "text": "first second third", "cutAfter": 1 },
        { "when": ["weather"], "text": "rain" }
    ] }));
    assert!(server.chat("weather?").contains("rain"));
    let refused = server.chat("hi");
    assert!(refused.starts_with("HTTP/1.1 429") && refused.contains("retry-after: 7"), "{refused}");
    let cut = server.chat("hi");
    assert!(cut.contains("first") && !cut.contains("second") && !cut.contains("[DONE]"), "{cut}");
    assert!(server.chat("weather again?").contains("rain"));
    assert!(server.chat("hi").starts_with("HTTP/1.1 400"));
    let requests = server.send("GET", "/requests", &Value::Null);
    assert_eq!(requests.matches("\"stream\":true").count(), 5, "{requests}");
}

#[test]
fn the_process_ends_when_its_stdin_is_closed() {
    let mut server = Server::start(&json!({ "steps": [] }));
    drop(server.process.stdin.take());
    assert!(server.process.wait().unwrap().success());
}
