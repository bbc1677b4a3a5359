use crate::bench::Bench;
use crate::build::{SECOND, completed};
use crate::cases;
use app::ports::store_error::StoreError;
use app::ports::tasks::QueueCounts;
use domain::id::TaskId;
use domain::task::{Kind, NewTask, State};

cases! {
    async fn a_submitted_task_is_found_as_it_was_given(bench: &Bench) {
        let new = bench.new_task();
        let submitted = bench.submit(new.clone()).await;
        let found = bench.task(&new.id).await;
        assert_eq!((&submitted, found.state, found.deliveries, found.cancel_requested), (&found, State::Queued, 0, false));
        assert_eq!(found.new, new);
    }

    async fn a_task_that_is_not_there_is_not_found(bench: &Bench) {
        assert_eq!(bench.store.find_task(bench.user, &TaskId::new("task", [9; 6])).await.unwrap(), None);
    }

    async fn the_task_of_another_user_is_not_there(bench: &Bench) {
        let new = bench.new_task();
        bench.submit(new.clone()).await;
        assert_eq!(bench.store.find_task(bench.stranger, &new.id).await.unwrap(), None);
        assert!(bench.store.list_tasks(bench.stranger, &[], 10, None).await.unwrap().tasks.is_empty());
        assert_eq!(bench.store.cancel_task(bench.stranger, &new.id, bench.now()).await.unwrap(), None);
        assert_eq!(bench.task(&new.id).await.state, State::Queued);
    }

    async fn submitting_the_same_id_again_changes_nothing(bench: &Bench) {
        let first = bench.submit(bench.new_task()).await;
        bench.claim(1).await;
        let again = NewTask { priority: 9, ..first.new.clone() };
        let answer = bench.store.submit_task(again, Vec::new()).await.unwrap();
        assert_eq!((answer.new, answer.state), (first.new, State::Running));
    }

    async fn an_id_of_another_user_is_taken_and_shows_nothing(bench: &Bench) {
        let first = bench.submit(bench.new_task()).await;
        let theirs = NewTask { user: bench.stranger, ..first.new };
        let error = bench.store.submit_task(theirs, Vec::new()).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
    }

    async fn a_list_is_newest_first_and_its_pages_have_each_task_once(bench: &Bench) {
        let mut ids = Vec::new();
        for number in 0..7 {
            ids.push(bench.submit(bench.new_task()).await.new.id);
            // Some are equally old, so that the cursor must tell them apart by id.
            if number % 3 == 0 {
                bench.advance(SECOND).await;
            }
        }
        let all = bench.store.list_tasks(bench.user, &[], 100, None).await.unwrap();
        assert_eq!((all.tasks.len(), all.next), (7, None));
        assert!(all.tasks.is_sorted_by_key(|task| std::cmp::Reverse(task.new.created_at)));
        let (mut paged, mut cursor) = (Vec::new(), None);
        loop {
            let page = bench.store.list_tasks(bench.user, &[], 3, cursor.as_deref()).await.unwrap();
            paged.extend(page.tasks);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, all.tasks);
        let mut found: Vec<_> = paged.into_iter().map(|task| task.new.id).collect();
        found.sort();
        ids.sort();
        assert_eq!(found, ids);
    }

    async fn a_page_that_ends_with_the_last_task_has_no_next(bench: &Bench) {
        for _ in 0..3 {
            bench.submit(bench.new_task()).await;
        }
        assert_eq!(bench.store.list_tasks(bench.user, &[], 3, None).await.unwrap().next, None);
        assert!(bench.store.list_tasks(bench.user, &[], 2, None).await.unwrap().next.is_some());
    }

    async fn text_that_is_no_cursor_is_refused(bench: &Bench) {
        for text in ["", "x", "1.task_", "'; DROP TABLE tasks; --"] {
            let error = bench.store.list_tasks(bench.user, &[], 3, Some(text)).await.unwrap_err();
            assert!(matches!(error, StoreError::Conflict(_)), "{text:?}: {error:?}");
        }
    }

    async fn a_list_shows_only_the_states_that_were_asked_for(bench: &Bench) {
        let done = bench.running().await;
        bench.finish(&done.lease, completed()).await.unwrap();
        bench.submit(bench.new_task()).await;
        let by = async |states: &[State]| bench.store.list_tasks(bench.user, states, 10, None).await.unwrap().tasks.len();
        assert_eq!(by(&[]).await, 2);
        assert_eq!(by(&[State::Queued]).await, 1);
        assert_eq!(by(&[State::Queued, State::Completed]).await, 2);
        assert_eq!(by(&[State::Failed]).await, 0);
    }

    async fn a_webhook_delivery_is_a_task_and_is_not_listed(bench: &Bench) {
        let delivery = NewTask { id: TaskId::new(TaskId::DELIVERY, bench.random()), kind: Kind::Webhook, ..bench.new_task() };
        bench.submit(delivery.clone()).await;
        assert!(bench.store.list_tasks(bench.user, &[], 10, None).await.unwrap().tasks.is_empty());
        assert_eq!(bench.task(&delivery.id).await.new.kind, Kind::Webhook);
    }

    async fn the_queue_is_counted_for_a_user_and_for_the_host(bench: &Bench) {
        let theirs = NewTask { user: bench.stranger, ..bench.new_task() };
        bench.submit(theirs).await;
        for _ in 0..4 {
            bench.submit(bench.new_task()).await;
        }
        let claimed = bench.claim(3).await;
        let mine: Vec<_> = claimed.into_iter().filter(|claimed| claimed.task.new.user == bench.user).collect();
        bench.suspend(&mine[0].lease, bench.now().plus(SECOND)).await.unwrap();
        bench.finish(&mine[1].lease, completed()).await.unwrap();
        let all = bench.store.count_queue(None).await.unwrap();
        assert_eq!(all.queued + all.running + all.waiting, 4);
        let own = bench.store.count_queue(Some(bench.user)).await.unwrap();
        assert_eq!(own.queued + own.running + own.waiting, 3);
        assert_eq!(own.waiting, 1);
        let nobody = domain::id::UserId(uuid::Uuid::from_u128(99));
        assert_eq!(bench.store.count_queue(Some(nobody)).await.unwrap(), QueueCounts::default());
    }

    async fn a_healthy_database_says_so(bench: &Bench) {
        bench.store.check().await.unwrap();
    }
}
