//! The models of the configuration, by tier.

use crate::cli::Failure;
use crate::config::{Config, Provider, TierConfig};
use app::ports::clock::Clock;
use app::ports::models::{Model, Models};
use app::ports::outbound::Outbound;
use models::openai::{OpenAiModel, OpenAiSettings};
use models::secret::ApiKey;
use std::sync::Arc;
use url::Url;

/// One model for each tier; tiers with the same configuration share it.
pub(super) fn wire(
    config: &Config,
    outbound: &Arc<dyn Outbound>,
    clock: &Arc<dyn Clock>,
) -> Result<Models, Failure> {
    let mut made: Vec<(TierConfig, Arc<dyn Model>)> = Vec::new();
    for tier in &config.models.tiers {
        if !made.iter().any(|(known, _)| known == tier) {
            let model = match tier {
                TierConfig::OpenAi(provider) => remote(provider, outbound, clock)?,
                TierConfig::Embedded => super::embedded::wire(config, clock)?,
            };
            made.push((tier.clone(), model));
        }
    }
    let find = |tier: &TierConfig| {
        made.iter()
            .find(|(known, _)| known == tier)
            .map(|(_, model)| Arc::clone(model))
            .ok_or_else(|| Failure::new("a tier has no model"))
    };
    let [core, pro, ultra] = &config.models.tiers;
    Ok(Models { tiers: [find(core)?, find(pro)?, find(ultra)?] })
}

/// Addresses that the operator configured: only these may be on loopback.
pub(super) fn provider_urls(config: &Config) -> Result<Vec<Url>, Failure> {
    let urls = config.models.tiers.iter().filter_map(|tier| match tier {
        TierConfig::OpenAi(provider) => Some(parse(provider)),
        TierConfig::Embedded => None,
    });
    urls.collect()
}

/// A provider, as it is configured.
pub(crate) fn remote(
    provider: &Provider,
    outbound: &Arc<dyn Outbound>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Model>, Failure> {
    let settings = OpenAiSettings {
        api_key: provider.key.as_deref().map(ApiKey::new),
        tokens_field: provider.tokens_field,
        max_tokens: provider.max_tokens,
        seed: provider.seed,
        ..OpenAiSettings::new(parse(provider)?, &provider.model)
    };
    let model = OpenAiModel::new(settings, Arc::clone(outbound), Arc::clone(clock));
    Ok(Arc::new(model))
}

fn parse(provider: &Provider) -> Result<Url, Failure> {
    Url::parse(&provider.url)
        .map_err(|error| Failure::new(format!("models: url {:?} is not valid: {error}", provider.url)))
}
