//! elizaOS sessions and jobs.

use crate::bench::Bench;
use crate::build::SECOND;
use crate::cases;
use app::ports::sessions::{Between, room_of};
use domain::id::{AgentId, TaskId};
use domain::job::Job;
use domain::room::{MessageRole, NewMessage, Room, RoomKind};
use domain::session::{Session, Timeout};
use domain::task::{NewTask, State};
use domain::time::Timestamp;
use domain::turn::{Origin, Turn};
use serde_json::json;
use uuid::Uuid;

cases! {
    async fn a_session_is_kept_changed_once_and_forgotten(bench: &Bench) {
        let session = session(bench, 1);
        bench.store.insert_session(session.clone(), Timestamp(0)).await.unwrap();
        assert_eq!(bench.store.find_session(bench.user, session.id).await.unwrap(), Some(session.clone()));
        assert_eq!(bench.store.find_session(bench.stranger, session.id).await.unwrap(), None);
        assert_eq!(bench.store.find_room(bench.user, session.room).await.unwrap(), Some(room_of(&session)));
        bench.advance(SECOND).await;
        let mut after = session.clone();
        after.set_timeout(Timeout { timeout_minutes: 60, ..session.timeout });
        after.touch(bench.now());
        assert!(bench.store.update_session(&session, &after).await.unwrap());
        // Whoever has not seen the change must look again.
        assert!(!bench.store.update_session(&session, &after).await.unwrap());
        assert_eq!(bench.store.find_session(bench.user, session.id).await.unwrap(), Some(after.clone()));
        assert!(!bench.store.delete_session(bench.stranger, session.id).await.unwrap());
        // Another one of the user takes those with it that ended before a time.
        let newer = self::session(bench, 2);
        bench.store.insert_session(newer.clone(), after.expires_at).await.unwrap();
        assert!(bench.store.find_session(bench.user, session.id).await.unwrap().is_some());
        let newest = self::session(bench, 3);
        bench.store.insert_session(newest.clone(), Timestamp(after.expires_at.0 + 1)).await.unwrap();
        for forgotten in [session.id, newer.id] {
            assert_eq!(bench.store.find_session(bench.user, forgotten).await.unwrap(), None);
        }
        assert!(bench.store.find_room(bench.user, session.room).await.unwrap().is_some(), "what was said stays");
        assert!(bench.store.delete_session(bench.user, newest.id).await.unwrap());
        assert!(!bench.store.delete_session(bench.user, newest.id).await.unwrap());
    }

    async fn sessions_that_are_not_over_are_listed_newest_first(bench: &Bench) {
        let older = session(bench, 1);
        bench.store.insert_session(older.clone(), Timestamp(0)).await.unwrap();
        bench.advance(SECOND).await;
        let newer = session(bench, 2);
        bench.store.insert_session(newer.clone(), Timestamp(0)).await.unwrap();
        let listed = async |user, agent, now, limit| {
            let found = bench.store.list_sessions(user, agent, now, limit).await.unwrap();
            found.into_iter().map(|session| session.id).collect::<Vec<_>>()
        };
        assert_eq!(listed(bench.user, None, bench.now(), 10).await, [newer.id, older.id]);
        assert_eq!(listed(bench.user, Some(bench.agent), bench.now(), 1).await, [newer.id]);
        assert_eq!(listed(bench.user, None, older.expires_at, 10).await, [newer.id]);
        assert!(listed(bench.user, Some(AgentId(Uuid::from_u128(99))), bench.now(), 10).await.is_empty());
        assert!(listed(bench.stranger, None, bench.now(), 10).await.is_empty());
    }

    async fn messages_are_read_by_time_backward_and_forward(bench: &Bench) {
        let session = session(bench, 1);
        bench.store.insert_session(session.clone(), Timestamp(0)).await.unwrap();
        let mut times = Vec::new();
        for number in 1..=4 {
            let turn = turn(bench, session.room, number);
            let said = vec![said(session.room, number, &format!("m{number} \u{0}"), &turn)];
            bench.store.submit_turn(room_of(&session), said, turn).await.unwrap();
            times.push(bench.now());
            bench.advance(SECOND).await;
        }
        let texts = async |after: Option<Timestamp>, before: Option<Timestamp>, limit| {
            let found = bench.store.list_messages_between(session.room, Between { after, before }, limit).await.unwrap();
            found.into_iter().map(|message| message.new.text.chars().take(2).collect::<String>()).collect::<Vec<_>>()
        };
        assert_eq!(texts(None, None, 2).await, ["m4", "m3"]);
        assert_eq!(texts(None, Some(times[3]), 2).await, ["m3", "m2"]);
        assert_eq!(texts(Some(times[0]), None, 2).await, ["m3", "m2"]);
        assert_eq!(texts(Some(times[0]), Some(times[3]), 1).await, ["m3"]);
        assert!(texts(Some(times[3]), None, 2).await.is_empty());
    }

    async fn a_job_is_stored_with_its_turn_and_goes_with_it(bench: &Bench) {
        let (first, task) = (job(bench, 1), turn(bench, Uuid::from_u128(901), 1));
        for _ in 0..2 {
            // The second time after a lost answer.
            let submitted = bench.store
                .submit_job(first.clone(), room(bench, &first), said(first.room, 1, &first.content, &task), task.clone())
                .await.unwrap();
            assert_eq!((submitted.new, submitted.state), (task.clone(), State::Queued));
        }
        bench.advance(SECOND).await;
        let (second, other) = (job(bench, 2), turn(bench, Uuid::from_u128(902), 2));
        bench.store.submit_job(second.clone(), room(bench, &second), said(second.room, 2, "x", &other), other).await.unwrap();
        let (found, of) = bench.store.find_job(bench.user, first.id).await.unwrap().unwrap();
        assert_eq!((found, of.new.id), (first.clone(), task.id.clone()));
        assert_eq!(bench.store.find_job(bench.stranger, first.id).await.unwrap(), None);
        let listed = async |user, agent, limit| {
            let found = bench.store.list_jobs(user, agent, limit).await.unwrap();
            found.into_iter().map(|(job, _)| job.id).collect::<Vec<_>>()
        };
        assert_eq!(listed(bench.user, None, 10).await, [second.id, first.id]);
        assert_eq!(listed(bench.user, Some(bench.agent), 1).await, [second.id]);
        assert!(listed(bench.stranger, None, 10).await.is_empty());
        assert_eq!(bench.count("room_messages", "1 = 1").await, 2);
        // Ended turns are deleted after a while, and their jobs with them.
        bench.store.cancel_task(bench.user, &task.id, bench.now()).await.unwrap();
        bench.advance(SECOND).await;
        let before = app::ports::tasks::CleanBefore {
            ended: bench.now(), failed: bench.now(), webhooks: bench.now(), chats: bench.now(), ticks: bench.now(),
        };
        assert_eq!(bench.store.clean_tasks(before, 10).await.unwrap(), 1);
        assert_eq!(listed(bench.user, None, 10).await, [second.id]);
        bench.store.delete_user(bench.user, bench.now()).await.unwrap();
        assert_eq!((bench.count("jobs", "1 = 1").await, bench.count("sessions", "1 = 1").await), (0, 0));
    }
}

fn session(bench: &Bench, number: u128) -> Session {
    let mut session = Session {
        id: Uuid::from_u128(700 + number),
        room: Uuid::from_u128(800 + number),
        user: bench.user,
        agent: bench.agent,
        sender: Uuid::from_u128(77),
        metadata: json!({ "platform": "test \u{0}" }),
        timeout: Timeout::default(),
        created_at: bench.now(),
        last_activity: bench.now(),
        expires_at: bench.now(),
        renewals: 0,
    };
    session.expires_at = session.end();
    session
}

fn job(bench: &Bench, number: u8) -> Job {
    Job {
        id: Uuid::from_u128(600 + u128::from(number)),
        user: bench.user,
        agent: bench.agent,
        room: Uuid::from_u128(900 + u128::from(number)),
        task: TaskId::new(TaskId::TURN, [number; 6]),
        sender: Uuid::from_u128(77),
        content: "What \u{0}?".to_owned(),
        metadata: json!({ "n": number }),
        created_at: bench.now(),
        expires_at: bench.now().plus(SECOND),
    }
}

fn room(bench: &Bench, job: &Job) -> Room {
    Room {
        id: job.room,
        user: bench.user,
        agent: bench.agent,
        kind: RoomKind::Session,
        created_at: bench.now(),
    }
}

fn turn(bench: &Bench, room: Uuid, number: u8) -> NewTask {
    let turn = Turn { origin: Origin::Chat, agent: "manager".to_owned(), room };
    turn.task(TaskId::new(TaskId::TURN, [number; 6]), bench.user, bench.agent, bench.now())
}

fn said(room: Uuid, number: u8, text: &str, turn: &NewTask) -> NewMessage {
    NewMessage {
        id: Uuid::from_u128(500 + u128::from(number)),
        room,
        role: MessageRole::User,
        author: Uuid::from_u128(77).to_string(),
        text: text.to_owned(),
        metadata: None,
        task: Some(turn.id.clone()),
    }
}
