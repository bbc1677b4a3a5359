//! elizaOS sessions and jobs as rows.

use super::{decode, encode, parse};
use app::ports::store_error::StoreError;
use domain::job::Job;
use domain::session::Session;
use domain::time::Timestamp;

/// The columns of a session, in the order in which both databases read them.
macro_rules! session_columns {
    () => {
        "id, room, user_id, agent_id, sender, metadata, timeout, created_at, last_activity, expires_at, renewals"
    };
}
pub(crate) use session_columns;

/// The columns of a job, in the order in which both databases read them; its table is called `j`.
macro_rules! job_columns {
    () => {
        "j.id, j.user_id, j.agent_id, j.room, j.task, j.sender, j.content, j.metadata, j.created_at, j.expires_at"
    };
}
pub(crate) use job_columns;

/// A row of `sessions`.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) user_id: String,
    pub(crate) agent_id: String,
    pub(crate) sender: String,
    pub(crate) metadata: String,
    pub(crate) timeout: String,
    pub(crate) created_at: i64,
    pub(crate) last_activity: i64,
    pub(crate) expires_at: i64,
    pub(crate) renewals: i64,
}

impl SessionRow {
    /// The row of a session.
    pub(crate) fn of(session: &Session) -> Result<Self, StoreError> {
        Ok(Self {
            id: session.id.to_string(),
            room: session.room.to_string(),
            user_id: session.user.to_string(),
            agent_id: session.agent.to_string(),
            sender: session.sender.to_string(),
            metadata: encode(&session.metadata)?,
            timeout: encode(&session.timeout)?,
            created_at: session.created_at.0,
            last_activity: session.last_activity.0,
            expires_at: session.expires_at.0,
            renewals: session.renewals.into(),
        })
    }

    /// The session that the row holds.
    pub(crate) fn into_session(self) -> Result<Session, StoreError> {
        Ok(Session {
            id: parse("sessions.id", &self.id)?,
            room: parse("sessions.room", &self.room)?,
            user: parse("sessions.user_id", &self.user_id)?,
            agent: parse("sessions.agent_id", &self.agent_id)?,
            sender: parse("sessions.sender", &self.sender)?,
            metadata: decode("sessions.metadata", &self.metadata)?,
            timeout: decode("sessions.timeout", &self.timeout)?,
            created_at: Timestamp(self.created_at),
            last_activity: Timestamp(self.last_activity),
            expires_at: Timestamp(self.expires_at),
            renewals: u32::try_from(self.renewals).unwrap_or(u32::MAX),
        })
    }
}

/// A row of `jobs`.
#[derive(Debug, Clone)]
pub(crate) struct JobRow {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) agent_id: String,
    pub(crate) room: String,
    pub(crate) task: String,
    pub(crate) sender: String,
    pub(crate) content: String,
    pub(crate) metadata: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

impl JobRow {
    /// The row of a job.
    pub(crate) fn of(job: &Job) -> Result<Self, StoreError> {
        Ok(Self {
            id: job.id.to_string(),
            user_id: job.user.to_string(),
            agent_id: job.agent.to_string(),
            room: job.room.to_string(),
            task: job.task.to_string(),
            sender: job.sender.to_string(),
            content: job.content.clone(),
            metadata: encode(&job.metadata)?,
            created_at: job.created_at.0,
            expires_at: job.expires_at.0,
        })
    }

    /// The job that the row holds.
    pub(crate) fn into_job(self) -> Result<Job, StoreError> {
        Ok(Job {
            id: parse("jobs.id", &self.id)?,
            user: parse("jobs.user_id", &self.user_id)?,
            agent: parse("jobs.agent_id", &self.agent_id)?,
            room: parse("jobs.room", &self.room)?,
            task: parse("jobs.task", &self.task)?,
            sender: parse("jobs.sender", &self.sender)?,
            content: self.content,
            metadata: decode("jobs.metadata", &self.metadata)?,
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
        })
    }
}
