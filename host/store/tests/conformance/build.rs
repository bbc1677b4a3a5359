//! Short ways to say what a case needs.

use crate::bench::Bench;
use app::ports::journal::{Append, FollowUps};
use app::ports::queue::{ClaimRequest, Claimed};
use app::ports::store_error::StoreError;
use domain::component::{CallFailure, Cost, Limits, Output};
use domain::effect::{EffectClass, Reply};
use domain::event::Event;
use domain::id::{Digest, HostId, TaskId};
use domain::journal::{
    CallRecord, Entry, EntryBody, LocalEffect, Recorded, RecordedOutput, ScopeEnd, ScopeStart,
};
use domain::task::{AtWork, Kind, Lease, NewTask, Outcome, Progress, Task, TaskFailure};
use domain::time::Timestamp;
use serde_json::json;
use std::time::Duration;

pub(crate) const DRIVER: &str = "rigor/1";
pub(crate) const LEASE: Duration = Duration::from_secs(15);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

impl Bench {
    /// An agent task of the bench's user.
    pub(crate) fn new_task(&self) -> NewTask {
        NewTask {
            id: TaskId::new(TaskId::TASK, self.random()),
            parent: None,
            user: self.user,
            agent: self.agent,
            kind: Kind::AgentTask,
            driver: DRIVER.to_owned(),
            priority: 0,
            input: json!({ "task": "say \u{0} hello", "n": 1.5 }),
            estimate_key: "BUILD/core".to_owned(),
            created_at: self.now(),
        }
    }

    pub(crate) async fn submit(&self, new: NewTask) -> Task {
        self.store.submit_task(new, Vec::new()).await.unwrap()
    }

    pub(crate) fn request(&self, limit: u32) -> ClaimRequest {
        ClaimRequest { host: self.host, drivers: vec![DRIVER.to_owned()], limit, lease: LEASE, idle: false }
    }

    pub(crate) async fn claim(&self, limit: u32) -> Vec<Claimed> {
        self.store.claim(self.request(limit), self.now()).await.unwrap()
    }

    pub(crate) async fn claim_as(&self, host: HostId, idle: bool) -> Vec<Claimed> {
        self.store.claim(ClaimRequest { host, idle, ..self.request(100) }, self.now()).await.unwrap()
    }

    /// A task that runs.
    pub(crate) async fn running(&self) -> Claimed {
        self.submit(self.new_task()).await;
        self.claim(1).await.pop().unwrap()
    }

    pub(crate) async fn task(&self, id: &TaskId) -> Task {
        self.store.find_task(self.user, id).await.unwrap().unwrap()
    }

    pub(crate) async fn append(&self, lease: &Lease, entries: Vec<Entry>) -> Result<i64, StoreError> {
        self.store.append(lease, Append { entries, effects: Vec::new() }, self.now()).await
    }

    pub(crate) async fn effects(&self, lease: &Lease, effects: Vec<LocalEffect>) -> i64 {
        self.store.append(lease, Append { entries: Vec::new(), effects }, self.now()).await.unwrap()
    }

    pub(crate) async fn finish(&self, lease: &Lease, outcome: Outcome) -> Result<Task, StoreError> {
        self.store.finish(lease, outcome, FollowUps::default(), self.now()).await
    }

    pub(crate) async fn suspend(&self, lease: &Lease, wake_at: Timestamp) -> Result<(), StoreError> {
        self.store.suspend(lease, Append::default(), Progress::default(), wake_at, self.now()).await
    }

    pub(crate) async fn events(&self, task: &TaskId) -> Vec<Event> {
        self.store.list_events(task, 0, 1000).await.unwrap()
    }

    pub(crate) async fn event_names(&self, task: &TaskId) -> Vec<String> {
        self.events(task).await.into_iter().map(|event| event.body.event).collect()
    }

    pub(crate) async fn entries(&self, task: &TaskId) -> Vec<Entry> {
        let rows = self.store.list_entries(task, 0, 10_000).await.unwrap();
        assert!(rows.is_sorted_by_key(|(pos, _)| *pos));
        rows.into_iter().map(|(_, entry)| entry).collect()
    }

    pub(crate) fn entry(&self, scope: &str, ordinal: u32, body: EntryBody) -> Entry {
        Entry { scope: scope.parse().unwrap(), ordinal, at: self.now(), body }
    }

    /// The start of a scope.
    pub(crate) fn start(&self, scope: &str) -> Entry {
        let start = ScopeStart {
            context: None,
            plugin: Some("hello@1.0.0".to_owned()),
            digest: None,
            own: false,
            abi: Some("0.1.0".to_owned()),
            export: None,
            config: json!({}),
            limits: Limits::default(),
            start: self.now(),
            seed: "00".repeat(32),
        };
        self.entry(scope, 0, EntryBody::Start(Box::new(start)))
    }

    /// An answered call.
    pub(crate) fn call(&self, scope: &str, ordinal: u32, request: &str) -> Entry {
        let recorded = Recorded::Inline(Reply::Text(format!("answer to {request}")));
        self.call_with(scope, ordinal, request, Some(recorded))
    }

    /// A call whose effect may be under way.
    pub(crate) fn started(&self, scope: &str, ordinal: u32, request: &str) -> Entry {
        self.call_with(scope, ordinal, request, None)
    }

    pub(crate) fn call_with(
        &self,
        scope: &str,
        ordinal: u32,
        request: &str,
        result: Option<Recorded>,
    ) -> Entry {
        let record = CallRecord {
            function: "http.send".to_owned(),
            hash: format!("h1:{}", Digest::of(request.as_bytes()).hex()),
            request: json!({ "request": request }),
            class: EffectClass::Once,
            result,
            duration_us: 42,
        };
        self.entry(scope, ordinal, EntryBody::Call(record))
    }

    /// The good end of a scope after `wall`.
    pub(crate) fn end(&self, scope: &str, ordinal: u32, wall: Duration) -> Entry {
        self.end_with(scope, ordinal, wall, Ok(RecordedOutput::Inline(Output::Json(json!({ "done": true })))))
    }

    pub(crate) fn end_with(
        &self,
        scope: &str,
        ordinal: u32,
        wall: Duration,
        result: Result<RecordedOutput, CallFailure>,
    ) -> Entry {
        let wall_us = u64::try_from(wall.as_micros()).unwrap();
        let end = ScopeEnd {
            result,
            cost: Cost { wall_us, fuel: None, memory_bytes: 1 },
            effects_done: false,
            retry_safe: false,
        };
        self.entry(scope, ordinal, EntryBody::End(end))
    }
}

pub(crate) fn completed() -> Outcome {
    Outcome::Completed(json!({ "summary": "done" }))
}

pub(crate) fn failed(agent: &str) -> Outcome {
    Outcome::Failed(TaskFailure {
        code: "PHASE_FAILED".to_owned(),
        message: "it did not work".to_owned(),
        agent: Some(agent.to_owned()),
        phase: Some("generate".to_owned()),
        details: json!({ "partial": false }),
    })
}

pub(crate) fn progress(percent: u8, agent: &str) -> Progress {
    Progress {
        percent,
        current_agent: Some(agent.to_owned()),
        current_phase: Some("research".to_owned()),
        completed_phases: vec!["requirements".to_owned()],
        at_work: vec![AtWork { agent: agent.to_owned(), phase: "research".to_owned() }],
    }
}
