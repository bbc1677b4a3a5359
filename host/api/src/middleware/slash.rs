//! One trailing slash is accepted and means the path without it, except `…/files/`, the workspace root, and `/docs/`, a folder of files.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;

/// Must run before routing.
pub(crate) fn normalize(mut request: Request) -> Request {
    if let Some(uri) = without_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let shorter = path.strip_suffix('/').filter(|shorter| !shorter.is_empty() && !shorter.ends_with('/'))?;
    if shorter == "/docs" || shorter.ends_with("/files") {
        return None;
    }
    let text = match uri.query() {
        Some(query) => format!("{shorter}?{query}"),
        None => shorter.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn one_slash_goes_and_no_more() {
        for (given, expected) in [
            ("/v1/health/", Some("/v1/health")),
            ("/v1/health/?a=1", Some("/v1/health?a=1")),
            ("/v1/health//", None),
            ("/v1/health", None),
            ("/", None),
            ("/docs/", None),
            ("/api/v1/users/a/agents/b/files/", None),
            ("/api/v1/users/a/agents/b/files/x/", Some("/api/v1/users/a/agents/b/files/x")),
        ] {
            let uri = without_slash(&given.parse().unwrap());
            assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), expected, "{given}");
        }
    }
}
