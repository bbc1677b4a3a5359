//! The port [`Components`] over wasmtime.

use crate::abi::v0_1_0::export::Guest;
use crate::admission::Admission;
use crate::cache::Cache;
use crate::compile::{self, Compilation};
use crate::engine::{self, Allocation, Engines};
use crate::options::Options;
use crate::scan::{Scan, scan};
use crate::state::State;
use crate::{call, epoch, linker};
use app::ports::components::{CallRequest, Compiled, ComponentError, Components, Profile};
use app::ports::host_calls::{Answer, HostCalls};
use bytes::Bytes;
use domain::component::{CallEnd, CallFailure, CallOutcome, Cost, LimitKind, Limits, Stop};
use domain::effect::Call;
use domain::id::Digest;
use domain::manifest::{ABI, Manifest};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use wasmtime::component::{Component, Linker};

/// How long a trial instance may take: instantiation copies data and runs start functions. A refusal lasts, so a loaded machine must not
/// come near it.
const TRIAL_WALL_MS: u64 = 5_000;

/// Compiles and calls components. Cheap to share behind an `Arc`; one for each process.
pub struct Runtime {
    engines: Engines,
    small: Linker<State>,
    large: Linker<State>,
    cache: Option<Arc<Cache>>,
    compilation: Compilation,
    admission: Admission,
    counts_fuel: bool,
    /// What `call` finds. Calls hold their own `Arc`, so unloading never disturbs one.
    loaded: RwLock<HashMap<Digest, Arc<Loaded>>>,
}

/// A component that is ready to be called.
struct Loaded {
    guest: Guest,
    compiled: Compiled,
}

impl Runtime {
    /// Engines, linkers, cache and the epoch thread.
    ///
    /// # Errors
    /// [`ComponentError::Internal`] when the machine cannot run one of them.
    pub fn new(options: Options) -> Result<Self, ComponentError> {
        let internal = |error: wasmtime::Error| ComponentError::Internal(format!("no linker: {error:#}"));
        let engines = Engines::new(&options)?;
        let admission = Admission::new(&options);
        let compatibility = engine::compatibility(&engines.small);
        let cache =
            options.cache.as_ref().map(|cache| Cache::open(cache, &compatibility)).transpose()?.map(Arc::new);
        epoch::start([&engines.small, &engines.large])
            .map_err(|error| ComponentError::Internal(format!("no epoch thread: {error}")))?;
        Ok(Self {
            small: linker::v0_1_0(&engines.small).map_err(internal)?,
            large: linker::v0_1_0(&engines.large).map_err(internal)?,
            compilation: Compilation::new(options.compiler, options.compile_limits, engines.target),
            cache,
            admission,
            counts_fuel: options.count_fuel,
            loaded: RwLock::default(),
            engines,
        })
    }

    /// How small calls get their memory, for `skep doctor`.
    #[must_use]
    pub fn allocation(&self) -> &Allocation {
        &self.engines.allocation
    }

    fn find(&self, digest: Digest) -> Option<Arc<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned()
    }

    /// From the cache, or compiled and then kept there.
    async fn component(&self, profile: Profile, bytes: &Bytes) -> Result<(Component, bool), ComponentError> {
        if let Some(cache) = &self.cache {
            let (cache, engine, bytes) = (Arc::clone(cache), self.engines.of(profile).clone(), bytes.clone());
            if let Some(component) = blocking(move || cache.load(&engine, &bytes)).await? {
                return Ok((component, true));
            }
        }
        let code = self.compilation.compile(bytes.clone()).await?;
        let (cache, engine, bytes) = (self.cache.clone(), self.engines.of(profile).clone(), bytes.clone());
        let component = blocking(move || {
            let component = compile::load(&engine, &code)?;
            if let Some(cache) = &cache {
                cache.store(&bytes, &code);
            }
            Ok::<_, ComponentError>(component)
        })
        .await??;
        Ok((component, false))
    }

    /// Find host functions for all imports and the exports of the manifest's world.
    fn link(
        &self,
        profile: Profile,
        component: &Component,
        manifest: &Manifest,
    ) -> Result<Guest, ComponentError> {
        let linker = match profile {
            Profile::Small => &self.small,
            Profile::Large => &self.large,
        };
        let linked = linker.instantiate_pre(component).map_err(|error| {
            ComponentError::Invalid(format!("an import does not fit skep:plugin@{ABI}: {error:#}"))
        })?;
        Guest::new(manifest.kind, linked).map_err(|error| {
            let interface = Guest::interface(manifest.kind);
            let kind = manifest.kind.as_str();
            ComponentError::Invalid(format!(
                "the manifest says {kind}, but it does not export {interface}: {error:#}"
            ))
        })
    }
}

/// Run work that takes milliseconds off the async threads.
async fn blocking<Output: Send + 'static>(
    work: impl FnOnce() -> Output + Send + 'static,
) -> Result<Output, ComponentError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ComponentError::Internal(error.to_string()))
}

#[async_trait::async_trait]
impl Components for Runtime {
    async fn compile(&self, bytes: Bytes, manifest: &Manifest) -> Result<Compiled, ComponentError> {
        if manifest.abi != ABI {
            return Err(ComponentError::OtherAbi { found: manifest.abi.clone(), supported: ABI.to_owned() });
        }
        let (scanned, scanned_manifest) = (bytes.clone(), manifest.clone());
        let (digest, scan) =
            blocking(move || (Digest::of(&scanned), scan(&scanned, &scanned_manifest))).await?;
        if let Some(loaded) = self.find(digest) {
            return Ok(Compiled { cached: true, ..loaded.compiled.clone() });
        }
        let scan = scan?;
        let (component, cached) = self.component(scan.profile, &bytes).await?;
        let guest = self.link(scan.profile, &component, manifest)?;
        let Scan { imports, wasi, profile } = scan;
        let compiled = Compiled { digest, profile, imports, wasi, cached };
        let loaded = Arc::new(Loaded { guest, compiled: compiled.clone() });
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).insert(digest, loaded);
        Ok(compiled)
    }

    async fn trial(&self, digest: Digest) -> Result<(), ComponentError> {
        let Some(loaded) = self.find(digest) else {
            return Err(ComponentError::Trial(not_loaded(digest)));
        };
        let profile = loaded.compiled.profile;
        let limits = Limits { wall_ms: TRIAL_WALL_MS, memory_bytes: ceiling(profile), ..Limits::default() };
        let _place = self.admission.admit(0, profile, limits.memory_bytes).await;
        let engine = self.engines.of(profile);
        match call::trial(engine, &loaded.guest, Arc::new(Nobody), &limits, self.counts_fuel).await {
            Ok(()) => Ok(()),
            Err(CallEnd::Failed(failure)) => Err(ComponentError::Trial(failure.to_string())),
            Err(CallEnd::Stopped(Stop::Unavailable(reason))) => Err(ComponentError::Internal(reason)),
            Err(CallEnd::Stopped(_)) => {
                Err(ComponentError::Trial("it calls its host before anything called it".to_owned()))
            }
        }
    }

    fn is_loaded(&self, digest: Digest) -> bool {
        self.find(digest).is_some()
    }

    fn unload(&self, digest: Digest) {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).remove(&digest);
    }

    async fn call(&self, mut request: CallRequest) -> CallOutcome {
        let Some(loaded) = self.find(request.digest) else {
            return failed(CallFailure::Unloadable { message: not_loaded(request.digest) });
        };
        let profile = loaded.compiled.profile;
        request.limits.memory_bytes = request.limits.memory_bytes.min(ceiling(profile));
        let Some(_place) = self.admission.admit(request.depth, profile, request.limits.memory_bytes).await
        else {
            let message = format!("tool calls may nest {} deep", engine::DEPTHS - 1);
            return failed(CallFailure::Limit { kind: LimitKind::Depth, message });
        };
        call::call(self.engines.of(profile), &loaded.guest, request, self.counts_fuel).await
    }
}

fn failed(failure: CallFailure) -> CallOutcome {
    CallOutcome { result: Err(CallEnd::Failed(failure)), cost: Cost::default() }
}

fn not_loaded(digest: Digest) -> String {
    format!("component {digest} is not loaded: install it, or wait for the catalog's scan")
}

/// Most memory of a call, whatever its limits say.
fn ceiling(profile: Profile) -> u64 {
    match profile {
        Profile::Small => engine::SMALL_MEMORY,
        Profile::Large => engine::LARGE_MEMORY,
    }
}

/// The host of a trial: start functions have nothing to ask for.
struct Nobody;

#[async_trait::async_trait]
impl HostCalls for Nobody {
    async fn perform(&self, _: Call) -> Answer {
        Answer::Stop(Stop::Cancelled)
    }

    fn log(&self, _: domain::log::Level, _: &str, _: &[(String, String)]) {}

    fn progress(&self, _: u8, _: &str) {}
}
