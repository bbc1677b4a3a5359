//! Where in a task something happened: `(task, scope, ordinal)`. Never when.

use crate::id::TaskId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// The place of a component call in its task, such as `coder-ai/generate` or `coder-ai@2/generate` (second round).
/// A nested call adds `/ORDINAL.TOOL` to the scope that made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub String);

impl Place {
    /// A place by its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One try of the call at a place: `coder-ai/generate#1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Which call.
    pub place: Place,
    /// From 1.
    pub attempt: u32,
}

impl Scope {
    /// The scope of a tool call that this scope made at `ordinal`: `coder-ai/generate#1/3.files.read#1`.
    #[must_use]
    pub fn nested(&self, ordinal: u32, tool: &str) -> Self {
        Self { place: Place(format!("{self}/{ordinal}.{tool}")), attempt: 1 }
    }

    /// The personality whose place this is; none for a nested call, which is a skill's, and for calls that the host makes itself.
    #[must_use]
    pub fn personality(&self) -> Option<&str> {
        let (station, _) = self.place.0.split_once('/').filter(|_| self.depth() == 0)?;
        station.split_once('@').map(|(personality, _)| personality)
    }

    /// How many calls this one is nested in.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.place.0.matches('#').count()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}#{}", self.place, self.attempt)
    }
}

impl FromStr for Scope {
    type Err = crate::id::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.rsplit_once('#').and_then(|(place, attempt)| Some((place, attempt.parse().ok()?)));
        match parts {
            Some((place, attempt)) if !place.is_empty() && attempt >= 1 => {
                Ok(Self { place: Place::new(place), attempt })
            }
            _ => Err(crate::id::InvalidId { text: text.to_owned(), kind: "scope", expected: "PLACE#TRY" }),
        }
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The identity of a journal entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The task.
    pub task: TaskId,
    /// The component call.
    pub scope: Scope,
    /// 0 is the start of the scope, 1 its first host call.
    pub ordinal: u32,
}

impl Address {
    /// What a foreign effect at this address carries in `Idempotency-Key`: 26 characters of base32.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        let hash = Sha256::digest(format!("{}|{}|{}", self.task, self.scope, self.ordinal).as_bytes());
        let mut text = data_encoding::BASE32_NOPAD.encode(&hash).to_lowercase();
        text.truncate(26);
        text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.task, self.scope, self.ordinal)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn parallel_branches_and_tries_never_share_a_key() {
        let task: TaskId = "task_a1b2c3d4e5f6".parse().unwrap();
        let mut keys = std::collections::BTreeSet::new();
        for place in ["planner-ai/generate", "architect-ai/generate", "planner-ai@2/generate"] {
            for attempt in 1..4 {
                for ordinal in 0..5 {
                    let scope = Scope { place: Place::new(place), attempt };
                    let address = Address { task: task.clone(), scope, ordinal };
                    assert_eq!(address.idempotency_key().len(), 26);
                    assert!(keys.insert(address.idempotency_key()), "{address}");
                }
            }
        }
    }

    #[test]
    fn a_nested_scope_names_its_caller() {
        let scope: Scope = "coder-ai/generate#2".parse().unwrap();
        let nested = scope.nested(3, "files.read");
        assert_eq!(nested.to_string(), "coder-ai/generate#2/3.files.read#1");
        assert_eq!(nested.to_string().parse::<Scope>().unwrap(), nested);
        assert_eq!((scope.depth(), nested.depth()), (0, 1));
        let scope: Scope = "coder-ai@2/generate#2".parse().unwrap();
        assert_eq!(scope.personality(), Some("coder-ai"));
        assert_eq!(scope.nested(3, "files.read").personality(), None);
        assert_eq!("gates@1#1".parse::<Scope>().unwrap().personality(), None);
    }
}
