//! Running a finished task again from its journal: no network, no store writes, every request hash and every output byte compared.

mod cassette;

use crate::App;
use crate::effects::history;
use crate::effects::recorded::restore_output;
use crate::effects::schema;
use crate::effects::scope::request_parts;
use crate::ports::components::CallRequest;
use crate::ports::store_error::StoreError;
use crate::rights::{self, Action};
use crate::skills::own;
use cassette::Cassette;
use domain::address::Scope;
use domain::caller::Caller;
use domain::component::{CallEnd, Export, Nondeterminism, Stop};
use domain::driver;
use domain::error::{Code, Error};
use domain::history::{Command, ComponentRef};
use domain::id::{Digest, UserId};
use domain::journal::{Entry, EntryBody, ScopeEnd, ScopeStart};
use domain::manifest::Manifest;
use domain::task::{State, Task};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries read at once.
const PAGE: u32 = 1000;

/// Which components run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Those of the journal, by digest.
    Recorded,
    /// Those that are live now: shows what a changed component would do.
    Live,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Everything is the same.
    pub identical: bool,
    /// Component calls that were run again.
    pub scopes: u64,
    /// Host calls that were answered from the journal.
    pub calls: u64,
    /// Both sides of everything that differs.
    pub differences: Vec<Nondeterminism>,
}

/// Replay a task of the caller.
///
/// # Errors
/// 404 for a task that the caller may not see, 409 for one that has not ended.
pub async fn replay(app: &App, caller: &Caller, id: &str, against: Against) -> Result<Report, Error> {
    let task = crate::tasks::find(app, caller, id).await?;
    rights::authorize(caller, Action::ReadTask(&task))?;
    if !matches!(task.state, State::Completed | State::Failed) {
        let state = task.state.as_str();
        return Err(Error::conflict(format!(
            "task {id} is {state}; only a completed or failed task can be replayed"
        )));
    }
    run(app, &task, against).await.map_err(|error| match error {
        StoreError::NotFound(message) => Error::new(Code::Gone, message),
        other => Error::internal(other.to_string()),
    })
}

async fn run(app: &App, task: &Task, against: Against) -> Result<Report, StoreError> {
    let scopes = load(app, task).await?;
    let mut report = Report { identical: true, scopes: 0, calls: 0, differences: Vec::new() };
    for (scope, entries) in &scopes {
        if let Some((start, digest)) = component(app, task, scope, entries, against).await? {
            report.scopes += 1;
            replay_scope(app, task, scope, entries, start, digest, &mut report).await?;
        }
    }
    if let Some(difference) = redecide(app, task, &scopes).await? {
        report.differences.push(difference);
    }
    report.identical = report.differences.is_empty();
    Ok(report)
}

async fn load(app: &App, task: &Task) -> Result<BTreeMap<Scope, Vec<Entry>>, StoreError> {
    let mut entries = Vec::new();
    let mut after = 0;
    loop {
        let page = app.ports.tasks.list_entries(&task.new.id, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(history::by_scope(entries)) };
        after = *last;
        entries.extend(page.into_iter().map(|(_, entry)| entry));
    }
}

/// The start of a component's scope and the digest to run; none for calls that the host made itself.
async fn component<'a>(
    app: &App,
    task: &Task,
    scope: &Scope,
    entries: &'a [Entry],
    against: Against,
) -> Result<Option<(&'a ScopeStart, Digest)>, StoreError> {
    let start = entries.iter().find_map(|entry| match &entry.body {
        EntryBody::Start(start) => Some(start.as_ref()),
        EntryBody::Call(_) | EntryBody::End(_) => None,
    });
    let Some((start, recorded)) = start.and_then(|start| Some((start, start.digest?))) else {
        return Ok(None);
    };
    let digest = match against {
        Against::Recorded => recorded,
        Against::Live => {
            let Some(role) = role(scope, start) else { return Ok(None) };
            let live = own::resolve(app, task.new.user, &role).await?;
            live.map_or(recorded, |plugin| plugin.digest)
        }
    };
    Ok(Some((start, digest)))
}

/// What a task would call now in this scope: whoever provides the personality, or the plugin of that kind and name.
fn role(scope: &Scope, start: &ScopeStart) -> Option<ComponentRef> {
    let name = || Some(start.plugin.as_deref()?.split('@').next()?.to_owned());
    Some(match start.export.as_ref()? {
        Export::Phase(_) => ComponentRef::Personality(scope.personality()?.to_owned()),
        Export::Tool { .. } => ComponentRef::Skill(name()?),
        Export::Step { .. } => ComponentRef::Step(name()?),
    })
}

async fn replay_scope(
    app: &App,
    task: &Task,
    scope: &Scope,
    entries: &[Entry],
    start: &ScopeStart,
    digest: Digest,
    report: &mut Report,
) -> Result<(), StoreError> {
    let manifest = load_component(app, task.new.user, digest).await?;
    let cassette = Arc::new(Cassette::new(Arc::clone(&app.ports.blobs), scope.clone(), entries));
    let (context, determinism) = request_parts(task, scope, start);
    let outcome = app
        .ports
        .components
        .call(CallRequest {
            digest,
            export: start.export.clone().unwrap_or(Export::Step { config: Value::Null, input: Value::Null }),
            context,
            limits: start.limits.clone(),
            determinism,
            depth: 0,
            host: Arc::clone(&cassette) as Arc<dyn crate::ports::host_calls::HostCalls>,
        })
        .await;
    report.calls += u64::from(cassette.answered());
    let recorded_end = entries.iter().find_map(|entry| match &entry.body {
        EntryBody::End(end) => Some((entry, end)),
        EntryBody::Start(_) | EntryBody::Call(_) => None,
    });
    let differ = |recorded: Value, actual: Value, ordinal| Nondeterminism {
        scope: scope.to_string(),
        ordinal,
        recorded,
        actual,
    };
    let actual = match outcome.result {
        Ok(output) => match &manifest {
            Some(manifest) => schema::fitting(manifest, scope.personality(), output).await,
            None => Ok(output),
        },
        Err(CallEnd::Failed(failure)) => Err(failure),
        // A scope that was cut (deadline, trap in a host call, death of the host) is verified up to its last host call.
        Err(CallEnd::Stopped(Stop::Drain)) => return Ok(()),
        Err(CallEnd::Stopped(Stop::Nondeterminism(difference))) => {
            report.differences.push(*difference);
            return Ok(());
        }
        Err(CallEnd::Stopped(stop)) => {
            return Err(StoreError::Internal(format!("the replay of {scope} was stopped: {stop:?}")));
        }
    };
    let Some((entry, ScopeEnd { result, .. })) = recorded_end else { return Ok(()) };
    let recorded = match result {
        Ok(output) => Ok(restore_output(app.ports.blobs.as_ref(), output).await?),
        Err(failure) => Err(failure.clone()),
    };
    let same = match (&recorded, &actual) {
        (Ok(Some(recorded)), Ok(actual)) => bytes(recorded) == bytes(actual),
        (Err(recorded), Err(actual)) => recorded.is_cut() || bytes(recorded) == bytes(actual),
        (Err(recorded), Ok(_)) => recorded.is_cut(),
        _ => false,
    };
    if !same {
        report.differences.push(differ(json!(recorded), json!(actual), entry.ordinal));
    } else if let Some(left) = cassette.unasked() {
        report.differences.push(differ(
            left,
            json!("the component ended without this call"),
            cassette.answered() + 1,
        ));
    }
    Ok(())
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Answers its manifest, where it is still known.
async fn load_component(app: &App, user: UserId, digest: Digest) -> Result<Option<Manifest>, StoreError> {
    let record = match app.ports.plugins.find_plugin(digest).await? {
        Some(record) => Some(record.manifest),
        None => app.ports.skills.find_component(user, digest).await?,
    };
    if app.ports.components.is_loaded(digest) {
        return Ok(record);
    }
    let gone = || StoreError::NotFound(format!("component {digest} is not in the database any more"));
    let manifest = record.ok_or_else(gone)?;
    let bytes = app.ports.blobs.find_blob(digest).await?.ok_or_else(gone)?;
    match app.ports.components.compile(bytes, &manifest).await {
        Ok(_) => Ok(Some(manifest)),
        Err(error) => Err(StoreError::Internal(error.to_string())),
    }
}

/// Ask the decider again with the recorded outcomes: it must come to the stored end.
async fn redecide(
    app: &App,
    task: &Task,
    scopes: &BTreeMap<Scope, Vec<Entry>>,
) -> Result<Option<Nondeterminism>, StoreError> {
    let history = history::build(app, task, scopes).await?;
    let differ =
        |recorded, actual| Nondeterminism { scope: "decider".to_owned(), ordinal: 0, recorded, actual };
    let decision = match driver::decide(&task.new.driver, &history) {
        Ok(decision) => decision,
        Err(error) => return Ok(Some(differ(json!(task.state), json!(error.to_string())))),
    };
    Ok(match (decision.commands.first(), &task.output, &task.failure) {
        (Some(Command::Complete(output)), Some(recorded), _) if output == recorded => None,
        (Some(Command::Complete(output)), recorded, _) => Some(differ(json!(recorded), output.clone())),
        (Some(Command::Fail(failure)), None, Some(recorded)) if failure == recorded => None,
        (Some(Command::Fail(failure)), _, recorded) => Some(differ(json!(recorded), json!(failure))),
        // The host ended it (nondeterminism, a full journal) where the decider would have gone on.
        (_, None, Some(recorded))
            if ["NONDETERMINISM", "EXHAUSTED", "DRIVER_FAILED"].contains(&recorded.code.as_str()) =>
        {
            None
        }
        (command, _, _) => Some(differ(json!(task.state), json!(format!("{command:?}")))),
    })
}
