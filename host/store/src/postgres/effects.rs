//! Local effects: what commits together with the entries that say so.

use super::append::Held;
use super::failure::Failure;
use super::logs::insert_lines;
use super::rooms::{count_quiet, insert_message};
use super::row::bytes;
use super::submit::insert_tasks;
use super::transaction::Write;
use crate::rows::{Shown, column, decode, encode, month, parse, progress_event};
use app::ports::store_error::StoreError;
use domain::event::EventBody;
use domain::id::Digest;
use domain::journal::LocalEffect;
use domain::log::{Level, LogLine};
use domain::task::{NewTask, Progress};
use domain::time::Timestamp;
use sqlx::Row as _;
use std::collections::HashSet;

/// A file to be set.
struct Put<'a> {
    path: &'a str,
    blob: &'a Digest,
    size: u64,
}

/// Apply effects in order. Files that follow one another, events and child tasks are one statement each.
pub(super) async fn apply(
    write: &mut Write,
    held: &mut Held,
    effects: &[LocalEffect],
) -> Result<(), Failure> {
    let mut puts: Vec<Put<'_>> = Vec::new();
    let mut paths: HashSet<&str> = HashSet::new();
    let mut events: Vec<EventBody> = Vec::new();
    let mut children: Vec<&NewTask> = Vec::new();
    let mut lines: Vec<LogLine> = Vec::new();
    for effect in effects {
        if let LocalEffect::PutFile { path, blob, size } = effect {
            if !paths.insert(path) {
                put_files(write, held, &std::mem::take(&mut puts)).await?;
                paths.clear();
                paths.insert(path);
            }
            puts.push(Put { path, blob, size: *size });
            continue;
        }
        put_files(write, held, &std::mem::take(&mut puts)).await?;
        paths.clear();
        match effect {
            LocalEffect::Event(event) => events.push(event.clone()),
            LocalEffect::Progress(report) => events.extend(show(write, held, report).await?),
            LocalEffect::ChildTask(new) => children.push(new),
            LocalEffect::Log { at, level, message } => lines.push(line(held, *at, *level, message)?),
            other => apply_one(write, held, other).await?,
        }
    }
    put_files(write, held, &puts).await?;
    insert_events(write, held, &events).await?;
    insert_lines(write, &lines).await?;
    held.queued |= !insert_tasks(write, &children).await?.is_empty();
    Ok(())
}

/// A line about the task's agent.
fn line(held: &Held, at: Timestamp, level: Level, message: &str) -> Result<LogLine, StoreError> {
    Ok(LogLine {
        user: parse("leases.user_id", &held.user)?,
        agent: parse("leases.agent_id", &held.agent)?,
        task: Some(parse("leases.task", &held.task)?),
        at,
        level,
        message: message.to_owned(),
    })
}

async fn apply_one(write: &mut Write, held: &mut Held, effect: &LocalEffect) -> Result<(), Failure> {
    let statement = match effect {
        LocalEffect::DeleteFile { path } => write
            .query("DELETE FROM workspace_files WHERE task = $1 AND NOT base AND path = $2")
            .bind(held.task.clone())
            .bind(path.clone()),
        LocalEffect::MarkBase => {
            write
                .query("DELETE FROM workspace_files WHERE task = $1 AND base")
                .bind(held.task.clone())
                .execute(write.connection())
                .await?;
            write
                .query(
                    "INSERT INTO workspace_files (task, base, path, user_id, blob, size, version)
                     SELECT task, true, path, user_id, blob, size, version FROM workspace_files
                     WHERE task = $1 AND NOT base",
                )
                .bind(held.task.clone())
        }
        LocalEffect::PutKv { plugin, key, value } => write
            .query(
                "INSERT INTO kv (agent_id, plugin, key, user_id, value) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (agent_id, plugin, key) DO UPDATE SET value = excluded.value",
            )
            .bind(held.agent.clone())
            .bind(plugin.clone())
            .bind(key.as_bytes().to_vec())
            .bind(held.user.clone())
            .bind(value.clone()),
        LocalEffect::DeleteKv { plugin, key } => write
            .query("DELETE FROM kv WHERE agent_id = $1 AND plugin = $2 AND key = $3")
            .bind(held.agent.clone())
            .bind(plugin.clone())
            .bind(key.as_bytes().to_vec()),
        LocalEffect::Message { agent, id, text } => write
            .query(
                "INSERT INTO messages (agent_id, id, user_id, sender, text, created_at) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (agent_id, id) DO NOTHING",
            )
            .bind(agent.to_string())
            .bind(id.clone())
            .bind(held.user.clone())
            .bind(held.agent.clone())
            .bind(text.as_bytes().to_vec())
            .bind(write.now().0),
        LocalEffect::Usage { model, usage } => {
            write
                .query(
                    "INSERT INTO usage AS u (user_id, month, agent_id, model, input_tokens, output_tokens)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (user_id, month, agent_id, model) DO UPDATE SET
                         input_tokens = u.input_tokens + excluded.input_tokens,
                         output_tokens = u.output_tokens + excluded.output_tokens",
                )
                .bind(held.user.clone())
                .bind(month(write.now()))
                .bind(held.agent.clone())
                .bind(model.clone())
                .bind(column(usage.input_tokens))
                .bind(column(usage.output_tokens))
                .execute(write.connection())
                .await?;
            write
                .query(
                    "INSERT INTO task_usage AS u (task, user_id, input_tokens, output_tokens) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (task) DO UPDATE SET
                         input_tokens = u.input_tokens + excluded.input_tokens,
                         output_tokens = u.output_tokens + excluded.output_tokens",
                )
                .bind(held.task.clone())
                .bind(held.user.clone())
                .bind(column(usage.input_tokens))
                .bind(column(usage.output_tokens))
        }
        LocalEffect::RoomMessage(message) => {
            let now = write.now();
            return insert_message(write, message, now).await;
        }
        LocalEffect::QuietTick { room } => {
            let task = parse("tasks.id", &held.task)?;
            return count_quiet(write, *room, &task).await;
        }
        LocalEffect::ConsumeInstructions { ids } => write
            .query("UPDATE instructions SET task = $3 WHERE id = ANY($1) AND agent_id = $2 AND task IS NULL")
            .bind(ids.iter().map(ToString::to_string).collect::<Vec<_>>())
            .bind(held.agent.clone())
            .bind(held.task.clone()),
        LocalEffect::PutFile { .. }
        | LocalEffect::ChildTask(_)
        | LocalEffect::Log { .. }
        | LocalEffect::Event(_)
        | LocalEffect::Progress(_) => return Ok(()),
    };
    statement.execute(write.connection()).await?;
    Ok(())
}

/// Merge a report into what the task shows. Answers the event if that is something new.
async fn show(write: &mut Write, held: &Held, report: &Progress) -> Result<Option<EventBody>, Failure> {
    let row = write
        .query("SELECT percent, current_agent, current_phase, completed_phases, at_work FROM tasks WHERE id = $1 FOR NO KEY UPDATE")
        .bind(held.task.clone())
        .fetch_one(write.connection())
        .await?;
    let phases: String = row.try_get("completed_phases")?;
    let at_work: String = row.try_get("at_work")?;
    let present = Progress {
        percent: u8::try_from(row.try_get::<i64, _>("percent")?).unwrap_or(0),
        current_agent: row.try_get("current_agent")?,
        current_phase: row.try_get("current_phase")?,
        completed_phases: decode("tasks.completed_phases", &phases)?,
        at_work: decode("tasks.at_work", &at_work)?,
    };
    let shown = Shown::merge(&present, report.clone());
    if !shown.changed {
        return Ok(None);
    }
    write
        .query(
            "UPDATE tasks SET percent = $2, current_agent = $3, current_phase = $4, completed_phases = $5, at_work = $6 WHERE id = $1",
        )
        .bind(held.task.clone())
        .bind(i64::from(shown.progress.percent))
        .bind(shown.progress.current_agent.clone())
        .bind(shown.progress.current_phase.clone())
        .bind(encode(&shown.progress.completed_phases)?)
        .bind(encode(&shown.progress.at_work)?)
        .execute(write.connection())
        .await?;
    Ok(Some(progress_event(&shown.progress)))
}

async fn put_files(write: &mut Write, held: &Held, puts: &[Put<'_>]) -> Result<(), Failure> {
    if puts.is_empty() {
        return Ok(());
    }
    write
        .query(
            "INSERT INTO workspace_files AS f (task, base, path, user_id, blob, size, version)
             SELECT $1, false, p.path, $2, p.blob, p.size, 1
             FROM unnest($3::text[], $4::bytea[], $5::bigint[]) AS p (path, blob, size)
             ON CONFLICT (task, base, path) DO UPDATE SET blob = excluded.blob, size = excluded.size,
                 version = f.version + 1",
        )
        .bind(held.task.clone())
        .bind(held.user.clone())
        .bind(puts.iter().map(|put| put.path.to_owned()).collect::<Vec<_>>())
        .bind(puts.iter().map(|put| bytes(put.blob)).collect::<Vec<_>>())
        .bind(puts.iter().map(|put| column(put.size)).collect::<Vec<_>>())
        .execute(write.connection())
        .await?;
    Ok(())
}

/// Store durable events; their places are among those of the entries.
pub(super) async fn insert_events(
    write: &mut Write,
    held: &mut Held,
    events: &[EventBody],
) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let data = events.iter().map(|event| encode(&event.data)).collect::<Result<Vec<_>, _>>()?;
    write
        .query(
            "INSERT INTO events (task, pos, user_id, at, event, data)
             SELECT $1, $2 + e.place, $3, $4, e.event, e.data
             FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS e (event, data, place)",
        )
        .bind(held.task.clone())
        .bind(held.pos)
        .bind(held.user.clone())
        .bind(write.now().0)
        .bind(events.iter().map(|event| event.event.clone()).collect::<Vec<_>>())
        .bind(data)
        .execute(write.connection())
        .await?;
    held.pos = held.pos.saturating_add(i64::try_from(events.len()).unwrap_or(i64::MAX));
    Ok(())
}
