//! A command line and what must come of it: for people, and with `--json` for programs.

use crate::environment;
use crate::newcomer::bare;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// After `skep`.
    pub arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    code: i32,
    says: Vec<String>,
    holds: Vec<&'static str>,
}

/// `skep` with these arguments ends well.
#[must_use]
pub fn case(arguments: &[&str]) -> Case {
    Case {
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        variables: Vec::new(),
        code: 0,
        says: Vec::new(),
        holds: Vec::new(),
    }
}

impl Case {
    /// With a variable.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((variable, value.into()));
        self
    }

    /// The exit status.
    #[must_use]
    pub fn ends(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// What a person reads, on stdout or stderr.
    #[must_use]
    pub fn says(mut self, texts: &[&str]) -> Self {
        self.says.extend(texts.iter().map(|text| (*text).to_owned()));
        self
    }

    /// What a program finds in the only JSON value on stdout.
    #[must_use]
    pub fn holds(mut self, pointers: &[&'static str]) -> Self {
        self.holds.extend(pointers);
        self
    }

    /// A mistake: people read it on stderr and nothing on stdout, programs find the same text below `error`.
    #[must_use]
    pub fn fails(self, code: i32, texts: &[&str]) -> Self {
        self.ends(code).says(texts)
    }

    /// To be started in this folder.
    #[must_use]
    pub fn command(&self, folder: &Path, json: bool) -> Command {
        let mut command = bare(environment::path("SKEP_TEST_BIN"), folder);
        command.args(&self.arguments).args(json.then_some("--json"));
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Run to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, folder: &Path, json: bool) -> Output {
        self.command(folder, json).output().expect("the binary can be started")
    }

    /// Both forms; the answer for programs.
    ///
    /// # Panics
    /// When something else comes of it.
    pub fn check(&self, folder: &Path) -> Value {
        self.try_check(folder).unwrap_or_else(|wrong| panic!("skep {}: {wrong}", self.arguments.join(" ")))
    }

    /// Both forms; the answer for programs.
    ///
    /// # Errors
    /// What else came of it.
    pub fn try_check(&self, folder: &Path) -> Result<Value, String> {
        let is_mistake = self.code != 0 && self.holds.is_empty();
        let (out, err) = self.ended(folder, false)?;
        for text in &self.says {
            if !(err.contains(text) || (!is_mistake && out.contains(text))) {
                return Err(format!("does not say {text:?}: {out}{err}"));
            }
        }
        if is_mistake && !out.is_empty() {
            return Err(format!("a failure is no answer: {out}"));
        }
        let (out, err) = self.ended(folder, true)?;
        let answer: Value =
            serde_json::from_str(&out).map_err(|error| format!("--json: {error}: {out}{err}"))?;
        for pointer in &self.holds {
            if answer.pointer(pointer).is_none() {
                return Err(format!("--json: no {pointer}: {answer}"));
            }
        }
        if is_mistake {
            let error = answer.get("error").and_then(Value::as_str).unwrap_or_default();
            if let Some(text) = self.says.iter().find(|text| !error.contains(text.as_str())) {
                return Err(format!("--json: error does not say {text:?}: {answer}"));
            }
        }
        Ok(answer)
    }

    /// stdout and stderr of a run with the right exit status.
    fn ended(&self, folder: &Path, json: bool) -> Result<(String, String), String> {
        let output = self.run(folder, json);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (out, err) = (text(output.stdout), text(output.stderr));
        if output.status.code() == Some(self.code) {
            Ok((out, err))
        } else {
            Err(format!("ended with {}, not {}: {out}{err}", output.status, self.code))
        }
    }
}
