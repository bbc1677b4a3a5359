use crate::bench::Bench;
use crate::build::{LEASE, SECOND, completed, progress};
use crate::cases;
use app::ports::journal::{Append, FollowUps};
use app::ports::store_error::StoreError;
use domain::component::Cost;
use domain::effect::model::Usage;
use domain::event::EventBody;
use domain::id::{Digest, TaskId};
use domain::journal::{BYTES_LIMIT, ENTRIES_LIMIT, Entry, EntryBody, LocalEffect, Recorded};
use domain::task::NewTask;
use serde_json::json;

cases! {
    async fn entries_come_back_as_they_were_appended_in_order(bench: &Bench) {
        let lease = bench.running().await.lease;
        let entries = vec![
            bench.start("b/x#1"),
            bench.call("b/x#1", 1, "one \u{0} \u{1f41d}"),
            bench.start("a/y@2#1"),
            bench.call("b/x#1", 2, "two"),
            bench.end("b/x#1", 3, SECOND),
        ];
        bench.append(&lease, entries[..2].to_vec()).await.unwrap();
        let pos = bench.append(&lease, entries[2..].to_vec()).await.unwrap();
        assert_eq!(bench.store.load_entries(&lease).await.unwrap(), entries);
        assert_eq!(bench.entries(&lease.task).await, entries);
        assert_eq!(pos, 5);
        let after = bench.store.list_entries(&lease.task, 2, 2).await.unwrap();
        assert_eq!(after, [(3, entries[2].clone()), (4, entries[3].clone())]);
    }

    async fn an_equal_second_append_is_a_no_op_and_its_effects_are_skipped(bench: &Bench) {
        let lease = bench.running().await.lease;
        let usage = LocalEffect::Usage { model: "m".to_owned(), usage: Usage { input_tokens: 3, output_tokens: 4 } };
        let append = Append { entries: vec![bench.start("a/b#1"), bench.call("a/b#1", 1, "q")], effects: vec![usage] };
        let first = bench.store.append(&lease, append.clone(), bench.now()).await.unwrap();
        let second = bench.store.append(&lease, append.clone(), bench.now()).await.unwrap();
        assert_eq!((first, second), (2, 2));
        assert_eq!(bench.entries(&lease.task).await, append.entries);
        let usage = bench.store.task_usage(&lease.task).await.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (3, 4));
    }

    async fn an_append_of_old_and_new_entries_adds_the_new_ones(bench: &Bench) {
        let lease = bench.running().await.lease;
        let entries = vec![bench.start("a/b#1"), bench.call("a/b#1", 1, "q"), bench.call("a/b#1", 2, "r")];
        bench.append(&lease, entries[..2].to_vec()).await.unwrap();
        assert_eq!(bench.append(&lease, entries.clone()).await.unwrap(), 3);
        assert_eq!(bench.entries(&lease.task).await, entries);
    }

    async fn another_request_at_an_address_is_nondeterminism_with_both_sides(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.start("a/b#1"), bench.call("a/b#1", 1, "first")]).await.unwrap();
        let effects = vec![LocalEffect::PutKv { plugin: "p".to_owned(), key: "k".to_owned(), value: vec![1] }];
        let entries = vec![bench.call("a/b#1", 2, "new"), bench.call("a/b#1", 1, "other")];
        let error = bench.store.append(&lease, Append { entries, effects }, bench.now()).await.unwrap_err();
        let StoreError::Nondeterminism(both) = error else { panic!("{error:?}") };
        assert_eq!((both.scope.as_str(), both.ordinal), ("a/b#1", 1));
        assert!(both.recorded.to_string().contains("first"), "{both:?}");
        assert!(both.actual.to_string().contains("other"), "{both:?}");
        // Nothing of it was stored, and the lease is good.
        assert_eq!(bench.entries(&lease.task).await.len(), 2);
        assert_eq!(bench.store.find_value(bench.agent, "p", "k").await.unwrap(), None);
        assert_eq!(bench.append(&lease, vec![bench.call("a/b#1", 2, "new")]).await.unwrap(), 3);
    }

    async fn an_entry_of_another_type_at_an_address_is_nondeterminism(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.start("a/b#1"), bench.call("a/b#1", 1, "q")]).await.unwrap();
        for entry in [bench.end("a/b#1", 1, SECOND), bench.call("a/b#1", 0, "q")] {
            let error = bench.append(&lease, vec![entry]).await.unwrap_err();
            assert!(matches!(error, StoreError::Nondeterminism(_)), "{error:?}");
        }
    }

    async fn what_a_scope_took_is_not_compared(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.start("a/b#1"), bench.end("a/b#1", 1, SECOND)]).await.unwrap();
        assert_eq!(bench.append(&lease, vec![bench.end("a/b#1", 1, SECOND * 2)]).await.unwrap(), 2);
        let EntryBody::End(end) = bench.entries(&lease.task).await.pop().unwrap().body else { panic!() };
        assert_eq!(end.cost, Cost { wall_us: 1_000_000, fuel: None, memory_bytes: 1 });
    }

    async fn a_started_call_gets_its_result_and_keeps_its_place(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.start("a/b#1"), bench.started("a/b#1", 1, "q")]).await.unwrap();
        bench.append(&lease, vec![bench.start("c/d#1")]).await.unwrap();
        // Started again is the same start.
        assert_eq!(bench.append(&lease, vec![bench.started("a/b#1", 1, "q")]).await.unwrap(), 3);
        bench.advance(SECOND).await;
        let effects = vec![LocalEffect::PutKv { plugin: "p".to_owned(), key: "k".to_owned(), value: vec![1] }];
        let entries = vec![bench.call("a/b#1", 1, "q")];
        let pos = bench.store.append(&lease, Append { entries: entries.clone(), effects }, bench.now()).await.unwrap();
        assert_eq!((pos, &bench.entries(&lease.task).await[1]), (3, &entries[0]));
        assert_eq!(bench.store.find_value(bench.agent, "p", "k").await.unwrap(), Some(vec![1]));
        // A later start or answer changes nothing any more.
        bench.append(&lease, vec![bench.started("a/b#1", 1, "q")]).await.unwrap();
        let late = bench.call_with("a/b#1", 1, "q", Some(Recorded::Blob(Digest([0; 32]))));
        bench.append(&lease, vec![late]).await.unwrap();
        assert_eq!(bench.entries(&lease.task).await[1], entries[0]);
    }

    async fn a_start_and_its_result_in_one_append_are_one_entry(bench: &Bench) {
        let lease = bench.running().await.lease;
        let entries = vec![bench.start("a/b#1"), bench.started("a/b#1", 1, "q"), bench.call("a/b#1", 1, "q")];
        assert_eq!(bench.append(&lease, entries.clone()).await.unwrap(), 2);
        assert_eq!(bench.entries(&lease.task).await, [entries[0].clone(), entries[2].clone()]);
    }

    async fn positions_are_shared_by_entries_and_events(bench: &Bench) {
        let lease = bench.running().await.lease;
        let event = |name: &str| LocalEffect::Event(EventBody { event: name.to_owned(), data: json!({ "n": 1 }) });
        let append = Append { entries: vec![bench.start("a/b#1")], effects: vec![event("phase.update"), event("x")] };
        assert_eq!(bench.store.append(&lease, append, bench.now()).await.unwrap(), 3);
        assert_eq!(bench.append(&lease, vec![bench.call("a/b#1", 1, "q")]).await.unwrap(), 4);
        bench.effects(&lease, vec![LocalEffect::Progress(progress(10, "a"))]).await;
        bench.finish(&lease, completed()).await.unwrap();
        let events: Vec<_> = bench.events(&lease.task).await.into_iter().map(|event| (event.pos, event.body.event)).collect();
        let expected = [(2, "phase.update"), (3, "x"), (5, "progress"), (6, "task.completed")];
        assert_eq!(events, expected.map(|(pos, name)| (pos, name.to_owned())));
        let later = bench.store.list_events(&lease.task, 3, 1).await.unwrap();
        assert_eq!((later[0].pos, later.len(), later[0].at), (5, 1, bench.now()));
    }

    async fn positions_go_on_after_a_task_was_claimed_again(bench: &Bench) {
        let lease = bench.running().await.lease;
        assert_eq!(bench.append(&lease, vec![bench.start("a/b#1")]).await.unwrap(), 1);
        bench.suspend(&lease, bench.now()).await.unwrap();
        bench.store.wake_due(bench.now(), 10).await.unwrap();
        let again = bench.claim(1).await.pop().unwrap().lease;
        assert_eq!(bench.append(&again, vec![bench.call("a/b#1", 1, "q")]).await.unwrap(), 3 - 1);
        assert_eq!(bench.store.load_entries(&again).await.unwrap().len(), 2);
    }

    async fn a_progress_report_changes_the_task_and_never_falls(bench: &Bench) {
        let lease = bench.running().await.lease;
        for (report, shown) in [(10, 10), (40, 40), (20, 40), (100, 99)] {
            bench.effects(&lease, vec![LocalEffect::Progress(progress(report, "req-ai"))]).await;
            let progress = bench.task(&lease.task).await.progress;
            assert_eq!((progress.percent, progress.current_agent.as_deref()), (shown, Some("req-ai")), "{report}");
        }
        // 20 after 40 changed nothing, so it was no event.
        let events = bench.events(&lease.task).await;
        let percents: Vec<_> = events.iter().map(|event| event.body.data["percent"].as_u64().unwrap()).collect();
        assert_eq!(percents, [10, 40, 99]);
        let data = &events[0].body.data;
        assert_eq!((&data["currentPhase"], &data["completedPhases"]), (&json!("research"), &json!(["requirements"])));
    }

    async fn a_child_task_is_queued_once(bench: &Bench) {
        let parent = bench.running().await.lease;
        let id = TaskId::derived("task", "key of the effect");
        let child = NewTask { id: id.clone(), parent: Some(parent.task.clone()), ..bench.new_task() };
        let effect = LocalEffect::ChildTask(Box::new(child.clone()));
        bench.effects(&parent, vec![effect.clone()]).await;
        bench.effects(&parent, vec![effect]).await;
        let claimed = bench.claim(10).await;
        assert_eq!(claimed.into_iter().map(|claimed| claimed.task.new).collect::<Vec<_>>(), [child]);
    }

    async fn messages_with_one_id_are_one_message(bench: &Bench) {
        let lease = bench.running().await.lease;
        let message = |text: &str| LocalEffect::Message { agent: bench.agent, id: "m1".to_owned(), text: text.to_owned() };
        bench.effects(&lease, vec![message("first \u{0}"), message("second")]).await;
    }

    async fn a_full_journal_takes_no_entry_and_can_still_end(bench: &Bench) {
        let lease = bench.running().await.lease;
        let limit = u32::try_from(ENTRIES_LIMIT).unwrap();
        let call = |ordinal| bench.call("a/b#1", ordinal, "q");
        for first in (0..limit).step_by(2_000) {
            bench.append(&lease, (first..first + 2_000).map(call).collect()).await.unwrap();
        }
        let error = bench.append(&lease, vec![call(limit)]).await.unwrap_err();
        assert!(matches!(error, StoreError::Exhausted(_)), "{error:?}");
        // What is there already is no growth.
        bench.append(&lease, vec![call(7)]).await.unwrap();
        bench.finish(&lease, completed()).await.unwrap();
        let entries = bench.store.list_entries(&lease.task, 0, limit + 10).await.unwrap();
        assert_eq!(entries.len(), limit as usize);
    }

    async fn bytes_of_blobs_count_once_towards_the_limit_of_a_task(bench: &Bench) {
        let lease = bench.running().await.lease;
        // Seven blobs fit, the eighth does not.
        let size = usize::try_from(BYTES_LIMIT).unwrap() / 8;
        let mut refused = None;
        for number in 0..8_u8 {
            let digest = bench.store.put_blob(vec![number; size].into()).await.unwrap();
            let entry: Entry = bench.call_with("a/b#1", number.into(), "q", Some(Recorded::Blob(digest)));
            let again = Entry { ordinal: 100 + u32::from(number), ..entry.clone() };
            match bench.append(&lease, vec![entry, again]).await {
                Ok(_) => {}
                Err(StoreError::Exhausted(_)) => refused = Some(number),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(refused, Some(7));
        assert_eq!(bench.entries(&lease.task).await.len(), 14);
    }

    async fn an_entry_never_names_a_blob_that_is_not_there(bench: &Bench) {
        let lease = bench.running().await.lease;
        let digest = Digest::of(b"content");
        let entry = || bench.call_with("a/b#1", 1, "q", Some(Recorded::Content(digest)));
        let error = bench.append(&lease, vec![entry()]).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
        bench.store.put_blob(b"content".to_vec().into()).await.unwrap();
        bench.append(&lease, vec![entry()]).await.unwrap();
    }

    async fn an_append_with_a_finish_is_part_of_it(bench: &Bench) {
        let lease = bench.running().await.lease;
        let append = Append { entries: vec![bench.start("a/b#1")], effects: vec![LocalEffect::Progress(progress(30, "a"))] };
        let follow_ups = FollowUps { tasks: Vec::new(), append };
        bench.advance(LEASE).await;
        let error = bench.store.finish(&lease, completed(), follow_ups.clone(), bench.now()).await.unwrap_err();
        assert_eq!((error, bench.entries(&lease.task).await.len()), (StoreError::Stale, 0));
        bench.store.rescue(bench.now(), 1).await.unwrap();
        let lease = bench.claim_as(bench.host, true).await.pop().unwrap().lease;
        bench.store.finish(&lease, completed(), follow_ups, bench.now()).await.unwrap();
        assert_eq!(bench.entries(&lease.task).await.len(), 1);
        assert_eq!(bench.event_names(&lease.task).await, ["progress", "task.completed"]);
    }
}
