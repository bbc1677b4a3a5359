//! `http`: one request through the host's egress.

use crate::abi::v0_1_0::convert::error_to_guest;
use crate::abi::v0_1_0::wit::{http, types};
use crate::state::State;
use domain::effect::http::{Credential, HttpRequest};
use domain::effect::{Call, Reply};

impl http::Host for State {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, types::Error>> {
        let headers: usize = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let bytes = request.url.len() + headers + request.body.as_ref().map_or(0, Vec::len);
        let call = Call::Http(HttpRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
            credentials: request.credentials.into_iter().map(credential).collect(),
            once: request.once,
            timeout_ms: request.timeout_ms,
        });
        match self.perform(call, bytes).await? {
            Ok(Reply::Http(response)) => Ok(Ok(http::Response {
                status: response.status,
                headers: response.headers,
                body: response.body,
            })),
            Ok(reply) => Err(self.mismatch("http.send", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}

fn credential(credential: http::Credential) -> Credential {
    match credential {
        http::Credential::Header(place) => {
            Credential::Header { header: place.header, prefix: place.prefix, secret: place.secret }
        }
        http::Credential::Basic(place) => Credential::Basic { user: place.user, secret: place.secret },
        http::Credential::Query(place) => Credential::Query { name: place.name, secret: place.secret },
        http::Credential::Form(place) => Credential::Form { name: place.name, secret: place.secret },
        http::Credential::JsonPointer(place) => {
            Credential::JsonPointer { pointer: place.name, secret: place.secret }
        }
    }
}
