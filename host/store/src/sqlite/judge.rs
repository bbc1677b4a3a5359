//! Judging claims that ended by host death: strikes, quarantine.

use super::append::open_scope;
use super::end::{End, end_task, tell_end};
use super::failure::Outcome;
use super::fence::let_go;
use super::row::get_task;
use crate::rows::{parse, quarantine_failure};
use app::ports::queue::Rescued;
use domain::id::HostId;
use domain::strike::{Verdict, judge};
use domain::task::Transition;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

/// A lease whose host is dead.
struct Orphan {
    task: String,
    suspect: bool,
    entries: i64,
    claim_entries: i64,
    pos: i64,
}

fn orphan(row: &Row<'_>) -> rusqlite::Result<Orphan> {
    Ok(Orphan {
        task: row.get(0)?,
        suspect: row.get(1)?,
        entries: row.get(2)?,
        claim_entries: row.get(3)?,
        pos: row.get(4)?,
    })
}

/// Judge leases that expired.
pub(super) fn expired(connection: &Connection, now: Timestamp, limit: u32) -> Outcome<Rescued> {
    let orphans: Vec<Orphan> = connection
        .prepare_cached(
            "SELECT task, suspect, entries, claim_entries, pos FROM leases
             WHERE host IS NOT NULL AND until <= ?1 ORDER BY until LIMIT ?2",
        )?
        .query_map(params![now.0, limit], orphan)?
        .collect::<Result<_, _>>()?;
    rescue(connection, &orphans, now)
}

/// Judge leases of earlier hosts of an installation, and record its present one.
pub(super) fn take_back(
    connection: &Connection,
    installation: uuid::Uuid,
    host: HostId,
    now: Timestamp,
) -> Outcome<Rescued> {
    let (installation, host) = (installation.to_string(), host.to_string());
    let orphans: Vec<Orphan> = connection
        .prepare_cached(
            "SELECT task, suspect, entries, claim_entries, pos FROM leases
             WHERE host IN (SELECT host FROM hosts WHERE installation = ?1 AND host <> ?2) ORDER BY until",
        )?
        .query_map(params![installation, host], orphan)?
        .collect::<Result<_, _>>()?;
    let rescued = rescue(connection, &orphans, now)?;
    connection
        .prepare_cached("DELETE FROM hosts WHERE installation = ?1 AND host <> ?2")?
        .execute(params![installation, host])?;
    connection
        .prepare_cached(
            "INSERT INTO hosts (host, installation, started_at) VALUES (?1, ?2, ?3) ON CONFLICT (host) DO NOTHING",
        )?
        .execute(params![host, installation, now.0])?;
    Ok(rescued)
}

fn rescue(connection: &Connection, orphans: &[Orphan], now: Timestamp) -> Outcome<Rescued> {
    let mut rescued = Rescued::default();
    for orphan in orphans {
        let id = parse("leases.task", &orphan.task)?;
        let task = get_task(connection, &id)?;
        match judge(task.strikes, orphan.entries > orphan.claim_entries, orphan.suspect) {
            Verdict::Requeue { strikes } => {
                let state = task.state.after(Transition::Release).map_err(super::journal::conflict)?;
                connection
                    .prepare_cached("UPDATE tasks SET state = ?2, strikes = ?3 WHERE id = ?1")?
                    .execute(params![id.as_str(), state.as_str(), strikes])?;
                let_go(connection, &id)?;
                rescued.requeued.push(id);
            }
            Verdict::Quarantine => {
                let state = task.state.after(Transition::Quarantine).map_err(super::journal::conflict)?;
                let failure = quarantine_failure(open_scope(connection, &id)?.as_deref());
                let user = task.new.user;
                let end = End {
                    task: &id,
                    user,
                    state,
                    output: None,
                    failure: Some(&failure),
                    pos: orphan.pos,
                    now,
                };
                end_task(connection, &end)?;
                rescued.told |= tell_end(connection, &id)?;
                rescued.quarantined.push(id);
            }
        }
    }
    Ok(rescued)
}
