use crate::bench::Bench;
use crate::build::{LEASE, SECOND};
use crate::cases;
use app::ports::queue::Rescued;
use domain::id::HostId;
use domain::task::State;
use uuid::Uuid;

cases! {
    async fn a_task_whose_host_died_without_an_entry_is_a_suspect_and_runs_alone(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.advance(LEASE).await;
        let rescued = bench.store.rescue(bench.now(), 10).await.unwrap();
        assert_eq!(rescued, Rescued { requeued: vec![lease.task.clone()], ..Rescued::default() });
        let task = bench.task(&lease.task).await;
        assert_eq!((task.state, task.strikes), (State::Queued, 1));
        let other = bench.submit(bench.new_task()).await.new.id;
        // A busy host leaves it alone, an idle one takes nothing else.
        let busy = bench.claim_as(bench.host, false).await;
        assert_eq!((busy.len(), &busy[0].lease.task, busy[0].suspect), (1, &other, false));
        let idle = bench.claim_as(bench.host, true).await;
        assert_eq!((idle.len(), &idle[0].lease.task, idle[0].suspect), (1, &lease.task, true));
    }

    async fn an_idle_host_takes_one_suspect_even_when_there_are_more(bench: &Bench) {
        for _ in 0..3 {
            bench.running().await;
        }
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        bench.submit(bench.new_task()).await;
        assert_eq!(bench.claim_as(bench.host, true).await.len(), 1);
    }

    async fn a_new_entry_clears_the_strikes(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        let suspect = bench.claim_as(bench.host, true).await.pop().unwrap().lease;
        let entry = bench.start("a/b#1");
        bench.append(&suspect, vec![entry.clone()]).await.unwrap();
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        assert_eq!(bench.task(&lease.task).await.strikes, 0);
        // An entry that was there already is no progress.
        let again = bench.claim(1).await.pop().unwrap().lease;
        bench.append(&again, vec![entry]).await.unwrap();
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        assert_eq!(bench.task(&lease.task).await.strikes, 1);
    }

    async fn a_poison_task_is_quarantined_with_the_scope_that_was_running(bench: &Bench) {
        let lease = bench.running().await.lease;
        let scope = "coder-ai@1/generate#1";
        bench.append(&lease, vec![bench.start("req-ai@1/research#1"), bench.end("req-ai@1/research#1", 1, SECOND)]).await.unwrap();
        bench.append(&lease, vec![bench.start(scope), bench.call(scope, 1, "q")]).await.unwrap();
        let mut deaths = 0;
        let quarantined = loop {
            bench.advance(LEASE).await;
            let rescued = bench.store.rescue(bench.now(), 10).await.unwrap();
            deaths += 1;
            if !rescued.quarantined.is_empty() {
                break rescued;
            }
            assert_eq!(bench.claim_as(bench.host, true).await.len(), 1);
            assert!(deaths < 10);
        };
        assert_eq!(quarantined, Rescued { quarantined: vec![lease.task.clone()], ..Rescued::default() });
        let task = bench.task(&lease.task).await;
        assert_eq!((task.state, task.completed_at), (State::Quarantined, Some(bench.now())));
        let failure = task.failure.unwrap();
        assert_eq!((failure.agent.as_deref(), failure.phase.as_deref()), (Some("coder-ai"), Some("generate")));
        assert!(failure.message.contains(scope), "{failure:?}");
        assert_eq!(bench.event_names(&lease.task).await, ["task.failed"]);
        // One death with progress, one that made it a suspect, three alone.
        assert_eq!(deaths, 5);
        assert!(bench.claim_as(bench.host, true).await.is_empty());
    }

    async fn a_bystander_of_many_deaths_is_not_quarantined(bench: &Bench) {
        let lease = bench.running().await.lease;
        for _ in 0..8 {
            bench.advance(LEASE).await;
            bench.store.rescue(bench.now(), 10).await.unwrap();
            let claimed = bench.claim_as(bench.host, true).await.pop().unwrap();
            bench.append(&claimed.lease, vec![bench.start(&format!("a/b#{}", claimed.lease.token))]).await.unwrap();
        }
        assert_eq!(bench.task(&lease.task).await.state, State::Running);
    }

    async fn a_rescue_judges_only_so_many(bench: &Bench) {
        for _ in 0..5 {
            bench.running().await;
        }
        bench.advance(LEASE).await;
        let mut left = Vec::new();
        for _ in 0..4 {
            left.push(bench.store.rescue(bench.now(), 2).await.unwrap().requeued.len());
        }
        assert_eq!(left, [2, 2, 1, 0]);
    }

    async fn a_host_takes_back_what_its_earlier_runs_had_and_nothing_of_others(bench: &Bench) {
        let (here, there) = (Uuid::from_u128(1000), Uuid::from_u128(2000));
        let [first, second, other] = [11, 12, 21].map(|number| HostId(Uuid::from_u128(number)));
        bench.store.take_back(here, first, bench.now()).await.unwrap();
        bench.store.take_back(there, other, bench.now()).await.unwrap();
        bench.submit(bench.new_task()).await;
        let mine = bench.claim_as(first, false).await.pop().unwrap().lease;
        bench.submit(bench.new_task()).await;
        let theirs = bench.claim_as(other, false).await.pop().unwrap().lease;

        assert_eq!(bench.store.take_back(here, first, bench.now()).await.unwrap(), Rescued::default(), "its present run");
        let rescued = bench.store.take_back(here, second, bench.now()).await.unwrap();
        assert_eq!(rescued, Rescued { requeued: vec![mine.task.clone()], ..Rescued::default() });
        assert_eq!(bench.task(&mine.task).await.strikes, 1);
        assert_eq!(bench.task(&theirs.task).await.state, State::Running);
        assert!(bench.append(&theirs, vec![bench.start("a/b#1")]).await.is_ok());
        assert!(bench.append(&mine, vec![bench.start("a/b#1")]).await.is_err());
        assert_eq!(bench.store.take_back(here, second, bench.now()).await.unwrap(), Rescued::default());
    }

    async fn a_suspect_that_is_drained_after_progress_is_none_any_more(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        let suspect = bench.claim_as(bench.host, true).await.pop().unwrap().lease;
        bench.store.release(std::slice::from_ref(&suspect), bench.now()).await.unwrap();
        assert_eq!(bench.task(&lease.task).await.strikes, 1, "a drain is no strike and no pardon");
        let suspect = bench.claim_as(bench.host, true).await.pop().unwrap().lease;
        bench.append(&suspect, vec![bench.start("a/b#1")]).await.unwrap();
        bench.store.release(&[suspect], bench.now()).await.unwrap();
        assert_eq!(bench.task(&lease.task).await.strikes, 0);
    }
}
