//! Logs: every line once and for its user only; who follows misses nothing; old and surplus lines go.

use crate::bench::Bench;
use crate::build::SECOND;
use crate::cases;
use app::ports::agents::StartOutcome;
use app::ports::logs::{LogFilter, LogPart, LogRow, Place};
use domain::id::UserId;
use domain::journal::LocalEffect;
use domain::log::{Level, LogLine};
use serde_json::json;
use std::collections::BTreeSet;

cases! {
    async fn lines_come_back_as_they_were_said_newest_first_and_for_their_user_only(bench: &Bench) {
        let said = ["one", "two \u{0} \u{1f41d}", "three"];
        for (text, level) in said.iter().zip([Level::Info, Level::Debug, Level::Error]) {
            bench.store.write_logs(vec![line(bench, bench.user, level, text)]).await.unwrap();
            bench.advance(SECOND).await;
        }
        bench.store.write_logs(vec![line(bench, bench.stranger, Level::Error, "not mine")]).await.unwrap();
        assert_eq!(texts(&newest(bench, &all(bench)).await), ["three", said[1], "one"]);
        assert_eq!(newest(bench, &all(bench)).await[0].line.level, Level::Error);
        let loud = LogFilter { level: Level::Info, ..all(bench) };
        assert_eq!(texts(&newest(bench, &loud).await), ["three", "one"]);
        let since = newest(bench, &all(bench)).await[1].line.at;
        assert_eq!(texts(&newest(bench, &LogFilter { since: Some(since), ..all(bench) }).await), ["three", said[1]]);
        let nobody = LogFilter { agent: Some(domain::id::AgentId(uuid::Uuid::from_u128(9))), ..all(bench) };
        assert_eq!(newest(bench, &nobody).await, []);
        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let page = bench.store.list_logs(&all(bench), LogPart::Newest(before), 2).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.place);
            pages.extend(texts(&page));
        }
        assert_eq!(pages, ["three", said[1], "one"]);
    }

    async fn a_line_commits_with_its_entry_and_names_its_task(bench: &Bench) {
        let claimed = bench.running().await;
        let said = LocalEffect::Log { at: bench.now(), level: Level::Warn, message: "careful".to_owned() };
        bench.effects(&claimed.lease, vec![said.clone()]).await;
        let found = newest(bench, &LogFilter { task: Some(claimed.task.new.id.clone()), ..all(bench) }).await;
        assert_eq!(texts(&found), ["careful"]);
        assert_eq!((found[0].line.agent, found[0].line.task.clone()), (bench.agent, Some(claimed.task.new.id)));
        // A worker that lost its lease says nothing.
        let stale = domain::task::Lease { token: claimed.lease.token - 1, ..claimed.lease };
        let append = app::ports::journal::Append { entries: Vec::new(), effects: vec![said] };
        assert!(bench.store.append(&stale, append, bench.now()).await.is_err());
        assert_eq!(newest(bench, &all(bench)).await.len(), 1);
    }

    async fn a_start_and_a_stop_are_said_once(bench: &Bench) {
        bench.store.stop_agent(bench.agent, bench.now()).await.unwrap();
        let started = bench.store.start_agent(bench.agent, &json!({}), false, bench.now()).await.unwrap();
        assert!(matches!(started, Some(StartOutcome::Started(_))));
        bench.store.start_agent(bench.agent, &json!({}), false, bench.now()).await.unwrap();
        assert!(bench.store.stop_agent(bench.agent, bench.now()).await.unwrap());
        assert!(!bench.store.stop_agent(bench.agent, bench.now()).await.unwrap());
        let found = newest(bench, &all(bench)).await;
        assert_eq!(texts(&found)[..2], ["the agent was stopped", "the agent was started"]);
        assert_eq!(found.iter().filter(|row| row.line.message == domain::log::started(false)).count(), 1);
    }

    async fn who_follows_while_many_write_misses_nothing_and_sees_nothing_twice(bench: &Bench) {
        const WRITERS: usize = 8;
        const LINES: usize = 40;
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let (store, line) = (bench.store.clone(), line(bench, bench.user, Level::Info, ""));
            writers.spawn(async move {
                for number in 0..LINES {
                    let said = LogLine { message: format!("{writer}/{number}"), ..line.clone() };
                    store.write_logs(vec![said]).await.unwrap();
                }
            });
        }
        let read = async {
            let (mut place, mut seen) = (Place::default(), Vec::new());
            while seen.len() < WRITERS * LINES {
                let rows = bench.store.list_logs(&all(bench), LogPart::After(place), 7).await.unwrap();
                assert!(rows.iter().all(|row| row.place > place));
                place = rows.last().map_or(place, |row| row.place);
                seen.extend(texts(&rows));
                tokio::task::yield_now().await;
            }
            seen
        };
        let seen = tokio::time::timeout(30 * SECOND, read).await.unwrap();
        writers.join_all().await;
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), WRITERS * LINES);
        let settled = bench.store.list_logs(&all(bench), LogPart::Settled, 200).await.unwrap();
        assert_eq!(settled.len(), 200);
    }

    async fn old_lines_and_those_above_the_number_go(bench: &Bench) {
        for number in 0..4 {
            bench.store.write_logs(vec![line(bench, bench.user, Level::Info, &number.to_string())]).await.unwrap();
            bench.store.write_logs(vec![line(bench, bench.stranger, Level::Info, "theirs")]).await.unwrap();
            bench.advance(SECOND).await;
        }
        let second = newest(bench, &all(bench)).await[2].line.at;
        assert_eq!(bench.store.clean_logs(second, 10, 100).await.unwrap(), 2);
        assert_eq!(texts(&newest(bench, &all(bench)).await), ["3", "2", "1"]);
        assert_eq!(bench.store.clean_logs(second, 2, 100).await.unwrap(), 2);
        assert_eq!(texts(&newest(bench, &all(bench)).await), ["3", "2"]);
        assert_eq!(bench.store.clean_logs(second, 2, 100).await.unwrap(), 0);
        let theirs = LogFilter { user: bench.stranger, ..all(bench) };
        assert_eq!(newest(bench, &theirs).await.len(), 2);
    }
}

fn line(bench: &Bench, user: UserId, level: Level, message: &str) -> LogLine {
    LogLine { user, agent: bench.agent, task: None, at: bench.now(), level, message: message.to_owned() }
}

fn all(bench: &Bench) -> LogFilter {
    LogFilter { user: bench.user, agent: None, task: None, level: Level::Trace, since: None }
}

async fn newest(bench: &Bench, filter: &LogFilter) -> Vec<LogRow> {
    bench.store.list_logs(filter, LogPart::Newest(None), 100).await.unwrap()
}

fn texts(rows: &[LogRow]) -> Vec<String> {
    rows.iter().map(|row| row.line.message.clone()).collect()
}
