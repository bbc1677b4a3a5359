use crate::bench::Bench;
use crate::build::{HOUR, SECOND};
use crate::cases;
use app::ports::idempotency::{Begin, IdempotencyScope, KeptAnswer};

cases! {
    async fn the_first_request_is_fresh_the_second_running_and_later_ones_get_its_answer(bench: &Bench) {
        let (scope, body) = (scope("k"), [1; 32]);
        assert_eq!(bench.store.begin(&scope, body, bench.now()).await.unwrap(), Begin::Fresh);
        assert_eq!(bench.store.begin(&scope, body, bench.now()).await.unwrap(), Begin::Running);
        bench.store.complete(&scope, answer(202), bench.now()).await.unwrap();
        assert_eq!(bench.store.begin(&scope, body, bench.now()).await.unwrap(), Begin::Kept(answer(202)));
    }

    async fn another_body_under_the_key_is_told_apart_before_and_after_the_answer(bench: &Bench) {
        let scope = scope("k");
        bench.store.begin(&scope, [1; 32], bench.now()).await.unwrap();
        assert_eq!(bench.store.begin(&scope, [2; 32], bench.now()).await.unwrap(), Begin::OtherBody);
        bench.store.complete(&scope, answer(200), bench.now()).await.unwrap();
        assert_eq!(bench.store.begin(&scope, [2; 32], bench.now()).await.unwrap(), Begin::OtherBody);
    }

    async fn a_key_counts_for_its_caller_method_and_path_alone(bench: &Bench) {
        let scope = scope("k");
        bench.store.begin(&scope, [1; 32], bench.now()).await.unwrap();
        for other in [
            IdempotencyScope { caller: "other".to_owned(), ..scope.clone() },
            IdempotencyScope { method: "PUT".to_owned(), ..scope.clone() },
            IdempotencyScope { path: "/v2".to_owned(), ..scope.clone() },
            IdempotencyScope { key: "l".to_owned(), ..scope.clone() },
        ] {
            assert_eq!(bench.store.begin(&other, [2; 32], bench.now()).await.unwrap(), Begin::Fresh, "{other:?}");
        }
    }

    async fn an_abandoned_key_is_fresh_again_and_an_answer_cannot_be_abandoned(bench: &Bench) {
        let scope = scope("k");
        bench.store.begin(&scope, [1; 32], bench.now()).await.unwrap();
        bench.store.abandon(&scope).await.unwrap();
        assert_eq!(bench.store.begin(&scope, [2; 32], bench.now()).await.unwrap(), Begin::Fresh);
        bench.store.complete(&scope, answer(200), bench.now()).await.unwrap();
        bench.store.abandon(&scope).await.unwrap();
        assert_eq!(bench.store.begin(&scope, [2; 32], bench.now()).await.unwrap(), Begin::Kept(answer(200)));
    }

    async fn a_reservation_whose_host_died_is_given_up_after_five_minutes(bench: &Bench) {
        let scope = scope("k");
        bench.store.begin(&scope, [1; 32], bench.now()).await.unwrap();
        bench.advance(SECOND * 299).await;
        assert_eq!(bench.store.begin(&scope, [1; 32], bench.now()).await.unwrap(), Begin::Running);
        bench.advance(SECOND * 2).await;
        assert_eq!(bench.store.begin(&scope, [2; 32], bench.now()).await.unwrap(), Begin::Fresh);
    }

    async fn an_answer_is_kept_for_a_day_and_then_cleaned(bench: &Bench) {
        for key in ["a", "b", "c"] {
            bench.store.begin(&scope(key), [1; 32], bench.now()).await.unwrap();
            bench.store.complete(&scope(key), answer(200), bench.now()).await.unwrap();
        }
        bench.advance(HOUR * 24 - SECOND).await;
        assert_eq!(bench.store.clean_answers(bench.now(), 10).await.unwrap(), 0);
        assert_eq!(bench.store.begin(&scope("a"), [1; 32], bench.now()).await.unwrap(), Begin::Kept(answer(200)));
        bench.advance(SECOND * 2).await;
        assert_eq!(bench.store.begin(&scope("a"), [1; 32], bench.now()).await.unwrap(), Begin::Fresh);
        assert_eq!(bench.store.clean_answers(bench.now(), 1).await.unwrap(), 1);
        assert_eq!(bench.store.clean_answers(bench.now(), 10).await.unwrap(), 1);
        assert_eq!(bench.store.begin(&scope("a"), [1; 32], bench.now()).await.unwrap(), Begin::Running);
    }

    async fn of_equal_requests_at_once_one_is_fresh(bench: &Bench) {
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (store, now) = (std::sync::Arc::clone(&bench.store), bench.now());
            requests.spawn(async move { store.begin(&scope("k"), [1; 32], now).await.unwrap() });
        }
        let answers = requests.join_all().await;
        assert_eq!(answers.iter().filter(|answer| **answer == Begin::Fresh).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Begin::Running).count(), 15);
    }
}

fn scope(key: &str) -> IdempotencyScope {
    IdempotencyScope {
        caller: "user:1".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/agents/tasks".to_owned(),
        key: key.to_owned(),
    }
}

fn answer(status: u16) -> KeptAnswer {
    KeptAnswer {
        status,
        location: Some("/v1/agents/tasks/task_1".to_owned()),
        headers: vec![
            ("content-type".to_owned(), "application/problem+json".to_owned()),
            ("retry-after".to_owned(), "1".to_owned()),
        ],
        body: b"{\"a\":\0 1}".to_vec(),
    }
}
