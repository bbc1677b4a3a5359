//! Chat turns and ticks from what was said to what is answered, over the real worker.

use crate::support::{AGENT, START, ScriptedModel, TestHost, USER};
use app::chat::{ChatEvent, ChatFollow};
use app::ports::models::{Model, Models};
use app::ports::rooms::Window;
use app::ports::templates::Level;
use app::ports::ticks::Instruction;
use domain::agent::{Agent, Autonomy};
use domain::caller::{Caller, KeyKind};
use domain::effect::model::{Finish, ModelAnswer, ModelEvent, ModelRequest, Role, Usage};
use domain::effect::{CallError, ErrorKind};
use domain::error::{Code, Error};
use domain::plan::Plan;
use domain::room::Room;
use domain::task::{State, Task};
use domain::template::Template;
use domain::user::User;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

fn says(deltas: &[&str]) -> Vec<Result<ModelEvent, CallError>> {
    let answer = ModelAnswer {
        content: deltas.concat(),
        tool_calls: vec![],
        finish: Finish::Stop,
        usage: Usage { input_tokens: 10, output_tokens: 5 },
        model: "scripted".into(),
    };
    let deltas = deltas.iter().map(|delta| Ok(ModelEvent::Delta((*delta).to_owned())));
    deltas.chain([Ok(ModelEvent::Answer(answer))]).collect()
}

fn refuses() -> Vec<Result<ModelEvent, CallError>> {
    vec![Err(CallError::new(ErrorKind::Permanent, "bad-model", "the model is not known there"))]
}

/// A host with the started agent `writer` of the user `ada`.
async fn host(config: Value) -> TestHost {
    host_with(config, |_| {}).await
}

async fn host_with(config: Value, change: impl FnOnce(&mut app::Ports)) -> TestHost {
    let host = TestHost::with(|ports, _| change(ports));
    let user = User { id: USER, name: "ada".into(), email: None, plan: Plan::Startup, created_at: START };
    let agent = Agent { is_default: true, config, ..Agent::new(AGENT, USER, "writer", START) };
    host.app.ports.users.insert_user(user, vec![agent], vec![]).await.unwrap();
    host.app.ports.agents.start_agent(AGENT, &json!({ "temperature": 0.5 }), false, START).await.unwrap();
    host
}

fn caller() -> Caller {
    Caller { kind: KeyKind::User, user: USER, agent: AGENT, key_id: None }
}

/// Chat, while time passes.
async fn chat(host: &TestHost, request: Value) -> Result<Value, Error> {
    let app = Arc::clone(&host.app);
    let asking =
        tokio::spawn(async move { app::chat::chat(&app, &caller(), "ada", "writer", &request).await });
    while !asking.is_finished() {
        host.step().await;
    }
    asking.await.unwrap()
}

fn hello() -> Value {
    json!({ "messages": [{ "role": "user", "content": "Hello" }] })
}

/// The events of a stream, while time passes.
async fn events_of(host: &TestHost, follow: ChatFollow) -> Vec<ChatEvent> {
    let ChatFollow::Events(events) = follow else { panic!("over") };
    let reading = tokio::spawn(events.collect::<Vec<_>>());
    while !reading.is_finished() {
        host.step().await;
    }
    reading.await.unwrap()
}

fn brief(events: &[ChatEvent]) -> Vec<(&str, &Value)> {
    events.iter().map(|event| (event.event, &event.data)).collect()
}

async fn turns(host: &TestHost) -> Vec<Task> {
    host.app.ports.rooms.list_turns(AGENT, 100).await.unwrap()
}

async fn autonomy(host: &TestHost) -> Autonomy {
    host.app.ports.agents.find_agent(USER, AGENT).await.unwrap().unwrap().autonomy
}

#[tokio::test]
async fn a_message_is_answered_with_templates_settings_and_the_conversation() {
    let host = host(json!({ "maxTokens": 100, "temperature": 1.0 })).await;
    let of_user = [(Template::Soul, Some("Be stern.".to_owned())), (Template::User, Some("Ada.".to_owned()))];
    let of_agent = [(Template::Soul, Some("Be kind.".to_owned()))];
    let templates = &host.app.ports.templates;
    templates.put_templates(Level::User(USER), of_user.into(), START).await.unwrap();
    templates.put_templates(Level::Agent(USER, AGENT), of_agent.into(), START).await.unwrap();
    let working = host.work();
    for (said, answered) in [("Hello", "Hi, Ada."), ("What did I say?", "Hello.")] {
        host.model.will(says(&[answered]));
        let request = json!({ "messages": [{ "role": "user", "content": said }], "conversationId": "c1" });
        assert_eq!(chat(&host, request).await.unwrap(), json!({ "message": answered, "agent": "writer" }));
    }
    let asked = host.model.requests();
    let system = &asked[0].messages[0].content;
    assert!(
        system.contains("Be kind.") && !system.contains("Be stern.") && system.contains("Ada."),
        "{system}"
    );
    assert!(system.contains(Template::Tools.built_in().trim()), "{system}");
    assert_eq!(
        (asked[0].temperature, asked[0].max_tokens),
        (Some(0.5), Some(100)),
        "settings over configuration"
    );
    let conversation: Vec<(Role, &str)> =
        asked[1].messages[1..].iter().map(|message| (message.role, message.content.as_str())).collect();
    let expected = [(Role::User, "Hello"), (Role::Assistant, "Hi, Ada."), (Role::User, "What did I say?")];
    assert_eq!(conversation, expected);
    let used = host.app.ports.usage.list_usage(USER, "2026-02").await.unwrap();
    assert_eq!((used.len(), used[0].usage), (1, Usage { input_tokens: 20, output_tokens: 10 }));
    let seen = host.app.ports.agents.find_agent(USER, AGENT).await.unwrap().unwrap().last_seen_at;
    assert!(seen > Some(START));
    working.drain(&host).await;
}

#[tokio::test]
async fn a_stream_shows_the_text_as_it_comes_and_can_be_resumed_anywhere() {
    let host = host(json!({})).await;
    host.model.will(says(&["Hel", "lo ", "you"]));
    let follow = app::chat::stream(&host.app, &caller(), "ada", "writer", &hello(), None).await.unwrap();
    let working = host.work();
    let all = events_of(&host, follow).await;
    let done = json!({ "message": "Hello you", "agent": "writer" });
    let delta = |text: &str| json!({ "delta": text });
    assert_eq!(
        brief(&all),
        [("delta", &delta("Hel")), ("delta", &delta("lo")), ("delta", &delta(" you")), ("done", &done)]
    );
    let turn = turns(&host).await[0].new.id.clone();
    let ids: Vec<&str> = all.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, [3, 5, 9, 10].map(|count| format!("{turn}:{count}")));
    for (last, expected) in [
        (None, vec![("delta", delta("Hello you")), ("done", done.clone())]),
        (Some(3), vec![("delta", delta("lo you")), ("done", done.clone())]),
        (Some(9), vec![("done", done.clone())]),
    ] {
        let last = last.map(|count: u32| format!("{turn}:{count}"));
        let follow = app::chat::events(&host.app, &caller(), "ada", "writer", turn.as_str(), last.as_deref())
            .await
            .unwrap();
        let again = events_of(&host, follow).await;
        let expected: Vec<(&str, &Value)> = expected.iter().map(|(event, data)| (*event, data)).collect();
        assert_eq!(brief(&again), expected, "{last:?}");
    }
    let last = format!("{turn}:10");
    let over =
        app::chat::stream(&host.app, &caller(), "ada", "writer", &json!({}), Some(&last)).await.unwrap();
    assert!(matches!(over, ChatFollow::Over));
    for foreign in ["7", "turn_x:1", &format!("{turn}:x")] {
        let refused =
            app::chat::stream(&host.app, &caller(), "ada", "writer", &json!({}), Some(foreign)).await;
        assert_eq!(refused.err().unwrap().code, Code::InvalidRequest, "{foreign}");
    }
    assert_eq!(turns(&host).await.len(), 1, "no resume begins a turn");
    working.drain(&host).await;
}

#[tokio::test]
async fn the_model_of_the_configured_tier_answers() {
    let pro = Arc::new(ScriptedModel::default());
    let model: Arc<dyn Model> = pro.clone();
    let host = host_with(json!({ "model": "pro" }), |ports| ports.models.tiers[1] = model).await;
    let working = host.work();
    pro.will(says(&["From pro."]));
    assert_eq!(chat(&host, hello()).await.unwrap()["message"], "From pro.");
    assert_eq!((pro.asked(), host.model.asked()), (1, 0));
    working.drain(&host).await;
}

/// Says what a test gives it, when the test does.
struct Dictated(Mutex<Option<UnboundedReceiver<Result<ModelEvent, CallError>>>>);

#[async_trait::async_trait]
impl Model for Dictated {
    async fn complete(
        &self,
        _: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        let mut events = self.0.lock().unwrap().take().expect("one question");
        Ok(stream::poll_fn(move |context| events.poll_recv(context)).boxed())
    }

    fn name(&self) -> String {
        "dictated".to_owned()
    }

    async fn check(&self) -> Result<(), CallError> {
        Ok(())
    }
}

#[tokio::test]
async fn whoever_comes_late_reads_on_while_the_turn_runs() {
    let (say, events) = tokio::sync::mpsc::unbounded_channel();
    let model: Arc<dyn Model> = Arc::new(Dictated(Mutex::new(Some(events))));
    let models = Models { tiers: [Arc::clone(&model), Arc::clone(&model), model] };
    let host = host_with(json!({}), |ports| ports.models = models).await;
    let working = host.work();
    let follow = app::chat::stream(&host.app, &caller(), "ada", "writer", &hello(), None).await.unwrap();
    let ChatFollow::Events(mut first) = follow else { panic!("over") };
    let [one, two, three] = [0, 1, 2].map(|index| says(&["Hel", "lo ", "you"])[index].clone());
    say.send(one).unwrap();
    let seen = first.next().await.unwrap();
    assert_eq!((seen.event, &seen.data), ("delta", &json!({ "delta": "Hel" })));
    drop(first);
    say.send(two).unwrap();
    let turn = seen.id.split(':').next().unwrap().to_owned();
    // From the beginning, after the first event, and in the middle of it: all before the turn has ended.
    for (last, delta, id) in [(None, "Hello", 5), (Some(3), "lo", 5), (Some(2), "llo", 5)] {
        let last = last.map(|count: u32| format!("{turn}:{count}"));
        let follow = app::chat::events(&host.app, &caller(), "ada", "writer", &turn, last.as_deref()).await;
        let ChatFollow::Events(mut late) = follow.unwrap() else { panic!("over") };
        let (mut text, mut last_id) = (String::new(), String::new());
        while text != delta {
            let event = late.next().await.unwrap();
            text.push_str(event.data["delta"].as_str().unwrap());
            last_id = event.id;
        }
        assert_eq!(last_id, format!("{turn}:{id}"));
    }
    let last = format!("{turn}:5");
    let follow =
        app::chat::stream(&host.app, &caller(), "ada", "writer", &json!({}), Some(&last)).await.unwrap();
    say.send(three).unwrap();
    say.send(says(&["Hello you"]).remove(1)).unwrap();
    let rest = events_of(&host, follow).await;
    let done = json!({ "message": "Hello you", "agent": "writer" });
    assert_eq!(brief(&rest), [("delta", &json!({ "delta": " you" })), ("done", &done)]);
    assert_eq!(turns(&host).await.len(), 1, "no resume begins a turn");
    working.drain(&host).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_loses_nothing() {
    let host = host(json!({})).await;
    host.model.will(says(&["Hello"]));
    drop(app::chat::stream(&host.app, &caller(), "ada", "writer", &hello(), None).await.unwrap());
    let working = host.work();
    let turn = turns(&host).await[0].new.id.clone();
    host.until(|task| task.state == State::Completed, &turn).await;
    let room = serde_json::from_value::<domain::turn::Turn>(host.task(&turn).await.new.input).unwrap().room;
    let said = host.app.ports.rooms.list_messages(room, Window::After(0), 10).await.unwrap();
    let texts: Vec<&str> = said.iter().map(|message| message.new.text.as_str()).collect();
    assert_eq!(texts, ["Hello", "Hello"]);
    working.drain(&host).await;
}

#[tokio::test]
async fn what_cannot_be_answered_says_why() {
    let host = host(json!({ "budget": 15 })).await;
    let working = host.work();
    host.model.will(refuses());
    let refused = chat(&host, hello()).await.unwrap_err();
    assert_eq!(refused.code, Code::DependencyFailed);
    assert!(refused.message.contains("not known there"), "{}", refused.message);
    host.model.will(says(&["Hi"]));
    chat(&host, hello()).await.unwrap();
    let over = chat(&host, hello()).await.unwrap_err();
    assert_eq!(over.code, Code::RateLimited);
    assert!(over.message.contains("15 tokens in 2026-02"), "{}", over.message);
    host.app.ports.agents.stop_agent(AGENT, host.now()).await.unwrap();
    assert_eq!(chat(&host, hello()).await.unwrap_err().code, Code::Conflict);
    working.drain(&host).await;
}

#[tokio::test]
async fn a_tick_takes_up_its_instructions_once_and_speaks_into_its_room() {
    let host = host(json!({})).await;
    let instruction = Instruction {
        id: Uuid::from_u128(1),
        agent: AGENT,
        user: USER,
        text: "Count the bees".into(),
        queued_at: START,
    };
    host.app.ports.ticks.queue_instruction(instruction).await.unwrap();
    host.model.will(says(&["There are 7."]));
    host.model.will(says(&["NO_REPLY"]));
    app::autonomy::set(&host.app, &caller(), Some(&json!({ "enabled": true }))).await.unwrap();
    let working = host.work();
    while host.model.asked() < 2 || turns(&host).await.iter().any(|tick| !tick.state.is_finished()) {
        host.step().await;
    }
    app::autonomy::set(&host.app, &caller(), Some(&json!({ "enabled": false }))).await.unwrap();
    let asked = host.model.requests();
    let last = |index: usize| asked[index].messages.last().unwrap().content.clone();
    assert!(last(0).contains("Count the bees") && !last(1).contains("Count the bees"));
    assert!(asked[0].messages[0].content.contains("HEARTBEAT.md"));
    let said: Vec<&str> = asked[1].messages[1..3].iter().map(|message| message.content.as_str()).collect();
    assert_eq!(said, ["Count the bees", "There are 7."], "the second tick knows what the first did");
    let room =
        host.app.ports.rooms.list_messages(Room::autonomous_id(AGENT), Window::After(0), 10).await.unwrap();
    let texts: Vec<&str> = room.iter().map(|message| message.new.text.as_str()).collect();
    let quiet = "Nothing to report at 2026-02-23T15:00:3";
    assert!(texts.len() == 3 && texts[2].starts_with(quiet), "silence is counted in one message: {texts:?}");
    assert_eq!(texts[..2], ["Count the bees", "There are 7."]);
    let ticks = turns(&host).await;
    assert_eq!(ticks.len(), 2);
    let apart = ticks[0].new.created_at.since(ticks[1].new.created_at).as_millis();
    assert!((29_000..=31_000).contains(&apart), "{apart}");
    working.drain(&host).await;
}

#[tokio::test]
async fn ticks_that_fail_five_times_in_a_row_pause_the_loop() {
    let host = host(json!({})).await;
    for _ in 0..5 {
        host.model.will(refuses());
    }
    app::autonomy::set_interval(&host.app, &caller(), &json!({ "interval": 1 })).await.unwrap();
    app::autonomy::set(&host.app, &caller(), Some(&json!({ "enabled": true }))).await.unwrap();
    let working = host.work();
    while autonomy(&host).await.paused_at.is_none() {
        host.step().await;
    }
    host.pass(Duration::from_secs(60)).await;
    let status = app::autonomy::status(&host.app, &caller()).await.unwrap();
    assert_eq!((&status["consecutiveFailures"], &status["nextTickAt"]), (&json!(5), &Value::Null));
    assert_eq!((status["enabled"].clone(), turns(&host).await.len()), (json!(true), 5));
    host.model.will(says(&["Well again."]));
    app::autonomy::set(&host.app, &caller(), Some(&json!({ "enabled": true }))).await.unwrap();
    while autonomy(&host).await.last_tick_at == status["lastTickAt"].as_i64().map(domain::time::Timestamp) {
        host.step().await;
    }
    assert_eq!((autonomy(&host).await.failed_ticks, autonomy(&host).await.paused_at), (0, None));
    working.drain(&host).await;
}

#[tokio::test]
async fn no_tick_is_missed_or_doubled() {
    let host = host(json!({})).await;
    for _ in 0..40 {
        host.model.will(says(&["NO_REPLY"]));
    }
    app::autonomy::set_interval(&host.app, &caller(), &json!({ "interval": 5000 })).await.unwrap();
    app::autonomy::set(&host.app, &caller(), Some(&json!({ "enabled": true }))).await.unwrap();
    let working = host.work();
    for _ in 0..61 * 4 {
        host.step().await;
        // Time stands still while a tick runs: it takes none.
        while turns(&host).await.iter().any(|tick| !tick.state.is_finished()) {
            tokio::task::yield_now().await;
        }
    }
    let mut begun: Vec<i64> = turns(&host).await.iter().map(|tick| tick.new.created_at.0 - START.0).collect();
    begun.reverse();
    let on_beat: Vec<i64> = begun.iter().map(|at| at / 5000).collect();
    assert_eq!(on_beat, (0..=12).collect::<Vec<i64>>(), "{begun:?}");
    working.drain(&host).await;
}
