//! Chat: the documented bodies, conversations, streams.

use crate::people::text;
use crate::support::TestHost;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

const CHAT: &str = "/api/v1/users/default/agents/manager/chat";

fn say(content: &str) -> String {
    json!({ "messages": [{ "role": "user", "content": content }] }).to_string()
}

#[tokio::test]
async fn a_message_is_answered_as_the_document_shows() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    let answer = host.post(CHAT).json(say("Hello, what can you help me with?")).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected = json!({ "message": "You said: Hello, what can you help me with?", "agent": "manager" });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_conversation_is_continued_by_its_name_and_nobody_elses() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    let people = host.people().await;
    let mut rooms = Vec::new();
    for (path, key) in [
        (CHAT.to_owned(), host.admin.clone()),
        (CHAT.to_owned(), host.admin.clone()),
        (format!("/api/v1/users/{}/agents/writer/chat", people.user), people.user_key.clone()),
    ] {
        let body = json!({ "messages": [{ "role": "user", "content": "Hello" }], "conversationId": "c1" });
        let answer = host.post(&path).key(Some(&key)).json(body.to_string()).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let manager = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    for (agent, said) in [(manager, 2), (people.agent_id.clone(), 1)] {
        let found = host.app.ports.rooms.list_rooms(agent.parse().unwrap(), None, 10).await.unwrap();
        assert_eq!(found.len(), 1);
        let window = app::ports::rooms::Window::After(0);
        assert_eq!(host.app.ports.rooms.list_messages(found[0].id, window, 10).await.unwrap().len(), said);
        rooms.push(found[0].id);
    }
    assert_ne!(rooms[0], rooms[1]);
}

#[tokio::test]
async fn an_agent_that_is_not_started_does_not_answer() {
    let host = TestHost::new().await;
    let id = text(&host.new_agents("default", &json!({ "name": "writer" })).await, "id");
    assert_eq!(host.post(&format!("/agents/{id}/stop")).send().await.status, 200);
    for path in ["chat", "chat/stream"] {
        let path = format!("/api/v1/users/default/agents/writer/{path}");
        let refused = host.post(&path).json(say("Hello")).send().await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()),
            (409, json!({ "error": "Agent is not running" }))
        );
    }
    let refused = host.post(&format!("/agents/{id}/message")).json(r#"{"text":"Hello"}"#).send().await;
    let expected = json!({ "success": false, "error": "Agent is not running" });
    assert_eq!((refused.status.as_u16(), refused.json()), (409, expected));
}

#[tokio::test]
async fn a_stream_ends_with_the_documented_body_and_is_not_begun_twice() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    let stream = host.post(&format!("{CHAT}/stream")).json(say("Hello")).send().await;
    assert_eq!((stream.status.as_u16(), stream.header("content-type")), (200, "text/event-stream"));
    let events = parse(&stream.text);
    let done = json!({ "message": "You said: Hello", "agent": "manager" });
    let expected = [("delta".to_owned(), json!({ "delta": "You said: Hello" })), ("done".to_owned(), done)];
    assert_eq!(
        events.iter().map(|(_, name, data)| (name.clone(), data.clone())).collect::<Vec<_>>(),
        expected
    );
    let turn = events[0].0.split_once(':').unwrap().0.to_owned();
    assert_eq!([&events[0].0, &events[1].0], [&format!("{turn}:15"), &format!("{turn}:16")]);
    // Resumed by the same POST whose body does not count, and by the turn's own path.
    let after = format!("{turn}:9");
    let again = host.post(&format!("{CHAT}/stream")).header("last-event-id", &after).send().await;
    let path = format!("{CHAT}/turns/{turn}/events");
    let followed = host.get(&path).header("last-event-id", &after).send().await;
    assert_eq!((again.status.as_u16(), &again.text), (200, &followed.text));
    assert_eq!(parse(&again.text)[0].2, json!({ "delta": " Hello" }));
    assert_eq!(parse(&host.get(&path).send().await.text), events);
    let over = host.get(&path).header("last-event-id", &format!("{turn}:16")).send().await;
    assert_eq!((over.status.as_u16(), over.text.as_str()), (204, ""));
    let foreign = host.get(&path).header("last-event-id", "7").send().await;
    assert_eq!(foreign.status, 400, "{}", foreign.text);
    let manager = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    assert_eq!(host.app.ports.rooms.list_turns(manager.parse().unwrap(), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_to_a_runtime_is_answered_with_its_room() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    let id = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    let send = async |body: Value| {
        let answer = host.post(&format!("/agents/{id}/message")).json(body.to_string()).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    };
    let first = send(json!({ "text": "Hello" })).await;
    assert_eq!((&first["success"], &first["data"]["text"]), (&json!(true), &json!("You said: Hello")));
    assert_eq!(first["data"]["agentId"], json!(id));
    let room = &first["data"]["roomId"];
    assert_eq!(&send(json!({ "text": "Again" })).await["data"]["roomId"], room, "the conversation lasts");
    assert_eq!(&send(json!({ "text": "Here", "roomId": room })).await["data"]["roomId"], room);
    assert_ne!(&send(json!({ "text": "I am Bob", "userId": "bob" })).await["data"]["roomId"], room);
    // A room of somebody else is not there.
    let people = host.people().await;
    let path = format!("/agents/{}/message", people.agent_id);
    let body = json!({ "text": "Let me in", "roomId": room }).to_string();
    let refused = host.post(&path).key(Some(&people.user_key)).json(body).send().await;
    assert_eq!(refused.status, 404, "{}", refused.text);
}

#[tokio::test]
async fn what_an_agent_says_by_itself_is_followed_from_now_on_or_from_where_one_was() {
    let host = TestHost::new().await;
    let manager = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    let (agent, now) = (manager.parse().unwrap(), domain::time::Timestamp(0));
    let room = domain::room::Room::autonomous_id(agent);
    host.app.ports.rooms.ensure_autonomous_room(agent, room, now).await.unwrap();
    let found = host.app.ports.rooms.list_rooms(agent, None, 10).await.unwrap().remove(0);
    let says = async |number: u128, role, text: &str| {
        let turn = domain::turn::Turn { origin: domain::turn::Origin::Tick, agent: "manager".into(), room };
        let id = domain::id::TaskId::derived(domain::id::TaskId::TICK, &number.to_string());
        let new = domain::room::NewMessage {
            id: uuid::Uuid::from_u128(number),
            room,
            role,
            author: "manager".into(),
            text: text.into(),
            metadata: None,
            task: None,
        };
        let task = turn.task(id, found.user, agent, now);
        host.app.ports.rooms.submit_turn(found.clone(), vec![new], task.clone()).await.unwrap();
        host.app.ports.tasks.cancel_task(found.user, &task.id, now).await.unwrap();
    };
    says(1, domain::room::MessageRole::Assistant, "Old news").await;
    let path = format!("{CHAT}/events");
    let mut late = host.get(&path).open().await.into_body().into_data_stream();
    says(2, domain::room::MessageRole::User, "An instruction").await;
    says(3, domain::room::MessageRole::Assistant, "The build is red.").await;
    let mut all = host.get(&path).header("last-event-id", "0").open().await.into_body().into_data_stream();
    for (stream, expected) in
        [(&mut late, vec!["The build is red."]), (&mut all, vec!["Old news", "The build is red."])]
    {
        for text in expected {
            let frame = stream.next().await.unwrap().unwrap();
            let event = parse(std::str::from_utf8(&frame).unwrap()).remove(0);
            assert_eq!((event.1.as_str(), &event.2["message"]), ("message", &json!(text)));
            assert_eq!((&event.2["agent"], &event.2["conversationId"]), (&json!("manager"), &json!(room)));
            assert_eq!(event.0, if text == "Old news" { "1" } else { "3" });
        }
    }
    for foreign in ["x", "-1", "turn_000000000000:1"] {
        assert_eq!(host.get(&path).header("last-event-id", foreign).send().await.status, 400, "{foreign}");
    }
}

/// Id, name and data of each event.
fn parse(text: &str) -> Vec<(String, String, Value)> {
    let field = |frame: &str, name: &str| {
        let line = frame.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().to_owned()
    };
    let frames = text.split_terminator("\n\n").filter(|frame| frame.contains("data:"));
    frames
        .map(|frame| {
            let data = serde_json::from_str(&field(frame, "data:")).unwrap();
            (field(frame, "id:"), field(frame, "event:"), data)
        })
        .collect()
}
