//! Running one scope: begin it or resume it from its entries, call the component, record how it ended.

use super::attempt::{Attempt, stop_of};
use super::host::{Parent, ScopeHost, SharedScopeHost};
use super::recorded::{record_output, restore_output, restore_reply};
use super::schema;
use crate::App;
use crate::catalog::LivePlugin;
use crate::failpoint;
use crate::ports::components::{CallRequest, Determinism, Profile};
use crate::ports::host_calls::{Answer, HostCalls as _};
use crate::ports::store_error::StoreError;
use crate::skills::own;
use domain::address::Scope;
use domain::component::{CallContext, CallEnd, CallFailure, CallOutcome, Cost, Export, Limits, Output, Stop};
use domain::effect::{Call, Reply};
use domain::event::{EventBody, RESET};
use domain::history::{ComponentRef, TryEnd, Yield};
use domain::id::Digest;
use domain::journal::{Entry, EntryBody, LocalEffect, RecordedOutput, ScopeEnd, ScopeStart};
use domain::manifest::{RetrySafety, grant::Capability};
use domain::task::Task;
use serde_json::{Value, json};
use std::sync::Arc;

/// How a scope ended, or that it did not.
#[allow(
    clippy::large_enum_variant,
    reason = "made once for each scope and matched at once; the sizes depend on features"
)]
pub enum ScopeResult {
    /// It ended, now or in an earlier attempt.
    Ended {
        /// Output or failure.
        result: Result<Output, CallFailure>,
        /// For the decider.
        end: TryEnd,
    },
    /// The host ended it; it will be resumed, or the task is over.
    Stopped(Stop),
}

/// Run or resume a component call. `parent` is the scope whose tool call this is.
pub async fn run_component(
    attempt: &Arc<Attempt>,
    scope: &Scope,
    component: &ComponentRef,
    export: &Export,
    parent: Option<Parent<'_>>,
) -> ScopeResult {
    match try_component(attempt, scope, component, export, parent).await {
        Ok(result) => result,
        Err(error) => {
            let stop = stop_of(&error);
            attempt.stop(stop.clone());
            ScopeResult::Stopped(stop)
        }
    }
}

async fn try_component(
    attempt: &Arc<Attempt>,
    scope: &Scope,
    component: &ComponentRef,
    export: &Export,
    parent: Option<Parent<'_>>,
) -> Result<ScopeResult, StoreError> {
    let depth = parent.map_or(0, |parent| parent.host.depth + 1);
    let entries = attempt.entries_of(scope);
    if let Some(ended) = recorded_end(attempt, &entries).await? {
        return Ok(ended);
    }
    let (start, plugin) = match recorded_start(&entries) {
        Some(start) => {
            tell_resumed(attempt, scope, depth).await?;
            let digest = start.digest.unwrap_or(Digest([0; 32]));
            let plugin = if start.own {
                own::pinned(&attempt.app, attempt.task.new.user, digest).await?
            } else {
                pinned(&attempt.app, digest).await?
            };
            (start, plugin)
        }
        None => match begin(attempt, scope, component, export, depth).await? {
            Ok(begun) => begun,
            Err(failure) => return end(attempt, scope, None, Err(failure), Cost::default(), depth).await,
        },
    };
    let Some(plugin) = plugin else {
        let message =
            format!("the component of {scope} is not in this database any more; the task cannot be resumed");
        return end(attempt, scope, None, Err(CallFailure::Unloadable { message }), Cost::default(), depth)
            .await;
    };
    if let Err(failure) = load(&attempt.app, &plugin).await? {
        return end(attempt, scope, None, Err(failure), Cost::default(), depth).await;
    }
    let host =
        Arc::new(ScopeHost::new(Arc::clone(attempt), scope.clone(), Some(Arc::clone(&plugin)), parent));
    let request = request(attempt, &start, &plugin, depth, Arc::clone(&host));
    let outcome = tokio::select! {
        biased;
        outcome = attempt.app.ports.components.call(request) => outcome,
        // Dropping the call ends a guest that computes; what it has begun settles below.
        stop = attempt.until_stopped() => stopped(stop),
        () = host.until_abandoned() => stopped(Stop::Cancelled),
    };
    let trapped = matches!(&outcome.result, Err(CallEnd::Failed(CallFailure::Trap { .. })));
    if trapped || outcome.result.is_ok() {
        attempt.app.catalog.trials.note(plugin.digest, trapped, attempt.app.settings.trap_limit);
    }
    // An effect that outlives the guest (a deadline, a cancel) is journaled before the scope ends.
    if outcome.result.is_err() {
        host.settle().await;
    }
    let asked_all = match &outcome.result {
        Ok(_) => true,
        Err(CallEnd::Failed(failure)) => !failure.is_cut(),
        Err(CallEnd::Stopped(_)) => false,
    };
    if asked_all && let Some(sides) = host.unasked() {
        return Ok(ScopeResult::Stopped(Stop::Nondeterminism(Box::new(sides))));
    }
    match outcome.result {
        Ok(output) => {
            let fitting = schema::fitting(&plugin.manifest, scope.personality(), output).await;
            end(attempt, scope, Some(&host), fitting, outcome.cost, depth).await
        }
        Err(CallEnd::Failed(failure)) => {
            end(attempt, scope, Some(&host), Err(failure), outcome.cost, depth).await
        }
        Err(CallEnd::Stopped(stop)) => Ok(ScopeResult::Stopped(stop)),
    }
}

fn stopped(stop: Stop) -> CallOutcome {
    CallOutcome { result: Err(CallEnd::Stopped(stop)), cost: Cost::default() }
}

/// What those who watch saw of the scope's text and progress is told anew, also of what the journal answers. Durable, so that whoever was
/// away, or watched another host, learns of it. Scopes below are run again with theirs and need no event of their own.
async fn tell_resumed(attempt: &Attempt, scope: &Scope, depth: u8) -> Result<(), StoreError> {
    if depth > 0 {
        return Ok(());
    }
    let event = EventBody { event: RESET.to_owned(), data: json!({ "scope": scope.to_string() }) };
    attempt.flush(Vec::new(), vec![LocalEffect::Event(event)]).await
}

/// Run or resume a call that the host makes itself.
pub async fn run_host_call(attempt: &Arc<Attempt>, scope: &Scope, call: &Call) -> ScopeResult {
    match try_host_call(attempt, scope, call).await {
        Ok(result) => result,
        Err(error) => {
            let stop = stop_of(&error);
            attempt.stop(stop.clone());
            ScopeResult::Stopped(stop)
        }
    }
}

async fn try_host_call(
    attempt: &Arc<Attempt>,
    scope: &Scope,
    call: &Call,
) -> Result<ScopeResult, StoreError> {
    let entries = attempt.entries_of(scope);
    if let Some(ended) = recorded_end(attempt, &entries).await? {
        return Ok(ended);
    }
    if recorded_start(&entries).is_none() {
        let start = draw(attempt, None, None, Limits::default());
        attempt.buffer(entry(attempt, scope, 0, EntryBody::Start(Box::new(start))), Vec::new()).await;
    }
    let host = Arc::new(ScopeHost::new(Arc::clone(attempt), scope.clone(), None, None));
    match SharedScopeHost(Arc::clone(&host)).perform(call.clone()).await {
        Answer::Stop(stop) => {
            host.settle().await;
            Ok(ScopeResult::Stopped(stop))
        }
        Answer::Now { result, .. } => {
            let (recorded, value) = match result {
                Ok(reply) => (Ok(RecordedOutput::Host), Ok(Yield::Reply(reply))),
                Err(error) => (Err(CallFailure::Error(error.clone())), Err(CallFailure::Error(error))),
            };
            let effects_done = attempt.has_effects(scope);
            let done = ScopeEnd { result: recorded, cost: Cost::default(), effects_done, retry_safe: true };
            let ended = entry(attempt, scope, host.last_ordinal() + 1, EntryBody::End(done));
            let at = ended.at;
            // The call is in the journal, and whoever resumes finds its end from that: the entry need not reach the disk by itself.
            attempt.buffer(ended, Vec::new()).await;
            let end = TryEnd { result: value, at, may_retry: true };
            Ok(ScopeResult::Ended { result: Ok(Output::Json(Value::Null)), end })
        }
    }
}

/// The end that the journal has.
async fn recorded_end(attempt: &Attempt, entries: &[Entry]) -> Result<Option<ScopeResult>, StoreError> {
    for entry in entries {
        if let EntryBody::End(done) = &entry.body {
            let end = try_end(&attempt.app, entries, entry, done).await?;
            let result = match &end.result {
                Ok(Yield::Output(output)) => Ok(output.clone()),
                Ok(Yield::Reply(_)) => Ok(Output::Json(Value::Null)),
                Err(failure) => Err(failure.clone()),
            };
            return Ok(Some(ScopeResult::Ended { result, end }));
        }
    }
    Ok(None)
}

/// What a decider sees of a scope that ended.
///
/// # Errors
/// When a blob is gone.
pub async fn try_end(
    app: &App,
    entries: &[Entry],
    ended: &Entry,
    done: &ScopeEnd,
) -> Result<TryEnd, StoreError> {
    let blobs = app.ports.blobs.as_ref();
    let result = match &done.result {
        Err(failure) => Err(failure.clone()),
        Ok(recorded) => match restore_output(blobs, recorded).await? {
            Some(output) => Ok(Yield::Output(output)),
            None => Ok(Yield::Reply(host_reply(app, entries).await?)),
        },
    };
    Ok(TryEnd { result, at: ended.at, may_retry: !done.effects_done || done.retry_safe })
}

async fn host_reply(app: &App, entries: &[Entry]) -> Result<Reply, StoreError> {
    let recorded = entries.iter().find_map(|entry| match &entry.body {
        EntryBody::Call(record) => record.result.as_ref(),
        EntryBody::Start(_) | EntryBody::End(_) => None,
    });
    match recorded {
        Some(recorded) => restore_reply(app.ports.blobs.as_ref(), recorded).await?.map_err(|error| {
            StoreError::Internal(format!("a host call ended well and has an error: {error}"))
        }),
        None => Err(StoreError::Internal("a host call ended without its entry".to_owned())),
    }
}

fn recorded_start(entries: &[Entry]) -> Option<ScopeStart> {
    entries.iter().find_map(|entry| match &entry.body {
        EntryBody::Start(start) => Some(start.as_ref().clone()),
        EntryBody::Call(_) | EntryBody::End(_) => None,
    })
}

type Begun = (ScopeStart, Option<Arc<LivePlugin>>);

/// Resolve the name, draw the seed, record both.
async fn begin(
    attempt: &Arc<Attempt>,
    scope: &Scope,
    component: &ComponentRef,
    export: &Export,
    depth: u8,
) -> Result<Result<Begun, CallFailure>, StoreError> {
    let Some(plugin) = own::resolve(&attempt.app, attempt.task.new.user, component).await? else {
        let message = format!(
            "no live plugin provides {:?}; `skep plugins` shows what is live, held or broken",
            component.name()
        );
        return Ok(Err(CallFailure::Unloadable { message }));
    };
    let plugin = match plugin.owner {
        None => plugin,
        // Its limits depend on how it runs, which its compiling tells.
        Some(_) => match own::load(&attempt.app, plugin.digest, &plugin.manifest).await? {
            Ok(profile) => Arc::new(LivePlugin { profile, ..LivePlugin::clone(&plugin) }),
            Err(failure) => return Ok(Err(failure)),
        },
    };
    let mut start = draw(attempt, Some(&plugin), Some(export.clone()), limits(&attempt.app, &plugin));
    start.context = Some(context(&attempt.task, scope, &start));
    let begun = entry(attempt, scope, 0, EntryBody::Start(Box::new(start.clone())));
    if depth == 0 {
        // Durable at once, so that those who watch see the phase begin.
        let event = phase_event(scope, "running", None);
        attempt.flush(vec![begun], event.into_iter().collect()).await?;
        failpoint::reach("scope.started");
    } else {
        attempt.buffer(begun, Vec::new()).await;
    }
    Ok(Ok((start, Some(plugin))))
}

fn draw(
    attempt: &Attempt,
    plugin: Option<&LivePlugin>,
    export: Option<Export>,
    limits: Limits,
) -> ScopeStart {
    let mut seed = [0_u8; 32];
    attempt.app.ports.entropy.fill(&mut seed);
    ScopeStart {
        plugin: plugin.map(|plugin| plugin.manifest.id()),
        digest: plugin.map(|plugin| plugin.digest),
        own: plugin.is_some_and(|plugin| plugin.owner.is_some()),
        abi: plugin.map(|plugin| plugin.manifest.abi.clone()),
        export,
        context: None,
        config: json!({}),
        limits,
        start: attempt.app.ports.clock.now(),
        seed: data_encoding::HEXLOWER.encode(&seed),
    }
}

/// What the manifest asks for, under the operator's ceiling.
fn limits(app: &App, plugin: &LivePlugin) -> Limits {
    let ceiling = &app.settings.limits;
    let wanted = plugin.manifest.limits;
    let profile_memory = match plugin.profile {
        Profile::Small => ceiling.memory_bytes,
        Profile::Large => 512 << 20,
    };
    Limits {
        wall_ms: wanted.wall_ms.unwrap_or(ceiling.wall_ms).min(ceiling.wall_ms),
        memory_bytes: wanted
            .memory_mib
            .map_or(profile_memory, |mib| u64::from(mib) << 20)
            .min(profile_memory),
        ..ceiling.clone()
    }
}

/// The plugin of a digest: live, or known to the database. Grants are those of now.
async fn pinned(app: &App, digest: Digest) -> Result<Option<Arc<LivePlugin>>, StoreError> {
    if let Some(plugin) = app.catalog.by_digest(digest) {
        return Ok(Some(plugin));
    }
    let granted: Vec<Capability> = app.catalog.granted(digest);
    Ok(app.ports.plugins.find_plugin(digest).await?.map(|record| {
        Arc::new(LivePlugin {
            digest,
            manifest: record.manifest,
            granted,
            profile: Profile::Small,
            owner: None,
        })
    }))
}

/// Make sure that the runtime has the compiled component: another host may have installed it.
async fn load(app: &App, plugin: &LivePlugin) -> Result<Result<(), CallFailure>, StoreError> {
    if plugin.owner.is_some() {
        return Ok(own::load(app, plugin.digest, &plugin.manifest).await?.map(|_profile| ()));
    }
    if app.ports.components.is_loaded(plugin.digest) {
        return Ok(Ok(()));
    }
    let Some(bytes) = app.ports.blobs.find_blob(plugin.digest).await? else {
        let message =
            format!("the bytes of {} ({}) are not in the database", plugin.manifest.id(), plugin.digest);
        return Ok(Err(CallFailure::Unloadable { message }));
    };
    Ok(match app.ports.components.compile(bytes, &plugin.manifest).await {
        Ok(_) => Ok(()),
        Err(error) => Err(CallFailure::Unloadable { message: error.to_string() }),
    })
}

fn request(
    attempt: &Attempt,
    start: &ScopeStart,
    plugin: &LivePlugin,
    depth: u8,
    host: Arc<ScopeHost>,
) -> CallRequest {
    let (context, determinism) = request_parts(&attempt.task, &host.scope, start);
    CallRequest {
        digest: plugin.digest,
        export: start.export.clone().unwrap_or(Export::Step { config: Value::Null, input: Value::Null }),
        context,
        limits: start.limits.clone(),
        determinism,
        depth,
        host: Arc::new(SharedScopeHost(host)),
    }
}

/// What a call gets from its recorded start: the same on every run and on replay.
#[must_use]
pub fn request_parts(task: &Task, scope: &Scope, start: &ScopeStart) -> (CallContext, Determinism) {
    let mut seed = [0_u8; 32];
    let drawn = data_encoding::HEXLOWER.decode(start.seed.as_bytes()).unwrap_or_default();
    seed.iter_mut().zip(drawn).for_each(|(target, source)| *target = source);
    let context = start.context.clone().unwrap_or_else(|| context(task, scope, start));
    (context, Determinism { start: start.start, seed })
}

/// In whose name a scope runs.
fn context(task: &Task, scope: &Scope, start: &ScopeStart) -> CallContext {
    CallContext {
        task: task.new.id.to_string(),
        user: task.new.user.to_string(),
        agent: task.new.agent.to_string(),
        personality: scope.personality().map(str::to_owned),
        config: start.config.clone(),
    }
}

/// Record the end of a scope; durable when it answers.
async fn end(
    attempt: &Arc<Attempt>,
    scope: &Scope,
    host: Option<&Arc<ScopeHost>>,
    result: Result<Output, CallFailure>,
    cost: Cost,
    depth: u8,
) -> Result<ScopeResult, StoreError> {
    failpoint::reach("scope.before-end");
    let effects_done = attempt.has_effects(scope);
    let retry_safe =
        host.and_then(|host| host.plugin.as_ref()).is_some_and(|plugin| is_retry_safe(plugin, scope));
    let recorded = match &result {
        Ok(output) => Ok(record_output(attempt.app.ports.blobs.as_ref(), output).await?),
        Err(failure) => Err(failure.clone()),
    };
    let ordinal =
        attempt.entries_of(scope).iter().map(|entry| entry.ordinal).max().map_or(0, |last| last + 1);
    let ended = entry(
        attempt,
        scope,
        ordinal,
        EntryBody::End(ScopeEnd { result: recorded, cost, effects_done, retry_safe }),
    );
    let at = ended.at;
    let mut effects = host.map(|host| host.take_said()).unwrap_or_default();
    if depth == 0 {
        let status = if result.is_ok() { "completed" } else { "failed" };
        effects.extend(phase_event(scope, status, result.as_ref().err()));
        attempt.flush(vec![ended], effects).await?;
        failpoint::reach("scope.after-end");
    } else {
        attempt.buffer(ended, effects).await;
    }
    let end =
        TryEnd { result: result.clone().map(Yield::Output), at, may_retry: !effects_done || retry_safe };
    Ok(ScopeResult::Ended { result, end })
}

/// A tool says itself whether another try is safe after effects.
fn is_retry_safe(plugin: &LivePlugin, scope: &Scope) -> bool {
    let tool = scope.place.0.rsplit('.').next().unwrap_or_default();
    plugin.manifest.tools.iter().any(|known| known.name == tool && known.effects.retry == RetrySafety::Safe)
}

/// `phase.update` for places of the form `PERSONALITY@R/PHASE`.
fn phase_event(scope: &Scope, status: &str, failure: Option<&CallFailure>) -> Option<LocalEffect> {
    let (agent, phase) = scope.place.0.split_once('/')?;
    let (agent, round) = agent.split_once('@')?;
    let data = json!({
        "agent": agent,
        "round": round.parse::<u32>().ok(),
        "phase": phase,
        "try": scope.attempt,
        "status": status,
        "error": failure.map(ToString::to_string),
    });
    Some(LocalEffect::Event(EventBody { event: "phase.update".to_owned(), data }))
}

fn entry(attempt: &Attempt, scope: &Scope, ordinal: u32, body: EntryBody) -> Entry {
    Entry { scope: scope.clone(), ordinal, at: attempt.app.ports.clock.now(), body }
}
