//! Who really asks, behind proxies: `X-Forwarded-*` counts only from those that the operator trusts.

use crate::settings::HttpSettings;
use axum::extract::{ConnectInfo, Request};
use std::net::{IpAddr, SocketAddr};

/// The client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// None when nobody knows it (a test without a socket).
    pub(crate) address: Option<IpAddr>,
    /// On this machine, and no proxy stands between.
    pub(crate) is_local: bool,
}

/// Whether the other end of the connection is a trusted proxy.
pub(crate) fn is_proxied(request: &Request, settings: &HttpSettings) -> bool {
    peer(request).is_some_and(|peer| is_trusted(peer, settings))
}

/// The client: the last address of `X-Forwarded-For` that is not a trusted proxy's.
pub(crate) fn client(request: &Request, settings: &HttpSettings) -> Client {
    let Some(peer) = peer(request) else { return Client { address: None, is_local: false } };
    let headers = request.headers();
    if !is_trusted(peer, settings) {
        // Something that we don't trust stands between: its loopback address says nothing about the client.
        let is_relayed = ["x-forwarded-for", "x-forwarded-host", "forwarded", "via"]
            .iter()
            .any(|name| headers.contains_key(*name));
        return Client { address: Some(peer), is_local: peer.is_loopback() && !is_relayed };
    }
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut client = peer;
    for hop in hops.iter().rev() {
        match parse(hop.trim()) {
            Some(address) => client = address,
            None => break,
        }
        if !is_trusted(client, settings) {
            break;
        }
    }
    Client { address: Some(client), is_local: false }
}

fn peer(request: &Request) -> Option<IpAddr> {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip().to_canonical())
}

fn is_trusted(address: IpAddr, settings: &HttpSettings) -> bool {
    settings.trusted_proxies.iter().any(|network| network.contains(&address))
}

/// `203.0.113.7`, `203.0.113.7:1234`, `[2001:db8::1]:1234`, `2001:db8::1`.
fn parse(hop: &str) -> Option<IpAddr> {
    let address =
        hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}
