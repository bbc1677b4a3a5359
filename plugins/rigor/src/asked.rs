//! What came of a question: an answer, or why there is none that can be used.

use std::marker::PhantomData;

use serde::Deserialize;
use skep_sdk::schema::{Piece, Schema};
use skep_sdk::{Error, ErrorKind};

/// The outcome of asking a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked<T> {
    /// None: the model gave nothing that fits, or was not asked.
    pub answer: Option<T>,
    /// `answered`, `answered after 1 repair`, `unusable answer: …` or `not asked: …`; kept in the details of the phase.
    pub model: String,
    /// How often it was asked again.
    pub repairs: u32,
}

impl<T> Asked<T> {
    pub(crate) fn answered(answer: T, repairs: u32) -> Self {
        let model = match repairs {
            0 => "answered".to_owned(),
            1 => "answered after 1 repair".to_owned(),
            more => format!("answered after {more} repairs"),
        };
        Self { answer: Some(answer), model, repairs }
    }

    pub(crate) fn unusable(reason: &str, repairs: u32) -> Self {
        Self { answer: None, model: format!("unusable answer: {}", crate::talk::cut(reason, 300)), repairs }
    }

    /// The question was not worth asking.
    pub fn not_asked(reason: &str) -> Self {
        Self { answer: None, model: format!("not asked: {reason}"), repairs: 0 }
    }

    /// 0.9 for an answer at once, 0.7 after a repair, 0.4 when only computed facts are left.
    pub fn confidence(&self) -> f32 {
        match (&self.answer, self.repairs) {
            (Some(_), 0) => 0.9,
            (Some(_), _) => 0.7,
            (None, _) => 0.4,
        }
    }
}

/// True if the model answered, but not with something that can be used: the phase goes on with what it computed itself.
/// All other failures are the host's to handle: it tries again, waits, or ends the task.
pub(crate) fn is_unusable(error: &Error) -> bool {
    match error.code.as_str() {
        // The host's check of the answer, the SDK's, and a model that says no.
        "schema" | "model-answer-invalid" => error.kind == ErrorKind::Other,
        "refusal" => error.kind == ErrorKind::Permanent,
        _ => false,
    }
}

/// Asked for with the schema of `Short`, read as `Deep`.
pub(crate) struct Narrow<Short, Deep>(pub(crate) Deep, PhantomData<Short>);

impl<Short: Schema, Deep> Schema for Narrow<Short, Deep> {
    const TYPE: &'static [Piece] = Short::TYPE;
}

impl<'de, Short, Deep: Deserialize<'de>> Deserialize<'de> for Narrow<Short, Deep> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Deep::deserialize(deserializer)?, PhantomData))
    }
}
