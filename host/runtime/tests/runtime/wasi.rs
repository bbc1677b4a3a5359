//! WASI 0.2: the call's own clock, poll and randomness; output goes to its log; nothing else is there.

use crate::support::*;
use app::ports::components::Components as _;
use bytes::Bytes;
use domain::component::{CallFailure, Limits};
use domain::log::Level;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Imports of clocks, poll and random, lowered into the core instances `$clock` and `$random`.
const CLOCKS: &str = r#"
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $monotonic
    (export "now" (func (result u64)))
    (alias outer 1 $pollable (type $outer))
    (export "pollable" (type $own (eq $outer)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $own))))))
  (import "wasi:random/random@0.2.0" (instance $chance (export "get-random-u64" (func (result u64)))))
  (core func $now (canon lower (func $monotonic "now")))
  (core func $subscribe (canon lower (func $monotonic "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $drop (canon resource.drop $pollable))
  (core func $random (canon lower (func $chance "get-random-u64")))
"#;

const MAIN: &str = r#"
  (core instance $wasi
    (export "now" (func $now)) (export "subscribe" (func $subscribe)) (export "block" (func $block))
    (export "drop" (func $drop)) (export "random" (func $random)))
  (core instance $main (instantiate $guest (with "wasi" (instance $wasi))))
"#;

/// Sleeps this many milliseconds and answers how long that was by its clock, in nanoseconds, and a random number.
const SLEEPER: &str = r#"
(import "wasi" "now" (func $now (result i64)))
(import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
(import "wasi" "block" (func $block (param i32)))
(import "wasi" "drop" (func $drop (param i32)))
(import "wasi" "random" (func $random (result i64)))
(global $out (mut i32) (i32.const 32768))
(func $byte (param $byte i32)
  (i32.store8 (global.get $out) (local.get $byte))
  (global.set $out (i32.add (global.get $out) (i32.const 1))))
(func $digits (param $value i64)
  (if (i64.ge_u (local.get $value) (i64.const 10)) (then (call $digits (i64.div_u (local.get $value) (i64.const 10)))))
  (call $byte (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10))))))
(func $run (param $amount i32) (result i32)
  (local $before i64) (local $timer i32)
  (local.set $before (call $now))
  (local.set $timer (call $subscribe (i64.mul (i64.extend_i32_u (local.get $amount)) (i64.const 1000000))))
  (call $block (local.get $timer))
  (call $drop (local.get $timer))
  (call $byte (i32.const 91))
  (call $digits (i64.sub (call $now) (local.get $before)))
  (call $byte (i32.const 44))
  (call $digits (call $random))
  (call $byte (i32.const 93))
  (call $ok (i32.const 32768) (i32.sub (global.get $out) (i32.const 32768))))
"#;

fn sleeper() -> Bytes {
    by_hand(CLOCKS, MAIN, SLEEPER)
}

#[tokio::test]
async fn a_sleep_really_waits_and_moves_the_recorded_clock_by_exactly_its_time() {
    let runtime = runtime();
    let compiled = load(&runtime, sleeper()).await.unwrap();
    assert!(compiled.wasi);
    assert!(compiled.imports.is_empty());
    let run = async |amount| {
        let host = Arc::new(ScriptedHost::default());
        json_of(runtime.call(request(compiled.digest, amount, Limits::default(), host)).await)
    };
    let began = Instant::now();
    let first = run(40).await;
    assert!(began.elapsed() >= Duration::from_millis(40));
    // 40 ms and the second reading.
    assert_eq!(first[0], json!(40_001_000));
    assert_eq!(run(40).await, first);
    assert_eq!(run(0).await[0], json!(1_000));
}

#[tokio::test]
async fn a_sleep_beyond_the_deadline_ends_there() {
    let runtime = runtime();
    let digest = load(&runtime, sleeper()).await.unwrap().digest;
    let host = Arc::new(ScriptedHost::default());
    let outcome = runtime.call(request(digest, 3_600_000, short(), host)).await;
    assert_eq!(failure(outcome), CallFailure::Deadline { wall_ms: short().wall_ms });
}

/// Writes to stdout, as wasi-libc does.
const PRINTER: &str = r#"
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $io-error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (alias outer 1 $io-error (type $outer))
    (export "error" (type $failed (eq $outer)))
    (type $stream-errors (variant (case "last-operation-failed" (own $failed)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-errors)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $outer))
    (export "output-stream" (type $stream (eq $outer)))
    (export "get-stdout" (func (result (own $stream))))))
  (core module $memory-of (memory (export "memory") 1))
  (core instance $shared (instantiate $memory-of))
  (alias core export $shared "memory" (core memory $shared-memory))
  (core func $get (canon lower (func $stdout "get-stdout")))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $shared-memory)))
"#;

#[tokio::test]
async fn stdout_becomes_lines_of_the_log() {
    let runtime = runtime();
    let main = r#"
      (core instance $wasi (export "get" (func $get)) (export "write" (func $write)) (export "memory" (memory $shared-memory)))
      (core instance $main (instantiate $guest (with "wasi" (instance $wasi))))"#;
    // Writes "one\ntwo\nthr" and "ee". The lowered function needs the memory before the guest exists, so the guest imports it.
    let fields = r#"
(import "wasi" "get" (func $get (result i32)))
(import "wasi" "write" (func $write (param i32 i32 i32 i32)))
(import "wasi" "memory" (memory 1))
(func $run (param $amount i32) (result i32)
  (local $stream i32)
  (i64.store (i32.const 4096) (i64.const 0x0a6f77740a656e6f))
  (i64.store (i32.const 4104) (i64.const 0x6565726874))
  (local.set $stream (call $get))
  (call $write (local.get $stream) (i32.const 4096) (i32.const 11) (i32.const 64))
  (call $write (local.get $stream) (i32.const 4107) (i32.const 2) (i32.const 64))
  (call $ok (i32.const 1024) (i32.const 4)))
"#;
    let digest = load(&runtime, by_hand(PRINTER, main, fields)).await.unwrap().digest;
    let host = Arc::new(ScriptedHost::default());
    assert_eq!(json_of(runtime.call(request(digest, 1, tight(), host.clone())).await), json!("ok"));
    let lines = host.lines.lock().unwrap().clone();
    assert_eq!(lines, ["one", "two", "three"].map(|line| (Level::Info, line.to_owned())));
}
