//! A server that tells everything back that it was sent, in every form.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use data_encoding::{BASE64, HEXLOWER};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// In each answer: what a guest finds in its memory.
pub(crate) const SIGNATURE: &str = "told by the echo server 6d0d33b1";

/// Method and URI, headers, body.
type Seen = (String, HeaderMap, String);

/// The server.
pub(crate) struct Echo {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Another origin, to which it redirects.
    elsewhere: String,
    strayed: Arc<Mutex<Vec<Seen>>>,
}

async fn listen(seen: &Arc<Mutex<Vec<Seen>>>, elsewhere: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (kept, elsewhere) = (Arc::clone(seen), elsewhere.to_owned());
    let router =
        Router::new().fallback(move |request: Request| answer(Arc::clone(&kept), elsewhere.clone(), request));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let (seen, strayed) = (Arc::default(), Arc::default());
        let elsewhere = listen(&strayed, "").await;
        let url = format!("http://{}", listen(&seen, &elsewhere).await);
        Self { url, seen, elsewhere, strayed }
    }

    /// For the egress policy.
    pub(crate) fn addresses(&self) -> [String; 2] {
        [self.url.trim_start_matches("http://").to_owned(), self.elsewhere.clone()]
    }

    /// What came to the other origin.
    pub(crate) fn strayed(&self) -> Vec<Seen> {
        self.strayed.lock().unwrap().clone()
    }

    pub(crate) fn clear(&self) {
        self.seen.lock().unwrap().clear();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Whether the value came in this place.
    pub(crate) fn has_seen(&self, place: &str, value: &str) -> bool {
        let header = |headers: &HeaderMap, name: &str| {
            headers
                .get(name)
                .map_or(String::new(), |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let escaped: String = value
            .bytes()
            .map(|byte| match byte {
                b'-' | b'_' | b'.' | b'*' => char::from(byte).to_string(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        self.seen().iter().any(|(line, headers, body)| match place {
            "bearer" => header(headers, "authorization") == format!("Bearer {value}"),
            "header" => header(headers, "x-key") == value,
            "basic" => {
                header(headers, "authorization")
                    == format!("Basic {}", BASE64.encode(format!("ada:{value}").as_bytes()))
            }
            "query" => line.ends_with(&format!("&key={escaped}")),
            "form" => *body == format!("more=1&key={escaped}"),
            "json" => {
                let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
                body == serde_json::json!({ "auth": { "key": value }, "n": 1 })
            }
            _ => false,
        })
    }
}

async fn answer(seen: Arc<Mutex<Vec<Seen>>>, elsewhere: String, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let line = format!("{} {}", parts.method, parts.uri);
    seen.lock().unwrap().push((line.clone(), parts.headers.clone(), body.clone()));
    match parts.uri.path() {
        "/zip" => return ([("content-encoding", "gzip")], Body::from(body)).into_response(),
        "/elsewhere" => {
            let query = parts.uri.query().unwrap_or_default();
            return Redirect::temporary(&format!("http://{elsewhere}/?{query}")).into_response();
        }
        "/hang-up" => {
            let broken = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("hangs up"))]);
            return Body::from_stream(broken).into_response();
        }
        _ => {}
    }
    let mut answer = HeaderMap::new();
    let mut all = format!("{line}\n{body}\n");
    for (name, value) in &parts.headers {
        all.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        if ["authorization", "x-key"].contains(&name.as_str()) {
            answer.append("x-echo", value.clone());
            answer.append("set-cookie", value.clone());
        }
    }
    let json = serde_json::json!({ "all": all }).to_string();
    let escaped: String = all.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let text = format!(
        "{SIGNATURE}\n{all}\n{json}\n{}\n{}\n{escaped}\n",
        BASE64.encode(all.as_bytes()),
        HEXLOWER.encode(all.as_bytes())
    );
    (answer, text).into_response()
}

/// HMAC-SHA256 in hex (RFC 2104), computed apart from the host.
pub(crate) fn hmac(key: &str, text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    assert!(key.len() <= 64, "longer keys are hashed first");
    let pad = |with: u8| -> Vec<u8> {
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(key.as_bytes());
        block.iter().map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    HEXLOWER.encode(&Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize())
}
