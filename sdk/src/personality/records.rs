//! The outcomes of phases, typed.

use super::{Artifact, Decision, Gate, Verdict};

/// Outcome of `inspect`.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection<D> {
    /// Whether to go on.
    pub decision: Decision,
    /// Computed checks.
    pub gates: Vec<Gate>,
    /// Security findings, risks, the reason for the decision.
    pub details: D,
}

impl<D> Inspection<D> {
    /// Go on.
    pub fn go(details: D) -> Self {
        Self { decision: Decision::Go, gates: Vec::new(), details }
    }

    /// Stop here.
    pub fn no_go(details: D) -> Self {
        Self { decision: Decision::NoGo, gates: Vec::new(), details }
    }

    /// Adds a gate; a failed one makes the decision `no-go`.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        if gate.is_failed() {
            self.decision = Decision::NoGo;
        }
        self.gates.push(gate);
        self
    }
}

/// Outcome of `generate`.
#[derive(Debug, Clone, PartialEq)]
pub struct Generation<D> {
    /// Files of the workspace that the phase wrote; `files::write_artifact` makes one.
    pub artifacts: Vec<Artifact>,
    /// 0.0 to 1.0, computed from checks and repairs, never a number that a model wrote.
    pub confidence: f32,
    /// Decision log, patterns, the deliverable itself.
    pub details: D,
}

/// Outcome of `optimize`.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimization<D> {
    /// The artifacts as they are now, unchanged ones too.
    pub artifacts: Vec<Artifact>,
    /// 0.0 to 1.0.
    pub confidence: f32,
    /// Cost analysis, learnings.
    pub details: D,
}

/// Both records are built in the same way.
macro_rules! with_artifacts {
    ($($record:ident),*) => {$(
        impl<D> $record<D> {
            /// No artifacts, full confidence.
            pub fn new(details: D) -> Self {
                Self { artifacts: Vec::new(), confidence: 1.0, details }
            }

            /// Adds an artifact.
            #[must_use]
            pub fn artifact(mut self, artifact: Artifact) -> Self {
                self.artifacts.push(artifact);
                self
            }

            /// Adds artifacts.
            #[must_use]
            pub fn artifacts(mut self, artifacts: impl IntoIterator<Item = Artifact>) -> Self {
                self.artifacts.extend(artifacts);
                self
            }

            /// Sets the confidence, cut to 0.0 to 1.0.
            #[must_use]
            pub fn confidence(mut self, confidence: f32) -> Self {
                self.confidence = if confidence.is_nan() { 0.0 } else { confidence.clamp(0.0, 1.0) };
                self
            }
        }
    )*};
}

with_artifacts!(Generation, Optimization);

/// Outcome of `review`.
#[derive(Debug, Clone, PartialEq)]
pub struct Review<D> {
    /// Accept, or send the work back.
    pub verdict: Verdict,
    /// Computed checks.
    pub gates: Vec<Gate>,
    /// Validation, rollback plan, success metrics.
    pub details: D,
}

impl<D> Review<D> {
    /// The work is good.
    pub fn accept(details: D) -> Self {
        Self { verdict: Verdict::Accept, gates: Vec::new(), details }
    }

    /// The work goes back.
    pub fn rework(details: D) -> Self {
        Self { verdict: Verdict::Rework, gates: Vec::new(), details }
    }

    /// Adds a gate; a failed one makes the verdict `rework`.
    #[must_use]
    pub fn gate(mut self, gate: Gate) -> Self {
        if gate.is_failed() {
            self.verdict = Verdict::Rework;
        }
        self.gates.push(gate);
        self
    }
}

/// How good the result must be, in rising order: `brief.scope() >= Scope::Mvp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Shows the idea.
    Demo,
    /// Proves that it can work.
    Poc,
    /// The smallest thing that is of use.
    Mvp,
    /// Made to last.
    Product,
    /// Every required check must have been made.
    Production,
}

impl Scope {
    /// An unknown word, from a newer host, means the strictest.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "demo" => Self::Demo,
            "poc" => Self::Poc,
            "mvp" => Self::Mvp,
            "product" => Self::Product,
            _ => Self::Production,
        }
    }
}
