//! Local effects: each commits with its entry.

use super::failure::Outcome;
use super::fence::Fenced;
use super::insert::{insert_event, insert_task};
use super::logs::insert_line;
use super::rooms::{count_quiet, insert_message};
use super::row::get_task;
use super::ticks::consume;
use crate::rows::{Shown, column, encode, month, progress_event};
use domain::effect::model::Usage;
use domain::event::EventBody;
use domain::id::{Digest, TaskId};
use domain::journal::LocalEffect;
use domain::log::LogLine;
use domain::task::Progress;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

/// What the caller must do after the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Applied {
    /// Tasks were queued: ring.
    pub(super) queued: bool,
}

/// Apply effects in order; events and progress take positions after the entries.
pub(super) fn apply_effects(
    connection: &Connection,
    task: &TaskId,
    fenced: &mut Fenced,
    effects: &[LocalEffect],
    now: Timestamp,
) -> Outcome<Applied> {
    let mut applied = Applied::default();
    for effect in effects {
        match effect {
            LocalEffect::PutFile { path, blob, size } => {
                put_file(connection, task, fenced, path, *blob, *size)?
            }
            LocalEffect::DeleteFile { path } => {
                connection
                    .prepare_cached("DELETE FROM workspace_files WHERE task = ?1 AND base = 0 AND path = ?2")?
                    .execute(params![task.as_str(), path])?;
            }
            LocalEffect::MarkBase => mark_base(connection, task)?,
            LocalEffect::PutKv { plugin, key, value } => {
                connection
                    .prepare_cached(
                        "INSERT INTO kv (agent_id, plugin, key, user_id, value) VALUES (?1, ?2, ?3, ?4, ?5)
                         ON CONFLICT (agent_id, plugin, key) DO UPDATE SET value = excluded.value",
                    )?
                    .execute(params![
                        fenced.agent.to_string(),
                        plugin,
                        key,
                        fenced.user.to_string(),
                        value
                    ])?;
            }
            LocalEffect::DeleteKv { plugin, key } => {
                connection
                    .prepare_cached("DELETE FROM kv WHERE agent_id = ?1 AND plugin = ?2 AND key = ?3")?
                    .execute(params![fenced.agent.to_string(), plugin, key])?;
            }
            LocalEffect::Message { agent, id, text } => {
                connection
                    .prepare_cached(
                        "INSERT INTO messages (agent_id, id, user_id, sender, text, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                         ON CONFLICT (agent_id, id) DO NOTHING",
                    )?
                    .execute(params![
                        agent.to_string(),
                        id,
                        fenced.user.to_string(),
                        fenced.agent.to_string(),
                        text,
                        now.0
                    ])?;
            }
            LocalEffect::RoomMessage(message) => insert_message(connection, message, now)?,
            LocalEffect::QuietTick { room } => count_quiet(connection, *room, task, now)?,
            LocalEffect::ConsumeInstructions { ids } => consume(connection, fenced.agent, task, ids)?,
            LocalEffect::ChildTask(child) => applied.queued |= insert_task(connection, child)?,
            LocalEffect::Usage { model, usage } => add_usage(connection, task, fenced, model, *usage, now)?,
            LocalEffect::Log { at, level, message } => {
                let (user, agent, task) = (fenced.user, fenced.agent, Some(task.clone()));
                let (at, level, message) = (*at, *level, message.clone());
                insert_line(connection, &LogLine { user, agent, task, at, level, message })?;
            }
            LocalEffect::Event(body) => add_event(connection, task, fenced, body, now)?,
            LocalEffect::Progress(progress) => show_progress(connection, task, fenced, progress, now)?,
        }
    }
    Ok(applied)
}

fn put_file(
    connection: &Connection,
    task: &TaskId,
    fenced: &Fenced,
    path: &str,
    blob: Digest,
    size: u64,
) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO workspace_files (task, base, path, user_id, blob, size, version) VALUES (?1, 0, ?2, ?3, ?4, ?5, 1)
             ON CONFLICT (task, base, path) DO UPDATE SET blob = excluded.blob, size = excluded.size, version = version + 1",
        )?
        .execute(params![task.as_str(), path, fenced.user.to_string(), blob.0, column(size)])?;
    Ok(())
}

/// The present files become the base.
pub(super) fn mark_base(connection: &Connection, task: &TaskId) -> Outcome<()> {
    connection
        .prepare_cached("DELETE FROM workspace_files WHERE task = ?1 AND base = 1")?
        .execute(params![task.as_str()])?;
    connection
        .prepare_cached(
            "INSERT INTO workspace_files (task, base, path, user_id, blob, size, version)
             SELECT task, 1, path, user_id, blob, size, version FROM workspace_files WHERE task = ?1 AND base = 0",
        )?
        .execute(params![task.as_str()])?;
    Ok(())
}

fn add_usage(
    connection: &Connection,
    task: &TaskId,
    fenced: &Fenced,
    model: &str,
    usage: Usage,
    now: Timestamp,
) -> Outcome<()> {
    let (input, output) = (column(usage.input_tokens), column(usage.output_tokens));
    let user = fenced.user.to_string();
    connection
        .prepare_cached(
            "INSERT INTO usage (user_id, month, agent_id, model, input_tokens, output_tokens) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (user_id, month, agent_id, model) DO UPDATE SET
             input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens",
        )?
        .execute(params![user, month(now), fenced.agent.to_string(), model, input, output])?;
    connection
        .prepare_cached(
            "INSERT INTO task_usage (task, user_id, input_tokens, output_tokens) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (task) DO UPDATE SET
             input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens",
        )?
        .execute(params![task.as_str(), user, input, output])?;
    Ok(())
}

fn add_event(
    connection: &Connection,
    task: &TaskId,
    fenced: &mut Fenced,
    body: &EventBody,
    now: Timestamp,
) -> Outcome<()> {
    fenced.pos += 1;
    insert_event(connection, task, fenced.user, fenced.pos, now, body)
}

/// Show progress; what changes it is an event, too.
pub(super) fn show_progress(
    connection: &Connection,
    task: &TaskId,
    fenced: &mut Fenced,
    report: &Progress,
    now: Timestamp,
) -> Outcome<()> {
    let present = get_task(connection, task)?.progress;
    let shown = Shown::merge(&present, report.clone());
    if !shown.changed {
        return Ok(());
    }
    connection
        .prepare_cached("UPDATE tasks SET percent = ?2, current_agent = ?3, current_phase = ?4, completed_phases = ?5, at_work = ?6 WHERE id = ?1")?
        .execute(params![
            task.as_str(),
            shown.progress.percent,
            shown.progress.current_agent,
            shown.progress.current_phase,
            encode(&shown.progress.completed_phases)?,
            encode(&shown.progress.at_work)?,
        ])?;
    add_event(connection, task, fenced, &progress_event(&shown.progress), now)
}
