//! Components that are closures: the engine runs without wasm, and a test says what a guest does.

use app::ports::components::{CallRequest, Compiled, ComponentError, Components, Profile};
use app::ports::host_calls::{Answer, HostCalls};
use bytes::Bytes;
use domain::component::{CallContext, CallEnd, CallFailure, CallOutcome, Cost, Export, Output};
use domain::effect::{Call, CallError, Reply};
use domain::id::Digest;
use domain::manifest::Manifest;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One call of a scripted component, as the component sees it.
#[derive(Clone)]
pub struct Guest {
    /// What was called.
    pub export: Export,
    /// In whose name.
    pub context: CallContext,
    /// How often this component was called, from 1; resumes and replays count.
    pub call: u32,
    host: Arc<dyn HostCalls>,
}

impl Guest {
    /// A host call whose error the guest looks at.
    ///
    /// # Errors
    /// When the host ends the call: nothing more runs in a guest then.
    pub async fn ask(&self, call: Call) -> Result<Result<Reply, CallError>, CallEnd> {
        match self.host.perform(call).await {
            Answer::Now { result, .. } => Ok(result),
            Answer::Stop(stop) => Err(CallEnd::Stopped(stop)),
        }
    }

    /// A line of its log.
    pub fn say(&self, message: &str) {
        self.host.log(domain::log::Level::Info, message, &[]);
    }

    /// A host call whose error is the guest's own: `?`.
    ///
    /// # Errors
    /// The call's, or when the host ends the call.
    pub async fn get(&self, call: Call) -> Result<Reply, CallEnd> {
        self.ask(call).await?.map_err(|error| CallEnd::Failed(CallFailure::Error(error)))
    }
}

/// What a component does.
pub type Script = Arc<dyn Fn(Guest) -> BoxFuture<'static, Result<Output, CallEnd>> + Send + Sync>;

/// A script from an async closure.
pub fn script<F, R>(run: F) -> Script
where
    F: Fn(Guest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Output, CallEnd>> + Send + 'static,
{
    Arc::new(move |guest| Box::pin(run(guest)))
}

/// A trap, as the runtime tells of it.
#[must_use]
pub fn trap() -> CallEnd {
    CallEnd::Failed(CallFailure::Trap { message: "unreachable".to_owned() })
}

/// Scripts by digest. What has none is not there.
#[derive(Default)]
pub struct ScriptedComponents {
    scripts: Mutex<BTreeMap<Digest, (Script, Arc<AtomicU32>)>>,
}

impl ScriptedComponents {
    /// From now on calls of this digest run this script. The count of calls goes on.
    pub fn put(&self, digest: Digest, script: Script) {
        let mut scripts = self.scripts();
        let calls = scripts.get(&digest).map(|(_, calls)| Arc::clone(calls)).unwrap_or_default();
        scripts.insert(digest, (script, calls));
    }

    /// How often this component was called.
    pub fn calls(&self, digest: Digest) -> u32 {
        self.scripts().get(&digest).map_or(0, |(_, calls)| calls.load(Ordering::SeqCst))
    }

    fn scripts(&self) -> MutexGuard<'_, BTreeMap<Digest, (Script, Arc<AtomicU32>)>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Components for ScriptedComponents {
    async fn compile(&self, bytes: Bytes, _: &Manifest) -> Result<Compiled, ComponentError> {
        let digest = Digest::of(&bytes);
        if !self.is_loaded(digest) {
            return Err(ComponentError::Invalid("there is no script of this digest".to_owned()));
        }
        Ok(Compiled { digest, profile: Profile::Small, imports: Vec::new(), wasi: false, cached: false })
    }

    async fn trial(&self, _: Digest) -> Result<(), ComponentError> {
        Ok(())
    }

    fn is_loaded(&self, digest: Digest) -> bool {
        self.scripts().contains_key(&digest)
    }

    fn unload(&self, _: Digest) {}

    async fn call(&self, request: CallRequest) -> CallOutcome {
        let found = self.scripts().get(&request.digest).cloned();
        let result = match found {
            Some((script, calls)) => {
                let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
                let CallRequest { export, context, host, .. } = request;
                script(Guest { export, context, call, host }).await
            }
            None => {
                let message = format!("there is no script of {}", request.digest);
                Err(CallEnd::Failed(CallFailure::Unloadable { message }))
            }
        };
        CallOutcome { result, cost: Cost::default() }
    }
}
