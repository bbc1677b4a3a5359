//! Telling other hosts that the queue has something, and hearing it from them.
//!
//! `NOTIFY` runs by itself on a connection of its own: inside a transaction that writes, it would take a lock that all such transactions
//! of the database share. It has no payload, so that many become one. Where it is not heard, the queue is polled.

use super::connect::options;
use sqlx::postgres::{PgConnection, PgListener};
use sqlx::{AssertSqlSafe, Connection as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// All hosts of a database listen here.
const CHANNEL: &str = "skep";
/// At most one notification in this time.
const SPACING: Duration = Duration::from_millis(20);
/// The queue is looked at this often even when nothing is heard; a lost notification costs this much.
const POLL: Duration = Duration::from_secs(5);
/// The same without echo.
const POLL_WITHOUT_ECHO: Duration = Duration::from_millis(250);
/// An echo that takes longer is none.
const ECHO_PATIENCE: Duration = Duration::from_secs(2);
/// Between attempts to connect again.
const RECONNECT: Duration = Duration::from_secs(1);

/// Wakes those who wait for the queue, here and on other hosts.
#[derive(Debug)]
pub(super) struct Signal {
    heard: Arc<Heard>,
    /// The notifier holds the other end.
    told: Arc<Notify>,
    tasks: [JoinHandle<()>; 2],
}

/// What the listener and those who wait share.
#[derive(Debug, Default)]
struct Heard {
    changed: Notify,
    echo: AtomicBool,
}

impl Heard {
    fn wake(&self) {
        self.changed.notify_waiters();
        // For the one who is just about to wait.
        self.changed.notify_one();
    }
}

impl Signal {
    /// Start listening and find out whether our own notifications come back.
    pub(super) async fn start(url: &str, listen_url: &str) -> Self {
        let heard = Arc::new(Heard::default());
        let told = Arc::new(Notify::new());
        let first = listen(url, listen_url, &heard).await;
        let listener = tokio::spawn(hear(url.to_owned(), listen_url.to_owned(), Arc::clone(&heard), first));
        let notifier = tokio::spawn(tell(url.to_owned(), Arc::clone(&told)));
        Self { heard, told, tasks: [listener, notifier] }
    }

    /// Something was queued, and committed.
    pub(super) fn raise(&self) {
        self.heard.wake();
        self.told.notify_one();
    }

    /// The same, if so.
    pub(super) fn raise_if(&self, queued: bool) {
        if queued {
            self.raise();
        }
    }

    /// Answers when something may have been queued, at the latest when it is time to look.
    pub(super) async fn changed(&self) {
        let pause = if self.has_echo() { POLL } else { POLL_WITHOUT_ECHO };
        tokio::select! {
            () = self.heard.changed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Whether our own notifications come back.
    pub(super) fn has_echo(&self) -> bool {
        self.heard.echo.load(Ordering::Relaxed)
    }

    /// Stop listening and telling.
    pub(super) fn stop(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Notify when told to.
async fn tell(url: String, told: Arc<Notify>) {
    let mut connection: Option<PgConnection> = None;
    loop {
        told.notified().await;
        if let Err(error) = notify(&url, &mut connection, CHANNEL).await {
            tracing::warn!(%error, "other hosts could not be notified; they find the task when they poll");
            connection = None;
            tokio::time::sleep(RECONNECT).await;
        }
        tokio::time::sleep(SPACING).await;
    }
}

async fn notify(url: &str, connection: &mut Option<PgConnection>, channel: &str) -> Result<(), sqlx::Error> {
    let connected = match connection.take() {
        Some(connected) => connected,
        None => PgConnection::connect_with(&options(url)?).await?,
    };
    let connected = connection.insert(connected);
    // A raw statement: behind a pooler there are no prepared ones.
    sqlx::raw_sql(AssertSqlSafe(format!("NOTIFY \"{channel}\""))).execute(connected).await?;
    Ok(())
}

/// Hear notifications, and connect again when that ends.
async fn hear(url: String, listen_url: String, heard: Arc<Heard>, first: Result<PgListener, sqlx::Error>) {
    let mut listening = first;
    loop {
        match listening {
            Ok(mut listener) => {
                // `None` and an error both mean that the connection was lost, and notifications with it.
                while let Ok(Some(_notification)) = listener.try_recv().await {
                    heard.wake();
                }
                tracing::warn!("the connection that listens for other hosts was lost");
            }
            Err(error) => tracing::warn!(%error, "listening for other hosts failed; the queue is polled"),
        }
        heard.echo.store(false, Ordering::Relaxed);
        heard.wake();
        tokio::time::sleep(RECONNECT).await;
        listening = listen(&url, &listen_url, &heard).await;
    }
}

/// Listen, then notify a channel that nobody else knows, and wait for that.
async fn listen(url: &str, listen_url: &str, heard: &Heard) -> Result<PgListener, sqlx::Error> {
    let probe = format!("skep_echo_{}", uuid::Uuid::new_v4().simple());
    let mut listener = PgListener::connect(listen_url).await?;
    listener.listen_all([CHANNEL, probe.as_str()]).await?;
    let echo = async {
        notify(url, &mut None, &probe).await?;
        loop {
            let notification = listener.recv().await?;
            if notification.channel() == probe {
                return Ok::<(), sqlx::Error>(());
            }
            heard.wake();
        }
    };
    let echoed = matches!(tokio::time::timeout(ECHO_PATIENCE, echo).await, Ok(Ok(())));
    listener.unlisten(&probe).await?;
    if !echoed {
        tracing::warn!(
            "notifications do not come back from the database, so the queue is polled each 250 ms; \
             set SKEP_DATABASE_LISTEN_URL to a direct URL when the main one leads to a pooler"
        );
    }
    heard.echo.store(echoed, Ordering::Relaxed);
    Ok(listener)
}
