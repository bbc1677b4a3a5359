//! Answers that are values of a Rust type.

use serde::de::DeserializeOwned;

use super::{Conversation, Finish, Usage};
use crate::schema::{self, Schema};
use crate::{Error, Result};

/// A typed answer, and what it took to get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Structured<T> {
    /// The value.
    pub value: T,
    /// How often an answer did not fit and the model was asked again. A part of an honest `confidence`.
    pub repairs: u32,
    /// Tokens of all answers together.
    pub usage: Usage,
}

/// The model is asked again once: a second refusal to fit means that asking further would only cost tokens.
const REPAIRS: u32 = 1;

impl Conversation {
    /// The answer as a value. The host holds the model to the type's schema where it can; an answer that still does not fit
    /// is sent back once with the reason.
    pub fn answer_as<T: Schema + DeserializeOwned>(self) -> Result<T> {
        Ok(self.structured()?.value)
    }

    /// The same, with what it took.
    pub fn structured<T: Schema + DeserializeOwned>(mut self) -> Result<Structured<T>> {
        self.0.answer_schema = Some(schema::text::<T>());
        let mut usage = Usage { input_tokens: 0, output_tokens: 0 };
        let mut repairs = 0;
        loop {
            let answer = self.complete()?;
            usage.input_tokens += answer.usage.input_tokens;
            usage.output_tokens += answer.usage.output_tokens;
            let reason = match read(&answer.content) {
                Ok(value) => return Ok(Structured { value, repairs, usage }),
                Err(_) if answer.finish == Finish::Length => {
                    "it was cut off at the token limit; give a shorter one".to_owned()
                }
                Err(error) => error.to_string(),
            };
            if repairs == REPAIRS {
                return Err(Error::other(format!("the model's answer does not fit: {reason}"))
                    .code("model-answer-invalid"));
            }
            repairs += 1;
            self = self.assistant(answer.content).user(format!(
                "That answer cannot be used: {reason}. Answer again with nothing but one JSON value that fits the schema."
            ));
        }
    }
}

/// Reads an answer; models that are not held to a schema like to put words or a code fence around it.
fn read<T: DeserializeOwned>(content: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(content).or_else(|error| match inner(content) {
        Some(inner) => serde_json::from_str(inner),
        None => Err(error),
    })
}

/// From the first opening brace or bracket to the last closing one of the same kind.
fn inner(content: &str) -> Option<&str> {
    let start = content.find(['{', '['])?;
    let close = if content.get(start..)?.starts_with('{') { '}' } else { ']' };
    let end = content.rfind(close)?;
    content.get(start..=end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::prelude::*;
    use crate::testing::Host;

    #[derive(Debug, PartialEq, serde::Deserialize, Schema)]
    struct Point {
        x: i32,
        y: i32,
    }

    #[test]
    fn an_answer_in_a_code_fence_is_read() {
        let _host = Host::new().model_text("Here you are:\n```json\n{\"x\":1,\"y\":2}\n```");
        let answer = model::conversation().user("?").structured::<Point>().unwrap();
        assert_eq!((answer.value, answer.repairs), (Point { x: 1, y: 2 }, 0));
    }

    #[test]
    fn an_answer_that_does_not_fit_is_sent_back_once_with_the_reason() {
        let host = Host::new().model_text("{\"x\":1}").model_answers(&json!({"x": 1, "y": 2}));
        let answer = model::conversation().user("?").structured::<Point>().unwrap();
        assert_eq!(answer.repairs, 1);
        let requests = host.model_requests();
        assert_eq!(requests.len(), 2);
        assert!(requests[1].messages[2].content.contains("missing field `y`"), "{:?}", requests[1].messages);
        assert!(requests[0].answer_schema.as_ref().unwrap().contains("\"required\":[\"x\",\"y\"]"));
    }

    #[test]
    fn a_second_answer_that_does_not_fit_is_an_error() {
        let _host = Host::new().model_text("no").model_text("still no");
        let error = model::conversation().user("?").answer_as::<Point>().unwrap_err();
        assert_eq!(error.code, "model-answer-invalid");
    }
}
