//! A hundred agents that tick as often as they may, for two hours: every tick of every agent, once.

use crate::support::{START, TestHost, USER};
use app::autonomy;
use app::ports::journal::{Append, FollowUps, Journal};
use app::ports::models::{Model, Models};
use app::ports::store_error::StoreError;
use domain::agent::Agent;
use domain::caller::{Caller, KeyKind};
use domain::effect::CallError;
use domain::effect::model::{Finish, ModelAnswer, ModelEvent, ModelRequest, Usage};
use domain::id::AgentId;
use domain::journal::Entry;
use domain::plan::Plan;
use domain::task::{Lease, Outcome, Progress, State, Task};
use domain::time::Timestamp;
use domain::user::User;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

const AGENTS: u64 = 100;
/// The shortest interval there is.
const INTERVAL: u64 = 5;
const SECONDS: u64 = 600;
/// In real time, for what has to happen in one simulated second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every hundredth time it has something to say.
#[derive(Default)]
struct Quiet {
    asked: AtomicU64,
}

#[async_trait::async_trait]
impl Model for Quiet {
    async fn complete(
        &self,
        _: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let content = if asked % 100 == 99 { format!("News {asked}.") } else { "NO_REPLY".to_owned() };
        let answer = ModelAnswer {
            content,
            tool_calls: Vec::new(),
            finish: Finish::Stop,
            usage: Usage { input_tokens: 10, output_tokens: 1 },
            model: "quiet".to_owned(),
        };
        Ok(stream::iter([Ok(ModelEvent::Answer(answer))]).boxed())
    }

    fn name(&self) -> String {
        "quiet".to_owned()
    }

    async fn check(&self) -> Result<(), CallError> {
        Ok(())
    }
}

/// Counts the tasks that ended.
struct Counting {
    journal: Arc<dyn Journal>,
    ended: watch::Sender<u64>,
}

#[async_trait::async_trait]
impl Journal for Counting {
    async fn load_entries(&self, lease: &Lease) -> Result<Vec<Entry>, StoreError> {
        self.journal.load_entries(lease).await
    }

    async fn append(&self, lease: &Lease, append: Append, now: Timestamp) -> Result<i64, StoreError> {
        self.journal.append(lease, append, now).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        outcome: Outcome,
        follow_ups: FollowUps,
        now: Timestamp,
    ) -> Result<Task, StoreError> {
        let task = self.journal.finish(lease, outcome, follow_ups, now).await?;
        self.ended.send_modify(|ended| *ended += 1);
        Ok(task)
    }

    async fn suspend(
        &self,
        lease: &Lease,
        append: Append,
        progress: Progress,
        wake_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.journal.suspend(lease, append, progress, wake_at, now).await
    }
}

fn agent(index: u64) -> AgentId {
    AgentId(Uuid::from_u128(u128::from(1000 + index)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_agents_miss_and_double_no_tick_in_two_hours() {
    let began = Instant::now();
    let (model, ended) = (Arc::new(Quiet::default()), watch::Sender::new(0));
    let host = TestHost::with(|ports, _| {
        let quiet: Arc<dyn Model> = model.clone();
        ports.models = Models { tiers: [Arc::clone(&quiet), Arc::clone(&quiet), quiet] };
        ports.journal = Arc::new(Counting { journal: Arc::clone(&ports.journal), ended: ended.clone() });
    });
    let user = User { id: USER, name: "ada".into(), email: None, plan: Plan::Startup, created_at: START };
    let agents = (0..AGENTS).map(|index| Agent::new(agent(index), USER, &format!("bee-{index}"), START));
    host.app.ports.users.insert_user(user, agents.collect(), vec![]).await.unwrap();
    let working = host.work();
    // They begin one after another within the first interval, as agents of different people do.
    let mut expected = 0;
    for second in 0..SECONDS {
        if second < INTERVAL {
            for index in (0..AGENTS).filter(|index| index % INTERVAL == second) {
                let id = agent(index);
                host.app.ports.agents.start_agent(id, &json!({}), false, host.now()).await.unwrap();
                let caller = Caller { kind: KeyKind::User, user: USER, agent: id, key_id: None };
                autonomy::set_interval(&host.app, &caller, &json!({ "interval": 1 })).await.unwrap();
                autonomy::set(&host.app, &caller, Some(&json!({ "enabled": true }))).await.unwrap();
            }
        }
        // Who began at this second of the beat is due again.
        expected += AGENTS / INTERVAL;
        let mut ended = ended.subscribe();
        let reached =
            tokio::time::timeout(PATIENCE, ended.wait_for(|ended| *ended >= expected)).await.is_ok();
        assert!(reached, "second {second}: {} of {expected} ticks", *ended.borrow());
        if second + 1 < SECONDS {
            host.clock.advance(Duration::from_secs(1));
        }
    }
    eprintln!("{expected} ticks in {:?}", began.elapsed());
    for index in 0..AGENTS {
        let id = agent(index);
        let beat = i64::try_from(index % INTERVAL).unwrap();
        let ticks = host.app.ports.rooms.list_turns(id, 10_000).await.unwrap();
        assert!(ticks.iter().all(|tick| tick.state == State::Completed), "agent {index}");
        let mut begun: Vec<i64> = ticks.iter().map(|tick| (tick.new.created_at.0 - START.0) / 1000).collect();
        begun.reverse();
        let due: Vec<i64> =
            (0..).map(|count| beat + count * 5).take_while(|at| *at < SECONDS as i64).collect();
        assert_eq!(begun, due, "agent {index}");
    }
    assert_eq!(model.asked.load(Ordering::SeqCst), expected, "one question for each tick");
    working.drain(&host).await;
}
