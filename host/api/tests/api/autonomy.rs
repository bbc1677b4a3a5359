//! Document Autonomy.

use crate::people::text;
use crate::support::{START, TestHost};
use http::Method;
use serde_json::json;

const PATH: &str = "/api/agent/autonomy";

#[tokio::test]
async fn autonomy_is_read_and_set_as_the_document_shows() {
    let host = TestHost::new().await;
    assert_eq!(host.get(PATH).send().await.json(), json!({ "enabled": false }));
    for enabled in [true, true, false] {
        let body = json!({ "enabled": enabled });
        let set = host.post(PATH).json(body.to_string()).send().await;
        assert_eq!((set.status.as_u16(), set.json()), (200, body.clone()));
        assert_eq!(host.get(PATH).send().await.json(), body);
    }
    for body in
        ["", "{}", r#"{"enabled":null}"#, r#"{"enabled":"true"}"#, r#"{"enabled":1}"#, "[true]", "{", "true"]
    {
        let refused = host.post(PATH).json(body).send().await;
        let expected = json!({ "error": "enabled must be a boolean", "code": "INVALID_REQUEST" });
        assert_eq!((refused.status.as_u16(), refused.json()), (400, expected), "{body}");
    }
    let unauthorized = host.post(PATH).key(None).json(r#"{"enabled":true}"#).send().await;
    assert_eq!((unauthorized.status.as_u16(), &unauthorized.json()["code"]), (401, &json!("UNAUTHORIZED")));
}

#[tokio::test]
async fn an_agent_that_is_not_started_reads_false_and_cannot_be_switched() {
    let host = TestHost::new().await;
    host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    let id = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    assert_eq!(host.post(&format!("/agents/{id}/stop")).send().await.status, 200);
    assert_eq!(host.get(PATH).send().await.json(), json!({ "enabled": false }));
    let refused = host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &json!("SERVICE_UNAVAILABLE")));
}

#[tokio::test]
async fn a_host_that_stops_switches_nothing() {
    let host = TestHost::new().await;
    host.draining.send(true).unwrap();
    let refused = host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    assert_eq!(refused.status, 503, "{}", refused.text);
}

#[tokio::test]
async fn an_agent_key_reads_its_own_and_switches_nothing() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let key = Some(people.agent_key.as_str());
    assert_eq!(host.get(PATH).key(key).send().await.json(), json!({ "enabled": false }));
    let status = host.get(&format!("{PATH}/status")).key(key).send().await.json();
    assert_eq!(status["agentId"], json!(people.agent_id));
    let refused = host.post(PATH).key(key).json(r#"{"enabled":true}"#).send().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (403, &json!("FORBIDDEN")));
}

#[tokio::test]
async fn the_status_shows_the_loop_and_a_room_that_lasts() {
    let host = TestHost::new().await;
    let status = async || host.get(&format!("{PATH}/status")).send().await.json();
    let off = status().await;
    let expected = json!({
        "enabled": false, "running": false, "interval": 30000, "autonomousRoomId": off["autonomousRoomId"],
        "agentId": off["agentId"], "lastTickAt": null, "nextTickAt": null, "consecutiveFailures": 0,
    });
    assert_eq!(off, expected);
    for (wanted, in_force) in [(60_000, 60_000), (1, 5_000), (10_000_000, 600_000)] {
        let set = host.call(Method::PUT, &format!("{PATH}/interval"));
        let set = set.json(json!({ "interval": wanted }).to_string()).send().await;
        assert_eq!((set.status.as_u16(), set.json()), (200, json!({ "interval": in_force })));
    }
    host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    let on = status().await;
    assert_eq!(
        (&on["enabled"], &on["nextTickAt"], &on["interval"]),
        (&json!(true), &json!(START.0), &json!(600_000))
    );
    // The room is the same before and after it is made.
    assert_eq!(host.app.ports.ticks.enqueue_due_ticks(host.now(), 10).await.unwrap(), 1);
    assert_eq!(status().await["autonomousRoomId"], off["autonomousRoomId"]);
    let (_, _lease) = host.claim().await;
    assert_eq!(status().await["running"], json!(true));
}

#[tokio::test]
async fn instructions_wait_also_while_autonomy_is_off() {
    let host = TestHost::new().await;
    for queued in 1..=2 {
        let kept = host
            .post(&format!("{PATH}/instructions"))
            .json(r#"{"instructions":"Count the bees"}"#)
            .send()
            .await;
        assert_eq!((kept.status.as_u16(), &kept.json()["queued"]), (202, &json!(queued)));
    }
    host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    host.post(PATH).json(r#"{"enabled":false}"#).send().await;
    let id = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    let waiting = host.app.ports.ticks.waiting_instructions(id.parse().unwrap(), 10).await.unwrap();
    assert_eq!(waiting.len(), 2);
}

#[tokio::test]
async fn the_room_is_read_page_by_page() {
    let host = TestHost::new().await;
    let status = host.get(&format!("{PATH}/status")).send().await.json();
    let (room, agent) = (text(&status, "autonomousRoomId"), text(&status, "agentId"));
    let empty = host.get(&format!("{PATH}/messages")).send().await.json();
    assert_eq!(empty, json!({ "messages": [], "nextCursor": null }));
    let agent = agent.parse().unwrap();
    let user =
        host.app.ports.users.find_user(&app::ports::users::UserReference::Name("default".into())).await;
    let user = user.unwrap().unwrap().id;
    host.app.ports.rooms.ensure_autonomous_room(agent, room.parse().unwrap(), host.now()).await.unwrap();
    let turn = domain::turn::Turn {
        origin: domain::turn::Origin::Tick,
        agent: "manager".into(),
        room: room.parse().unwrap(),
    };
    let task = turn.task(domain::id::TaskId::new("tick", [1; 6]), user, agent, host.now());
    let messages = (0..3_u128).map(|number| domain::room::NewMessage {
        id: uuid::Uuid::from_u128(number),
        room: turn.room,
        role: domain::room::MessageRole::Assistant,
        author: "manager".into(),
        text: format!("m{number}"),
        metadata: None,
        task: Some(task.id.clone()),
    });
    let kind = domain::room::RoomKind::Autonomy;
    let there = domain::room::Room { id: turn.room, user, agent, kind, created_at: host.now() };
    host.app.ports.rooms.submit_turn(there, messages.collect(), task.clone()).await.unwrap();
    let first = host.get(&format!("{PATH}/messages?limit=2")).send().await.json();
    assert_eq!(first["messages"][1]["text"], json!("m2"));
    assert_eq!(first["messages"][0]["task"], json!("tick_010101010101"));
    let cursor = text(&first, "nextCursor");
    let second = host.get(&format!("{PATH}/messages?limit=2&cursor={cursor}")).send().await.json();
    assert_eq!(
        (second["messages"].as_array().unwrap().len(), &second["messages"][0]["text"]),
        (1, &json!("m0"))
    );
    assert_eq!(second["nextCursor"], json!(null));
}

#[tokio::test]
async fn a_host_without_autonomy_says_so_and_one_without_workers_only_sets_the_flag() {
    let host = TestHost::with_settings(|settings| settings.autonomy = false).await;
    let refused = host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    let expected = "autonomy is disabled in the configuration of this host (SKEP_AUTONOMY=off)";
    assert_eq!(
        (refused.status.as_u16(), refused.json()),
        (500, json!({ "error": expected, "code": "AUTONOMY_DISABLED" }))
    );
    let off = host.post(PATH).json(r#"{"enabled":false}"#).send().await;
    assert_eq!((off.status.as_u16(), off.json()), (200, json!({ "enabled": false })));
    let host = TestHost::with_settings(|settings| settings.worker = false).await;
    let id = text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id");
    assert_eq!(host.post(&format!("/agents/{id}/stop")).send().await.status, 200);
    let on = host.post(PATH).json(r#"{"enabled":true}"#).send().await;
    assert_eq!((on.status.as_u16(), on.json()), (200, json!({ "enabled": true })));
    assert_eq!(host.get(PATH).send().await.json(), json!({ "enabled": false }), "it does not run");
}
