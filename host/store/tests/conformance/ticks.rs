//! Autonomy: when agents tick, what they are told, and when they pause.

use crate::agents::agent;
use crate::bench::Bench;
use crate::build::{LEASE, SECOND};
use crate::cases;
use app::ports::journal::Append;
use app::ports::queue::{ClaimRequest, Claimed};
use app::ports::rooms::Window;
use app::ports::ticks::Instruction;
use domain::agent::{Agent, Autonomy};
use domain::journal::LocalEffect;
use domain::room::{MessageRole, Room, RoomKind};
use domain::task::{Kind, Outcome, State, TaskFailure};
use domain::turn::{Origin, Turn};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

cases! {
    async fn an_agent_ticks_at_once_and_then_on_its_beat(bench: &Bench) {
        start(bench).await;
        assert_eq!(bench.store.next_tick_due().await.unwrap(), Some(bench.now()));
        let first = bench.now();
        assert_eq!(tick(bench).await, 1);
        let long = ClaimRequest { lease: Duration::from_secs(600), ..request(bench) };
        let claimed = bench.store.claim(long, bench.now()).await.unwrap().pop().unwrap();
        let task = &claimed.task.new;
        assert_eq!((task.kind, task.agent, task.user, task.driver.as_str()), (Kind::Tick, bench.agent, bench.user, "tick/1"));
        let room = autonomy(bench).await.room.unwrap();
        assert_eq!(task.input, json!(Turn { origin: Origin::Tick, agent: "manager".into(), room }));
        assert_eq!(bench.store.find_room(bench.user, room).await.unwrap().unwrap().kind, RoomKind::Autonomy);
        assert!(bench.store.is_ticking(bench.agent).await.unwrap());
        // While it ticks there is no other, and what is missed meanwhile is skipped.
        for _ in 0..3 {
            bench.advance(Duration::from_secs(30)).await;
            assert_eq!(tick(bench).await, 0);
        }
        bench.finish(&claimed.lease, Outcome::Completed(json!({}))).await.unwrap();
        assert!(!bench.store.is_ticking(bench.agent).await.unwrap());
        let after = autonomy(bench).await;
        assert_eq!((after.last_tick_at, after.failed_ticks), (Some(bench.now()), 0));
        assert_eq!(after.next_tick_at, Some(first.plus(Duration::from_secs(120))));
        assert_eq!(tick(bench).await, 0);
        bench.advance(Duration::from_secs(29)).await;
        assert_eq!(tick(bench).await, 0);
        bench.advance(SECOND).await;
        assert_eq!(tick(bench).await, 1);
        assert_eq!(autonomy(bench).await.room, Some(room), "the room lasts");
    }

    async fn agents_that_are_due_together_are_queued_in_batches(bench: &Bench) {
        for number in 0..5 {
            let made = agent(bench, bench.user, &format!("a{number}"), 60 + number);
            bench.store.insert_agents(vec![made.clone()], vec![]).await.unwrap();
            bench.store.start_agent(made.id, &json!({}), true, bench.now()).await.unwrap();
        }
        let mut queued = Vec::new();
        for _ in 0..4 {
            queued.push(bench.store.enqueue_due_ticks(bench.now(), 2).await.unwrap());
        }
        assert_eq!(queued, [2, 2, 1, 0]);
    }

    async fn two_hosts_that_look_at_once_queue_one_tick(bench: &Bench) {
        start(bench).await;
        let mut looks = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (store, now) = (std::sync::Arc::clone(&bench.store), bench.now());
            looks.spawn(async move { store.enqueue_due_ticks(now, 10).await.unwrap() });
        }
        assert_eq!(looks.join_all().await.into_iter().sum::<u64>(), 1);
    }

    async fn an_agent_that_is_stopped_off_or_paused_does_not_tick(bench: &Bench) {
        assert_eq!((tick(bench).await, bench.store.next_tick_due().await.unwrap()), (0, None));
        // The flag alone is not enough.
        let set = bench.store.set_autonomy(bench.agent, true, bench.now()).await.unwrap().unwrap();
        assert_eq!((set.autonomy.enabled, set.autonomy.next_tick_at), (true, None));
        assert_eq!(tick(bench).await, 0);
        bench.store.start_agent(bench.agent, &json!({}), false, bench.now()).await.unwrap();
        assert_eq!(tick(bench).await, 0);
        bench.store.set_autonomy(bench.agent, true, bench.now()).await.unwrap();
        assert_eq!(tick(bench).await, 1);
        assert_eq!(bench.store.set_autonomy(domain::id::AgentId(Uuid::nil()), true, bench.now()).await.unwrap(), None);
    }

    async fn enabling_what_is_enabled_changes_nothing(bench: &Bench) {
        start(bench).await;
        tick(bench).await;
        let before = autonomy(bench).await;
        bench.advance(SECOND).await;
        bench.store.set_autonomy(bench.agent, true, bench.now()).await.unwrap();
        assert_eq!(autonomy(bench).await, before);
    }

    async fn disabling_takes_back_a_tick_that_has_not_begun_and_lets_one_that_has_complete(bench: &Bench) {
        start(bench).await;
        tick(bench).await;
        bench.store.set_autonomy(bench.agent, false, bench.now()).await.unwrap();
        assert_eq!(bench.store.claim(request(bench), bench.now()).await.unwrap().len(), 0);
        assert_eq!(autonomy(bench).await.failed_ticks, 0, "no failure");
        bench.advance(SECOND).await;
        bench.store.set_autonomy(bench.agent, true, bench.now()).await.unwrap();
        assert_eq!(tick(bench).await, 1);
        let runs = claim(bench).await;
        bench.store.set_autonomy(bench.agent, false, bench.now()).await.unwrap();
        let ended = bench.finish(&runs.lease, Outcome::Completed(json!({}))).await.unwrap();
        assert_eq!(ended.state, State::Completed);
        bench.store.set_autonomy(bench.agent, true, bench.now()).await.unwrap();
        bench.advance(SECOND).await;
        tick(bench).await;
        bench.store.stop_agent(bench.agent, bench.now()).await.unwrap();
        assert_eq!(bench.store.claim(request(bench), bench.now()).await.unwrap().len(), 0, "a stop takes it back, too");
    }

    async fn five_failures_in_a_row_pause_the_loop_until_it_is_enabled(bench: &Bench) {
        start(bench).await;
        for failures in 1..=4 {
            fail_one(bench).await;
            assert_eq!((autonomy(bench).await.failed_ticks, autonomy(bench).await.paused_at), (failures, None));
        }
        // One that ends well begins the count anew.
        assert_eq!(tick(bench).await, 1);
        let claimed = claim(bench).await;
        bench.finish(&claimed.lease, Outcome::Completed(json!({}))).await.unwrap();
        assert_eq!(autonomy(bench).await.failed_ticks, 0);
        bench.advance(Duration::from_secs(30)).await;
        for _ in 0..5 {
            fail_one(bench).await;
        }
        let paused = autonomy(bench).await;
        assert_eq!((paused.enabled, paused.failed_ticks, paused.paused_at.is_some()), (true, 5, true));
        bench.advance(Duration::from_secs(600)).await;
        assert_eq!((tick(bench).await, bench.store.next_tick_due().await.unwrap()), (0, None));
        bench.store.set_autonomy(bench.agent, true, bench.now()).await.unwrap();
        let again = autonomy(bench).await;
        assert_eq!((again.failed_ticks, again.paused_at, again.next_tick_at), (0, None, Some(bench.now())));
        assert_eq!(tick(bench).await, 1);
    }

    async fn a_quarantined_tick_is_a_failure(bench: &Bench) {
        start(bench).await;
        tick(bench).await;
        let id = claim(bench).await.lease.task;
        for _ in 0..20 {
            bench.advance(LEASE).await;
            if !bench.store.rescue(bench.now(), 10).await.unwrap().quarantined.is_empty() {
                break;
            }
            bench.store.claim(ClaimRequest { idle: true, ..request(bench) }, bench.now()).await.unwrap();
        }
        assert_eq!(bench.task(&id).await.state, State::Quarantined);
        let after = autonomy(bench).await;
        assert_eq!((after.failed_ticks, after.last_tick_at), (1, Some(bench.now())));
        assert_eq!(tick(bench).await, 1, "the next one comes all the same");
    }

    async fn another_interval_counts_from_the_last_tick(bench: &Bench) {
        start(bench).await;
        tick(bench).await;
        let claimed = claim(bench).await;
        bench.finish(&claimed.lease, Outcome::Completed(json!({}))).await.unwrap();
        let last = bench.now();
        bench.advance(SECOND).await;
        bench.store.set_interval(bench.agent, Duration::from_secs(5), bench.now()).await.unwrap();
        let set = autonomy(bench).await;
        assert_eq!((set.interval, set.next_tick_at), (Duration::from_secs(5), Some(last.plus(Duration::from_secs(5)))));
    }

    async fn an_instruction_is_consumed_by_one_tick(bench: &Bench) {
        start(bench).await;
        let first = instruction(bench, 1, "say \u{0} hello");
        assert_eq!(bench.store.queue_instruction(first.clone()).await.unwrap(), 1);
        assert_eq!(bench.store.queue_instruction(first.clone()).await.unwrap(), 1, "the same one");
        bench.advance(SECOND).await;
        let second = instruction(bench, 2, "then stop");
        assert_eq!(bench.store.queue_instruction(second.clone()).await.unwrap(), 2);
        let waiting = async || bench.store.waiting_instructions(bench.agent, 10).await.unwrap();
        assert_eq!(waiting().await, [first.clone(), second.clone()]);
        assert_eq!(bench.store.waiting_instructions(bench.agent, 1).await.unwrap(), std::slice::from_ref(&first));
        tick(bench).await;
        let claimed = claim(bench).await;
        let consume = LocalEffect::ConsumeInstructions { ids: vec![first.id] };
        let append = Append { entries: vec![bench.start("context#1")], effects: vec![consume] };
        bench.store.append(&claimed.lease, append, bench.now()).await.unwrap();
        assert_eq!(waiting().await, [second]);
        let tick = claimed.lease.task.as_str();
        assert_eq!(bench.texts("SELECT task FROM instructions WHERE task IS NOT NULL").await, [tick]);
    }

    async fn ticks_with_nothing_to_report_are_counted_in_one_message(bench: &Bench) {
        start(bench).await;
        let mut last = None;
        for number in 1..=4_u64 {
            assert_eq!(tick(bench).await, 1);
            let claimed = claim(bench).await;
            let room = autonomy(bench).await.room.unwrap();
            if number == 3 {
                let news = domain::room::NewMessage {
                    id: Uuid::from_u128(7), room, role: MessageRole::Assistant, author: "manager".into(),
                    text: "News".into(), metadata: None, task: Some(claimed.lease.task.clone()),
                };
                bench.effects(&claimed.lease, vec![LocalEffect::RoomMessage(Box::new(news))]).await;
            } else {
                // A tick that is resumed counts once.
                for _ in 0..2 {
                    bench.effects(&claimed.lease, vec![LocalEffect::QuietTick { room }]).await;
                }
            }
            let said = bench.store.list_messages(room, Window::After(0), 10).await.unwrap();
            last = Some(said.iter().map(|message| (message.new.text.clone(), message.pos)).collect::<Vec<_>>());
            bench.finish(&claimed.lease, Outcome::Completed(json!({}))).await.unwrap();
            bench.advance(Duration::from_secs(30)).await;
        }
        let times = "from 2026-02-23T15:30:00Z to 2026-02-23T15:31:30Z";
        assert_eq!(last.unwrap(), [("News".to_owned(), 2), (format!("Nothing to report, 3 times {times}."), 3)]);
    }

    async fn consumed_instructions_go_with_their_tick(bench: &Bench) {
        start(bench).await;
        let (first, second) = (instruction(bench, 1, "a"), instruction(bench, 2, "b"));
        for given in [&first, &second] {
            bench.store.queue_instruction(given.clone()).await.unwrap();
        }
        tick(bench).await;
        let claimed = claim(bench).await;
        bench.effects(&claimed.lease, vec![LocalEffect::ConsumeInstructions { ids: vec![first.id] }]).await;
        assert_eq!(bench.store.clean_instructions(10).await.unwrap(), 0, "its tick is there");
        bench.finish(&claimed.lease, Outcome::Completed(json!({}))).await.unwrap();
        bench.advance(SECOND).await;
        let old = app::ports::tasks::CleanBefore { ticks: bench.now(), ..crate::clean::all(domain::time::Timestamp(0)) };
        assert_eq!(bench.store.clean_tasks(old, 10).await.unwrap(), 1);
        assert_eq!(bench.store.clean_instructions(10).await.unwrap(), 1);
        assert_eq!(bench.store.waiting_instructions(bench.agent, 10).await.unwrap(), [second]);
    }

    async fn a_deleted_agents_ticks_and_instructions_go(bench: &Bench) {
        let made = agent(bench, bench.user, "writer", 60);
        bench.store.insert_agents(vec![made.clone()], vec![]).await.unwrap();
        bench.store.start_agent(made.id, &json!({}), true, bench.now()).await.unwrap();
        bench.store.queue_instruction(Instruction { agent: made.id, ..instruction(bench, 1, "x") }).await.unwrap();
        tick(bench).await;
        bench.store.delete_agent(bench.user, made.id, bench.now()).await.unwrap();
        assert_eq!(bench.store.claim(request(bench), bench.now()).await.unwrap().len(), 0);
        assert_eq!(bench.count("instructions", "1 = 1").await, 0);
        assert_eq!(bench.store.find_room(bench.user, Room::autonomous_id(made.id)).await.unwrap(), None);
    }
}

/// The default agent with its autonomy on.
async fn start(bench: &Bench) {
    bench.store.start_agent(bench.agent, &json!({}), true, bench.now()).await.unwrap();
}

async fn tick(bench: &Bench) -> u64 {
    bench.store.enqueue_due_ticks(bench.now(), 100).await.unwrap()
}

fn request(bench: &Bench) -> ClaimRequest {
    ClaimRequest { drivers: vec!["tick/1".to_owned()], ..bench.request(10) }
}

async fn claim(bench: &Bench) -> Claimed {
    bench.store.claim(request(bench), bench.now()).await.unwrap().pop().unwrap()
}

/// A tick that fails, and the time until the next.
async fn fail_one(bench: &Bench) {
    assert_eq!(tick(bench).await, 1);
    let claimed = claim(bench).await;
    let failure =
        TaskFailure { code: "X".into(), message: "x".into(), agent: None, phase: None, details: Value::Null };
    bench.finish(&claimed.lease, Outcome::Failed(failure)).await.unwrap();
    bench.advance(Duration::from_secs(30)).await;
}

async fn autonomy(bench: &Bench) -> Autonomy {
    let found: Agent = bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap();
    found.autonomy
}

fn instruction(bench: &Bench, number: u128, text: &str) -> Instruction {
    Instruction {
        id: Uuid::from_u128(number),
        agent: bench.agent,
        user: bench.user,
        text: text.to_owned(),
        queued_at: bench.now(),
    }
}
