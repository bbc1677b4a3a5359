//! What every handler can reach.

use crate::counters::Counters;
use crate::middleware::edge::RequestIds;
use crate::openapi::Document;
use crate::settings::HttpSettings;
use app::App;
use std::sync::Arc;
use std::time::Duration;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) app: Arc<App>,
    pub(crate) settings: Arc<HttpSettings>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) document: Arc<Document>,
    pub(crate) request_ids: Arc<RequestIds>,
    started: Duration,
}

impl ApiState {
    pub(crate) fn new(app: Arc<App>, settings: HttpSettings, document: Document) -> Self {
        let started = app.ports.clock.elapsed();
        let request_ids = Arc::new(RequestIds::new(app.ports.entropy.as_ref()));
        Self {
            app,
            settings: Arc::new(settings),
            counters: Arc::default(),
            document: Arc::new(document),
            request_ids,
            started,
        }
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.app.ports.clock.elapsed().saturating_sub(self.started)
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.settings.draining.borrow()
    }
}
