//! Attaching secrets to a request, right before it is sent. Whoever asked has seen the names only.

use crate::rules::invalid;
use crate::scrub::Scrubber;
use app::ports::outbound::{Attachment, OutboundRequest, OutboundResponse, read_body};
use bytes::Bytes;
use data_encoding::BASE64;
use domain::effect::http::Credential;
use domain::effect::{CallError, ErrorKind, bounded};
use futures_util::{StreamExt as _, stream};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// A request with its secrets in it.
pub(crate) struct Attached {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Put each secret into its place; `headers` are the request's own.
pub(crate) fn attach(request: &OutboundRequest, headers: HeaderMap) -> Result<Attached, CallError> {
    let mut attached = Attached { url: request.url.clone(), headers, body: request.body.clone() };
    if request.credentials.is_empty() {
        return Ok(attached);
    }
    // The answer is searched for the values: it must come whole and as it is.
    for part in [RANGE, IF_RANGE] {
        if attached.headers.contains_key(&part) {
            return Err(refused(format!(
                "the header {part} cannot go out together with a credential: the answer is searched for the secret and must be whole; leave it out"
            )));
        }
    }
    attached.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for attachment in &request.credentials {
        attached.put(attachment)?;
    }
    Ok(attached)
}

impl Attached {
    fn put(&mut self, Attachment { credential, value }: &Attachment) -> Result<(), CallError> {
        let value = value.reveal();
        match credential {
            Credential::Header { header, prefix, secret } => {
                let name = HeaderName::from_bytes(header.as_bytes())
                    .map_err(|_| refused(format!("{header:?} is not a header's name")))?;
                if crate::send::OURS.contains(&name.as_str()) || name == ACCEPT_ENCODING {
                    return Err(refused(format!(
                        "the header {header:?} is set by the host and carries no secret"
                    )));
                }
                self.put_header(name, secret, Zeroizing::new(format!("{prefix}{value}")))
            }
            Credential::Basic { user, secret } => {
                if user.contains(':') {
                    return Err(refused(format!(
                        "the user name {user:?} has a colon, which basic authentication cannot carry"
                    )));
                }
                let pair = Zeroizing::new(format!("{user}:{value}"));
                let coded = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
                self.put_header(AUTHORIZATION, secret, coded)
            }
            Credential::Query { name, .. } => {
                if self.url.query_pairs().any(|(present, _)| present == *name) {
                    return Err(twice("query parameter", name));
                }
                self.url.query_pairs_mut().append_pair(name, value);
                Ok(())
            }
            Credential::Form { name, .. } => self.put_field(name, value),
            Credential::JsonPointer { pointer, .. } => self.put_json(pointer, value),
        }
    }

    fn put_header(
        &mut self,
        name: HeaderName,
        secret: &str,
        text: Zeroizing<String>,
    ) -> Result<(), CallError> {
        if self.headers.contains_key(&name) {
            return Err(twice("header", name.as_str()));
        }
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            refused(format!("the secret {secret} has characters that no header can carry; store it again without line breaks"))
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    fn put_field(&mut self, name: &str, value: &str) -> Result<(), CallError> {
        const FORM: &str = "application/x-www-form-urlencoded";
        self.expect_type(FORM, |found| found == FORM)?;
        if form_urlencoded::parse(&self.body).any(|(present, _)| present == name) {
            return Err(twice("form field", name));
        }
        let before = std::str::from_utf8(&self.body).map_err(|_| refused("the form body is not text"))?;
        let body = form_urlencoded::Serializer::new(before.to_owned()).append_pair(name, value).finish();
        self.body = Bytes::from(body);
        Ok(())
    }

    fn put_json(&mut self, pointer: &str, value: &str) -> Result<(), CallError> {
        self.expect_type("application/json", |found| {
            found == "application/json" || (found.starts_with("application/") && found.ends_with("+json"))
        })?;
        let mut document: Value = if self.body.is_empty() {
            Value::Object(serde_json::Map::new())
        } else {
            // The error of the parser says where, and never what.
            serde_json::from_slice(&self.body).map_err(|error| {
                refused(format!("the body is not JSON, so no pointer leads into it: {error}"))
            })?
        };
        let nowhere = || {
            refused(format!(
                "the JSON pointer {pointer:?} leads nowhere in the body: its last part is a key of an object (or the index of an element) that is there"
            ))
        };
        let (parent, last) = pointer.rsplit_once('/').ok_or_else(nowhere)?;
        let last = last.replace("~1", "/").replace("~0", "~");
        match document.pointer_mut(parent).ok_or_else(nowhere)? {
            Value::Object(fields) => {
                fields.insert(last, Value::String(value.to_owned()));
            }
            Value::Array(elements) => {
                let index: usize = last.parse().map_err(|_| nowhere())?;
                *elements.get_mut(index).ok_or_else(nowhere)? = Value::String(value.to_owned());
            }
            _ => return Err(nowhere()),
        }
        let text = serde_json::to_vec(&document).map_err(|error| refused(error.to_string()))?;
        self.body = Bytes::from(text);
        Ok(())
    }

    /// The content type that the placement needs; set where the request has none.
    fn expect_type(&mut self, wanted: &'static str, fits: impl Fn(&str) -> bool) -> Result<(), CallError> {
        let Some(found) = self.headers.get(CONTENT_TYPE) else {
            self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(wanted));
            return Ok(());
        };
        let name = found.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        if fits(&name.trim().to_ascii_lowercase()) {
            return Ok(());
        }
        Err(refused(format!("the body is {name:?}, and this credential needs {wanted}")))
    }
}

fn twice(what: &str, name: &str) -> CallError {
    refused(format!("the {what} {name:?} is there already; leave it to the credential"))
}

fn refused(message: impl Into<String>) -> CallError {
    CallError { code: "credential".to_owned(), ..invalid(message) }
}

/// The answer without the values: whole, searched, masked.
pub(crate) async fn clean(
    answer: OutboundResponse,
    scrubber: &Scrubber,
) -> Result<OutboundResponse, CallError> {
    let OutboundResponse { status, headers, body } = answer;
    let coding = headers.iter().find(|(name, coding)| {
        name == CONTENT_ENCODING.as_str() && !coding.trim().eq_ignore_ascii_case("identity")
    });
    if let Some((_, coding)) = coding {
        let message = format!(
            "the answer came in the coding {:?} although none was asked for; it cannot be searched for the secret and is not given out",
            bounded(coding.clone(), 60)
        );
        return Err(CallError::new(ErrorKind::Permanent, "credential", message));
    }
    let headers = headers
        .into_iter()
        .filter(|(name, _)| !scrubber.is_in_name(name))
        .map(|(name, value)| (name, scrubber.scrub_text(value)))
        .collect();
    let whole = read_body(body).await?;
    let whole = scrubber.scrub(&whole).map_or(whole, Bytes::from);
    Ok(OutboundResponse { status, headers, body: stream::iter([Ok(whole)]).boxed() })
}

#[cfg(test)]
mod tests;
