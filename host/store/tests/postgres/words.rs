//! Tasks, entries and claims as the cases need them.

use app::ports::journal::Append;
use app::ports::queue::{ClaimRequest, Claimed, Queue as _};
use app::ports::tasks::Tasks as _;
use domain::effect::EffectClass;
use domain::effect::model::Usage;
use domain::id::{AgentId, HostId, TaskId, UserId};
use domain::journal::{CallRecord, Entry, EntryBody, LocalEffect};
use domain::task::{Kind, NewTask};
use domain::time::Timestamp;
use std::time::Duration;
use store::postgres::{PostgresOptions, PostgresStore};
use uuid::Uuid;

/// The caller's clock; PostgreSQL has its own.
pub(crate) const NOW: Timestamp = Timestamp(1_771_860_600_000);
pub(crate) const USER: UserId = UserId(Uuid::from_u128(1));
pub(crate) const AGENT: AgentId = AgentId(Uuid::from_u128(2));
pub(crate) const LEASE: Duration = Duration::from_secs(15);

pub(crate) async fn connect(url: &str) -> PostgresStore {
    PostgresStore::connect(url, None, PostgresOptions::default()).await.unwrap()
}

pub(crate) fn new_task(number: u32) -> NewTask {
    let [_, _, bytes @ ..] = u64::from(number).to_be_bytes();
    NewTask {
        id: TaskId::new(TaskId::TASK, bytes),
        parent: None,
        user: USER,
        agent: AGENT,
        kind: Kind::AgentTask,
        driver: "rigor/1".to_owned(),
        priority: 0,
        input: serde_json::json!({ "text": "with \u{0} and 1.50" }),
        estimate_key: "build/core".to_owned(),
        created_at: NOW,
    }
}

pub(crate) fn request(limit: u32) -> ClaimRequest {
    ClaimRequest {
        host: HostId(Uuid::new_v4()),
        drivers: vec!["rigor/1".to_owned()],
        limit,
        lease: LEASE,
        idle: true,
    }
}

/// Submit a task and claim it.
pub(crate) async fn claimed(store: &PostgresStore, number: u32) -> Claimed {
    store.submit_task(new_task(number), Vec::new()).await.unwrap();
    claim(store).await
}

pub(crate) async fn claim(store: &PostgresStore) -> Claimed {
    store.claim(request(1), NOW).await.unwrap().pop().expect("a task is queued")
}

pub(crate) fn call(ordinal: u32) -> Entry {
    let body = EntryBody::Call(CallRecord {
        function: "kv.put".to_owned(),
        hash: format!("h1:{ordinal}"),
        request: serde_json::json!({ "key": "a" }),
        class: EffectClass::Local,
        result: None,
        duration_us: 0,
    });
    Entry { scope: "coder-ai/generate#1".parse().unwrap(), ordinal, at: NOW, body }
}

/// One entry, with tokens that would be counted twice if it were appended twice.
pub(crate) fn append(ordinal: u32) -> Append {
    let usage = Usage { input_tokens: 10, output_tokens: 1 };
    Append {
        entries: vec![call(ordinal)],
        effects: vec![LocalEffect::Usage { model: "m".to_owned(), usage }],
    }
}
