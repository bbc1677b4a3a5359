//! A hundred agents that tick as often as they may, for two hours: every tick of every agent, once. And a thousand for some seconds of our own
//! time: how late they are.
//!
//! A program of its own: it keeps both processors busy for minutes, which the other tests of the engine need not suffer from.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(dead_code, reason = "the support is that of the engine's tests")]

#[path = "engine/faulty.rs"]
mod faulty;
#[path = "engine/support.rs"]
mod support;

use crate::support::{START, TestHost, USER};
use app::autonomy;
use app::ports::clock::Clock;
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
const SECONDS: u64 = 2 * 3600;
/// In real time, for what has to happen in one simulated second.
const PATIENCE: Duration = Duration::from_secs(60);
/// In real time, until the loop of ticks is told to look again.
const NUDGE: Duration = Duration::from_millis(50);

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

/// The machine's own time.
struct RealClock(Instant);

#[async_trait::async_trait]
impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "it is the clock port")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp(i64::try_from(since.as_millis()).unwrap())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A host whose user has so many agents that are not started, and the count of tasks that ended.
async fn hive(
    agents: u64,
    model: &Arc<Quiet>,
    change: impl FnOnce(&mut app::Ports),
) -> (TestHost, watch::Sender<u64>) {
    let ended = watch::Sender::new(0);
    let host = TestHost::with(|ports, _| {
        let quiet: Arc<dyn Model> = model.clone();
        ports.models = Models { tiers: [Arc::clone(&quiet), Arc::clone(&quiet), quiet] };
        ports.journal = Arc::new(Counting { journal: Arc::clone(&ports.journal), ended: ended.clone() });
        change(ports);
    });
    let user = User { id: USER, name: "ada".into(), email: None, plan: Plan::Startup, created_at: START };
    let agents = (0..agents).map(|index| Agent::new(agent(index), USER, format!("bee-{index}"), START));
    host.app.ports.users.insert_user(user, agents.collect(), vec![]).await.unwrap();
    (host, ended)
}

/// Start an agent that ticks as often as it may, from now on.
async fn begin(host: &TestHost, id: AgentId) {
    let now = host.app.ports.clock.now();
    host.app.ports.agents.start_agent(id, &json!({}), false, now).await.unwrap();
    let caller = Caller { kind: KeyKind::User, user: USER, agent: id, key_id: None };
    autonomy::set_interval(&host.app, &caller, &json!({ "interval": 1 })).await.unwrap();
    autonomy::set(&host.app, &caller, Some(&json!({ "enabled": true }))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_agents_miss_and_double_no_tick_in_two_hours() {
    let began = Instant::now();
    let model = Arc::new(Quiet::default());
    let (host, ended) = hive(AGENTS, &model, |_| {}).await;
    let working = host.work();
    // All on one beat: each second of it has everything to do at once.
    for index in 0..AGENTS {
        begin(&host, agent(index)).await;
    }
    let mut expected = 0;
    for second in 0..SECONDS {
        expected += if second % INTERVAL == 0 { AGENTS } else { 0 };
        let mut ended = ended.subscribe();
        let waiting = Instant::now();
        while tokio::time::timeout(NUDGE, ended.wait_for(|ended| *ended >= expected)).await.is_err() {
            let so_far = *ended.borrow();
            assert!(waiting.elapsed() < PATIENCE, "second {second}: {so_far} of {expected} ticks");
            // A loop that took the time before this second and went to sleep after it would sleep on while the clock stands still.
            host.app.due.notify_one();
        }
        if second + 1 < SECONDS {
            host.clock.advance(Duration::from_secs(1));
        }
    }
    println!("{expected} ticks in {:?}", began.elapsed());
    for index in 0..AGENTS {
        let id = agent(index);
        let ticks = host.app.ports.rooms.list_turns(id, 10_000).await.unwrap();
        assert!(ticks.iter().all(|tick| tick.state == State::Completed), "agent {index}");
        let mut begun: Vec<i64> = ticks.iter().map(|tick| (tick.new.created_at.0 - START.0) / 1000).collect();
        begun.reverse();
        let due: Vec<i64> = (0..).map(|count| count * 5).take_while(|at| *at < SECONDS as i64).collect();
        assert_eq!(begun, due, "agent {index}");
    }
    assert_eq!(model.asked.load(Ordering::SeqCst), expected, "one question for each tick");
    working.drain(&host).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_agents_tick_on_the_real_clock_and_their_lateness_is_told() {
    const MANY: u64 = 1_000;
    const BEATS: u64 = 3;
    let model = Arc::new(Quiet::default());
    let real: Arc<dyn Clock> = Arc::new(RealClock(Instant::now()));
    let (host, ended) = hive(MANY, &model, |ports| ports.clock = real).await;
    let working = host.work();
    for index in 0..MANY {
        begin(&host, agent(index)).await;
    }
    let reached = ended.subscribe().wait_for(|ended| *ended >= MANY * BEATS).await.is_ok();
    assert!(reached);
    let mut late = Vec::new();
    for index in 0..MANY {
        let mut ticks = host.app.ports.rooms.list_turns(agent(index), 100).await.unwrap();
        ticks.retain(|tick| tick.state.is_finished());
        ticks.reverse();
        let first = ticks[0].new.created_at;
        for tick in &ticks {
            // The first is due when it is enabled; the beat of the others is counted from there, to the millisecond.
            let queued = tick.new.created_at.since(first).as_millis() % 5_000;
            let took = tick.completed_at.unwrap().since(tick.new.created_at).as_millis();
            late.push(if queued < 4_000 { queued + took } else { took });
        }
        let beats: std::collections::BTreeSet<u128> =
            ticks.iter().map(|tick| (tick.new.created_at.since(first).as_millis() + 1_000) / 5_000).collect();
        assert_eq!(beats.len(), ticks.len(), "agent {index} ticked twice on one beat");
    }
    late.sort_unstable();
    let at = |percent: usize| late[(late.len() - 1) * percent / 100];
    println!(
        "1000 agents, {} ticks: their ends came {} ms (median), {} ms (99 %), {} ms (at most) after they were due",
        late.len(),
        at(50),
        at(99),
        at(100)
    );
    working.drain(&host).await;
}
