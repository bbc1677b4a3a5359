//! A suspect runs alone, and it runs.

use crate::support::{TestHost, response};
use domain::task::State;
use std::time::Duration;

#[tokio::test]
async fn a_suspect_runs_on_a_host_that_always_has_something_to_do() {
    let host = TestHost::with(|_, settings| settings.concurrency = 2);
    let clock = host.clock.clone();
    // Two slots that never fall free at the same time.
    host.wire.answer(move |request| {
        let clock = clock.clone();
        async move {
            let seconds = if request.url.path().ends_with("even") { 4 } else { 7 };
            app::ports::clock::Clock::sleep(&clock, Duration::from_secs(seconds)).await;
            Ok(response(200))
        }
    });
    let mut fresh = Vec::new();
    for number in 0..40 {
        fresh.push(host.submit_delivery(if number % 2 == 0 { "even" } else { "odd" }).await);
    }
    let working = host.work();
    host.until(|task| task.state == State::Running, &fresh[1]).await;
    // Another host takes a task and dies.
    let suspect = host.submit_delivery("suspect").await;
    assert_eq!(host.claim().await.task.new.id, suspect);
    host.until(|task| task.strikes == 1, &suspect).await;
    host.until(|task| task.state == State::Completed, &suspect).await;
    let mut left = 0;
    for id in &fresh {
        left += usize::from(host.task(id).await.state == State::Queued);
    }
    assert!(left > 10, "it ran when nearly everything else had: {left} are left");
    working.drain(&host).await;
}
