//! Rooms: what was said, in order, once, and only for its user; turns that are stored with what they answer.

use crate::bench::Bench;
use crate::build::SECOND;
use crate::cases;
use app::ports::rooms::Window;
use app::ports::store_error::StoreError;
use domain::id::{AgentId, TaskId};
use domain::journal::LocalEffect;
use domain::room::{Message, MessageRole, NewMessage, Room, RoomKind};
use domain::task::{Kind, NewTask, State};
use domain::turn::{Origin, Turn};
use serde_json::json;
use uuid::Uuid;

cases! {
    async fn a_turn_is_stored_with_what_it_answers(bench: &Bench) {
        let (room, turn) = (room(bench, 1), turn(bench, 1));
        let said = vec![said(&room, 1, "say \u{0} hello", &turn), said(&room, 2, "then \u{1f41d}", &turn)];
        let task = bench.store.submit_turn(room.clone(), said.clone(), turn.clone()).await.unwrap();
        assert_eq!((task.new, task.state), (turn.clone(), State::Queued));
        assert_eq!(bench.store.find_room(bench.user, room.id).await.unwrap(), Some(room.clone()));
        assert_eq!(bench.store.find_room(bench.stranger, room.id).await.unwrap(), None);
        let found = all(bench, &room).await;
        let expected: Vec<(i64, &NewMessage)> = said.iter().enumerate().map(|(index, new)| (index as i64 + 1, new)).collect();
        assert_eq!(found.iter().map(|message| (message.pos, &message.new)).collect::<Vec<_>>(), expected);
        // Again after a lost answer: nothing more.
        bench.store.submit_turn(room.clone(), said, turn.clone()).await.unwrap();
        assert_eq!(all(bench, &room).await.len(), 2);
        assert_eq!(bench.store.list_turns(bench.agent, 10).await.unwrap().len(), 1);
    }

    async fn a_turn_in_a_room_of_somebody_else_is_refused_whole(bench: &Bench) {
        let (foreign, turn) = (Room { user: bench.stranger, agent: AgentId(Uuid::from_u128(4)), ..room(bench, 1) }, turn(bench, 1));
        bench.store.insert_room(foreign.clone()).await.unwrap();
        for mine in [room(bench, 1), Room { agent: AgentId(Uuid::from_u128(4)), ..room(bench, 1) }] {
            let error = bench.store.submit_turn(mine.clone(), vec![said(&mine, 1, "x", &turn)], turn.clone()).await.unwrap_err();
            assert!(matches!(error, StoreError::NotFound(_)), "{error:?}");
        }
        assert_eq!(all(bench, &foreign).await.len(), 0);
        assert_eq!(bench.store.find_task(bench.user, &turn.id).await.unwrap(), None);
    }

    async fn what_an_agent_says_is_said_once(bench: &Bench) {
        let (room, turn) = (room(bench, 1), turn(bench, 1));
        bench.store.submit_turn(room.clone(), vec![said(&room, 1, "Hello", &turn)], turn.clone()).await.unwrap();
        let request = app::ports::queue::ClaimRequest { drivers: vec!["chat/1".to_owned()], ..bench.request(1) };
        let claimed = bench.store.claim(request, bench.now()).await.unwrap().pop().unwrap();
        bench.advance(SECOND).await;
        let reply = NewMessage { role: MessageRole::Assistant, ..said(&room, 2, "Hi", &turn) };
        for _ in 0..2 {
            bench.effects(&claimed.lease, vec![LocalEffect::RoomMessage(Box::new(reply.clone()))]).await;
        }
        let found = all(bench, &room).await;
        assert_eq!((found.len(), &found[1].new, found[1].created_at), (2, &reply, bench.now()));
        // A room that is gone gets nothing, and nobody fails of it.
        let gone = NewMessage { id: Uuid::from_u128(99), room: Uuid::from_u128(98), ..reply };
        bench.effects(&claimed.lease, vec![LocalEffect::RoomMessage(Box::new(gone))]).await;
        assert_eq!(bench.count("room_messages", "1 = 1").await, 2);
    }

    async fn a_window_shows_the_newest_the_next_or_what_a_turn_may_read(bench: &Bench) {
        let room = room(bench, 1);
        let (first, second) = (turn(bench, 1), turn(bench, 2));
        for (turn, numbers) in [(&first, 1..=3), (&second, 4..=5)] {
            let messages = numbers.map(|number| said(&room, number, &format!("m{number}"), turn)).collect();
            bench.store.submit_turn(room.clone(), messages, turn.clone()).await.unwrap();
        }
        let texts = async |window: Window, limit| {
            let found = bench.store.list_messages(room.id, window, limit).await.unwrap();
            found.into_iter().map(|message| message.new.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(Window::Newest { before: None }, 2).await, ["m4", "m5"]);
        assert_eq!(texts(Window::Newest { before: Some(4) }, 2).await, ["m2", "m3"]);
        assert_eq!(texts(Window::After(3), 10).await, ["m4", "m5"]);
        assert_eq!(texts(Window::After(0), 1).await, ["m1"]);
        assert_eq!(texts(Window::UpToTurn(first.id.clone()), 2).await, ["m2", "m3"]);
        assert_eq!(texts(Window::UpToTurn(second.id.clone()), 10).await, ["m1", "m2", "m3", "m4", "m5"]);
        assert!(texts(Window::UpToTurn(TaskId::new(TaskId::TURN, [9; 6])), 10).await.is_empty());
    }

    async fn rooms_and_messages_of_an_agent_are_listed_newest_first(bench: &Bench) {
        let older = room(bench, 1);
        bench.store.insert_room(older.clone()).await.unwrap();
        bench.advance(SECOND).await;
        let newer = Room { kind: RoomKind::Session, ..room(bench, 2) };
        let turn = turn(bench, 1);
        bench.store.submit_turn(newer.clone(), vec![said(&newer, 1, "x", &turn)], turn).await.unwrap();
        let ids = async |kind| {
            let rooms = bench.store.list_rooms(bench.agent, kind, 10).await.unwrap();
            rooms.into_iter().map(|room| room.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None).await, [newer.id, older.id]);
        assert_eq!(ids(Some(RoomKind::Chat)).await, [older.id]);
        assert_eq!(bench.store.list_messages_of(bench.agent, None, 10).await.unwrap().len(), 1);
        assert_eq!(bench.store.list_messages_of(bench.agent, Some(bench.now()), 10).await.unwrap().len(), 0);
    }

    async fn a_turn_of_an_agent_that_is_gone_is_refused_whole(bench: &Bench) {
        let gone = Room { agent: AgentId(Uuid::from_u128(77)), ..room(bench, 1) };
        let turn = NewTask { agent: gone.agent, ..turn(bench, 1) };
        let refused = bench.store.submit_turn(gone.clone(), vec![said(&gone, 1, "x", &turn)], turn.clone()).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
        let kept = self::turn(bench, 2);
        bench.store.submit_turn(room(bench, 2), vec![], kept.clone()).await.unwrap();
        bench.store.delete_user(bench.user, bench.now()).await.unwrap();
        let refused = bench.store.submit_turn(room(bench, 2), vec![], self::turn(bench, 3)).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
        assert_eq!((bench.count("tasks", "1 = 1").await, bench.count("rooms", "1 = 1").await), (0, 0));
    }

    async fn a_room_of_one_request_goes_with_its_turn(bench: &Bench) {
        let single = Room { kind: RoomKind::Single, ..room(bench, 1) };
        let (turn, other) = (turn(bench, 1), turn(bench, 2));
        bench.store.submit_turn(single.clone(), vec![said(&single, 1, "Hello", &turn)], turn.clone()).await.unwrap();
        let named = room(bench, 2);
        bench.store.submit_turn(named.clone(), vec![said(&named, 2, "Hello", &other)], other.clone()).await.unwrap();
        bench.advance(SECOND).await;
        assert_eq!(bench.store.clean_rooms(bench.now(), 10).await.unwrap(), 0, "its turn is there");
        for task in [&turn, &other] {
            bench.store.cancel_task(bench.user, &task.id, bench.now()).await.unwrap();
        }
        bench.advance(SECOND).await;
        let old = app::ports::tasks::CleanBefore { chats: bench.now(), ..crate::clean::all(domain::time::Timestamp(0)) };
        assert_eq!(bench.store.clean_tasks(old, 10).await.unwrap(), 2);
        assert_eq!(bench.store.clean_rooms(domain::time::Timestamp(0), 10).await.unwrap(), 0, "it is young");
        assert_eq!(bench.store.clean_rooms(bench.now(), 10).await.unwrap(), 1);
        assert_eq!(bench.store.find_room(bench.user, single.id).await.unwrap(), None);
        assert_eq!(all(bench, &named).await.len(), 1);
    }

    async fn the_newest_messages_of_a_room_are_kept(bench: &Bench) {
        let own = Room { kind: RoomKind::Autonomy, ..room(bench, 1) };
        let (chat, turn) = (room(bench, 2), turn(bench, 1));
        for room in [&own, &chat] {
            let many = (1..=1003_u128).map(|number| said(room, room.id.as_u128() * 10_000 + number, "x", &turn)).collect();
            bench.store.submit_turn(room.clone(), many, turn.clone()).await.unwrap();
        }
        let mut deleted = Vec::new();
        for _ in 0..3 {
            deleted.push(bench.store.clean_rooms(bench.now(), 2).await.unwrap());
        }
        assert_eq!(deleted, [2, 1, 0]);
        let left = bench.store.list_messages(own.id, Window::After(0), 2000).await.unwrap();
        assert_eq!((left.len(), left[0].pos), (1000, 4));
        assert_eq!(bench.store.list_messages(chat.id, Window::After(0), 2000).await.unwrap().len(), 1003);
    }

    async fn the_autonomous_room_is_made_once(bench: &Bench) {
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for id in [first, second] {
            assert_eq!(bench.store.ensure_autonomous_room(bench.agent, id, bench.now()).await.unwrap(), first);
        }
        let nobody = bench.store.ensure_autonomous_room(AgentId(Uuid::nil()), first, bench.now()).await;
        assert!(matches!(nobody, Err(StoreError::NotFound(_))));
    }
}

fn room(bench: &Bench, number: u128) -> Room {
    let (id, kind) = (Uuid::from_u128(1000 + number), RoomKind::Chat);
    Room { id, user: bench.user, agent: bench.agent, kind, created_at: bench.now() }
}

fn turn(bench: &Bench, number: u8) -> NewTask {
    let turn = Turn { origin: Origin::Chat, agent: "manager".into(), room: Uuid::from_u128(1001) };
    let task = turn.task(TaskId::new(TaskId::TURN, [number; 6]), bench.user, bench.agent, bench.now());
    assert_eq!(task.kind, Kind::Chat);
    task
}

fn said(room: &Room, number: u128, text: &str, turn: &NewTask) -> NewMessage {
    NewMessage {
        id: Uuid::from_u128(number),
        room: room.id,
        role: MessageRole::User,
        author: "ada".into(),
        text: text.into(),
        metadata: Some(json!({ "n": 1 })),
        task: Some(turn.id.clone()),
    }
}

async fn all(bench: &Bench, room: &Room) -> Vec<Message> {
    bench.store.list_messages(room.id, Window::After(0), 100).await.unwrap()
}
