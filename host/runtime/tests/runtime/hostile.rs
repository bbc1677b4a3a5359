//! Guests that do harm when they run. Each case has a control: the same guest within its limits succeeds. While a hostile guest runs, a good
//! one is called again and again in the same runtime and never fails.

use crate::support::*;
use app::ports::components::Components as _;
use domain::component::{CallFailure, LimitKind, Limits};
use domain::effect::ErrorKind;
use domain::log::Level;
use runtime::{Options, Runtime};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// A guest, the amount that does harm, how that must end, and the amount that does not.
struct Case {
    guest: &'static str,
    hostile: u64,
    ends: End,
    control: u64,
}

#[derive(Debug, PartialEq)]
enum End {
    Deadline,
    Limit(LimitKind),
    Trap(&'static str),
    InvalidOutput,
}

fn case(guest: &'static str, hostile: u64, ends: End, control: u64) -> Case {
    Case { guest, hostile, ends, control }
}

fn check(case: &Case, failure: &CallFailure) {
    let matches = match (&case.ends, failure) {
        (End::Deadline, CallFailure::Deadline { wall_ms }) => *wall_ms == short().wall_ms,
        (End::Limit(expected), CallFailure::Limit { kind, .. }) => kind == expected,
        (End::Trap(expected), CallFailure::Trap { message }) => message.contains(expected),
        (End::InvalidOutput, CallFailure::InvalidOutput { .. }) => true,
        _ => false,
    };
    assert!(
        matches,
        "{} with {} should end as {:?}, not as {failure:?}",
        case.guest, case.hostile, case.ends
    );
}

/// Run the cases one after the other beside a good guest.
async fn contain(cases: &[Case]) {
    let runtime = runtime();
    let good = load(&runtime, skill("good")).await.unwrap().digest;
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicU32::new(0));
    let neighbour = tokio::spawn({
        let (runtime, stop, served) = (Arc::clone(&runtime), Arc::clone(&stop), Arc::clone(&served));
        async move {
            while !stop.load(Ordering::Relaxed) {
                let host = Arc::new(ScriptedHost::default());
                let outcome = runtime.call(request(good, 1, Limits::default(), host)).await;
                assert_eq!(json_of(outcome), json!("ok"), "the neighbour's call");
                served.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    for case in cases {
        let digest = load(&runtime, skill(case.guest)).await.unwrap().digest;
        let call =
            |amount, limits| runtime.call(request(digest, amount, limits, Arc::new(ScriptedHost::default())));
        let control = async |when: &str| {
            let result = call(case.control, tight()).await.result;
            assert!(result.is_ok(), "control of {} {when}: {result:?}", case.guest);
        };
        control("before").await;
        let before = served.load(Ordering::Relaxed);
        let limits = if case.ends == End::Deadline { short() } else { tight() };
        check(case, &failure(call(case.hostile, limits).await));
        if case.ends == End::Deadline {
            assert!(served.load(Ordering::Relaxed) > before, "nobody was served beside {}", case.guest);
        }
        // What one call did is gone in the next.
        control("after harm").await;
    }
    stop.store(true, Ordering::Relaxed);
    neighbour.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_loops_end_at_the_deadline() {
    contain(&[
        case("endless_loop", 0, End::Deadline, 1000),
        case("endless_calls", 0, End::Deadline, 1000),
        case("clock_loop", 0, End::Deadline, 1000),
    ])
    .await;
}

#[tokio::test]
async fn an_endless_loop_leaves_its_only_thread_to_others() {
    let runtime = runtime();
    let hostile = load(&runtime, skill("endless_loop")).await.unwrap().digest;
    let good = load(&runtime, skill("good")).await.unwrap().digest;
    let endless = runtime.call(request(hostile, 0, short(), Arc::new(ScriptedHost::default())));
    let mut endless = std::pin::pin!(endless);
    let mut served = 0;
    let outcome = loop {
        let host = Arc::new(ScriptedHost::default());
        let good = runtime.call(request(good, 1, Limits::default(), host));
        tokio::select! {
            biased;
            outcome = &mut endless => break outcome,
            outcome = good => {
                assert_eq!(json_of(outcome), json!("ok"));
                served += 1;
            }
        }
    };
    assert!(matches!(failure(outcome), CallFailure::Deadline { .. }));
    assert!(served > 0);
}

#[tokio::test]
async fn loops_of_host_calls_end_at_their_limits() {
    contain(&[
        case("kv_loop", 101, End::Limit(LimitKind::HostCalls), 100),
        // 95 x 1,000 bytes fit 1 MiB, so this one is over the number; the next test is over the bytes.
        case("file_read", 200, End::Limit(LimitKind::HostCalls), 95),
    ])
    .await;
}

#[tokio::test]
async fn many_replies_that_are_small_alone_are_counted_together() {
    let runtime = runtime();
    let digest = load(&runtime, skill("file_read")).await.unwrap().digest;
    let limits = Limits { host_call_bytes: 10_000, ..tight() };
    let call =
        |amount| runtime.call(request(digest, amount, limits.clone(), Arc::new(ScriptedHost::default())));
    assert_eq!(json_of(call(9).await), json!("ok"));
    let failure = failure(call(10).await);
    assert!(matches!(failure, CallFailure::Limit { kind: LimitKind::HostCallBytes, .. }), "{failure}");
}

#[tokio::test]
async fn a_host_call_without_an_answer_ends_at_the_deadline() {
    let runtime = runtime();
    let digest = load(&runtime, skill("kv_loop")).await.unwrap().digest;
    let silent = Arc::new(ScriptedHost { silent: true, ..ScriptedHost::default() });
    let failure = failure(runtime.call(request(digest, 1, short(), silent)).await);
    assert_eq!(failure, CallFailure::Deadline { wall_ms: short().wall_ms });
    // Its slot came back, three times over.
    for _ in 0..4 {
        let host = Arc::new(ScriptedHost::default());
        assert_eq!(json_of(runtime.call(request(digest, 1, tight(), host)).await), json!("ok"));
    }
}

#[tokio::test]
async fn memory_and_table_bombs_hit_their_limits() {
    contain(&[
        case("memory_bomb", 1024, End::Limit(LimitKind::Memory), 1000),
        case("memory_bomb", 65_535, End::Limit(LimitKind::Memory), 1),
        case("memory_bomb", 4_294_967_295, End::Limit(LimitKind::Memory), 0),
        case("table_bomb", 20_000, End::Limit(LimitKind::Table), 19_999),
        case("table_bomb", 4_000_000_000, End::Limit(LimitKind::Table), 1),
    ])
    .await;
}

#[tokio::test]
async fn a_guest_that_takes_no_for_an_answer_may_go_on() {
    let runtime = runtime();
    let digest = load(&runtime, skill("memory_creep")).await.unwrap().digest;
    let limits = Limits { memory_bytes: 1 << 20, ..tight() };
    let outcome = runtime.call(request(digest, 5000, limits, Arc::new(ScriptedHost::default()))).await;
    assert_eq!(outcome.cost.memory_bytes, 1 << 20);
    assert_eq!(json_of(outcome), json!("ok"));
}

#[tokio::test]
async fn deep_recursion_exhausts_its_own_stack() {
    contain(&[
        case("recursion", 100_000_000, End::Limit(LimitKind::Stack), 1000),
        case("recursion_wide", 100_000_000, End::Limit(LimitKind::Stack), 500),
    ])
    .await;
}

#[tokio::test]
async fn results_that_are_too_large_outside_memory_or_no_json_are_refused() {
    contain(&[
        // At the limit and one byte over it; then so much that the host does not even copy it.
        case("huge_result", (1 << 20) + 1, End::Limit(LimitKind::Output), 1 << 20),
        case("huge_result", 6 << 20, End::Limit(LimitKind::Output), 100),
        case("result_outside", 65_535, End::Trap("out of bounds"), 1024),
        case("result_outside", 0xffff_fff0, End::Trap("out of bounds"), 1024),
        case("result_bytes", 4, End::InvalidOutput, 0),
        case("result_bytes", 8, End::Trap("utf-8"), 0),
        case("result_case", 7, End::Trap("discriminant"), 0),
    ])
    .await;
}

#[tokio::test]
async fn a_huge_error_text_is_cut_at_a_character() {
    let runtime = runtime();
    let digest = load(&runtime, skill("huge_error")).await.unwrap().digest;
    let call = |amount| runtime.call(request(digest, amount, tight(), Arc::new(ScriptedHost::default())));
    for (amount, length) in [(10, 30), (1365, 4095), (100_000, 4095)] {
        let CallFailure::Error(error) = failure(call(amount).await) else { panic!("an error of the guest") };
        assert_eq!((error.kind, error.message.len()), (ErrorKind::Other, length), "{amount}");
    }
}

#[tokio::test]
async fn huge_and_wild_strings_to_the_host_are_refused() {
    contain(&[
        case("huge_key", 1 << 20, End::Limit(LimitKind::HostCallBytes), 1000),
        case("huge_key", 6 << 20, End::Limit(LimitKind::HostCallBytes), (1 << 20) - 5),
        case("key_outside", 0xffff_0000, End::Trap("out of bounds"), 1024),
    ])
    .await;
}

#[tokio::test]
async fn text_that_is_no_json_never_reaches_the_host() {
    let runtime = runtime();
    let digest = load(&runtime, skill("bad_json")).await.unwrap().digest;
    let host = Arc::new(ScriptedHost::default());
    let failure = failure(runtime.call(request(digest, 5, tight(), host.clone())).await);
    assert!(failure.to_string().starts_with("invalid-input: arguments is not JSON"), "{failure}");
    assert!(host.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_log_flood_is_cut_and_said_once() {
    let runtime = runtime();
    let digest = load(&runtime, skill("log_flood")).await.unwrap().digest;
    let lines = async |amount| {
        let host = Arc::new(ScriptedHost::default());
        assert_eq!(json_of(runtime.call(request(digest, amount, tight(), host.clone())).await), json!("ok"));
        let lines = host.lines.lock().unwrap();
        lines.clone()
    };
    let few = lines(10).await;
    assert_eq!(few, vec![(Level::Info, "\"ok\"".to_owned()); 10]);
    let many = lines(50_000).await;
    // 4,096 bytes at 36 a line.
    assert_eq!(many.len(), 113 + 1);
    let (level, last) = many.last().unwrap();
    assert_eq!(*level, Level::Warn);
    assert_eq!(last, "49887 log lines were dropped: a call may write 4096 bytes of log");
}

#[tokio::test]
async fn a_huge_log_line_and_progress_beyond_everything_are_cut() {
    let runtime = runtime();
    let digest = load(&runtime, skill("log_line")).await.unwrap().digest;
    let host = Arc::new(ScriptedHost::default());
    let limits = Limits { log_bytes: 1 << 20, ..tight() };
    assert_eq!(json_of(runtime.call(request(digest, 900_000, limits, host.clone())).await), json!("ok"));
    assert_eq!(host.lines.lock().unwrap()[0].1.len(), 4096);
    let digest = load(&runtime, skill("progress_flood")).await.unwrap().digest;
    assert_eq!(json_of(runtime.call(request(digest, 5, tight(), host.clone())).await), json!("ok"));
    let reports = host.reports.lock().unwrap().clone();
    assert!(reports.iter().all(|(percent, text)| *percent == 100 && text.len() == 200));
    assert_eq!(reports.len(), 5);
    let host = Arc::new(ScriptedHost::default());
    assert_eq!(json_of(runtime.call(request(digest, 5000, tight(), host.clone())).await), json!("ok"));
    assert_eq!(host.reports.lock().unwrap().len(), 1000);
}

#[tokio::test]
async fn growth_beyond_what_a_module_declares_is_refused_and_not_counted() {
    let runtime = runtime();
    // A table of at most five elements: the sixth is refused by the module's own word, which is no limit of the call.
    let fields = "(table $table 1 5 funcref)
(func $run (param $amount i32) (result i32)
  (if (i32.ne (table.grow $table (ref.null func) (i32.const 6)) (i32.const -1)) (then unreachable))
  (if (i32.eq (table.grow $table (ref.null func) (local.get $amount)) (i32.const -1)) (then unreachable))
  (call $ok (i32.const 1024) (i32.const 4)))";
    let digest = load(&runtime, skill_of(fields)).await.unwrap().digest;
    let limits = Limits { table_elements: 10, ..tight() };
    let call =
        |amount| runtime.call(request(digest, amount, limits.clone(), Arc::new(ScriptedHost::default())));
    assert_eq!(json_of(call(4).await), json!("ok"));
    assert!(matches!(failure(call(5).await), CallFailure::Trap { .. }));
}

#[tokio::test]
async fn a_call_that_its_caller_drops_gives_everything_back() {
    let runtime = runtime();
    let digest = load(&runtime, skill("kv_loop")).await.unwrap().digest;
    for _ in 0..10 {
        let silent = Arc::new(ScriptedHost { silent: true, ..ScriptedHost::default() });
        let mut call = runtime.call(request(digest, 1, tight(), silent.clone()));
        while silent.calls.lock().unwrap().is_empty() {
            assert!(poll_once(&mut call).await.is_none());
        }
    }
    let host = Arc::new(ScriptedHost::default());
    assert_eq!(json_of(runtime.call(request(digest, 1, tight(), host)).await), json!("ok"));
}

/// Poll once.
async fn poll_once<Output>(future: &mut (impl Future<Output = Output> + Unpin)) -> Option<Output> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn hostile_guests_are_contained_without_a_pool_too() {
    // More address space than there is: small calls allocate on demand.
    let runtime = Runtime::new(Options { root_calls: 100_000, ..Options::in_process() }).unwrap();
    assert!(matches!(runtime.allocation(), runtime::Allocation::OnDemand { .. }));
    for case in [
        case("endless_loop", 0, End::Deadline, 1000),
        case("memory_bomb", 65_535, End::Limit(LimitKind::Memory), 1000),
        case("table_bomb", 20_000, End::Limit(LimitKind::Table), 19_999),
        case("recursion", 100_000_000, End::Limit(LimitKind::Stack), 1000),
        case("traps", 3, End::Trap("out of bounds memory access"), 0),
    ] {
        let digest = load(&runtime, skill(case.guest)).await.unwrap().digest;
        let limits = if case.ends == End::Deadline { short() } else { tight() };
        let call =
            |amount| runtime.call(request(digest, amount, limits.clone(), Arc::new(ScriptedHost::default())));
        assert_eq!(json_of(call(case.control).await), json!("ok"), "control of {}", case.guest);
        check(&case, &failure(call(case.hostile).await));
    }
}

#[tokio::test]
async fn an_ungranted_call_is_denied_and_the_guest_goes_on() {
    let runtime = runtime();
    let digest = load(&runtime, skill("denied")).await.unwrap().digest;
    let denies = ScriptedHost::with(|call| {
        let message = format!("{} is not granted: ask the operator for files", call.name());
        now(Err(domain::effect::CallError::new(ErrorKind::Denied, "grant", message)))
    });
    let denied = failure(runtime.call(request(digest, 1, tight(), denies)).await);
    assert_eq!(denied.to_string(), "denied: files.read is not granted: ask the operator for files");
    let grants = Arc::new(ScriptedHost::default());
    assert_eq!(json_of(runtime.call(request(digest, 1, tight(), grants)).await), json!("ok"));
}

#[tokio::test]
async fn traps_of_every_kind_end_one_call() {
    contain(&[
        case("traps", 1, End::Trap("unreachable"), 0),
        case("traps", 2, End::Trap("divide by zero"), 0),
        case("traps", 3, End::Trap("out of bounds memory access"), 0),
        case("traps", 4, End::Trap("uninitialized element"), 0),
        case("traps", 5, End::Trap("indirect call type mismatch"), 0),
        case("random_bytes", 65_537, End::Trap("at most 65536"), 65_536),
    ])
    .await;
}

#[tokio::test]
async fn many_hostile_guests_at_once_leave_room_for_a_good_one() {
    let runtime = runtime();
    let good = load(&runtime, skill("good")).await.unwrap().digest;
    let mut hostile = Vec::new();
    for (guest, amount) in
        [("endless_loop", 0), ("memory_bomb", 65_535), ("recursion", 100_000_000), ("traps", 1)]
    {
        let digest = load(&runtime, skill(guest)).await.unwrap().digest;
        hostile.extend((0..5).map(|_| (digest, amount)));
    }
    let calls = hostile.into_iter().map(|(digest, amount)| {
        let runtime = Arc::clone(&runtime);
        let limits = Limits { wall_ms: 50, ..tight() };
        tokio::spawn(async move {
            runtime.call(request(digest, amount, limits, Arc::new(ScriptedHost::default()))).await
        })
    });
    let calls: Vec<_> = calls.collect();
    for _ in 0..20 {
        let host = Arc::new(ScriptedHost::default());
        assert_eq!(json_of(runtime.call(request(good, 1, Limits::default(), host)).await), json!("ok"));
    }
    for call in calls {
        let failure = failure(call.await.unwrap());
        assert!(["deadline", "limit", "trap"].contains(&failure.code()), "{failure}");
    }
}

#[tokio::test]
async fn instructions_are_limited_where_they_are_counted_and_refused_where_not() {
    let counting = Runtime::new(Options { count_fuel: true, ..Options::in_process() }).unwrap();
    let digest = load(&counting, skill("endless_loop")).await.unwrap().digest;
    let limits = Limits { fuel: Some(100_000), ..tight() };
    let call =
        |amount| counting.call(request(digest, amount, limits.clone(), Arc::new(ScriptedHost::default())));
    let few = call(100).await;
    assert!(few.cost.fuel.is_some_and(|fuel| (100..10_000).contains(&fuel)), "{few:?}");
    assert_eq!(json_of(few), json!("ok"));
    let failure_of_many = failure(call(0).await);
    assert!(matches!(failure_of_many, CallFailure::Limit { kind: LimitKind::Fuel, .. }), "{failure_of_many}");
    let runtime = runtime();
    let digest = load(&runtime, skill("good")).await.unwrap().digest;
    let refused =
        failure(runtime.call(request(digest, 1, limits.clone(), Arc::new(ScriptedHost::default()))).await);
    assert_eq!(refused.code(), "unloadable");
}
