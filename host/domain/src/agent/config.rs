//! What can be configured of an agent (api.md §4, `PATCH …/config`), and what a start may override (document Start agent, `settings`).

use crate::acmf::AcmfMode;
use crate::agent::clamp_interval;
use crate::effect::model::Tier;
use crate::manifest::grant::name_matches;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// No provider takes more.
const HOTTEST: f64 = 2.0;
/// Longer answers than any model gives.
const MOST_TOKENS: u64 = 1_000_000;
/// Far above what a user can spend; keeps sums below 2^53, where JSON numbers are exact.
const LARGEST_BUDGET: u64 = 1_000_000_000_000;
/// Of `tools.allow` and `tools.deny`.
const MOST_PATTERNS: usize = 256;
/// Two names and a dot.
const LONGEST_PATTERN: usize = 128;

/// Top-level keys.
const KEYS: [&str; 7] = ["model", "temperature", "maxTokens", "tools", "autonomy", "acmfMode", "budget"];

/// What to do with keys that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownKeys {
    /// A configuration: they are an error.
    Refused,
    /// Settings of a start: plugins may read them.
    Kept,
}

/// A value that cannot be: `{field} {problem}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct ConfigProblem {
    /// The path of the field.
    pub field: String,
    /// What is wrong and what is allowed.
    pub problem: String,
}

/// A checked configuration; what is not there is the host's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentConfig {
    /// Which model answers.
    pub model: Option<Tier>,
    /// From 0 to 2.
    pub temperature: Option<f64>,
    /// Of one answer.
    pub max_tokens: Option<u32>,
    /// Patterns of tools that it may call; none for all.
    pub allow: Option<Vec<String>>,
    /// Patterns of tools that it may not call, whatever is allowed.
    pub deny: Option<Vec<String>>,
    /// Between two ticks, as it was asked for.
    pub interval: Option<Duration>,
    /// How much it may do on its own.
    pub acmf_mode: Option<AcmfMode>,
    /// Tokens of one month.
    pub budget: Option<u64>,
}

impl AgentConfig {
    /// Check a JSON object. Null is as good as nothing. `path` comes before each field's name in problems, such as `settings.`.
    ///
    /// # Errors
    /// The first value that cannot be.
    pub fn parse(value: &Value, path: &str, unknown: UnknownKeys) -> Result<Self, ConfigProblem> {
        let reader = Reader { fields: object(value, path.trim_end_matches('.'))?, path: path.to_owned() };
        if unknown == UnknownKeys::Refused {
            reader.only(&KEYS)?;
        }
        let tools = reader.nested("tools", unknown, &["allow", "deny"])?;
        let autonomy = reader.nested("autonomy", unknown, &["interval"])?;
        let patterns = |name: &str| tools.as_ref().map_or(Ok(None), |tools| tools.patterns(name));
        let interval =
            autonomy.as_ref().map_or(Ok(None), |autonomy| autonomy.whole("interval", 1, u64::MAX / 2));
        Ok(Self {
            model: reader.word("model", &Tier::ALL, Tier::as_str)?,
            temperature: reader.temperature()?,
            max_tokens: reader.whole("maxTokens", 1, MOST_TOKENS)?.and_then(|count| count.try_into().ok()),
            allow: patterns("allow")?,
            deny: patterns("deny")?,
            interval: interval?.map(Duration::from_millis),
            acmf_mode: reader.word("acmfMode", &AcmfMode::ALL, AcmfMode::as_str)?,
            budget: reader.whole("budget", 0, LARGEST_BUDGET)?,
        })
    }

    /// This configuration where `over` says nothing.
    #[must_use]
    pub fn overridden_by(self, over: Self) -> Self {
        Self {
            model: over.model.or(self.model),
            temperature: over.temperature.or(self.temperature),
            max_tokens: over.max_tokens.or(self.max_tokens),
            allow: over.allow.or(self.allow),
            deny: over.deny.or(self.deny),
            interval: over.interval.or(self.interval),
            acmf_mode: over.acmf_mode.or(self.acmf_mode),
            budget: over.budget.or(self.budget),
        }
    }

    /// Whether the agent may call a tool, such as `files.read`.
    #[must_use]
    pub fn allows_tool(&self, name: &str) -> bool {
        let matches = |patterns: &[String]| patterns.iter().any(|pattern| name_matches(pattern, name));
        self.allow.as_deref().is_none_or(matches) && !self.deny.as_deref().is_some_and(matches)
    }

    /// Whether the agent may use a skill that has no tools: by the patterns for its tools, `NAME.*`, or by its name.
    #[must_use]
    pub fn allows_skill(&self, name: &str) -> bool {
        let as_tool = format!("{name}.");
        let matches = |pattern: &String| name_matches(pattern, name) || name_matches(pattern, &as_tool);
        self.allow.as_deref().is_none_or(|patterns| patterns.iter().any(matches))
            && !self.deny.as_deref().is_some_and(|patterns| patterns.iter().any(matches))
    }

    /// The whole configuration with defaults, as people see it. `interval` is the one in force.
    #[must_use]
    pub fn shown(&self, interval: Duration) -> Value {
        json!({
            "model": self.model.unwrap_or_default().as_str(),
            "temperature": self.temperature,
            "maxTokens": self.max_tokens,
            "tools": {
                "allow": self.allow.as_deref().unwrap_or(&["*".to_owned()]),
                "deny": self.deny.as_deref().unwrap_or_default(),
            },
            "autonomy": { "interval": u64::try_from(clamp_interval(interval).as_millis()).unwrap_or(u64::MAX) },
            "acmfMode": self.acmf_mode.unwrap_or_default().as_str(),
            "budget": self.budget,
        })
    }
}

/// JSON merge patch (RFC 7396).
#[must_use]
pub fn merge_patch(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (name, value) in patch {
        if value.is_null() {
            merged.remove(name);
        } else {
            let before = merged.get(name).cloned().unwrap_or(Value::Null);
            merged.insert(name.clone(), merge_patch(&before, value));
        }
    }
    Value::Object(merged)
}

/// Fields of one object, with the path of their names.
struct Reader<'a> {
    fields: &'a Map<String, Value>,
    path: String,
}

impl<'a> Reader<'a> {
    fn problem(&self, name: &str, problem: impl Into<String>) -> ConfigProblem {
        ConfigProblem { field: format!("{}{name}", self.path), problem: problem.into() }
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn only(&self, known: &[&str]) -> Result<(), ConfigProblem> {
        match self.fields.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let shown = crate::effect::bounded(name.clone(), 64);
                Err(self
                    .problem(&shown, format!("is not a configuration key; there are {}", known.join(", "))))
            }
        }
    }

    /// The reader of an object within.
    fn nested(
        &self,
        name: &str,
        unknown: UnknownKeys,
        known: &[&str],
    ) -> Result<Option<Self>, ConfigProblem> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let path = format!("{}{name}", self.path);
        let nested = Reader { fields: object(value, &path)?, path: format!("{path}.") };
        if unknown == UnknownKeys::Refused {
            nested.only(known)?;
        }
        Ok(Some(nested))
    }

    fn word<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Result<Option<T>, ConfigProblem> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let found = all.iter().copied().find(|word| value.as_str() == Some(as_str(*word)));
        found.map(Some).ok_or_else(|| {
            let allowed: Vec<&str> = all.iter().map(|word| as_str(*word)).collect();
            self.problem(name, format!("must be one of {}", allowed.join(", ")))
        })
    }

    fn temperature(&self) -> Result<Option<f64>, ConfigProblem> {
        let Some(value) = self.present("temperature") else { return Ok(None) };
        let number = value.as_f64().filter(|number| (0.0..=HOTTEST).contains(number));
        number.map(Some).ok_or_else(|| self.problem("temperature", "must be a number from 0 to 2"))
    }

    fn whole(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, ConfigProblem> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        number
            .map(Some)
            .ok_or_else(|| self.problem(name, format!("must be a whole number from {least} to {most}")))
    }

    fn patterns(&self, name: &str) -> Result<Option<Vec<String>>, ConfigProblem> {
        let Some(value) = self.present(name) else { return Ok(None) };
        let wanted = "must be a list of tools such as \"files.read\", \"files.*\" or \"*\"";
        let items = value.as_array().ok_or_else(|| self.problem(name, wanted))?;
        if items.len() > MOST_PATTERNS {
            return Err(self.problem(name, format!("must have at most {MOST_PATTERNS} entries")));
        }
        let pattern = |(index, item): (usize, &Value)| {
            let text = item.as_str().filter(|text| is_pattern(text));
            text.map(str::to_owned).ok_or_else(|| {
                self.problem(
                    &format!("{name}[{index}]"),
                    "must be a tool such as \"files.read\", \"files.*\" or \"*\"",
                )
            })
        };
        items.iter().enumerate().map(pattern).collect::<Result<_, _>>().map(Some)
    }
}

fn object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, ConfigProblem> {
    value
        .as_object()
        .ok_or_else(|| ConfigProblem { field: path.to_owned(), problem: "must be an object".to_owned() })
}

/// `*`, `PLUGIN.*` or a whole name.
fn is_pattern(text: &str) -> bool {
    let name = text.strip_suffix(".*").unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text == "*" || (!name.is_empty() && text.len() <= LONGEST_PATTERN && name.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn problem(value: &Value) -> String {
        AgentConfig::parse(value, "", UnknownKeys::Refused).unwrap_err().to_string()
    }

    #[test]
    fn every_value_is_checked_and_named() {
        for (value, expected) in [
            (json!({ "model": "gpt-9" }), "model must be one of core, pro, ultra"),
            (json!({ "temperature": 2.5 }), "temperature must be a number from 0 to 2"),
            (json!({ "temperature": "hot" }), "temperature must be a number from 0 to 2"),
            (json!({ "maxTokens": 0 }), "maxTokens must be a whole number from 1 to 1000000"),
            (json!({ "maxTokens": 1.5 }), "maxTokens must be a whole number from 1 to 1000000"),
            (json!({ "tools": [] }), "tools must be an object"),
            (
                json!({ "tools": { "allowed": [] } }),
                "tools.allowed is not a configuration key; there are allow, deny",
            ),
            (
                json!({ "tools": { "allow": ["a b"] } }),
                "tools.allow[0] must be a tool such as \"files.read\", \"files.*\" or \"*\"",
            ),
            (
                json!({ "tools": { "deny": "files" } }),
                "tools.deny must be a list of tools such as \"files.read\", \"files.*\" or \"*\"",
            ),
            (
                json!({ "acmfMode": "assisted" }),
                "acmfMode must be one of OBSERVE, LEARNING, ASSISTED, AUTONOMOUS",
            ),
            (json!({ "budget": -1 }), "budget must be a whole number from 0 to 1000000000000"),
            (
                json!({ "color": null }),
                "color is not a configuration key; there are model, temperature, maxTokens, tools, autonomy, acmfMode, budget",
            ),
        ] {
            assert_eq!(problem(&value), expected, "{value}");
        }
        assert!(
            problem(&json!({ "autonomy": { "interval": "1m" } }))
                .starts_with("autonomy.interval must be a whole number")
        );
    }

    #[test]
    fn settings_keep_what_nobody_knows_and_say_where_a_problem_is() {
        let kept = json!({ "temperature": 0.8, "maxTokens": 2000, "voice": "alto" });
        let config = AgentConfig::parse(&kept, "settings.", UnknownKeys::Kept).unwrap();
        assert_eq!((config.temperature, config.max_tokens), (Some(0.8), Some(2000)));
        let hot = json!({ "temperature": 3 });
        let problem = AgentConfig::parse(&hot, "settings.", UnknownKeys::Kept).unwrap_err();
        assert_eq!(problem.to_string(), "settings.temperature must be a number from 0 to 2");
    }

    #[test]
    fn a_merge_patch_adds_replaces_and_removes() {
        let before = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1, 2] });
        let patch = json!({ "a": null, "b": { "c": 4, "d": null }, "e": [3], "f": { "g": null } });
        assert_eq!(merge_patch(&before, &patch), json!({ "b": { "c": 4 }, "e": [3], "f": {} }));
    }

    #[test]
    fn deny_wins_and_no_list_allows_all() {
        let tools =
            |value: Value| AgentConfig::parse(&json!({ "tools": value }), "", UnknownKeys::Refused).unwrap();
        assert!(tools(json!({})).allows_tool("files.read"));
        assert!(!tools(json!({ "allow": [] })).allows_tool("files.read"));
        let some = tools(json!({ "allow": ["files.*", "patch.make"], "deny": ["files.delete"] }));
        for (name, allowed) in
            [("files.read", true), ("files.delete", false), ("patch.make", true), ("patch.apply", false)]
        {
            assert_eq!(some.allows_tool(name), allowed, "{name}");
        }
    }
}
