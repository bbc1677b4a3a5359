//! What a driver of chat and autonomy knows from outside: what was acknowledged, and what the database has of it in the end.

use crate::api::{Api, eventually};
use crate::database::Database;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use testkit::model_server::{ModelServer, Scripted};

/// Tokens of each answer of the model.
const TOKENS: u64 = 11;

/// Talks to hosts that die.
pub struct Talk {
    /// Answers with what it was asked last; to a tick without instructions with silence.
    pub model: ModelServer,
    /// Messages that a host answered for: text by conversation.
    pub answered: Vec<String>,
    /// Instructions that a host took in: id and text.
    pub instructed: BTreeMap<String, String>,
    /// Everything that was ever sent.
    pub sent: usize,
}

impl Talk {
    /// A model, and nobody who has said anything.
    ///
    /// # Panics
    /// When the model has no port.
    pub async fn new() -> Self {
        let model = ModelServer::start().await.expect("the model server starts");
        model.otherwise(|request| {
            let asked = request.last_text();
            let told = asked.lines().filter_map(|line| line.strip_prefix("- ")).collect::<Vec<_>>().join(" ");
            let is_tick = asked.starts_with("This turn is your own");
            let text = match (is_tick, told.is_empty()) {
                (true, true) => "NO_REPLY".to_owned(),
                (true, false) => format!("Heard {told}."),
                (false, _) => format!("You said {asked}."),
            };
            Scripted::text(text).usage(TOKENS - 1, 1)
        });
        Self { model, answered: Vec::new(), instructed: BTreeMap::new(), sent: 0 }
    }

    /// Let the agent act on its own anew: a tick comes at once. What a host does not answer is said again by the next round.
    pub async fn enable(&self, api: &Api) {
        for (method, path, body) in [
            ("PUT", "/api/agent/autonomy/interval", json!({ "interval": 5000 })),
            ("POST", "/api/agent/autonomy", json!({ "enabled": false })),
            ("POST", "/api/agent/autonomy", json!({ "enabled": true })),
        ] {
            // A host that dies answers nothing.
            let _dead = api.send(method, path, &body).await;
        }
    }

    /// Say one thing in each of a few conversations at the same time, and instruct the next tick.
    pub async fn round(&mut self, api: &Api) {
        self.enable(api).await;
        self.sent += 1;
        let number = self.sent;
        let say = |conversation: usize| {
            let text = format!("m-{number}-{conversation}");
            let body = json!({
                "messages": [{ "role": "user", "content": text }],
                "conversationId": format!("c{conversation}"),
            });
            async move {
                let answer = api.post("/api/v1/users/default/agents/manager/chat", &body).await;
                answer.ok().map(|answer| {
                    let expected = json!({ "message": format!("You said {text}."), "agent": "manager" });
                    assert_eq!((answer.status, answer.body), (200, expected));
                    text
                })
            }
        };
        let instruction = format!("i-{number}");
        let body = json!({ "instructions": instruction });
        let instruct = api.post("/api/agent/autonomy/instructions", &body);
        let (first, second, third, instructed) = tokio::join!(say(1), say(2), say(3), instruct);
        self.answered.extend([first, second, third].into_iter().flatten());
        if let Ok(answer) = instructed {
            assert_eq!(answer.status, 202, "{}", answer.body);
            let id = answer.body.get("id").and_then(Value::as_str).expect("an id").to_owned();
            self.instructed.insert(id, instruction);
        }
    }

    /// Let everything end, then look at it from outside.
    pub async fn check(
        &self,
        api: &Api,
        database: &Database,
        data_dir: &Path,
        patience: Duration,
    ) -> Vec<String> {
        let settled = eventually(patience, async || {
            let open = Said::open(database, data_dir);
            if !open.is_empty() {
                self.enable(api).await;
            }
            open.is_empty().then_some(())
        });
        let mut problems = Vec::new();
        if settled.await.is_none() {
            problems.push(format!("these never ended: {:?}", Said::open(database, data_dir)));
        }
        problems.extend(Said::read(database, data_dir).judge(&self.answered, &self.instructed));
        problems
    }
}

/// What a database has of chats and ticks, read behind the hosts' back.
#[derive(Debug, Default, Clone)]
pub struct Said {
    /// `TASK|KIND|STATE|MODEL CALLS|ENTRIES|USER MESSAGES|REPLIES|COUNTED SILENCES` of each turn.
    pub turns: Vec<String>,
    /// `TEXT|TIMES|ANSWERED` of what people said and instructed; answered is how many of its turns and ticks completed.
    pub messages: Vec<String>,
    /// `ID|TASK|STATE OF ITS TICK|TIMES IN THE ROOM` of each instruction.
    pub instructions: Vec<String>,
    /// Tokens of all agents and months.
    pub tokens: u64,
    /// Entries that an older claim wrote after a newer one had begun to.
    pub late: Vec<String>,
    /// `TICK|OTHER TICK` of the same agent at the same time.
    pub overlaps: Vec<String>,
}

impl Said {
    /// Turns that have not ended, and instructions that nobody has consumed.
    #[must_use]
    pub fn open(database: &Database, data_dir: &Path) -> Vec<String> {
        let mut open = database.rows(
            data_dir,
            "SELECT id, state FROM tasks WHERE kind = 'chat' AND state IN ('queued', 'running', 'waiting')",
        );
        open.extend(database.rows(
            data_dir,
            "SELECT i.id, coalesce(t.state, 'waits') FROM instructions i LEFT JOIN tasks t ON t.id = i.task
             WHERE i.task IS NULL OR t.state IN ('queued', 'running', 'waiting')",
        ));
        open
    }

    /// Read it.
    ///
    /// # Panics
    /// When the tokens are no number.
    #[must_use]
    pub fn read(database: &Database, data_dir: &Path) -> Self {
        let rows = |statement: &str| database.rows(data_dir, statement);
        let text = match database {
            Database::Sqlite => "m.text",
            Database::Postgres(_) => "convert_from(m.text, 'UTF8')",
        };
        let tokens = rows("SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM usage");
        Self {
            turns: rows(
                "SELECT t.id, t.kind, t.state,
                     (SELECT count(*) FROM entries e WHERE e.task = t.id AND e.scope LIKE 'reply#%' AND e.kind = 'call'),
                     (SELECT count(*) FROM entries e WHERE e.task = t.id),
                     (SELECT count(*) FROM room_messages m WHERE m.task = t.id AND m.role = 'user'),
                     (SELECT count(*) FROM room_messages m WHERE m.task = t.id AND m.role = 'assistant'),
                     (SELECT count(*) FROM room_messages m WHERE m.task = t.id AND m.role = 'system')
                 FROM tasks t WHERE t.kind IN ('chat', 'tick') ORDER BY t.id",
            ),
            messages: rows(&format!(
                "SELECT {text}, count(*), count(t.id) FROM room_messages m JOIN rooms r ON r.id = m.room
                 LEFT JOIN tasks t ON t.id = m.task AND t.state = 'completed'
                 WHERE m.role = 'user' GROUP BY 1 ORDER BY 1"
            )),
            instructions: rows(
                "SELECT i.id, i.task, t.state, (SELECT count(*) FROM room_messages m WHERE m.task = i.task AND m.author = 'instruction')
                 FROM instructions i LEFT JOIN tasks t ON t.id = i.task ORDER BY i.id",
            ),
            tokens: tokens.first().and_then(|row| row.parse().ok()).expect("a number of tokens"),
            late: rows(
                "SELECT task, scope, ordinal, token, highest FROM (
                     SELECT *, max(token) OVER (PARTITION BY task ORDER BY pos) AS highest FROM entries
                 ) AS e WHERE token < highest ORDER BY task, pos",
            ),
            overlaps: rows(
                "SELECT a.id, b.id FROM tasks a JOIN tasks b ON a.agent_id = b.agent_id AND a.id < b.id
                 AND a.created_at < b.completed_at AND b.created_at < a.completed_at
                 WHERE a.kind = 'tick' AND b.kind = 'tick'",
            ),
        }
    }

    /// What is wrong with it, after everything has ended.
    #[must_use]
    pub fn judge(&self, answered: &[String], instructed: &BTreeMap<String, String>) -> Vec<String> {
        let mut problems: Vec<String> =
            self.late.iter().map(|entry| format!("{entry} was written under an older claim")).collect();
        let mut calls = 0;
        for turn in &self.turns {
            let columns: Vec<&str> = turn.split('|').collect();
            let [_, kind, state, asked, entries, heard, replies, silences] = columns.as_slice() else {
                problems.push(format!("unreadable: {turn}"));
                continue;
            };
            calls += asked.parse::<u64>().unwrap_or_default();
            // A tick that was queued when its agent was stopped is cancelled, and one may be under way.
            if *kind == "tick" && *state != "completed" {
                let unfinished = ["queued", "running", "waiting", "cancelled"].contains(state);
                if !unfinished {
                    problems.push(format!("a tick ended badly: {turn}"));
                }
                continue;
            }
            // Start, call and end of context, reply and record.
            let well = *state == "completed" && *asked == "1" && *entries == "9";
            let said = match *kind {
                "chat" => *heard == "1" && *replies == "1",
                _ if *heard == "0" => *replies == "0" && ["0", "1"].contains(silences),
                _ => *replies == "1",
            };
            if !well || !said {
                problems.push(format!("a turn that was not taken exactly once: {turn}"));
            }
        }
        for message in &self.messages {
            if !message.ends_with("|1|1") {
                problems.push(format!("a message that was not stored and answered exactly once: {message}"));
            }
        }
        for text in answered {
            if !self.messages.iter().any(|message| message.split('|').next() == Some(text)) {
                problems.push(format!("{text} was answered and is lost"));
            }
        }
        for (id, text) in instructed {
            let row = self.instructions.iter().find(|row| row.split('|').next() == Some(id));
            match row.map(|row| row.split('|').collect::<Vec<_>>()).as_deref() {
                Some([_, task, "completed", times]) if !task.is_empty() && *times != "0" => {}
                other => {
                    problems.push(format!("instruction {text} was taken in and not consumed: {other:?}"))
                }
            }
        }
        if self.tokens != calls * TOKENS {
            problems.push(format!("{calls} journaled answers and {} tokens that were counted", self.tokens));
        }
        problems
            .extend(self.overlaps.iter().map(|pair| format!("ticks of one agent at the same time: {pair}")));
        problems
    }
}
