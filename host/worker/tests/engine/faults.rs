//! Trouble of the host itself: passing trouble costs nothing, lasting faults end the task, and neither is anybody's death.

use crate::support::{TestHost, response};
use app::ports::store_error::StoreError;
use domain::task::State;
use std::time::Duration;

fn away() -> StoreError {
    StoreError::Unavailable("it is away".to_owned())
}

fn damaged() -> StoreError {
    StoreError::Internal("the file of blob 00ff is damaged".to_owned())
}

#[tokio::test]
async fn a_database_that_is_away_for_a_moment_costs_no_delivery_and_no_strike() {
    for operation in ["load_entries", "finish", "extend", "rescue", "claim"] {
        let host = TestHost::new();
        let faulty = host.faulty.clone();
        faulty.fail(operation, 3, away());
        let id = host.submit_delivery("one").await;
        let working = host.work();
        host.until(|task| task.state.is_finished(), &id).await;
        let task = host.task(&id).await;
        assert_eq!((task.state, task.deliveries, task.strikes), (State::Completed, 1, 0), "{operation}");
        working.drain(&host).await;
    }
}

#[tokio::test]
async fn a_database_that_is_away_for_longer_than_a_lease_makes_no_suspect() {
    let host = TestHost::new();
    let clock = host.clock.clone();
    host.wire.answer(move |_| {
        let clock = clock.clone();
        async move {
            app::ports::clock::Clock::sleep(&clock, Duration::from_secs(5)).await;
            Ok(response(200))
        }
    });
    let id = host.submit_delivery("one").await;
    let working = host.work();
    host.until(|task| task.state == State::Running, &id).await;
    host.faulty.away(true);
    host.pass(Duration::from_secs(40)).await;
    host.faulty.away(false);
    host.until(
        |task| {
            assert_eq!(task.strikes, 0);
            task.state.is_finished()
        },
        &id,
    )
    .await;
    let task = host.task(&id).await;
    assert_eq!((task.state, task.deliveries), (State::Completed, 2));
    working.drain(&host).await;
}

#[tokio::test]
async fn a_fault_that_does_not_pass_ends_the_task_and_names_its_reason() {
    let host = TestHost::new();
    host.faulty.fail("load_entries", u32::MAX, damaged());
    let id = host.submit_delivery("one").await;
    let working = host.work();
    host.until(|task| task.state.is_finished(), &id).await;
    let task = host.task(&id).await;
    let failure = task.failure.unwrap();
    assert_eq!((task.state, failure.code.as_str()), (State::Failed, "HOST_FAULT"));
    assert!(
        failure.message.contains("8 times in a row: the store failed: the file of blob 00ff is damaged"),
        "{}",
        failure.message
    );
    assert_eq!(task.deliveries, 8);
    let waited = task.completed_at.unwrap().since(task.started_at.unwrap());
    assert!(waited >= Duration::from_secs(127), "{waited:?}: the pauses double");
    working.drain(&host).await;
}

#[tokio::test]
async fn a_task_that_gets_on_between_faults_is_not_given_up() {
    let host = TestHost::new();
    let id = host.submit_delivery("one").await;
    host.faulty.fail("load_entries", 7, damaged());
    let working = host.work();
    host.until(|task| task.state.is_finished(), &id).await;
    let task = host.task(&id).await;
    assert_eq!((task.state, task.deliveries), (State::Completed, 8));
    working.drain(&host).await;
}

#[tokio::test]
async fn a_task_whose_outcome_cannot_be_stored_goes_on_from_its_journal() {
    let host = TestHost::new();
    host.faulty.fail("finish", 1, damaged());
    let id = host.submit_delivery("one").await;
    let working = host.work();
    host.until(|task| task.state.is_finished(), &id).await;
    let task = host.task(&id).await;
    assert_eq!((task.state, task.deliveries, task.strikes), (State::Completed, 2, 0));
    assert_eq!(host.wire.sent().len(), 1);
    working.drain(&host).await;
}
