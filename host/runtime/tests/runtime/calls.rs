//! Good guests: what a call gets, gives and costs.

use crate::support::*;
use app::ports::components::{ComponentError, Components as _, Profile};
use app::ports::host_calls::Answer;
use domain::component::{CallEnd, CallFailure, Export, LimitKind, Limits, Output, Stop};
use domain::effect::{CallError, ErrorKind, Reply};
use domain::id::Digest;
use domain::manifest::PluginKind;
use domain::rigor::brief::Brief;
use domain::rigor::phase::{
    Decision, GenerateOutput, InspectOutput, PhaseInput, PhaseOutput, ResearchOutput,
};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_skill_is_compiled_tried_called_and_unloaded() {
    let runtime = runtime();
    let component = skill("good");
    let compiled = load(&runtime, component.clone()).await.unwrap();
    assert_eq!(compiled.digest, Digest::of(&component));
    assert_eq!((compiled.profile, compiled.wasi, compiled.cached), (Profile::Small, false, false));
    assert!(compiled.imports.is_empty());
    runtime.trial(compiled.digest).await.unwrap();
    let host = Arc::new(ScriptedHost::default());
    let outcome = runtime.call(request(compiled.digest, 0, Limits::default(), host)).await;
    assert_eq!(outcome.cost.memory_bytes, 65536);
    assert_eq!(json_of(outcome), json!("ok"));
    assert!(load(&runtime, component).await.unwrap().cached);
    runtime.unload(compiled.digest);
    assert!(!runtime.is_loaded(compiled.digest));
    let host = Arc::new(ScriptedHost::default());
    let gone = failure(runtime.call(request(compiled.digest, 0, Limits::default(), host)).await);
    assert_eq!(gone.code(), "unloadable");
}

#[tokio::test]
async fn imports_are_listed_without_those_that_need_no_grant() {
    let runtime = runtime();
    assert_eq!(load(&runtime, skill("kv_loop")).await.unwrap().imports, ["kv"]);
    assert!(load(&runtime, skill("log_flood")).await.unwrap().imports.is_empty());
}

#[tokio::test]
async fn a_personality_answers_each_phase_in_its_own_type() {
    let runtime = runtime();
    let compiled =
        runtime.compile(personality("personality"), &manifest(PluginKind::Personality)).await.unwrap();
    let brief = Brief {
        task: "a task".to_owned(),
        scope: "demo".to_owned(),
        round: 1,
        files: vec!["a.txt".to_owned()],
        earlier: Vec::new(),
        findings: Vec::new(),
    };
    let details = json!({ "a": 1 });
    let research = ResearchOutput { details: details.clone() };
    let inspect = InspectOutput { decision: Decision::NoGo, gates: Vec::new(), details: details.clone() };
    let generate = GenerateOutput { artifacts: Vec::new(), confidence: 0.5, details };
    let call = async |input: PhaseInput| {
        let mut request = request(compiled.digest, 0, Limits::default(), Arc::new(ScriptedHost::default()));
        request.export = Export::Phase(Box::new(input));
        runtime.call(request).await.result
    };
    assert_eq!(
        call(PhaseInput::Research(brief.clone())).await,
        Ok(Output::Phase(PhaseOutput::Research(research.clone())))
    );
    assert_eq!(
        call(PhaseInput::Inspect { brief: brief.clone(), research: research.clone() }).await,
        Ok(Output::Phase(PhaseOutput::Inspect(inspect.clone())))
    );
    assert_eq!(
        call(PhaseInput::Generate {
            brief: brief.clone(),
            research: research.clone(),
            inspect: inspect.clone()
        })
        .await,
        Ok(Output::Phase(PhaseOutput::Generate(generate.clone())))
    );
    let not_a_number = call(PhaseInput::Optimize {
        brief: brief.clone(),
        research: research.clone(),
        inspect: inspect.clone(),
        generate: generate.clone(),
    });
    let message = invalid_output(not_a_number.await);
    assert!(message.starts_with("confidence is NaN"), "{message}");
    let review =
        PhaseInput::Review { brief, research, inspect, generate: generate.clone(), optimize: generate };
    assert_eq!(invalid_output(call(review).await), "details is an array, not a JSON object");
}

fn invalid_output(result: Result<Output, CallEnd>) -> String {
    match result {
        Err(CallEnd::Failed(CallFailure::InvalidOutput { message })) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_stop_of_the_host_ends_the_guest_and_is_no_failure() {
    let runtime = runtime();
    let digest = load(&runtime, skill("kv_loop")).await.unwrap().digest;
    for stop in [Stop::Cancelled, Stop::Stale, Stop::Drain] {
        let answer = stop.clone();
        let host = ScriptedHost::with(move |_| Answer::Stop(answer.clone()));
        let outcome = runtime.call(request(digest, 5, Limits::default(), host.clone())).await;
        assert_eq!(outcome.result, Err(CallEnd::Stopped(stop)));
        assert_eq!(host.calls.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_reply_of_another_kind_is_the_hosts_fault() {
    let runtime = runtime();
    let digest = load(&runtime, skill("kv_loop")).await.unwrap().digest;
    let host = ScriptedHost::with(|_| now(Ok(Reply::Unit)));
    let outcome = runtime.call(request(digest, 1, Limits::default(), host)).await;
    assert!(matches!(outcome.result, Err(CallEnd::Stopped(Stop::Broken(_)))), "{outcome:?}");
}

#[tokio::test]
async fn a_typed_error_of_the_host_reaches_the_guest_whole() {
    let runtime = runtime();
    let digest = load(&runtime, skill("denied")).await.unwrap().digest;
    let error = || CallError::new(ErrorKind::Busy, "", "come again");
    let host = ScriptedHost::with(move |_| now(Err(error())));
    let outcome = runtime.call(request(digest, 1, Limits::default(), host)).await;
    assert_eq!(failure(outcome), CallFailure::Error(error()));
}

#[tokio::test]
async fn an_export_of_another_kind_is_unloadable() {
    let runtime = runtime();
    let digest = load(&runtime, skill("good")).await.unwrap().digest;
    let mut wrong = request(digest, 1, Limits::default(), Arc::new(ScriptedHost::default()));
    wrong.export = Export::Step { config: json!({}), input: json!({}) };
    let failure = failure(runtime.call(wrong).await);
    assert_eq!(failure.to_string(), "the component is a skill, it has no step");
}

#[tokio::test]
async fn a_call_nested_nine_deep_is_refused_and_one_nested_eight_deep_is_not() {
    let runtime = runtime();
    let digest = load(&runtime, skill("good")).await.unwrap().digest;
    let nested = |depth| {
        let mut request = request(digest, 1, Limits::default(), Arc::new(ScriptedHost::default()));
        request.depth = depth;
        runtime.call(request)
    };
    assert_eq!(json_of(nested(8).await), json!("ok"));
    let failure = failure(nested(9).await);
    assert!(matches!(failure, CallFailure::Limit { kind: LimitKind::Depth, .. }), "{failure}");
}

#[tokio::test]
async fn another_abi_is_named_before_anything_is_compiled() {
    let runtime = runtime();
    let mut manifest = manifest(PluginKind::Skill);
    manifest.abi = "0.2.0".to_owned();
    // Not even a component: nobody looks.
    let error = runtime.compile(bytes::Bytes::from_static(b"?"), &manifest).await.unwrap_err();
    assert_eq!(error, ComponentError::OtherAbi { found: "0.2.0".to_owned(), supported: "0.1.0".to_owned() });
}

#[tokio::test]
async fn a_component_without_the_export_of_its_manifest_is_refused() {
    let runtime = runtime();
    let error = runtime.compile(skill("good"), &manifest(PluginKind::Step)).await.unwrap_err().to_string();
    assert!(error.contains("does not export skep:plugin/step-guest@0.1.0"), "{error}");
}
