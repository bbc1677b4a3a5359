//! Appending to a task's journal: the fence, the entries, what they change.

use super::effects;
use super::failure::Failure;
use super::row::bytes;
use super::transaction::Write;
use crate::rows::{EntryRow, Found, StoredEntry, column, compare, count, exhausted};
use app::failpoint;
use app::ports::journal::Append;
use app::ports::store_error::StoreError;
use domain::id::Digest;
use domain::task::Lease;
use sqlx::Row as _;
use std::collections::HashMap;

/// A leased task; the lease's row is locked until the transaction ends.
pub(super) struct Held {
    pub(super) task: String,
    pub(super) user: String,
    pub(super) agent: String,
    token: i64,
    /// The last place that is taken.
    pub(super) pos: i64,
    entries: i64,
    bytes: i64,
    /// Entries when the lease was claimed.
    claim_entries: i64,
    /// `entries`, `bytes` and `pos` as the lease's row has them.
    saved: (i64, i64, i64),
    /// Whether the queue got something.
    pub(super) queued: bool,
}

/// What entries do to the journal.
#[derive(Default)]
struct Change {
    /// New ones, in order.
    inserted: Vec<EntryRow>,
    /// Results of those that had started.
    answered: Vec<EntryRow>,
    /// By how many bytes the bodies grow.
    growth: i64,
}

/// Append under the fence. [`Held::save`] must follow.
pub(super) async fn append(write: &mut Write, lease: &Lease, append: &Append) -> Result<Held, Failure> {
    let rows = append.entries.iter().map(EntryRow::of).collect::<Result<Vec<_>, _>>()?;
    // Nearly always all entries are new, and then this statement is the only one on the lease's row.
    let offered = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let offered_bytes = rows.iter().map(|row| length(&row.body)).sum();
    let row = write.enter(lease, offered, offered_bytes).await?;
    failpoint::reach("append.fenced");
    let saved: (i64, i64, i64) = (row.try_get("entries")?, row.try_get("bytes")?, row.try_get("pos")?);
    let mut held = Held {
        task: lease.task.to_string(),
        user: row.try_get("user_id")?,
        agent: row.try_get("agent_id")?,
        token: lease.token,
        entries: saved.0 - offered,
        bytes: saved.1 - offered_bytes,
        pos: saved.2 - offered,
        claim_entries: row.try_get("claim_entries")?,
        saved,
        queued: false,
    };
    let change = sort_out(stored(write, lease, &rows).await?, rows)?;
    record(write, &mut held, &change).await?;
    // An append is one transaction: entries that are all there were committed together with its effects.
    if offered == 0 || !change.inserted.is_empty() || !change.answered.is_empty() {
        effects::apply(write, &mut held, &append.effects).await?;
    }
    Ok(held)
}

fn length(body: &str) -> i64 {
    i64::try_from(body.len()).unwrap_or(i64::MAX)
}

/// What is at the addresses of these entries.
async fn stored(
    write: &mut Write,
    lease: &Lease,
    rows: &[EntryRow],
) -> Result<HashMap<(String, i64), StoredEntry>, Failure> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let found = write
        .query(
            "SELECT e.scope, e.ordinal, e.kind, e.hash, e.answered, e.body
             FROM unnest($2::text[], $3::bigint[]) AS a (scope, ordinal)
             JOIN entries e ON e.task = $1 AND e.scope = a.scope AND e.ordinal = a.ordinal",
        )
        .bind(lease.task.to_string())
        .bind(rows.iter().map(|row| row.scope.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.ordinal).collect::<Vec<_>>())
        .fetch_all(write.connection())
        .await?;
    let mut stored = HashMap::new();
    for row in found {
        let entry = StoredEntry {
            kind: row.try_get("kind")?,
            hash: row.try_get("hash")?,
            answered: row.try_get("answered")?,
            body: row.try_get("body")?,
        };
        stored.insert((row.try_get("scope")?, row.try_get("ordinal")?), entry);
    }
    Ok(stored)
}

/// Compare each entry with what is there, the earlier ones of the same append included.
fn sort_out(
    mut stored: HashMap<(String, i64), StoredEntry>,
    rows: Vec<EntryRow>,
) -> Result<Change, StoreError> {
    let mut change = Change::default();
    for row in rows {
        let address = (row.scope.clone(), row.ordinal);
        let after = length(&row.body);
        let present = StoredEntry {
            kind: row.kind.to_owned(),
            hash: row.hash.clone(),
            answered: row.answered,
            body: row.body.clone(),
        };
        match compare(stored.get(&address), &row)? {
            Found::Equal => continue,
            Found::Nothing => change.inserted.push(row),
            Found::Started => {
                let same =
                    |inserted: &&mut EntryRow| inserted.scope == row.scope && inserted.ordinal == row.ordinal;
                match change.inserted.iter_mut().find(same) {
                    Some(inserted) => *inserted = row,
                    None => change.answered.push(row),
                }
            }
        }
        change.growth = change.growth.saturating_add(after);
        stored.insert(address, present);
    }
    Ok(change)
}

async fn record(write: &mut Write, held: &mut Held, change: &Change) -> Result<(), Failure> {
    if change.inserted.is_empty() && change.answered.is_empty() {
        return Ok(());
    }
    held.entries = held.entries.saturating_add(i64::try_from(change.inserted.len()).unwrap_or(i64::MAX));
    held.bytes =
        held.bytes.saturating_add(change.growth).saturating_add(name_blobs(write, held, change).await?);
    exhausted(count(held.entries), count(held.bytes))?;
    insert(write, held, &change.inserted).await?;
    for row in &change.answered {
        write
            .query(
                "UPDATE entries SET body = $4, answered = $5, at = $6 WHERE task = $1 AND scope = $2 AND ordinal = $3",
            )
            .bind(held.task.clone())
            .bind(row.scope.clone())
            .bind(row.ordinal)
            .bind(row.body.clone())
            .bind(row.answered)
            .bind(row.at)
            .execute(write.connection())
            .await?;
    }
    sum_up_work(write, held, change).await
}

async fn insert(write: &mut Write, held: &mut Held, rows: &[EntryRow]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    write
        .query(
            "INSERT INTO entries (task, pos, user_id, token, scope, ordinal, at, kind, hash, answered, body)
             SELECT $1, $2 + e.place, $3, $11, e.scope, e.ordinal, e.at, e.kind, e.hash, e.answered, e.body
             FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::boolean[], $10::text[])
                  WITH ORDINALITY AS e (scope, ordinal, at, kind, hash, answered, body, place)",
        )
        .bind(held.task.clone())
        .bind(held.pos)
        .bind(held.user.clone())
        .bind(rows.iter().map(|row| row.scope.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.ordinal).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.kind.to_owned()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.hash.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.answered).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.body.clone()).collect::<Vec<_>>())
        .bind(held.token)
        .execute(write.connection())
        .await?;
    held.pos = held.pos.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
    Ok(())
}

/// Keep the blobs that the entries name. Answers the bytes of those that this task did not name before.
async fn name_blobs(write: &mut Write, held: &Held, change: &Change) -> Result<i64, Failure> {
    let named: Vec<Digest> =
        change.inserted.iter().chain(&change.answered).flat_map(|row| row.blobs.iter().copied()).collect();
    if named.is_empty() {
        return Ok(0);
    }
    let row = write
        .query(
            "WITH named AS (
                 INSERT INTO entry_blobs (task, digest) SELECT $1, unnest($2::bytea[])
                 ON CONFLICT DO NOTHING RETURNING digest
             )
             SELECT coalesce(sum(size), 0)::bigint FROM named JOIN blobs USING (digest)",
        )
        .bind(held.task.clone())
        .bind(named.iter().map(bytes).collect::<Vec<_>>())
        .fetch_one(write.connection())
        .await?;
    Ok(row.try_get(0)?)
}

async fn sum_up_work(write: &mut Write, held: &Held, change: &Change) -> Result<(), Failure> {
    for row in &change.inserted {
        let Some(work) = &row.work else { continue };
        write
            .query(
                "INSERT INTO personality_work AS w (task, personality, user_id, wall_us, finished, last_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (task, personality) DO UPDATE SET wall_us = w.wall_us + excluded.wall_us,
                     finished = w.finished OR excluded.finished, last_at = greatest(w.last_at, excluded.last_at)",
            )
            .bind(held.task.clone())
            .bind(work.personality.clone())
            .bind(held.user.clone())
            .bind(column(work.wall_us))
            .bind(work.finished)
            .bind(row.at)
            .execute(write.connection())
            .await?;
    }
    Ok(())
}

impl Held {
    /// Whether the claim has made a durable entry.
    pub(super) fn progressed(&self) -> bool {
        self.entries > self.claim_entries
    }

    /// Write what differs back into the lease's row.
    pub(super) async fn save(&mut self, write: &mut Write) -> Result<(), Failure> {
        let present = (self.entries, self.bytes, self.pos);
        if present == self.saved {
            return Ok(());
        }
        write
            .query("UPDATE leases SET entries = $2, bytes = $3, pos = $4 WHERE task = $1")
            .bind(self.task.clone())
            .bind(self.entries)
            .bind(self.bytes)
            .bind(self.pos)
            .execute(write.connection())
            .await?;
        self.saved = present;
        Ok(())
    }
}
