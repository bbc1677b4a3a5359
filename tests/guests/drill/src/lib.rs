//! Personalities that make every class of effect in every phase, for the tests that kill the host.
//!
//! The task's text is JSON: where the sink is, and which effects each phase makes. A test's sink counts what arrives.

#![allow(missing_docs, reason = "a guest of the tests: the macros make public items")]

use serde::{Deserialize, Serialize};
use skep_sdk::prelude::*;

/// The task's text.
#[derive(Debug, Deserialize)]
struct Orders {
    /// Base URL of the sink.
    sink: String,
    /// Of `probe`, `kv`, `file`, `keyed`, `once`, `tool`, `nested`, `errands`; in this order in each phase.
    #[serde(default)]
    effects: Vec<String>,
    /// Busy loop iterations in each phase, so that kills fall into guests too.
    #[serde(default)]
    spin: u64,
    /// What the effect `errands` calls.
    #[serde(default)]
    errands: Vec<Errand>,
}

/// A tool of another guest.
#[derive(Debug, Deserialize)]
struct Errand {
    tool: String,
    arguments: serde_json::Value,
}

/// What a phase did.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Done {
    /// The phase.
    pub phase: String,
    /// One line for each effect.
    pub effects: Vec<String>,
    /// A number that must be the same when the phase is run again from its journal.
    pub random: String,
}

fn work(personality: &str, phase: &str, brief: &Brief, context: &Context) -> Result<Done> {
    let mut orders: Orders = serde_json::from_str(&brief.task)?;
    orders.sink = format!("{}/{}", orders.sink, context.task);
    let scope = format!("{personality}@{}/{phase}", brief.round);
    let mut done = Vec::new();
    for effect in &orders.effects {
        done.push(format!("{effect}: {}", perform(effect, &orders, &scope, &context.task)?));
    }
    let mut spun = 0_u64;
    for index in 0..orders.spin {
        spun = std::hint::black_box(spun.wrapping_add(index));
    }
    let random = format!("{:016x} {}", random::number(), time::now_ms());
    Ok(Done { phase: phase.to_owned(), effects: done, random })
}

fn perform(effect: &str, orders: &Orders, scope: &str, task: &str) -> Result<String> {
    let body = json!({ "scope": scope, "effect": effect });
    match effect {
        "probe" => Ok(http::get(format!("{}/probe?scope={scope}", orders.sink)).send()?.status.to_string()),
        "kv" => {
            // A count of its own for each task: those that run beside it do not get in its way.
            let count: u64 = kv::get_json(task)?.unwrap_or(0);
            kv::put_json(task, &(count + 1))?;
            Ok(String::new())
        }
        "file" => {
            let path = format!("out/{}.txt", scope.replace(['/', '@'], "-"));
            files::write(&path, scope)?;
            Ok(files::read_text(&path)?.len().to_string())
        }
        "keyed" => Ok(http::post(format!("{}/keyed", orders.sink)).json(&body)?.send()?.status.to_string()),
        "once" => match http::post(format!("{}/once", orders.sink)).json(&body)?.once().send() {
            Ok(response) => Ok(response.status.to_string()),
            // The host died in it and does not know: exactly what a careful plugin must expect.
            Err(error) if error.kind == ErrorKind::Uncertain => Ok("uncertain".to_owned()),
            Err(error) => Err(error),
        },
        "tool" => Ok(tools::call::<serde_json::Value>("files.list", &json!({ "path": "" }))?
            .to_string()
            .len()
            .to_string()),
        "nested" => {
            let body = json!({ "scope": format!("{scope} nested"), "effect": effect }).to_string();
            let arguments = json!({ "url": format!("{}/keyed", orders.sink), "body": body });
            Ok(tools::call::<u16>("errand.send", &arguments)?.to_string())
        }
        "errands" => {
            for errand in &orders.errands {
                tools::call::<serde_json::Value>(&errand.tool, &errand.arguments)?;
            }
            Ok(orders.errands.len().to_string())
        }
        other => Err(Error::invalid_input(format!("unknown effect {other}"))),
    }
}

/// Six personalities that all do what the task's text orders.
#[personality(capabilities(
    http(hosts("127.0.0.1"), methods("GET", "POST"), "tells the sink"),
    kv(quota = 65536, "counts"),
    files(read_write, "writes"),
    tools(names("files.*", "errand.*", "narrow.*", "short.*"), "calls nested skills"),
))]
pub mod drill {
    use super::{Done, work};

    pub struct Requirements;

    /// req-ai of the drill.
    #[personality(id = "req-ai")]
    impl Personality for Requirements {
        fn research(brief: &Brief, context: &Context) -> Result<Done> {
            work("req-ai", "research", brief, context)
        }

        fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Done>> {
            Ok(Inspection::go(work("req-ai", "inspect", &input.brief, context)?))
        }

        fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Done>> {
            Ok(Generation::new(work("req-ai", "generate", &input.brief, context)?).confidence(1.0))
        }

        fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Done>> {
            Ok(Optimization::new(work("req-ai", "optimize", &input.brief, context)?).confidence(1.0))
        }

        fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Done>> {
            Ok(Review::accept(work("req-ai", "review", &input.brief, context)?))
        }
    }

    pub struct Planner;

    /// planner-ai of the drill.
    #[personality(id = "planner-ai")]
    impl Personality for Planner {
        fn research(brief: &Brief, context: &Context) -> Result<Done> {
            work("planner-ai", "research", brief, context)
        }

        fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Done>> {
            Ok(Inspection::go(work("planner-ai", "inspect", &input.brief, context)?))
        }

        fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Done>> {
            Ok(Generation::new(work("planner-ai", "generate", &input.brief, context)?).confidence(1.0))
        }

        fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Done>> {
            Ok(Optimization::new(work("planner-ai", "optimize", &input.brief, context)?).confidence(1.0))
        }

        fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Done>> {
            Ok(Review::accept(work("planner-ai", "review", &input.brief, context)?))
        }
    }

    pub struct Architect;

    /// architect-ai of the drill.
    #[personality(id = "architect-ai")]
    impl Personality for Architect {
        fn research(brief: &Brief, context: &Context) -> Result<Done> {
            work("architect-ai", "research", brief, context)
        }

        fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Done>> {
            Ok(Inspection::go(work("architect-ai", "inspect", &input.brief, context)?))
        }

        fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Done>> {
            Ok(Generation::new(work("architect-ai", "generate", &input.brief, context)?).confidence(1.0))
        }

        fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Done>> {
            Ok(Optimization::new(work("architect-ai", "optimize", &input.brief, context)?).confidence(1.0))
        }

        fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Done>> {
            Ok(Review::accept(work("architect-ai", "review", &input.brief, context)?))
        }
    }

    pub struct Coder;

    /// coder-ai of the drill.
    #[personality(id = "coder-ai")]
    impl Personality for Coder {
        fn research(brief: &Brief, context: &Context) -> Result<Done> {
            work("coder-ai", "research", brief, context)
        }

        fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Done>> {
            Ok(Inspection::go(work("coder-ai", "inspect", &input.brief, context)?))
        }

        fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Done>> {
            Ok(Generation::new(work("coder-ai", "generate", &input.brief, context)?).confidence(1.0))
        }

        fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Done>> {
            Ok(Optimization::new(work("coder-ai", "optimize", &input.brief, context)?).confidence(1.0))
        }

        fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Done>> {
            Ok(Review::accept(work("coder-ai", "review", &input.brief, context)?))
        }
    }

    pub struct Tester;

    /// tester-ai of the drill.
    #[personality(id = "tester-ai")]
    impl Personality for Tester {
        fn research(brief: &Brief, context: &Context) -> Result<Done> {
            work("tester-ai", "research", brief, context)
        }

        fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Done>> {
            Ok(Inspection::go(work("tester-ai", "inspect", &input.brief, context)?))
        }

        fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Done>> {
            Ok(Generation::new(work("tester-ai", "generate", &input.brief, context)?).confidence(1.0))
        }

        fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Done>> {
            Ok(Optimization::new(work("tester-ai", "optimize", &input.brief, context)?).confidence(1.0))
        }

        fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Done>> {
            Ok(Review::accept(work("tester-ai", "review", &input.brief, context)?))
        }
    }

    pub struct Govern;

    /// govern-ai of the drill.
    #[personality(id = "govern-ai")]
    impl Personality for Govern {
        fn research(brief: &Brief, context: &Context) -> Result<Done> {
            work("govern-ai", "research", brief, context)
        }

        fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Done>> {
            Ok(Inspection::go(work("govern-ai", "inspect", &input.brief, context)?))
        }

        fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Done>> {
            Ok(Generation::new(work("govern-ai", "generate", &input.brief, context)?).confidence(1.0))
        }

        fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Done>> {
            Ok(Optimization::new(work("govern-ai", "optimize", &input.brief, context)?).confidence(1.0))
        }

        fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Done>> {
            Ok(Review::accept(work("govern-ai", "review", &input.brief, context)?))
        }
    }
}
