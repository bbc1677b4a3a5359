//! Windows of rate limits, shared by hosts.

use crate::bench::Bench;
use crate::build::{HOUR, SECOND};
use crate::cases;
use app::ports::rate_windows::{Chunk, RateWindows};
use app::ports::store_error::StoreError;
use app::rates::Rates;
use domain::id::UserId;
use domain::plan::{Plan, PlanLimits};
use domain::rate::{Counted, Quota, Window};
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

cases! {
    async fn chunks_add_up_to_the_limit_and_no_further(bench: &Bench) {
        let (hour, minute) = both(bench);
        let mut total = 0;
        while let [Chunk { got, taken }] = bench.store.take_chunks(bench.user, Counted::Plan, &[hour]).await.unwrap()[..]
            && got > 0
        {
            total += got;
            assert_eq!(taken, total);
        }
        assert_eq!(total, 1000);
        let [of_hour, of_minute] = bench.store.take_chunks(bench.user, Counted::Plan, &[hour, minute]).await.unwrap()[..]
        else { panic!("an answer for each") };
        assert_eq!((of_hour, of_minute), (Chunk { got: 0, taken: 1000 }, Chunk { got: 2, taken: 2 }));
        assert_eq!(bench.store.read_windows(bench.user, Counted::Plan, &[minute.0, hour.0]).await.unwrap(), [2, 1000]);
        // Another user, other surfaces and another time have their own.
        assert_eq!(bench.store.read_windows(bench.stranger, Counted::Plan, &[hour.0]).await.unwrap(), [0]);
        assert_eq!(bench.store.read_windows(bench.user, Counted::Other, &[hour.0]).await.unwrap(), [0]);
        bench.advance(HOUR).await;
        let chunk = bench.store.take_chunks(bench.user, Counted::Plan, &[both(bench).0]).await.unwrap()[0];
        assert_eq!(chunk, Chunk { got: 10, taken: 10 });
    }

    async fn hosts_that_take_at_once_take_nothing_twice(bench: &Bench) {
        let (hour, minute) = both(bench);
        let mut takes = JoinSet::new();
        for _ in 0..60 {
            let (store, user) = (Arc::clone(&bench.store), bench.user);
            takes.spawn(async move { store.take_chunks(user, Counted::Plan, &[hour, minute]).await });
        }
        let (mut hours, mut minutes) = (0, 0);
        for chunks in takes.join_all().await {
            let chunks = chunks.unwrap();
            hours += chunks[0].got;
            minutes += chunks[1].got;
        }
        assert_eq!((hours, minutes), (600, 17));
        assert_eq!(bench.store.read_windows(bench.user, Counted::Plan, &[hour.0, minute.0]).await.unwrap(), [600, 17]);
    }

    async fn two_hosts_admit_together_what_one_may_and_tell_the_same(bench: &Bench) {
        // From half past to the full hour; each of the two takes an hour.
        bench.advance(HOUR / 2).await;
        for plan in [Plan::Startup, Plan::Scale] {
            two_hosts(bench, plan.limits()).await;
        }
    }

    async fn windows_that_are_over_are_cleaned(bench: &Bench) {
        let (hour, minute) = both(bench);
        bench.store.take_chunks(bench.user, Counted::Plan, &[hour, minute]).await.unwrap();
        bench.store.take_chunks(bench.stranger, Counted::Plan, &[minute]).await.unwrap();
        assert_eq!(bench.store.clean_windows(bench.now(), 10).await.unwrap(), 0);
        bench.advance(SECOND * 60).await;
        assert_eq!(bench.store.clean_windows(bench.now(), 1).await.unwrap(), 1);
        assert_eq!(bench.store.clean_windows(bench.now(), 10).await.unwrap(), 1);
        assert_eq!(bench.store.read_windows(bench.user, Counted::Plan, &[hour.0, minute.0]).await.unwrap(), [10, 0]);
        bench.advance(HOUR).await;
        assert_eq!(bench.store.clean_windows(bench.now(), 10).await.unwrap(), 1);
    }
}

/// The hour and the minute of now, with the smallest plan's numbers.
fn both(bench: &Bench) -> ((Window, Quota), (Window, Quota)) {
    let quotas = Counted::Plan.quotas(Plan::Startup.limits());
    let at = |quota: Quota| (Window::at(quota.length, bench.now()), quota);
    (at(quotas[0]), at(quotas[1]))
}

/// An hour of more requests than the plan has, which come to one host, to the other, to both.
async fn two_hosts(bench: &Bench, limits: PlanLimits) {
    let store = Arc::new(Counting { store: Arc::clone(&bench.store), takes: AtomicU32::new(0) });
    let hosts = [(); 2].map(|()| Rates::new(store.clone(), Arc::new(bench.clock())));
    let (mut admitted, mut by_minute) = (0, [0_u32; 60]);
    for (minute, in_minute) in by_minute.iter_mut().enumerate() {
        let wanted = limits.per_minute * 5 / 4;
        let mut said = [None; 2];
        for number in 0..wanted {
            let first = match minute % 4 {
                0 => true,
                1 => false,
                2 => number % 2 == 0,
                _ => number % 10 == 0,
            };
            let host = usize::from(!first);
            let verdict = hosts[host].admit(bench.user, Counted::Plan, limits).await.unwrap();
            if verdict.retry_after.is_none() {
                *in_minute += 1;
                admitted += 1;
            }
            // What clients of this host are told is what was admitted, to 2 %.
            let left = limits.per_hour - admitted;
            assert!(verdict.remaining.abs_diff(left) * 50 <= limits.per_hour, "{verdict:?}, {left} left");
            said[host] = Some(verdict.remaining);
            bench.advance(Duration::from_millis(60_000 / u64::from(wanted))).await;
        }
        if let [Some(one), Some(other)] = said {
            assert!(one.abs_diff(other) * 50 <= limits.per_hour, "{one} here, {other} there");
        }
        let over = bench.now().since(Window::at(Duration::from_secs(60), bench.now()).starts_at);
        if !over.is_zero() {
            bench.advance(Duration::from_secs(60) - over).await;
        }
    }
    assert!(admitted <= limits.per_hour && admitted * 50 >= limits.per_hour * 49, "{admitted} of {limits:?}");
    let is_over = |count: &u32| *count > limits.per_minute;
    assert!(!by_minute.iter().any(is_over), "{by_minute:?}");
    let takes = store.takes.load(Ordering::Relaxed);
    assert!(takes * 3 <= admitted * 2, "{takes} transactions for {admitted} requests");
}

/// Counts what writes.
struct Counting {
    store: Arc<dyn crate::bench::Store>,
    takes: AtomicU32,
}

#[async_trait::async_trait]
impl RateWindows for Counting {
    async fn take_chunks(
        &self,
        user: UserId,
        counted: Counted,
        wanted: &[(Window, Quota)],
    ) -> Result<Vec<Chunk>, StoreError> {
        self.takes.fetch_add(1, Ordering::Relaxed);
        self.store.take_chunks(user, counted, wanted).await
    }

    async fn read_windows(
        &self,
        user: UserId,
        counted: Counted,
        windows: &[Window],
    ) -> Result<Vec<u32>, StoreError> {
        self.store.read_windows(user, counted, windows).await
    }

    async fn clean_windows(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.store.clean_windows(now, limit).await
    }
}
