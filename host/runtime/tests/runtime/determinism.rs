//! Time and chance come from the request alone.

use crate::support::*;
use app::ports::components::{Components as _, Determinism};
use domain::component::Limits;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

async fn run(start: i64, seed: u8) -> Value {
    let runtime = runtime();
    let digest = load(&runtime, skill("determinism")).await.unwrap().digest;
    let mut request = request(digest, 0, Limits::default(), Arc::new(ScriptedHost::default()));
    request.determinism = Determinism { start: Timestamp(start), seed: [seed; 32] };
    json_of(runtime.call(request).await)
}

#[tokio::test]
async fn the_same_start_and_seed_give_the_same_bytes() {
    let first = run(1_700_000_000_000, 1).await;
    assert_eq!(run(1_700_000_000_000, 1).await, first);
    let values = first.as_array().unwrap();
    // One microsecond for each reading; the host call between took 1.5 s by the record, whatever the wall clock said.
    assert_eq!(
        values[..5],
        [1_700_000_000_000_u64, 2_000, 3_000, 1_700_000_001_500, 1_500_005_000].map(Value::from)
    );
    // Not a number has one form.
    assert_eq!(values[7], json!(0x7ff8_0000_0000_0000_u64));
    assert_ne!(values[5], values[6]);
}

#[tokio::test]
async fn another_seed_changes_chance_and_another_start_changes_time() {
    let first = run(1_700_000_000_000, 1).await;
    let seeded = run(1_700_000_000_000, 2).await;
    assert_eq!(seeded.as_array().unwrap()[..5], first.as_array().unwrap()[..5]);
    assert_ne!(seeded[5], first[5]);
    let later = run(1_800_000_000_000, 1).await;
    assert_eq!(later[0], json!(1_800_000_000_000_u64));
    assert_eq!(later.as_array().unwrap()[4..], first.as_array().unwrap()[4..]);
}
