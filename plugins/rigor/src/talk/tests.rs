#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::bounded::Risks;
use crate::question::Tokens;
use serde_json::json;
use skep_sdk::personality::Gate;
use skep_sdk::testing::{Host, brief};

/// What is asked for.
type Answer = (Risks<false>, Risks<true>);

fn question(text: &str) -> Question {
    Question { text: text.to_owned(), tokens: Tokens { demo: 40, deep: 400 } }
}

fn ask(brief: &Brief) -> Result<Asked<Risks<true>>> {
    Talk::new("req-ai", brief).ask::<Answer>("inspect", &question("What may go wrong?"))
}

fn of_scope(scope: &str) -> Brief {
    Brief { scope: scope.into(), ..brief("fix the login") }
}

#[test]
fn a_question_begins_with_its_marker_and_depth_follows_the_scope() {
    let host = Host::new().model_answers(&json!({"risks": []})).model_answers(&json!({"risks": ["a"]}));
    assert_eq!(ask(&of_scope("demo")).unwrap().model, "answered");
    ask(&of_scope("mvp")).unwrap();
    let requests = host.model_requests();
    assert_eq!(requests[0].messages[1].content, "PHASE req-ai/inspect\nWhat may go wrong?");
    assert_eq!((requests[0].max_tokens, requests[1].max_tokens), (Some(40), Some(400)));
    assert!(requests[0].answer_schema.as_ref().unwrap().contains("\"maxLength\":120"));
    assert!(requests[1].answer_schema.as_ref().unwrap().contains("\"maxLength\":400"));
    assert!(requests[0].messages[0].content.len() < requests[1].messages[0].content.len());
}

#[test]
fn earlier_turns_stand_before_the_question_word_for_word() {
    let host = Host::new().model_answers(&json!({"risks": []}));
    let earlier = Risks::<true> { risks: serde_json::from_value(json!(["x"])).unwrap() };
    let talk = Talk::new("req-ai", &of_scope("demo"))
        .turn("research", &question("Facts?"), Some(&earlier))
        .turn::<Risks<true>>("skipped", &question("Never answered"), None);
    talk.ask::<Answer>("inspect", &question("Risks?")).unwrap();
    let contents: Vec<String> =
        host.model_requests()[0].messages.iter().skip(1).map(|message| message.content.clone()).collect();
    assert_eq!(
        contents,
        ["PHASE req-ai/research\nFacts?", "{\"risks\":[\"x\"]}", "PHASE req-ai/inspect\nRisks?"]
    );
}

#[test]
fn what_the_host_found_wrong_is_told_to_the_model_once() {
    let wrong = || Error::other("the answer does not fit its schema: /risks: too long").code("schema");
    let host = Host::new().model_fails(wrong()).model_answers(&json!({"risks": ["a"]}));
    let asked = ask(&of_scope("demo")).unwrap();
    assert_eq!((asked.repairs, asked.model.as_str()), (1, "answered after 1 repair"));
    let last = host.model_requests()[1].messages.last().unwrap().content.clone();
    assert!(last.starts_with("PHASE req-ai/inspect\n") && last.contains("/risks: too long"), "{last}");
    drop(host);
    let _host = Host::new().model_fails(wrong()).model_fails(wrong());
    let asked = ask(&of_scope("demo")).unwrap();
    assert_eq!(asked.answer, None);
    assert!(asked.model.starts_with("unusable answer: "), "{}", asked.model);
    assert_eq!(asked.confidence(), 0.4);
}

#[test]
fn an_answer_that_was_cut_gets_more_room() {
    let cut =
        Error::other("the answer was cut at 40 tokens, so its JSON is not whole; allow more").code("schema");
    let host = Host::new().model_fails(cut).model_answers(&json!({"risks": []}));
    ask(&of_scope("demo")).unwrap();
    assert_eq!(host.model_requests()[1].max_tokens, Some(60));
}

#[test]
fn failures_of_the_service_are_returned_as_they_are() {
    for error in [
        Error::unavailable("down"),
        Error::busy("later").retry_after(5000),
        Error::denied("no grant"),
        Error::exhausted("budget"),
    ] {
        let host = Host::new().model_fails(error.clone());
        let given = ask(&of_scope("demo")).unwrap_err();
        assert_eq!((given.kind, given.retry_after_ms), (error.kind, error.retry_after_ms));
        drop(host);
    }
}

#[test]
fn a_conversation_that_is_too_long_is_asked_again_without_its_past() {
    let host = Host::new().model_fails(Error::too_large("window")).model_answers(&json!({"risks": []}));
    let earlier = Risks::<true> { risks: serde_json::from_value(json!(["x"])).unwrap() };
    let talk = Talk::new("req-ai", &of_scope("demo")).turn("research", &question("Facts?"), Some(&earlier));
    talk.ask::<Answer>("inspect", &question("Risks?")).unwrap();
    let lengths: Vec<usize> = host.model_requests().iter().map(|request| request.messages.len()).collect();
    assert_eq!(lengths, [4, 2]);
}

#[test]
fn the_system_message_names_task_scope_files_and_findings() {
    let mut brief = of_scope("product");
    brief.files = vec!["a.py".into(), "logo.png".into()];
    let text = system(&brief, true);
    assert!(
        text.contains("TASK: fix the login\nSCOPE: product\n")
            && text.contains("FILES: a.py\n")
            && text.contains("customers"),
        "{text}"
    );
    assert!(!text.contains("ROUND"));
    brief.round = 2;
    brief.findings = vec![Gate::failed("parses", "a.py: syntax error at line 3")];
    assert!(system(&brief, true).contains(
        "ROUND 2: the work came back because these checks failed:\n- parses: a.py: syntax error at line 3"
    ));
    brief.files.clear();
    assert!(system(&brief, false).contains("FILES: none"));
}

#[test]
fn texts_are_cut_at_characters() {
    assert_eq!(cut("äöü", 2), "äö…");
    assert_eq!(cut(" äöü ", 3), "äöü");
    assert_eq!(bullets(&["a".into(), "b\nc".into(), "long".into()], 10), "- a\n- b c\n");
}
