//! Agents: unique names, starts, keys, tokens, deletion.

use crate::bench::Bench;
use crate::build::{SECOND, completed};
use crate::cases;
use app::ports::agents::{GatewayToken, StartOutcome};
use app::ports::keys::KeyRow;
use app::ports::store_error::StoreError;
use domain::agent::{Agent, AgentStatus, Autonomy, Deploy, DeployState};
use domain::caller::KeyKind;
use domain::id::{AgentId, UserId};
use domain::task::{NewTask, State};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

cases! {
    async fn an_agent_comes_back_as_it_was_and_only_to_its_user(bench: &Bench) {
        let full = Agent {
            status: AgentStatus::Active,
            started_at: Some(bench.now()),
            settings: json!({ "temperature": 0.8, "x": "\u{e4}" }),
            config: json!({ "tools": { "allow": ["files.*"] } }),
            character: Some(json!({ "bio": ["a"] })),
            deploy: Deploy { state: DeployState::Failed, step: "connect".into(), percent: 40 },
            last_seen_at: Some(bench.now()),
            autonomy: Autonomy {
                enabled: true,
                interval: Duration::from_millis(5_001),
                room: Some(Uuid::from_u128(77)),
                next_tick_at: Some(bench.now().plus(SECOND)),
                last_tick_at: Some(bench.now()),
                failed_ticks: 3,
                paused_at: Some(bench.now()),
            },
            ..agent(bench, bench.user, "writer", 60)
        };
        bench.store.insert_agents(vec![full.clone()], vec![]).await.unwrap();
        assert_eq!(bench.store.find_agent(bench.user, full.id).await.unwrap(), Some(full.clone()));
        assert_eq!(bench.store.find_agent_named(bench.user, "writer").await.unwrap(), Some(full.clone()));
        assert_eq!(bench.store.find_agent(bench.stranger, full.id).await.unwrap(), None);
        assert_eq!(bench.store.find_agent_named(bench.stranger, "writer").await.unwrap(), None);
        assert_eq!(bench.store.find_agent_named(bench.user, "Writer").await.unwrap(), None);
    }

    async fn agents_are_kept_all_or_none_with_their_keys(bench: &Bench) {
        let fresh = agent(bench, bench.user, "writer", 60);
        let of_both = |second: Agent| vec![fresh.clone(), second];
        let keys = vec![key_of(bench, "k60", Some(fresh.id))];
        for second in [
            agent(bench, bench.user, "manager", 61),
            agent(bench, bench.user, "writer", 61),
            agent(bench, bench.user, "reader", 60),
            // The id of another user's agent is taken, too.
            agent(bench, bench.user, "reader", 4),
        ] {
            let error = bench.store.insert_agents(of_both(second.clone()), keys.clone()).await.unwrap_err();
            let StoreError::Conflict(message) = error else { panic!("{error:?}") };
            assert!(message.contains(&second.name), "{message}");
            assert_eq!(bench.store.list_agents(bench.user).await.unwrap().len(), 1, "{message}");
            assert_eq!(bench.store.find_key("k60").await.unwrap(), None);
        }
        // Names are of one user: another may have them.
        bench.store.insert_agents(of_both(agent(bench, bench.user, "author", 61)), keys).await.unwrap();
        bench.store.insert_agents(vec![agent(bench, bench.stranger, "writer", 62)], vec![]).await.unwrap();
        let names = async |user| {
            let agents = bench.store.list_agents(user).await.unwrap();
            agents.into_iter().map(|agent| agent.name).collect::<Vec<_>>()
        };
        assert_eq!(names(bench.user).await, ["manager", "author", "writer"], "the default one first, then by name");
        assert_eq!(names(bench.stranger).await, ["manager", "writer"]);
        assert_eq!(bench.store.find_key("k60").await.unwrap().unwrap().agent, Some(fresh.id));
    }

    async fn of_concurrent_starts_one_started_it(bench: &Bench) {
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..6 {
            let (store, id, now) = (std::sync::Arc::clone(&bench.store), bench.agent, bench.now());
            starts.spawn(async move { store.start_agent(id, &json!({ "n": number }), true, now).await.unwrap().unwrap() });
        }
        let outcomes = starts.join_all().await;
        let started: Vec<&Agent> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                StartOutcome::Started(agent) => Some(agent),
                StartOutcome::Running(_) => None,
            })
            .collect();
        assert_eq!(started.len(), 1);
        let now = bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap();
        assert_eq!(started[0], &now, "the others changed nothing");
        assert_eq!((now.status, now.started_at, now.last_seen_at), (AgentStatus::Active, Some(bench.now()), Some(bench.now())));
        assert_eq!((now.autonomy.enabled, now.autonomy.next_tick_at), (true, Some(bench.now())));
        assert_eq!(now.deploy, Deploy { state: DeployState::Ready, step: "listen".into(), percent: 100 });
        assert_eq!(bench.store.start_agent(AgentId(Uuid::nil()), &json!({}), false, bench.now()).await.unwrap(), None);
    }

    async fn a_stop_forgets_the_settings_of_the_start_and_keeps_the_configuration(bench: &Bench) {
        bench.store.start_agent(bench.agent, &json!({ "temperature": 1 }), true, bench.now()).await.unwrap();
        assert!(bench.store.set_config(bench.agent, &json!({}), &json!({ "model": "pro" }), None, bench.now()).await.unwrap());
        assert!(bench.store.stop_agent(bench.agent, bench.now()).await.unwrap());
        assert!(!bench.store.stop_agent(bench.agent, bench.now()).await.unwrap());
        let stopped = bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap();
        assert_eq!((stopped.status, stopped.started_at, &stopped.settings), (AgentStatus::Inactive, None, &json!({})));
        assert_eq!((stopped.config, stopped.autonomy.next_tick_at), (json!({ "model": "pro" }), None));
        bench.store.start_agent(bench.agent, &json!({}), false, bench.now()).await.unwrap();
        let again = bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap();
        assert_eq!((again.autonomy.enabled, again.autonomy.next_tick_at), (false, None));
    }

    async fn a_start_that_was_slower_does_not_change_how_the_faster_went(bench: &Bench) {
        let step = |state, step: &str| Deploy { state, step: step.into(), percent: 20 };
        bench.store.set_deploy(bench.agent, &step(DeployState::Deploying, "connect")).await.unwrap();
        let read = async || bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap().deploy;
        assert_eq!(read().await, step(DeployState::Deploying, "connect"));
        // One that a host did not live to end has failed where it was.
        assert_eq!(bench.store.fail_interrupted_starts().await.unwrap(), 1);
        assert_eq!(read().await, step(DeployState::Failed, "connect"));
        assert_eq!(bench.store.fail_interrupted_starts().await.unwrap(), 0);
        bench.store.start_agent(bench.agent, &json!({}), false, bench.now()).await.unwrap();
        bench.store.set_deploy(bench.agent, &step(DeployState::Failed, "connect")).await.unwrap();
        assert_eq!(read().await.state, DeployState::Ready);
    }

    async fn a_configuration_is_replaced_only_where_it_is_still_what_was_read(bench: &Bench) {
        let (first, second) = (json!({ "budget": 1 }), json!({ "budget": 2, "model": "pro" }));
        let set = async |before: &serde_json::Value, after: &serde_json::Value| {
            bench.store.set_config(bench.agent, before, after, None, bench.now()).await.unwrap()
        };
        assert!(set(&json!({}), &first).await);
        assert!(!set(&json!({}), &second).await);
        assert!(set(&first, &second).await);
        assert_eq!(bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap().config, second);
        assert!(!bench.store.set_config(AgentId(Uuid::nil()), &json!({}), &first, None, bench.now()).await.unwrap());
    }

    async fn another_interval_counts_from_the_last_tick_and_starts_none(bench: &Bench) {
        let minute = Duration::from_secs(60);
        let read = async || bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap().autonomy;
        bench.store.set_config(bench.agent, &json!({}), &json!({}), Some(minute), bench.now()).await.unwrap();
        assert_eq!((read().await.interval, read().await.next_tick_at), (minute, None));
        bench.store.start_agent(bench.agent, &json!({}), true, bench.now()).await.unwrap();
        bench.store.set_config(bench.agent, &json!({}), &json!({}), Some(minute * 2), bench.now()).await.unwrap();
        assert_eq!(read().await.next_tick_at, Some(bench.now().plus(minute * 2)));
    }

    async fn another_name_is_unique_among_the_users_agents(bench: &Bench) {
        bench.store.insert_agents(vec![agent(bench, bench.user, "writer", 60)], vec![]).await.unwrap();
        let id = AgentId(Uuid::from_u128(60));
        let error = bench.store.update_agent(id, "manager", None).await.unwrap_err();
        assert!(matches!(&error, StoreError::Conflict(message) if message.contains("manager")), "{error:?}");
        bench.store.update_agent(id, "author", Some(&json!({ "bio": "b" }))).await.unwrap();
        let renamed = bench.store.find_agent_named(bench.user, "author").await.unwrap().unwrap();
        assert_eq!((renamed.id, renamed.character), (id, Some(json!({ "bio": "b" }))));
        bench.store.update_agent(id, "author", None).await.unwrap();
    }

    async fn a_rotated_key_is_dead_when_the_new_one_lives(bench: &Bench) {
        bench.store.insert_agents(vec![agent(bench, bench.user, "writer", 60)], vec![]).await.unwrap();
        let id = AgentId(Uuid::from_u128(60));
        for key in [key_of(bench, "old", Some(id)), key_of(bench, "of-manager", Some(bench.agent)), key_of(bench, "of-user", None)] {
            bench.store.insert_key(key, bench.now()).await.unwrap();
        }
        bench.store.rotate_key(id, key_of(bench, "new", Some(id)), bench.now()).await.unwrap();
        for (key, there) in [("old", false), ("new", true), ("of-manager", true), ("of-user", true)] {
            assert_eq!(bench.store.find_key(key).await.unwrap().is_some(), there, "{key}");
        }
        // A key whose id is taken revokes nothing.
        bench.store.rotate_key(id, key_of(bench, "of-user", Some(id)), bench.now()).await.unwrap_err();
        assert!(bench.store.find_key("new").await.unwrap().is_some());
    }

    async fn of_concurrent_rotations_one_key_stays(bench: &Bench) {
        let mut rotations = tokio::task::JoinSet::new();
        for number in 0..6 {
            let (store, now) = (std::sync::Arc::clone(&bench.store), bench.now());
            let (id, key) = (bench.agent, key_of(bench, &format!("r{number}"), Some(bench.agent)));
            rotations.spawn(async move { store.rotate_key(id, key, now).await.unwrap() });
        }
        rotations.join_all().await;
        let alive = bench.store.list_keys_of(KeyKind::Agent).await.unwrap();
        assert_eq!(alive.len(), 1, "{alive:?}");
    }

    async fn what_an_agent_did_last_never_goes_back(bench: &Bench) {
        let read = async || bench.store.find_agent(bench.user, bench.agent).await.unwrap().unwrap().last_seen_at;
        assert_eq!(read().await, None);
        let early = bench.now();
        bench.advance(SECOND).await;
        bench.store.touch_agent(bench.agent, bench.now()).await.unwrap();
        bench.store.touch_agent(bench.agent, early).await.unwrap();
        assert_eq!(read().await, Some(bench.now()));
    }

    async fn a_token_lives_until_its_time(bench: &Bench) {
        let token = |byte, seconds| GatewayToken {
            hash: [byte; 32],
            user: bench.user,
            agent: bench.agent,
            expires_at: bench.now().plus(SECOND * seconds),
        };
        let (short, long) = (token(1, 1), token(2, 10));
        bench.store.insert_token(short.clone(), bench.now()).await.unwrap();
        bench.store.insert_token(long.clone(), bench.now()).await.unwrap();
        assert_eq!(bench.store.find_token(short.hash, bench.now()).await.unwrap(), Some(short.clone()));
        bench.advance(SECOND).await;
        assert_eq!(bench.store.find_token(short.hash, bench.now()).await.unwrap(), None);
        assert_eq!(bench.store.find_token(long.hash, bench.now()).await.unwrap(), Some(long));
        bench.store.insert_token(token(3, 10), bench.now()).await.unwrap();
        assert_eq!(bench.count("gateway_tokens", "1 = 1").await, 2, "dead ones go when a new one comes");
    }

    async fn a_deleted_agent_goes_with_what_hangs_on_it_and_its_tasks_end(bench: &Bench) {
        let writer = agent(bench, bench.user, "writer", 60);
        bench.store.insert_agents(vec![writer.clone()], vec![key_of(bench, "k60", Some(writer.id))]).await.unwrap();
        let of_writer = || NewTask { agent: writer.id, ..bench.new_task() };
        let runs = bench.submit(of_writer()).await.new.id;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        let waits = bench.submit(of_writer()).await.new.id;
        let other = bench.submit(bench.new_task()).await.new.id;
        assert_eq!(bench.store.delete_agent(bench.stranger, writer.id, bench.now()).await.unwrap(), None);
        assert_eq!(bench.store.delete_agent(bench.user, writer.id, bench.now()).await.unwrap(), Some(vec![runs.clone()]));
        assert_eq!(bench.store.delete_agent(bench.user, writer.id, bench.now()).await.unwrap(), None);
        assert_eq!(bench.store.find_agent(bench.user, writer.id).await.unwrap(), None);
        assert_eq!(bench.store.find_key("k60").await.unwrap(), None);
        assert_eq!(bench.task(&waits).await.state, State::Cancelled);
        assert_eq!(bench.task(&other).await.state, State::Queued);
        let asked = bench.task(&runs).await;
        assert_eq!((asked.state, asked.cancel_requested), (State::Running, true));
        bench.finish(&lease, domain::task::Outcome::Cancelled).await.unwrap();
        assert_eq!(bench.task(&runs).await.state, State::Cancelled);
    }

    async fn the_default_agent_stays_as_long_as_its_user(bench: &Bench) {
        let running = bench.running().await;
        let error = bench.store.delete_agent(bench.user, bench.agent, bench.now()).await.unwrap_err();
        assert!(matches!(&error, StoreError::Conflict(message) if message.contains("manager")), "{error:?}");
        bench.finish(&running.lease, completed()).await.unwrap();
        assert_eq!(bench.store.list_agents(bench.user).await.unwrap().len(), 1);
    }
}

/// An inactive agent.
pub(crate) fn agent(bench: &Bench, user: UserId, name: &str, number: u128) -> Agent {
    Agent::new(AgentId(Uuid::from_u128(number)), user, name, bench.now())
}

/// A key of the bench's user, or of one of its agents.
pub(crate) fn key_of(bench: &Bench, id: &str, agent: Option<AgentId>) -> KeyRow {
    let kind = if agent.is_some() { KeyKind::Agent } else { KeyKind::User };
    KeyRow { id: id.to_owned(), kind, user: bench.user, agent, hash: [200; 32] }
}
