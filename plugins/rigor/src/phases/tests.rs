//! A small trade, to show what every personality gets from the frame.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "tests; the macros want public types")]

use crate::bounded::{Line, Risks};
use crate::{Answers, Question, ResearchOf, Talk, Tokens, Trade};
use serde_json::{Value, json};
use skep_sdk::prelude::*;
use skep_sdk::testing::{self, Host, Outcome};

const TOKENS: Tokens = Tokens { demo: 50, deep: 500 };

/// Details of generate.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Bread {
    /// Its name.
    pub name: String,
}

/// What there is.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Pantry {
    /// Of the workspace.
    pub files: usize,
}

/// How long it is.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Size {
    /// Of the name.
    pub letters: usize,
}

/// An answer.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Word<const DEEP: bool> {
    /// One.
    pub word: Line<DEEP>,
}

type Words = (Word<false>, Word<true>);

struct Baker;

crate::phases! {
    /// Bakes.
    #[personality(id = "baker", capabilities(model("bakes")))]
    Baker
}

fn ask(brief: &Brief, what: &str) -> Question {
    Question::new(brief, what, &format!("{what} At length."), r#"{"word":""}"#, TOKENS)
}

impl Trade for Baker {
    const ID: &'static str = "baker";
    const DOING: [&'static str; 5] = ["looking", "sniffing", "baking", "weighing", "tasting"];
    type Facts = Pantry;
    type Work = Bread;
    type Measures = Size;
    type Researched = Words;
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = Words;
    type Reviewed = Words;

    fn facts(brief: &Brief) -> Result<Pantry> {
        Ok(Pantry { files: brief.files.len() })
    }

    fn research(brief: &Brief, facts: &Pantry) -> Question {
        ask(brief, "What grain?").after(&format!("{} file(s)\n", facts.files))
    }

    fn inspect(brief: &Brief) -> Question {
        ask(brief, "What may burn?")
    }

    fn reason(
        _: &Brief,
        research: &ResearchOf<Self>,
        answer: Option<&<Self::Inspected as Answers>::Deep>,
    ) -> String {
        format!("{} file(s), {} risk(s)", research.facts.files, answer.map_or(0, |answer| answer.risks.len()))
    }

    fn conditions(brief: &Brief) -> Vec<Gate> {
        vec![Gate::of("no-fire", !brief.task.contains("fire"), "the words of the task")]
    }

    fn make(brief: &Brief, _: &ResearchOf<Self>, talk: Talk) -> Result<Generation<Bread>> {
        let asked = talk.ask::<Words>("generate", &ask(brief, "Which bread?"))?;
        let confidence = asked.confidence();
        let name = asked.answer.map(|answer| answer.word.0).unwrap_or_default();
        Ok(Generation::new(Bread { name }).confidence(confidence))
    }

    fn retold(brief: &Brief, work: &Bread, talk: Talk) -> Talk {
        talk.turn("generate", &ask(brief, "Which bread?"), Some(&json!({"word": work.name})))
    }

    fn measures(_: &Pantry, work: &Bread) -> Size {
        Size { letters: work.name.len() }
    }

    fn optimize(brief: &Brief, _: &Bread) -> Question {
        ask(brief, "Could it be larger?")
    }

    fn confidence(before: f32, measures: &Size) -> f32 {
        if measures.letters > 3 { before } else { 0.1 }
    }

    fn gates(_: &Brief, _: &Pantry, made: &Generation<Bread>) -> Result<Vec<Gate>> {
        let gate = |name: &str, holds: bool| Gate::of(name, holds, made.details.name.clone());
        Ok(vec![gate("named", !made.details.name.is_empty()), gate("rye", made.details.name == "rye")])
    }

    fn review(brief: &Brief, _: &Bread, failed: &[String]) -> Question {
        ask(brief, "Good?").after(&format!("Failed: {}\n", failed.join(", ")))
    }
}

fn host(bread: &str) -> Host {
    Host::new()
        .model_answers(&json!({"word": "wheat"}))
        .model_answers(&json!({"risks": ["The oven."]}))
        .model_answers(&json!({"word": bread}))
        .model_answers(&json!({"word": "no"}))
        .model_answers(&json!({"word": "yes"}))
}

fn run(host: &Host, task: &str) -> Outcome {
    let brief = Brief { scope: "demo".into(), files: vec!["flour.md".into()], ..testing::brief(task) };
    host.run_personality::<Plugin>("baker", brief).unwrap()
}

fn parsed(details: &str) -> Value {
    serde_json::from_str(details).unwrap()
}

#[test]
fn each_phase_asks_once_on_everything_that_was_asked_before() {
    let host = host("rye");
    let outcome = run(&host, "bake bread");
    let contents: Vec<Vec<String>> = host
        .model_requests()
        .iter()
        .map(|request| request.messages.iter().skip(1).map(|message| message.content.clone()).collect())
        .collect();
    let form = "\nJSON: {\"word\":\"\"}";
    assert_eq!(contents[0], [format!("PHASE baker/research\n1 file(s)\nWhat grain?{form}")]);
    assert_eq!(
        contents[4],
        [
            &contents[0][0],
            "{\"word\":\"wheat\"}",
            &format!("PHASE baker/inspect\nWhat may burn?{form}"),
            "{\"risks\":[\"The oven.\"]}",
            &format!("PHASE baker/generate\nWhich bread?{form}"),
            "{\"word\":\"rye\"}",
            &format!("PHASE baker/review\nFailed: \nGood?{form}"),
        ]
    );
    assert_eq!(contents[3][..6], contents[4][..6]);
    assert_eq!(
        parsed(&outcome.research.details),
        json!({"facts": {"files": 1}, "answer": {"word": "wheat"}, "model": "answered"})
    );
    assert_eq!(parsed(&outcome.inspect.details)["reason"], json!("1 file(s), 1 risk(s)"));
    assert_eq!(parsed(&outcome.optimize.as_ref().unwrap().details)["measures"], json!({"letters": 3}));
    assert_eq!((outcome.generate.unwrap().confidence, outcome.optimize.unwrap().confidence), (0.9, 0.1));
    let review = outcome.review.unwrap();
    assert_eq!((review.verdict, review.gates.len()), (Verdict::Accept, 2));
    assert_eq!(parsed(&review.details)["reason"], json!("2 check(s), none failed"));
}

#[test]
fn the_verdict_follows_from_the_checks_and_the_last_question_names_those_that_failed() {
    let host = host("oats");
    let review = run(&host, "bake bread").review.unwrap();
    assert_eq!(review.verdict, Verdict::Rework);
    assert_eq!(parsed(&review.details)["reason"], json!("failed: rye"));
    assert!(host.model_requests()[4].messages.last().unwrap().content.contains("Failed: rye\n"));
}

#[test]
fn a_task_that_says_nothing_is_stopped_without_a_model_and_a_failed_condition_stops_it_too() {
    let silent = Host::new();
    let outcome = run(&silent, "???");
    assert_eq!((outcome.inspect.decision, silent.model_requests().len()), (Decision::NoGo, 0));
    assert!(parsed(&outcome.research.details)["model"].as_str().unwrap().starts_with("not asked: "));
    drop(silent);
    let host = Host::new().model_answers(&json!({"word": "wheat"})).model_answers(&json!({"risks": []}));
    let outcome = run(&host, "make fire");
    assert_eq!((outcome.inspect.decision, outcome.generate), (Decision::NoGo, None));
}
