//! The table `[models]`: which provider and model serve the tiers core, pro and ultra.
//!
//! ```toml
//! [models]
//! embedded = "qwen2.5-coder-0.5b"            # which embedded model, where a tier has no provider
//!
//! [models.core]
//! url = "https://api.openai.com/v1"
//! model = "gpt-4.1-mini"
//! key_env = "OPENAI_API_KEY"                 # or key = "…"
//! tokens_field = "max_completion_tokens"     # what OpenAI's reasoning models take; "max_tokens" when it is left out
//! max_tokens = 8192                          # of an answer, where a request has no limit
//! seed = 7                                   # repeatable sampling, where the provider has it
//! ```

use super::layers::nearest;
use domain::effect::model::Tier;
use models::openai::TokensField;

/// What a tier's table may have.
const KEYS: [&str; 7] = ["url", "model", "key", "key_env", "tokens_field", "max_tokens", "seed"];
/// The default for every tier without a provider.
pub(crate) const DEFAULT_EMBEDDED: &str = "qwen2.5-coder-0.5b";

/// A provider that speaks OpenAI's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// Base URL, with `/v1`.
    pub(crate) url: String,
    /// The provider's name of the model.
    pub(crate) model: String,
    /// Its key.
    pub(crate) key: Option<String>,
    /// Which field limits the tokens of an answer.
    pub(crate) tokens_field: TokensField,
    /// The limit where a request has none.
    pub(crate) max_tokens: Option<u32>,
    /// Makes sampling repeatable where the provider supports it.
    pub(crate) seed: Option<i64>,
}

/// What serves a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TierConfig {
    /// A small model in a child process of this host.
    Embedded,
    /// Somewhere else.
    OpenAi(Provider),
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelsConfig {
    /// In the order of `Tier::ALL`. A tier that is not configured uses the nearest lower one, then the nearest higher one.
    pub(crate) tiers: [TierConfig; 3],
    /// Which embedded model.
    pub(crate) embedded: String,
}

impl ModelsConfig {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let mut embedded = DEFAULT_EMBEDDED.to_owned();
        let mut found: [Option<TierConfig>; 3] = [None, None, None];
        for (key, value) in &table {
            if key == "embedded" {
                embedded = value.as_str().ok_or("embedded must be the name of a model")?.to_owned();
                continue;
            }
            let Some(index) = Tier::ALL.iter().position(|tier| tier.as_str() == key) else {
                let near = nearest(key, ["embedded", "core", "pro", "ultra"].into_iter())
                    .map(|near| format!("; did you mean {near:?}?"));
                return Err(format!("unknown key {key:?}{}", near.unwrap_or_default()));
            };
            if let Some(slot) = found.get_mut(index) {
                *slot = Some(tier(key, value)?);
            }
        }
        let [core, pro, ultra] = found;
        let first =
            core.clone().or_else(|| pro.clone()).or_else(|| ultra.clone()).unwrap_or(TierConfig::Embedded);
        let core = core.unwrap_or(first);
        let pro = pro.unwrap_or_else(|| core.clone());
        let ultra = ultra.unwrap_or_else(|| pro.clone());
        Ok(Self { tiers: [core, pro, ultra], embedded })
    }

    /// Whether any tier needs the embedded model.
    #[must_use]
    pub(crate) fn needs_embedded(&self) -> bool {
        self.tiers.contains(&TierConfig::Embedded)
    }
}

fn tier(name: &str, value: &toml::Value) -> Result<TierConfig, String> {
    if value.as_str() == Some("embedded") {
        return Ok(TierConfig::Embedded);
    }
    let table = value
        .as_table()
        .ok_or_else(|| format!("{name} must be \"embedded\" or a table with url and model"))?;
    if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let near = nearest(unknown, KEYS.into_iter()).map(|near| format!("; did you mean {near:?}?"));
        return Err(format!("unknown key {name}.{unknown}{}", near.unwrap_or_default()));
    }
    let text = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let url = text("url")
        .ok_or_else(|| format!("{name}.url is missing: the provider's base URL, such as https://HOST/v1"))?;
    let model =
        text("model").ok_or_else(|| format!("{name}.model is missing: the provider's name of the model"))?;
    let key = match (text("key"), text("key_env")) {
        (Some(_), Some(_)) => return Err(format!("{name} has key and key_env: give one")),
        (Some(key), None) => Some(key),
        (None, Some(variable)) => Some(
            std::env::var(&variable)
                .map_err(|_| format!("{name}.key_env names {variable}, which is not set"))?,
        ),
        (None, None) => None,
    };
    let tokens_field = match table.get("tokens_field").map(toml::Value::as_str) {
        None | Some(Some("max_tokens")) => TokensField::MaxTokens,
        Some(Some("max_completion_tokens")) => TokensField::MaxCompletionTokens,
        Some(_) => {
            return Err(format!("{name}.tokens_field must be \"max_tokens\" or \"max_completion_tokens\""));
        }
    };
    let number = |key: &str| match table.get(key) {
        None => Ok(None),
        Some(value) => {
            value.as_integer().map(Some).ok_or_else(|| format!("{name}.{key} must be a whole number"))
        }
    };
    let max_tokens = number("max_tokens")?.map(u32::try_from).transpose();
    let max_tokens = max_tokens.ok().filter(|tokens| *tokens != Some(0));
    let max_tokens = max_tokens.ok_or_else(|| format!("{name}.max_tokens must be 1 or more tokens"))?;
    let seed = number("seed")?;
    Ok(TierConfig::OpenAi(Provider { url, model, key, tokens_field, max_tokens, seed }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn without_a_table_everything_is_embedded() {
        let models = ModelsConfig::parse("").unwrap();
        assert!(models.needs_embedded());
        assert_eq!(models.embedded, DEFAULT_EMBEDDED);
    }

    #[test]
    fn a_tier_without_a_provider_uses_its_neighbour() {
        let models = ModelsConfig::parse("[pro]\nurl = \"http://h/v1\"\nmodel = \"m\"\n").unwrap();
        assert_eq!(models.tiers[0], models.tiers[1]);
        assert_eq!(models.tiers[2], models.tiers[1]);
        assert!(!models.needs_embedded());
    }

    #[test]
    fn a_provider_has_its_own_way_to_limit_answers() {
        let tier =
            |more: &str| ModelsConfig::parse(&format!("core = {{ url = \"x\", model = \"m\"{more} }}"));
        let parsed = |more: &str| match tier(more).unwrap().tiers[0].clone() {
            TierConfig::OpenAi(provider) => (provider.tokens_field, provider.max_tokens, provider.seed),
            TierConfig::Embedded => unreachable!("a provider is configured"),
        };
        assert_eq!(parsed(""), (TokensField::MaxTokens, None, None));
        let all = ", tokens_field = \"max_completion_tokens\", max_tokens = 8192, seed = -7";
        assert_eq!(parsed(all), (TokensField::MaxCompletionTokens, Some(8192), Some(-7)));
        for (wrong, named) in [
            (", tokens_field = \"tokens\"", "core.tokens_field"),
            (", max_tokens = 0", "core.max_tokens"),
            (", max_tokens = -1", "core.max_tokens"),
            (", max_tokens = \"many\"", "core.max_tokens"),
            (", seed = 1.5", "core.seed"),
            (", sead = 1", "\"seed\""),
        ] {
            let error = tier(wrong).unwrap_err();
            assert!(error.contains(named), "{wrong}: {error}");
        }
    }

    #[test]
    fn unknown_keys_get_the_nearest_one() {
        assert!(ModelsConfig::parse("croe = \"embedded\"").unwrap_err().contains("\"core\""));
        assert!(ModelsConfig::parse("core = { ur = \"x\", model = \"m\" }").unwrap_err().contains("\"url\""));
        assert!(ModelsConfig::parse("core = { url = \"x\" }").unwrap_err().contains("core.model is missing"));
    }
}
