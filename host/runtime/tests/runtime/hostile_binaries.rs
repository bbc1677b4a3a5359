//! Components that do harm before they run: malformed, truncated, with imports that do not exist, or with more instances than allowed.

use crate::support::*;
use app::ports::components::{ComponentError, Components as _, Profile};
use bytes::Bytes;
use domain::component::{CallFailure, LimitKind, Limits};
use serde_json::json;
use std::sync::Arc;

const GOOD: &str = "(func $run (param $amount i32) (result i32) (call $ok (i32.const 1024) (i32.const 4)))";
const ONE: &str = "(core instance $main (instantiate $guest))";

#[tokio::test]
async fn what_is_no_component_is_named() {
    let runtime = runtime();
    let module = Bytes::from(wat::parse_str("(module)").unwrap());
    for (bytes, words) in [
        (Bytes::new(), "not a well-formed component"),
        (Bytes::from_static(b"#!/bin/sh\necho hello"), "not a well-formed component"),
        (Bytes::from_static(b"\0asm"), "not a well-formed component"),
        (Bytes::from_static(b"\0asm\xff\xff\x01\0"), "not a well-formed component"),
        (module, "a core module, not a component"),
    ] {
        let error = load(&runtime, bytes.clone()).await.unwrap_err();
        assert!(
            matches!(&error, ComponentError::Invalid(text) if text.contains(words)),
            "{bytes:?}: {error}"
        );
    }
    assert!(load(&runtime, by_hand("", ONE, GOOD)).await.is_ok());
}

#[tokio::test]
async fn a_truncated_component_is_never_loaded() {
    let runtime = runtime();
    let whole = skill("good");
    for length in (0..whole.len()).step_by(23).chain([whole.len() - 1]) {
        let error = load(&runtime, whole.slice(..length)).await.unwrap_err();
        assert!(matches!(error, ComponentError::Invalid(_)), "{length} of {}: {error}", whole.len());
    }
    load(&runtime, whole).await.unwrap();
}

#[tokio::test]
async fn a_component_with_a_wrong_byte_is_refused_or_contained() {
    let runtime = runtime();
    let whole = skill("kv_loop");
    let mut random: u32 = 2_463_534_242;
    let (mut refused, mut loaded) = (0, 0);
    for _ in 0..150 {
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random as usize
        };
        let mut bytes = whole.to_vec();
        let (at, bit) = (next() % bytes.len(), next() % 8);
        bytes[at] ^= 1 << bit;
        match load(&runtime, Bytes::from(bytes)).await {
            Ok(compiled) => {
                // Whatever it does now, it ends.
                let _ = runtime
                    .call(request(compiled.digest, 3, short(), Arc::new(ScriptedHost::default())))
                    .await;
                loaded += 1;
            }
            Err(ComponentError::Invalid(_) | ComponentError::OtherAbi { .. }) => refused += 1,
            Err(error) => panic!("byte {at}, bit {bit}: {error}"),
        }
    }
    // Both happen: a flipped bit in a name or a constant is still a component.
    assert!(refused > 10 && loaded > 10, "{refused} refused, {loaded} loaded");
    assert_eq!(
        json_of({
            let digest = load(&runtime, whole).await.unwrap().digest;
            runtime.call(request(digest, 3, tight(), Arc::new(ScriptedHost::default()))).await
        }),
        json!("ok")
    );
}

#[tokio::test]
async fn imports_that_do_not_exist_are_refused_by_name() {
    let runtime = runtime();
    for (imports, words) in [
        (r#"(import "evil:host/shell@1.0.0" (instance (export "run" (func))))"#, "evil:host/shell@1.0.0"),
        (r#"(import "skep:plugin/shell@0.1.0" (instance (export "run" (func))))"#, "skep:plugin/shell@0.1.0"),
        (
            r#"(import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func))))"#,
            "wasi:http/outgoing-handler",
        ),
        (r#"(import "run" (func))"#, "\"run\""),
        // The interface exists, the function does not.
        (r#"(import "skep:plugin/kv@0.1.0" (instance (export "steal" (func))))"#, "steal"),
        // The function exists and has another type.
        (
            r#"(import "skep:plugin/clock@0.1.0" (instance (export "now-ms" (func (result string)))))"#,
            "now-ms",
        ),
        (
            r#"(import "skep:plugin/random@0.1.0" (instance (export "number" (func (param "x" u64) (result u64)))))"#,
            "number",
        ),
    ] {
        let error = load(&runtime, by_hand(imports, ONE, GOOD)).await.unwrap_err();
        assert!(
            matches!(&error, ComponentError::Invalid(text) if text.contains(words)),
            "{imports}: {error}"
        );
    }
    let other = r#"(import "skep:plugin/kv@0.2.0" (instance (export "get" (func))))"#;
    let error = load(&runtime, by_hand(other, ONE, GOOD)).await.unwrap_err();
    assert_eq!(error, ComponentError::OtherAbi { found: "0.2.0".to_owned(), supported: "0.1.0".to_owned() });
    let known = r#"(import "skep:plugin/clock@0.1.0" (instance (export "now-ms" (func (result u64)))))"#;
    load(&runtime, by_hand(known, ONE, GOOD)).await.unwrap();
}

#[tokio::test]
async fn a_start_function_without_end_fails_the_trial_and_the_call() {
    let runtime = runtime();
    let digest = load(&runtime, skill("start_loop")).await.unwrap().digest;
    let trial = runtime.trial(digest).await.unwrap_err();
    assert!(matches!(&trial, ComponentError::Trial(text) if text.contains("longer than 5000 ms")), "{trial}");
    let failure = failure(runtime.call(request(digest, 1, short(), Arc::new(ScriptedHost::default()))).await);
    assert_eq!(failure, CallFailure::Deadline { wall_ms: short().wall_ms });
    let good = load(&runtime, skill("good")).await.unwrap().digest;
    runtime.trial(good).await.unwrap();
}

#[tokio::test]
async fn a_start_function_that_traps_fails_the_trial() {
    let runtime = runtime();
    let traps = format!("(func $begin unreachable) (start $begin)\n{GOOD}");
    let digest = load(&runtime, skill_of(&traps)).await.unwrap().digest;
    let trial = runtime.trial(digest).await.unwrap_err();
    assert!(matches!(&trial, ComponentError::Trial(text) if text.contains("unreachable")), "{trial}");
}

#[tokio::test]
async fn more_core_instances_than_allowed_are_a_limit() {
    let runtime = runtime();
    let with = |extra: usize| {
        let more = "(core instance (instantiate $empty))".repeat(extra);
        by_hand("", &format!("(core module $empty) {more} {ONE}"), GOOD)
    };
    let outcome = async |component, limits| {
        let digest = load(&runtime, component).await.unwrap().digest;
        runtime.call(request(digest, 1, limits, Arc::new(ScriptedHost::default()))).await
    };
    assert_eq!(json_of(outcome(with(31), tight()).await), json!("ok"));
    for (extra, instances) in [(32, 32), (900, 32), (64, u32::MAX), (900, u32::MAX)] {
        let failure = failure(outcome(with(extra), Limits { instances, ..tight() }).await);
        assert!(
            matches!(failure, CallFailure::Limit { kind: LimitKind::Instances, .. }),
            "{extra}: {failure}"
        );
    }
}

#[tokio::test]
async fn nested_components_count_with_all_their_instances() {
    let runtime = runtime();
    // Each level makes four of the one below.
    let nested = |levels: usize| {
        let mut text =
            "(component $level0 (core module $empty) (core instance (instantiate $empty)))".to_owned();
        for level in 1..=levels {
            let below = level - 1;
            let four = format!("(instance (instantiate $below{below}))").repeat(4);
            text.push_str(&format!(
                "(component $level{level} (alias outer 1 $level{below} (component $below{below})) {four})"
            ));
        }
        by_hand("", &format!("{text} (instance (instantiate $level{levels})) {ONE}"), GOOD)
    };
    let outcome = async |levels| {
        let digest = load(&runtime, nested(levels)).await.unwrap().digest;
        runtime.call(request(digest, 1, tight(), Arc::new(ScriptedHost::default()))).await
    };
    assert_eq!(json_of(outcome(2).await), json!("ok"));
    let failure = failure(outcome(4).await);
    assert!(matches!(failure, CallFailure::Limit { kind: LimitKind::Instances, .. }), "{failure}");
}

#[tokio::test]
async fn many_memories_and_tables_are_a_limit() {
    let runtime = runtime();
    let outcome = async |fields: &str, extra: usize| {
        let more = "(core instance (instantiate $more))".repeat(extra);
        let component = by_hand("", &format!("(core module $more {fields}) {more} {ONE}"), GOOD);
        let digest = load(&runtime, component).await.unwrap().digest;
        runtime.call(request(digest, 1, tight(), Arc::new(ScriptedHost::default()))).await
    };
    assert_eq!(json_of(outcome("(memory 1)", 1).await), json!("ok"));
    assert_eq!(json_of(outcome("(table 10 funcref)", 8).await), json!("ok"));
    for (fields, extra, expected) in [
        ("(memory 1)", 2, LimitKind::Memory),
        ("(memory 0)", 30, LimitKind::Memory),
        ("(table 10 funcref)", 9, LimitKind::Table),
        ("(table 5000 funcref)", 5, LimitKind::Table),
    ] {
        let failure = failure(outcome(fields, extra).await);
        assert!(
            matches!(&failure, CallFailure::Limit { kind, .. } if *kind == expected),
            "{extra} x {fields}: {failure}"
        );
    }
}

#[tokio::test]
async fn a_memory_that_starts_large_runs_in_the_large_profile_or_not_at_all() {
    let runtime = runtime();
    let with = |pages: u32| {
        by_hand(
            "",
            &format!("(core module $more (memory {pages})) (core instance (instantiate $more)) {ONE}"),
            GOOD,
        )
    };
    let outcome = async |pages, memory_bytes| {
        let compiled = load(&runtime, with(pages)).await.unwrap();
        let limits = Limits { memory_bytes, ..tight() };
        let outcome =
            runtime.call(request(compiled.digest, 1, limits, Arc::new(ScriptedHost::default()))).await;
        (compiled.profile, outcome)
    };
    let (profile, small) = outcome(100, 64 << 20).await;
    assert_eq!((profile, json_of(small)), (Profile::Small, json!("ok")));
    let (profile, large) = outcome(2000, 512 << 20).await;
    assert_eq!((profile, json_of(large)), (Profile::Large, json!("ok")));
    for pages in [2000, 9000, 65_536] {
        let (profile, refused) = outcome(pages, if pages == 2000 { 64 << 20 } else { u64::MAX }).await;
        let failure = failure(refused);
        assert!(matches!(failure, CallFailure::Limit { kind: LimitKind::Memory, .. }), "{pages}: {failure}");
        assert_eq!(profile, Profile::Large);
    }
}

#[tokio::test]
async fn a_table_that_starts_too_large_is_refused_when_compiled_or_called() {
    let runtime = runtime();
    let with = |elements: u32| {
        by_hand(
            "",
            &format!(
                "(core module $more (table {elements} funcref)) (core instance (instantiate $more)) {ONE}"
            ),
            GOOD,
        )
    };
    let good = load(&runtime, with(20_000)).await.unwrap().digest;
    assert_eq!(
        json_of(runtime.call(request(good, 1, tight(), Arc::new(ScriptedHost::default()))).await),
        json!("ok")
    );
    let error = load(&runtime, with(10_000_000)).await.unwrap_err();
    assert!(matches!(&error, ComponentError::Invalid(text) if text.contains("table")), "{error}");
}

#[tokio::test]
async fn modules_that_nest_too_deep_are_refused() {
    let runtime = runtime();
    let nested = |depth: usize| {
        let text = format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
        by_hand("", &format!("{text} {ONE}"), GOOD)
    };
    load(&runtime, nested(10)).await.unwrap();
    let error = load(&runtime, nested(20)).await.unwrap_err();
    assert!(
        matches!(&error, ComponentError::Invalid(text) if text.contains("nest more than 16 deep")),
        "{error}"
    );
}

#[tokio::test]
async fn threads_and_64_bit_memories_are_refused() {
    let runtime = runtime();
    for fields in ["(memory 1 2 shared)", "(memory i64 1)"] {
        let component = by_hand(
            "",
            &format!("(core module $more {fields}) (core instance (instantiate $more)) {ONE}"),
            GOOD,
        );
        let error = load(&runtime, component).await.unwrap_err();
        assert!(matches!(error, ComponentError::Invalid(_)), "{fields}: {error}");
    }
}
