//! The documented surfaces: which one a path belongs to, and what an error looks like there (api.md, "Errors").

use crate::model_server::error_body as openai_body;
use domain::error::{Code, Error};
use domain::rate::Counted;
use serde_json::{Value, json};

/// A dialect of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    /// Autonomy and triggers.
    Autonomy,
    /// Start agent.
    Start,
    /// elizaOS 1.x.
    Eliza,
    /// Autonoma.
    Autonoma,
    /// OpenAI-compatible.
    OpenAi,
    /// MCP: JSON-RPC.
    Mcp,
    /// Autonomis.
    Autonomis,
    /// Everything else.
    Plain,
}

/// The longest prefix comes first.
const PREFIXES: [(&str, Surface); 15] = [
    ("/api/messaging", Surface::Eliza),
    ("/api/triggers", Surface::Autonomy),
    ("/api/agents", Surface::Eliza),
    ("/api/memory", Surface::Eliza),
    ("/api/server", Surface::Eliza),
    // Nothing of these is served; clients are told so in their words.
    ("/api/system", Surface::Eliza),
    ("/api/audio", Surface::Eliza),
    ("/api/media", Surface::Eliza),
    ("/api/agent", Surface::Autonomy),
    ("/v1/models", Surface::OpenAi),
    ("/v1/chat", Surface::OpenAi),
    ("/api/v1", Surface::Autonomis),
    ("/agents", Surface::Start),
    ("/mcp", Surface::Mcp),
    ("/v1", Surface::Autonoma),
];

impl Surface {
    /// Prefixes match whole path segments.
    pub(crate) fn of(path: &str) -> Self {
        let has = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        PREFIXES.iter().find(|(prefix, _)| has(prefix)).map_or(Self::Plain, |(_, surface)| *surface)
    }

    /// Whether requests are counted against the user's plan.
    pub(crate) fn counted(self) -> Counted {
        match self {
            Self::Autonoma | Self::OpenAi | Self::Autonomis => Counted::Plan,
            Self::Autonomy | Self::Start | Self::Eliza | Self::Mcp | Self::Plain => Counted::Other,
        }
    }

    /// The body of an error.
    pub(crate) fn body(self, error: &Error) -> Value {
        let message = self.public_message(error);
        let code = self.code(error);
        match self {
            Self::Autonomy => json!({ "error": message, "code": code }),
            Self::Start => json!({ "success": false, "error": message }),
            Self::Eliza => json!({ "success": false, "error": { "code": code, "message": message } }),
            Self::Autonoma => json!({ "error": { "code": code, "message": message } }),
            Self::OpenAi => openai_body(error.code.status(), code, message),
            Self::Mcp => {
                json!({ "jsonrpc": "2.0", "id": null, "error": { "code": json_rpc(error.code), "message": message } })
            }
            Self::Autonomis | Self::Plain => json!({ "error": message }),
        }
    }

    /// RFC 9457, for those who accept it; none where the document allows one body only.
    pub(crate) fn problem(self, error: &Error) -> Option<Value> {
        let status = error.code.status();
        if self == Self::Autonomis && status >= 500 {
            return None;
        }
        let title = http::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        let mut body = json!({ "type": "about:blank", "title": title, "status": status, "detail": self.public_message(error), "code": self.code(error) });
        if let (Some(fields), Some(details), true) =
            (body.as_object_mut(), error.details.as_object(), status < 500)
        {
            for (name, value) in details {
                fields.entry(name.as_str()).or_insert_with(|| value.clone());
            }
        }
        Some(body)
    }

    /// The word for programs. elizaOS has more of them than the others.
    fn code(self, error: &Error) -> &'static str {
        let is_field = error.details.get("field").is_some();
        match error.code {
            Code::InvalidRequest if self == Self::Eliza && is_field => "VALIDATION_ERROR",
            Code::RateLimited if self == Self::Eliza => "RATE_LIMIT_EXCEEDED",
            code if self == Self::Eliza => code.as_str(),
            Code::InvalidId => Code::InvalidRequest.as_str(),
            Code::AgentNotFound | Code::SessionNotFound => Code::NotFound.as_str(),
            Code::SessionExpired => Code::Gone.as_str(),
            code => code.as_str(),
        }
    }

    /// What goes out: of a 5xx never its cause. Autonomis wants one text for all of them.
    fn public_message(self, error: &Error) -> &str {
        match error.code {
            Code::ServiceUnavailable if self != Self::Autonomis => "service unavailable: try again later",
            Code::AutonomyDisabled if self != Self::Autonomis => &error.message,
            Code::StartFailed if self != Self::Autonomis => "Failed to start agent runtime",
            code if code.status() >= 500 => "internal server error",
            _ => &error.message,
        }
    }
}

fn json_rpc(code: Code) -> i32 {
    match code {
        Code::InvalidRequest => -32600,
        Code::InternalError => -32603,
        // The range that servers may use as they like.
        _ => -32000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_at_a_path_segment() {
        for (path, surface) in [
            ("/api/agent", Surface::Autonomy),
            ("/api/agent/autonomy", Surface::Autonomy),
            ("/api/agents", Surface::Eliza),
            ("/api/agentsx", Surface::Plain),
            ("/api/v1/users", Surface::Autonomis),
            ("/api/v10", Surface::Plain),
            ("/agents/x/start", Surface::Start),
            ("/agentsx", Surface::Plain),
            ("/v1/agents/tasks", Surface::Autonoma),
            ("/v1/chat/completions", Surface::OpenAi),
            ("/v1/chats", Surface::Autonoma),
            ("/v1/modelsx", Surface::Autonoma),
            ("/v1", Surface::Autonoma),
            ("/v12", Surface::Plain),
            ("/mcp", Surface::Mcp),
            ("/", Surface::Plain),
        ] {
            assert_eq!(Surface::of(path), surface, "{path}");
        }
    }

    #[test]
    fn each_surface_has_its_documented_body() {
        let error = Error::not_found("Agent not found");
        for (surface, body) in [
            (Surface::Autonomy, json!({ "error": "Agent not found", "code": "NOT_FOUND" })),
            (Surface::Start, json!({ "success": false, "error": "Agent not found" })),
            (
                Surface::Eliza,
                json!({ "success": false, "error": { "code": "NOT_FOUND", "message": "Agent not found" } }),
            ),
            (Surface::Autonoma, json!({ "error": { "code": "NOT_FOUND", "message": "Agent not found" } })),
            (
                Surface::OpenAi,
                json!({ "error": { "message": "Agent not found", "type": "not_found_error", "code": "NOT_FOUND" } }),
            ),
            (Surface::Autonomis, json!({ "error": "Agent not found" })),
            (Surface::Plain, json!({ "error": "Agent not found" })),
        ] {
            assert_eq!(surface.body(&error), body, "{surface:?}");
        }
    }

    #[test]
    fn elizaos_has_words_of_its_own() {
        let field = Error::invalid("content is missing").with_details(json!({ "field": "content" }));
        for (error, eliza, other) in [
            (field, "VALIDATION_ERROR", "INVALID_REQUEST"),
            (Error::invalid("not JSON"), "INVALID_REQUEST", "INVALID_REQUEST"),
            (Error::new(Code::InvalidId, "x"), "INVALID_ID", "INVALID_REQUEST"),
            (Error::new(Code::AgentNotFound, "x"), "AGENT_NOT_FOUND", "NOT_FOUND"),
            (Error::new(Code::SessionNotFound, "x"), "SESSION_NOT_FOUND", "NOT_FOUND"),
            (Error::new(Code::SessionExpired, "x"), "SESSION_EXPIRED", "GONE"),
            (Error::new(Code::RateLimited, "x"), "RATE_LIMIT_EXCEEDED", "RATE_LIMITED"),
        ] {
            assert_eq!(Surface::Eliza.body(&error)["error"]["code"], eliza);
            assert_eq!(Surface::Autonomy.body(&error)["code"], other);
        }
    }

    #[test]
    fn a_server_error_never_tells_its_cause() {
        for error in
            [Error::internal("the password is hunter2"), Error::unavailable("the password is hunter2")]
        {
            for (_, surface) in PREFIXES {
                assert!(!surface.body(&error).to_string().contains("hunter2"));
                assert!(surface.problem(&error).is_none_or(|body| !body.to_string().contains("hunter2")));
            }
            assert_eq!(Surface::Autonomis.body(&error), json!({ "error": "internal server error" }));
            assert_eq!(Surface::Autonomis.problem(&error), None);
        }
    }
}
