//! Submitting: submits that wait at the same time are joined into one transaction, since the commit is what costs.

use super::Database;
use super::failure::Failure;
use super::row::{bytes, task, task_columns};
use super::transaction::{Write, transact};
use crate::rows::{TaskRow, column};
use app::ports::store_error::StoreError;
use app::ports::tasks::ImportedFile;
use domain::task::{NewTask, Task};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Most submits of one transaction: more only make its rows' locks last longer.
const JOINED: usize = 256;
/// Transactions of submits at the same time. While they commit, others gather.
const FLIGHTS: usize = 2;
/// Submits that wait; then callers wait to get in.
const QUEUE: usize = 1024;

/// A submit that waits for its answer.
struct Request {
    new: NewTask,
    files: Vec<ImportedFile>,
    answer: oneshot::Sender<Result<Task, StoreError>>,
}

/// Where submits go.
#[derive(Debug)]
pub(super) struct Submitter {
    requests: mpsc::Sender<Request>,
}

impl Submitter {
    /// Start the task that joins submits. It ends when the submitter is dropped.
    pub(super) fn start(database: Database) -> Self {
        let (requests, mut queue) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let flights = Arc::new(Semaphore::new(FLIGHTS));
            loop {
                let Ok(flight) = Arc::clone(&flights).acquire_owned().await else { return };
                let mut batch = Vec::new();
                if queue.recv_many(&mut batch, JOINED).await == 0 {
                    return;
                }
                let database = database.clone();
                tokio::spawn(async move {
                    submit_batch(&database, batch).await;
                    drop(flight);
                });
            }
        });
        Self { requests }
    }

    /// Submit a task. It is submitted even when the caller stops waiting.
    pub(super) async fn submit(&self, new: NewTask, files: Vec<ImportedFile>) -> Result<Task, StoreError> {
        let gone = || StoreError::Unavailable("the store is shutting down".to_owned());
        let (answer, outcome) = oneshot::channel();
        self.requests.send(Request { new, files, answer }).await.map_err(|_closed| gone())?;
        outcome.await.map_err(|_closed| gone())?
    }
}

async fn submit_batch(database: &Database, batch: Vec<Request>) {
    let mut waiting = Vec::with_capacity(batch.len());
    let mut submits = Vec::with_capacity(batch.len());
    for request in batch {
        waiting.push(request.answer);
        submits.push((request.new, request.files));
    }
    let results = submit_all(database, &submits).await;
    for (answer, result) in waiting.into_iter().zip(results) {
        // The caller has gone; its task is stored all the same.
        let _gone = answer.send(result);
    }
}

/// All in one transaction; when that fails for its content, one by one, so that one bad submit fails one caller.
async fn submit_all(
    database: &Database,
    submits: &[(NewTask, Vec<ImportedFile>)],
) -> Vec<Result<Task, StoreError>> {
    match submit_once(database, submits).await {
        Ok(results) => results,
        Err(StoreError::Unavailable(reason)) => {
            submits.iter().map(|_| Err(StoreError::Unavailable(reason.clone()))).collect()
        }
        Err(error) if submits.len() == 1 => vec![Err(error)],
        Err(_) => {
            let mut results = Vec::with_capacity(submits.len());
            for submit in submits {
                let result = submit_once(database, std::slice::from_ref(submit)).await;
                results.push(result.and_then(|mut results| results.pop().ok_or_else(lost)?));
            }
            results
        }
    }
}

async fn submit_once(
    database: &Database,
    submits: &[(NewTask, Vec<ImportedFile>)],
) -> Result<Vec<Result<Task, StoreError>>, StoreError> {
    transact!(database, write => submit(&mut write, submits))
}

async fn submit(
    write: &mut Write,
    submits: &[(NewTask, Vec<ImportedFile>)],
) -> Result<Vec<Result<Task, StoreError>>, Failure> {
    let news: Vec<&NewTask> = submits.iter().map(|(new, _)| new).collect();
    let inserted = insert_tasks(write, &news).await?;
    let mut seen = HashSet::new();
    // Of two submits with one id in a batch the first counts.
    let fresh: Vec<&(NewTask, Vec<ImportedFile>)> = submits
        .iter()
        .filter(|(new, _)| inserted.contains(new.id.as_str()) && seen.insert(new.id.as_str()))
        .collect();
    insert_files(write, &fresh).await?;
    let stored: HashMap<String, Task> = if fresh.len() == submits.len() {
        HashMap::new()
    } else {
        let ids: Vec<String> = news.iter().map(|new| new.id.to_string()).collect();
        let rows = write
            .query(concat!("SELECT ", task_columns!(), " FROM tasks t WHERE t.id = ANY($1)"))
            .bind(ids)
            .fetch_all(write.connection())
            .await?;
        rows.iter()
            .map(|row| task(row).map(|task| (task.new.id.to_string(), task)))
            .collect::<Result<_, _>>()?
    };
    let answer = |new: &NewTask| match stored.get(new.id.as_str()) {
        Some(task) if task.new.user == new.user => Ok(task.clone()),
        Some(_) => Err(StoreError::Conflict(format!("the task id {} is taken", new.id))),
        None => TaskRow::queued(new)?.into_task(),
    };
    Ok(news.into_iter().map(answer).collect())
}

/// Insert queued tasks; those whose id is there already stay as they are. Answers the ids that were inserted.
pub(super) async fn insert_tasks(write: &mut Write, news: &[&NewTask]) -> Result<HashSet<String>, Failure> {
    if news.is_empty() {
        return Ok(HashSet::new());
    }
    let mut rows = news.iter().map(|new| TaskRow::queued(new)).collect::<Result<Vec<_>, _>>()?;
    // One order of locks for all hosts.
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    let column = |value: fn(&TaskRow) -> String| rows.iter().map(value).collect::<Vec<String>>();
    let statement = write
        .query(
            "INSERT INTO tasks (id, parent, user_id, agent_id, kind, driver, priority, input, estimate_key, created_at, state)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[],
                                  $8::text[], $9::text[], $10::bigint[], $11::text[])
             ON CONFLICT (id) DO NOTHING RETURNING id",
        )
        .bind(column(|row| row.id.clone()))
        .bind(rows.iter().map(|row| row.parent.clone()).collect::<Vec<Option<String>>>())
        .bind(column(|row| row.user_id.to_string()))
        .bind(column(|row| row.agent_id.to_string()))
        .bind(column(|row| row.kind.clone()))
        .bind(column(|row| row.driver.clone()))
        .bind(rows.iter().map(|row| row.priority).collect::<Vec<i16>>())
        .bind(column(|row| row.input.clone()))
        .bind(column(|row| row.estimate_key.clone()))
        .bind(rows.iter().map(|row| row.created_at).collect::<Vec<i64>>())
        .bind(column(|row| row.state.clone()));
    let inserted = statement.fetch_all(write.connection()).await?;
    inserted.iter().map(|row| Ok(sqlx::Row::try_get(row, 0)?)).collect()
}

async fn insert_files(write: &mut Write, submits: &[&(NewTask, Vec<ImportedFile>)]) -> Result<(), Failure> {
    let files: Vec<(&NewTask, &ImportedFile)> =
        submits.iter().flat_map(|(new, files)| files.iter().map(move |file| (new, file))).collect();
    if files.is_empty() {
        return Ok(());
    }
    for base in [false, true] {
        write
            .query(
                "INSERT INTO workspace_files (task, base, path, user_id, blob, size, version)
                 SELECT f.task, $6, f.path, f.user_id, f.blob, f.size, 1
                 FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[])
                      AS f (task, path, user_id, blob, size)",
            )
            .bind(files.iter().map(|(new, _)| new.id.to_string()).collect::<Vec<_>>())
            .bind(files.iter().map(|(_, file)| file.path.clone()).collect::<Vec<_>>())
            .bind(files.iter().map(|(new, _)| new.user.to_string()).collect::<Vec<_>>())
            .bind(files.iter().map(|(_, file)| bytes(&file.blob)).collect::<Vec<_>>())
            .bind(files.iter().map(|(_, file)| column(file.size)).collect::<Vec<_>>())
            .bind(base)
            .execute(write.connection())
            .await?;
    }
    Ok(())
}

fn lost() -> StoreError {
    StoreError::Internal("a submit got no answer".to_owned())
}
