//! Approvals: what a person decides before an agent does it. Bound to the agent, the tool, its arguments and the bytes that do it; usable
//! once, until it expires.

use crate::acmf::AcmfMode;
use crate::id::{AgentId, Digest, TaskId, UserId};
use crate::manifest::ToolEffects;
use crate::time::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Prefix of identities.
const PREFIX: &str = "appr";

/// What a mode says about something that is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Do,
    /// A person decides.
    Ask,
    /// It is not done, whoever approves.
    Refuse,
}

/// What a mode says about a call with these effects. An agent whose mode nobody has set does what its plugins were granted.
#[must_use]
pub fn verdict(mode: Option<AcmfMode>, effects: ToolEffects) -> Verdict {
    let only_reads = effects.read_only && !effects.destructive && !effects.egress;
    match mode {
        None | Some(AcmfMode::Autonomous) => Verdict::Do,
        Some(AcmfMode::Assisted) if effects.destructive || effects.egress => Verdict::Ask,
        Some(AcmfMode::Learning) if !only_reads => Verdict::Ask,
        Some(AcmfMode::Observe) if !only_reads => Verdict::Refuse,
        Some(AcmfMode::Assisted | AcmfMode::Learning | AcmfMode::Observe) => Verdict::Do,
    }
}

/// Where an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody has decided.
    Pending,
    /// It may be used, once.
    Approved,
    /// It may not.
    Rejected,
    /// It was used.
    Used,
    /// It was not decided or not used in time, or its task has ended.
    Expired,
}

impl Status {
    /// All.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Approved, Self::Rejected, Self::Used, Self::Expired];

    /// The word on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What exactly is approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// Who does it.
    pub agent: AgentId,
    /// `SKILL.TOOL`, or the host function, such as `http.send`.
    pub tool: String,
    /// Of the call with its arguments: `h1:…`.
    pub arguments_hash: String,
    /// Of the component that does it.
    pub digest: Digest,
}

impl Binding {
    /// The identity of the approval of this at a place: the same when a worker comes to the place again, and another one for anything else.
    #[must_use]
    pub fn approval_id(&self, place: &str) -> String {
        let text = format!("{place}|{}|{}|{}|{}", self.agent, self.tool, self.arguments_hash, self.digest);
        let hash = Sha256::digest(text.as_bytes());
        let digits: String = data_encoding::HEXLOWER.encode(&hash).chars().take(24).collect();
        format!("{PREFIX}_{digits}")
    }
}

/// An approval.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// `appr_` and 24 hex digits.
    pub id: String,
    /// Who decides.
    pub user: UserId,
    /// What.
    pub binding: Binding,
    /// The task that waits for it.
    pub task: Option<TaskId>,
    /// The arguments, for people.
    pub arguments: Value,
    /// Where it comes from, such as `task`.
    pub origin: String,
    /// Where it stands.
    pub status: Status,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Then it is over.
    pub expires_at: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// By which kind of key.
    pub decided_by: Option<String>,
    /// When whoever asked took note of the decision.
    pub used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn each_mode_lets_do_what_it_says() {
        let reads = ToolEffects { read_only: true, ..ToolEffects::default() };
        let writes = ToolEffects::default();
        let destroys = ToolEffects { destructive: true, ..ToolEffects::default() };
        let sends = ToolEffects { read_only: true, egress: true, ..ToolEffects::default() };
        use Verdict::{Ask, Do, Refuse};
        for (mode, expected) in [
            (None, [Do, Do, Do, Do]),
            (Some(AcmfMode::Autonomous), [Do, Do, Do, Do]),
            (Some(AcmfMode::Assisted), [Do, Do, Ask, Ask]),
            (Some(AcmfMode::Learning), [Do, Ask, Ask, Ask]),
            (Some(AcmfMode::Observe), [Do, Refuse, Refuse, Refuse]),
        ] {
            let verdicts = [reads, writes, destroys, sends].map(|effects| verdict(mode, effects));
            assert_eq!(verdicts, expected, "{mode:?}");
        }
    }

    #[test]
    fn whatever_is_another_deed_has_another_identity() {
        let binding = Binding {
            agent: AgentId(Uuid::from_u128(1)),
            tool: "mail.send".to_owned(),
            arguments_hash: "h1:aa".to_owned(),
            digest: Digest([1; 32]),
        };
        let id = binding.approval_id("task_1 a#1 1");
        assert_eq!(id, binding.approval_id("task_1 a#1 1"));
        for other in [
            Binding { agent: AgentId(Uuid::from_u128(2)), ..binding.clone() },
            Binding { tool: "mail.read".to_owned(), ..binding.clone() },
            Binding { arguments_hash: "h1:ab".to_owned(), ..binding.clone() },
            Binding { digest: Digest([2; 32]), ..binding.clone() },
        ] {
            assert_ne!(other.approval_id("task_1 a#1 1"), id);
        }
        assert_ne!(binding.approval_id("task_1 a#1 2"), id);
    }
}
