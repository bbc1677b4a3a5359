//! Language models: one port for all providers.

use domain::effect::CallError;
use domain::effect::model::{ModelAnswer, ModelEvent, ModelRequest, Tier};
use futures_util::stream::BoxStream;
use std::sync::Arc;

/// A provider with one model behind it.
#[async_trait::async_trait]
pub trait Model: Send + Sync + 'static {
    /// Complete the conversation: deltas as they come, then the whole answer as the last event. Dropping the stream cancels.
    /// A failure after the model has worked is told after `Used`. Errors are typed: `unavailable`, `timeout` and `busy` may be retried by the caller, others not.
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError>;

    /// The provider's name of the model.
    fn name(&self) -> String;

    /// Whether it answers now; for health.
    async fn check(&self) -> Result<(), CallError>;
}

/// The configured models by tier.
#[derive(Clone)]
pub struct Models {
    /// In the order of `Tier::ALL`.
    pub tiers: [Arc<dyn Model>; 3],
}

impl Models {
    /// The model of a tier.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> &Arc<dyn Model> {
        let [core, pro, ultra] = &self.tiers;
        match tier {
            Tier::Core => core,
            Tier::Pro => pro,
            Tier::Ultra => ultra,
        }
    }
}

/// Read a stream to its end; `seen` sees each event before that.
///
/// # Errors
/// The stream's own error, or `unavailable` when it ended without an answer.
pub async fn collect(
    mut stream: BoxStream<'static, Result<ModelEvent, CallError>>,
    mut seen: impl FnMut(&ModelEvent),
) -> Result<ModelAnswer, CallError> {
    use futures_util::StreamExt as _;
    while let Some(event) = stream.next().await {
        match event? {
            ModelEvent::Answer(answer) => return Ok(answer),
            event => seen(&event),
        }
    }
    Err(CallError::new(
        domain::effect::ErrorKind::Unavailable,
        "stream-ended",
        "the model's stream ended without an answer",
    ))
}
