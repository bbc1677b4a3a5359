//! Hosts beside each other.

use crate::database::TestDatabase;
use crate::words::{LEASE, NOW, USER, append, claim, connect, new_task, request};
use app::ports::journal::{FollowUps, Journal as _};
use app::ports::queue::{Beat, Queue as _};
use app::ports::tasks::{CancelOutcome, ImportedFile, Tasks as _};
use domain::id::{Digest, UserId};
use domain::task::{NewTask, Outcome, State};
use sqlx::Row as _;
use sqlx::postgres::PgListener;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use store::postgres::{PostgresOptions, PostgresStore};
use uuid::Uuid;

/// Much less than the slow poll, much more than a notification takes.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn hosts_that_claim_at_the_same_time_never_get_one_task_twice() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    for number in 0..60 {
        store.submit_task(new_task(number), Vec::new()).await.unwrap();
    }
    let claims = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = store.claim(request(3), NOW).await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|claimed| claimed.lease.task));
            }
        })
    });
    let mut all = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        all.extend(claim.await.unwrap());
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 60);
    database.remove().await;
}

#[tokio::test]
async fn another_host_hears_of_a_task_long_before_it_would_poll() {
    let database = TestDatabase::create().await;
    let (here, there) = (connect(database.url()).await, connect(database.url()).await);
    assert!(here.has_echo() && there.has_echo());
    let hears = tokio::spawn(async move { there.changed().await });
    here.submit_task(new_task(1), Vec::new()).await.unwrap();
    tokio::time::timeout(SOON, hears).await.expect("the other host hears of it").unwrap();
    database.remove().await;
}

#[tokio::test]
async fn many_submits_are_few_notifications() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    let pool = database.pool().await;
    let mut listener = PgListener::connect(database.url()).await.unwrap();
    listener.listen("skep").await.unwrap();
    let start = Instant::now();
    for number in 0..100 {
        store.submit_task(new_task(number), Vec::new()).await.unwrap();
    }
    sqlx::raw_sql("NOTIFY skep, 'the end'").execute(&pool).await.unwrap();
    let most = start.elapsed().as_millis() / 20 + 2;
    let mut count = 0;
    while listener.recv().await.unwrap().payload().is_empty() {
        count += 1;
    }
    assert!(count >= 1 && count <= most, "{count} notifications, at most {most}");
    database.remove().await;
}

#[tokio::test]
async fn without_an_echo_the_queue_is_polled_and_everything_works_without_prepared_statements() {
    let database = TestDatabase::create().await;
    // Notifications stay within a database, so listening in another one hears nothing.
    let elsewhere = TestDatabase::create().await;
    let store = PostgresStore::connect(database.url(), Some(elsewhere.url()), PostgresOptions::default())
        .await
        .unwrap();
    assert!(!store.has_echo());
    tokio::time::timeout(SOON, store.changed()).await.expect("the queue is polled");
    store.submit_task(new_task(1), Vec::new()).await.unwrap();
    let claimed = claim(&store).await;
    store.append(&claimed.lease, append(1), NOW).await.unwrap();
    assert_eq!(store.extend(std::slice::from_ref(&claimed.lease), LEASE, NOW).await.unwrap(), [Beat::Kept]);
    let ended = store
        .finish(&claimed.lease, Outcome::Completed(serde_json::json!(1)), FollowUps::default(), NOW)
        .await
        .unwrap();
    assert_eq!(ended.state, State::Completed);
    assert_eq!(store.find_task(USER, &ended.new.id).await.unwrap(), Some(ended));
    database.remove().await;
    elsewhere.remove().await;
}

/// Submit 200 tasks at once, one of them changed. Answers how many failed, and how many transactions stored the others.
async fn submit_200(
    store: &PostgresStore,
    database: &TestDatabase,
    odd: (NewTask, Vec<ImportedFile>),
) -> (usize, i64) {
    let mut submits: Vec<_> = (0..200).map(|number| (new_task(number), Vec::new())).collect();
    submits[7] = odd;
    let submits = submits.into_iter().map(|(new, files)| {
        let store = store.clone();
        tokio::spawn(async move { store.submit_task(new, files).await })
    });
    let mut failed = 0;
    for submit in submits.collect::<Vec<_>>() {
        failed += usize::from(submit.await.unwrap().is_err());
    }
    let pool = database.pool().await;
    let row =
        sqlx::query("SELECT count(*), count(DISTINCT xmin::text) FROM tasks").fetch_one(&pool).await.unwrap();
    let (tasks, transactions): (i64, i64) = (row.get(0), row.get(1));
    assert!(tasks >= 199, "{tasks}");
    (failed, transactions)
}

#[tokio::test]
async fn submits_that_wait_together_share_transactions() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    // Somebody else's task has this id already.
    store.submit_task(new_task(7), Vec::new()).await.unwrap();
    let stranger = NewTask { user: UserId(Uuid::from_u128(99)), ..new_task(7) };
    let (failed, transactions) = submit_200(&store, &database, (stranger, Vec::new())).await;
    assert_eq!(failed, 1);
    assert!(transactions < 20, "{transactions}");
    database.remove().await;
}

#[tokio::test]
async fn a_submit_that_the_database_refuses_fails_alone() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    let missing = ImportedFile { path: "a".to_owned(), blob: Digest::of(b"nobody has put this"), size: 1 };
    let (failed, _) = submit_200(&store, &database, (new_task(7), vec![missing])).await;
    assert_eq!(failed, 1);
    database.remove().await;
}

#[tokio::test]
async fn a_cancel_that_meets_a_deadlock_is_run_again() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    let parent = store.submit_task(new_task(1), Vec::new()).await.unwrap();
    let child = NewTask { parent: Some(parent.new.id.clone()), ..new_task(2) };
    let child = store.submit_task(child, Vec::new()).await.unwrap();
    let pool = database.pool().await;
    let mut other = pool.begin().await.unwrap();
    let touch = "UPDATE tasks SET priority = priority WHERE id = $1";
    sqlx::query(touch).bind(child.new.id.as_str()).execute(&mut *other).await.unwrap();
    let cancel = tokio::spawn({
        let (store, id) = (store.clone(), parent.new.id.clone());
        async move { store.cancel_task(USER, &id, NOW).await }
    });
    // The cancel holds the parent and waits for the child. Now wait the other way round: one of the two must give way.
    let second = loop {
        let waiting =
            sqlx::query("SELECT 1 FROM pg_locks WHERE NOT granted").fetch_optional(&pool).await.unwrap();
        if waiting.is_some() {
            break sqlx::query(touch).bind(parent.new.id.as_str()).execute(&mut *other).await;
        }
        tokio::task::yield_now().await;
    };
    match second {
        Ok(_) => other.commit().await.unwrap(),
        Err(_) => other.rollback().await.unwrap(),
    }
    let outcome = cancel.await.unwrap().unwrap();
    assert!(matches!(outcome, Some(CancelOutcome::Cancelled(_))), "{outcome:?}");
    assert_eq!(store.find_task(USER, &child.new.id).await.unwrap().unwrap().state, State::Cancelled);
    database.remove().await;
}
