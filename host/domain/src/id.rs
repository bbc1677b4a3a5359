//! Identities. Random ones are made by the caller from bytes that it draws; derived ones are made here.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Text that is not an identity of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}: expected {expected}")]
pub struct InvalidId {
    /// What was given.
    pub text: String,
    /// What was wanted.
    pub kind: &'static str,
    /// The form of it.
    pub expected: &'static str,
}

/// A task: `task_` and 12 lowercase hex digits (RIGOR executions `exec_`, workflow runs `run_`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// Prefix of agent tasks.
    pub const TASK: &'static str = "task";
    /// Prefix of RIGOR executions.
    pub const EXECUTION: &'static str = "exec";
    /// Prefix of workflow runs.
    pub const RUN: &'static str = "run";
    /// Prefix of webhook deliveries.
    pub const DELIVERY: &'static str = "dlv";
    /// Prefix of chat turns.
    pub const TURN: &'static str = "turn";
    /// Prefix of ticks.
    pub const TICK: &'static str = "tick";

    /// An identity from six random (or derived) bytes.
    #[must_use]
    pub fn new(prefix: &str, bytes: [u8; 6]) -> Self {
        Self(format!("{prefix}_{}", data_encoding::HEXLOWER.encode(&bytes)))
    }

    /// An identity that is the same each time it is made from `key`: a child task found again after a crash.
    #[must_use]
    pub fn derived(prefix: &str, key: &str) -> Self {
        let hash = Sha256::digest(key.as_bytes());
        let mut bytes = [0_u8; 6];
        bytes.iter_mut().zip(hash.iter()).for_each(|(target, source)| *target = *source);
        Self::new(prefix, bytes)
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaskId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let valid = text.split_once('_').is_some_and(|(prefix, digits)| {
            [Self::TASK, Self::EXECUTION, Self::RUN, Self::DELIVERY, Self::TURN, Self::TICK].contains(&prefix)
                && digits.len() == 12
                && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId { text: text.to_owned(), kind: "task id", expected: "task_ and 12 hex digits" })
        }
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the hyphenated form: other forms of a UUID would give one thing several names.
                let parsed = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
                parsed.map(Self).ok_or_else(|| InvalidId { text: text.to_owned(), kind: stringify!($name), expected: "a UUID" })
            }
        }
    };
}

uuid_id!(
    /// An account.
    UserId
);
uuid_id!(
    /// A user's assistant.
    AgentId
);
uuid_id!(
    /// One start of one host process: what holds leases.
    HostId
);

/// The sha256 of some bytes: of a component (its identity) or of a blob.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// 64 lowercase hex digits.
    #[must_use]
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Digest {
    type Err = InvalidId;

    /// With or without the prefix `sha256:`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(digits.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| InvalidId {
                text: text.to_owned(),
                kind: "digest",
                expected: "sha256: and 64 hex digits",
            })
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_task_id_has_a_known_prefix_and_twelve_hex_digits() {
        for (text, valid) in [
            ("task_a1b2c3d4e5f6", true),
            ("exec_000000000000", true),
            ("task_A1B2C3D4E5F6", false),
            ("task_a1b2c3d4e5f", false),
            ("wf_a1b2c3d4e5f6", false),
            ("task-a1b2c3d4e5f6", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<TaskId>().is_ok(), valid, "{text}");
        }
    }

    #[test]
    fn a_derived_id_depends_on_its_key_alone() {
        assert_eq!(TaskId::derived("task", "a"), TaskId::derived("task", "a"));
        assert_ne!(TaskId::derived("task", "a"), TaskId::derived("task", "b"));
    }

    #[test]
    fn a_uuid_has_one_written_form() {
        let text = "550e8400-e29b-41d4-a716-446655440000";
        assert_eq!(text.parse::<AgentId>().unwrap().to_string(), text);
        assert!("550e8400e29b41d4a716446655440000".parse::<AgentId>().is_err());
        assert!("{550e8400-e29b-41d4-a716-446655440000}".parse::<AgentId>().is_err());
    }
}
