//! A workflow step in one file: it shortens a text to a number of words.
//!
//! The function's `input` is the JSON that the step gets from the workflow, `config` what the workflow's author wrote for it.
//! The type of `config` becomes a JSON Schema in the manifest, so that a wrong configuration is refused before anything runs.

use serde::{Deserialize, Serialize};
use skep_sdk::prelude::*;

/// How to shorten.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Longer texts are cut after this many words.
    #[schema(minimum = 1, maximum = 1000)]
    pub max_words: usize,
    /// What stands for the words that were cut; left out: an ellipsis.
    #[serde(default = "ellipsis")]
    pub ending: String,
}

fn ellipsis() -> String {
    "…".into()
}

/// What the next step gets.
#[derive(Debug, Serialize)]
pub struct Shortened {
    /// The text, perhaps shortened.
    pub text: String,
    /// True if words were cut.
    pub shortened: bool,
}

/// Shortens a text to a number of words.
#[step]
fn shorten(input: String, config: Config) -> Result<Shortened> {
    let words: Vec<&str> = input.split_whitespace().collect();
    match words.get(..config.max_words) {
        Some(kept) if kept.len() < words.len() => {
            Ok(Shortened { text: kept.join(" ") + &config.ending, shortened: true })
        }
        _ => Ok(Shortened { text: input, shortened: false }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use skep_sdk::testing::Host;

    #[test]
    fn only_long_texts_are_shortened() {
        let host = Host::new();
        let run = |text: &str| host.run_step::<Plugin>(json!({"maxWords": 2}), text).unwrap();
        assert_eq!(run("one two three"), json!({"text": "one two…", "shortened": true}));
        assert_eq!(run("one  two"), json!({"text": "one  two", "shortened": false}));
    }

    #[test]
    fn a_wrong_configuration_is_refused_by_name() {
        let host = Host::new();
        let error = host.run_step::<Plugin>(json!({"words": 2}), "text").unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.message.contains("unknown field `words`"), "{error}");
    }
}
