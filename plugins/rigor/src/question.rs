//! A question of a phase, in the depth that the scope asks for.

use skep_sdk::personality::Brief;

use crate::talk::is_deep;

/// At most so many tokens in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// At demo.
    pub demo: u32,
    /// Above.
    pub deep: u32,
}

/// What is asked, and how long the answer may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Without the marker of its phase.
    pub text: String,
    /// Of the answer.
    pub tokens: Tokens,
}

impl Question {
    /// `short` at demo, `deep` above. `form` is an empty answer, for servers that do not hold a model to a schema.
    pub fn new(brief: &Brief, short: &str, deep: &str, form: &str, tokens: Tokens) -> Self {
        let words = if is_deep(brief) { deep } else { short };
        Self { text: format!("{words}\nJSON: {form}"), tokens }
    }

    /// Puts what the answer is to be made from before the question; it ends with a line break.
    #[must_use]
    pub fn after(mut self, material: &str) -> Self {
        self.text.insert_str(0, material);
        self
    }
}
