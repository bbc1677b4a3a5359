//! Following a log: the newest lines, then each as it is written, on whichever host.

use super::{Query, filter, shown};
use crate::context::App;
use crate::fields::invalid;
use crate::ports::logs::{LogFilter, LogPart, Place};
use domain::caller::Caller;
use domain::error::Error;
use domain::id::UserId;
use futures_util::stream::{self, Stream};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Lines of other hosts signal nothing here.
const POLL: Duration = Duration::from_secs(1);
/// Lines are read in pages of this many.
const PAGE: u32 = 200;

/// A line as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowedLine {
    /// Give it as `Last-Event-ID` to go on after this line.
    pub id: String,
    /// The line.
    pub data: Value,
}

/// Follow from the newest `limit` lines, from `since` if that is given, or after `last_event_id`. Lines that come while nobody reads are
/// not lost: they are read from the store.
///
/// # Errors
/// As `super::list`; 400 for an id that this stream did not give.
pub async fn follow(
    app: &Arc<App>,
    caller: &Caller,
    user: &str,
    query: &Query,
    last_event_id: Option<&str>,
) -> Result<impl Stream<Item = Result<FollowedLine, Error>> + Send + 'static, Error> {
    let filter = filter(app, caller, user, query).await?;
    let place = last_event_id.map(str::parse::<Place>).transpose();
    let place = place.map_err(|()| invalid("Last-Event-ID", "is not an id of this stream"))?;
    // Subscribe first: what is written between reading the store and subscribing would wait for the next look.
    let logged = app.logged.subscribe();
    let place = place.or_else(|| filter.since.map(|_| Place::default()));
    let mut follower = Follower {
        app: Arc::clone(app),
        filter,
        logged,
        place: place.unwrap_or_default(),
        ready: VecDeque::new(),
    };
    match place {
        Some(_) => follower.read(LogPart::After(follower.place), PAGE).await?,
        None => follower.read(LogPart::Settled, query.limit).await?,
    };
    Ok(stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(line) => Some((Ok(line), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Follower {
    app: Arc<App>,
    filter: LogFilter,
    /// Whose log got lines.
    logged: Receiver<UserId>,
    /// Of the last line that was read.
    place: Place,
    ready: VecDeque<FollowedLine>,
}

impl Follower {
    async fn next(&mut self) -> Result<FollowedLine, Error> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(line);
            }
            if self.read(LogPart::After(self.place), PAGE).await? == 0 {
                self.until_logged().await;
            }
        }
    }

    /// Answers how many lines there were.
    async fn read(&mut self, part: LogPart, limit: u32) -> Result<usize, Error> {
        let mut rows = self.app.ports.logs.list_logs(&self.filter, part, limit).await?;
        if !matches!(part, LogPart::After(_)) {
            rows.reverse();
        }
        self.place = rows.last().map_or(self.place, |row| row.place);
        self.ready
            .extend(rows.iter().map(|row| FollowedLine { id: row.place.to_string(), data: shown(row) }));
        Ok(rows.len())
    }

    /// Until there may be something new.
    async fn until_logged(&mut self) {
        let pause = self.app.ports.clock.sleep(POLL);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return,
                logged = self.logged.recv() => match logged {
                    Ok(user) if user != self.filter.user => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    // The application holds the sender as long as this follower holds the application.
                    Err(RecvError::Closed) => return (&mut pause).await,
                },
            }
        }
    }
}
