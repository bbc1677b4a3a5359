//! The scripted model server as a process: `scripted-model SCRIPT.json [PORT]`. Prints its base URL, ends when its stdin is closed.
//! `GET /requests` answers all requests so far.

use std::io::{Error, Write as _};
use std::net::SocketAddr;
use testkit::model_server::{ModelServer, ScriptFile};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or_else(|| Error::other("usage: scripted-model SCRIPT.json [PORT]"))?;
    let port = arguments.next().map_or(Ok(0), |port| port.parse::<u16>()).map_err(Error::other)?;
    let text =
        std::fs::read(&path).map_err(|error| Error::other(format!("{path} cannot be read: {error}")))?;
    let file: ScriptFile = serde_json::from_slice(&text)
        .map_err(|error| Error::other(format!("{path} is no script: {error}")))?;
    let server = ModelServer::start_at(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    server.load(file);
    println!("{}", server.base_url());
    std::io::stdout().flush()?;
    // Whoever started this process holds the other end; a killed test leaves no server behind.
    let closed =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
    closed.await.map_err(Error::other)??;
    Ok(())
}
