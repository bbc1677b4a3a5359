//! What a turn does beside asking the model: assembling what the model reads, and keeping what it said.

use crate::canonical::{Canonical, Encoder};
use crate::effect::model::ModelRequest;
use crate::turn::{Turn, TurnReport};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A step of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnCall {
    /// Assemble the context: templates, settings, the room, due instructions. Its entry and the consuming of those instructions are one
    /// transaction, so that a resumed tick never reads again.
    Context(Turn),
    /// Put the reply into the room, unless it is quiet.
    Record {
        /// Whose.
        turn: Turn,
        /// What was said.
        report: TurnReport,
    },
}

/// What the model is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TurnContext {
    /// The conversation with settings.
    pub request: ModelRequest,
    /// How many instructions it consumed.
    pub instructions: u32,
}

impl TurnCall {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Context(_) => "turn.context",
            Self::Record { .. } => "turn.record",
        }
    }

    pub(crate) fn describe(&self) -> Value {
        match self {
            Self::Context(turn) => json!({ "turn": turn }),
            Self::Record { turn, report } => json!({ "turn": turn, "report": report }),
        }
    }
}

impl Canonical for TurnCall {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.json(&self.describe());
    }
}
