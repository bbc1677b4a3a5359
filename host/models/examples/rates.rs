//! How fast a model file runs here: `cargo run -p models --example rates -- FILE.gguf`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "an example")]

use app::ports::models::{Model as _, collect};
use domain::effect::model::{ModelMessage, ModelRequest, Role};
use models::embedded::{EmbeddedModel, EmbeddedSettings};
use serde_json::json;
use std::time::Instant;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::args().nth(1).expect("usage: rates FILE.gguf");
    let started = Instant::now();
    let model = EmbeddedModel::load(EmbeddedSettings::new(file.into())).await.unwrap();
    println!("loaded in {:.1} s, {} MB resident", started.elapsed().as_secs_f64(), resident());
    let rules = "You plan work for a team of engineers. Be brief and concrete. ".repeat(30);
    let mut request = ModelRequest {
        messages: vec![
            say(Role::System, &rules),
            say(Role::User, "Plan a program that counts words in a file."),
        ],
        ..ModelRequest::default()
    };
    request.max_tokens = Some(96);
    run(&model, "free text", request.clone()).await;
    request.messages.push(say(Role::User, "And the tests?"));
    run(&model, "one message more", request.clone()).await;
    request.answer_schema = Some(json!({ "type": "object", "required": ["title", "steps"], "properties": {
        "title": { "type": "string", "maxLength": 60 },
        "steps": { "type": "array", "minItems": 2, "maxItems": 4, "items": { "type": "object", "required": ["name", "reason"], "properties": {
            "name": { "type": "string", "maxLength": 40 }, "reason": { "type": "string", "maxLength": 120 } } } } } }));
    request.max_tokens = Some(400);
    let answer = run(&model, "with a schema", request).await;
    println!("{answer}");
    println!("{} MB resident", resident());
}

fn say(role: Role, content: &str) -> ModelMessage {
    ModelMessage { role, content: content.to_owned(), tool_calls: Vec::new(), tool_call_id: None }
}

async fn run(model: &EmbeddedModel, what: &str, request: ModelRequest) -> String {
    use std::sync::atomic::Ordering::Relaxed;
    let counters = model.counters();
    let read = || {
        [
            &counters.prompt_tokens,
            &counters.prompt_micros,
            &counters.cached_tokens,
            &counters.answer_tokens,
            &counters.answer_micros,
            &counters.forced_tokens,
        ]
        .map(|counter| counter.load(Relaxed))
    };
    let before = read();
    let started = Instant::now();
    let answer = collect(model.complete(request).await.unwrap(), |_| {}).await.unwrap();
    let after = read();
    let [prompt, prompt_micros, cached, tokens, micros, forced] =
        std::array::from_fn(|index| after[index] - before[index]);
    println!(
        "{what}: {:.1} s; conversation {prompt} computed ({:.0}/s), {cached} remembered; answer {tokens} tokens ({:.0}/s), {forced} forced; {:?}",
        started.elapsed().as_secs_f64(),
        prompt as f64 * 1e6 / prompt_micros.max(1) as f64,
        tokens as f64 * 1e6 / micros.max(1) as f64,
        answer.finish,
    );
    answer.content
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
