//! What a phase does that a personality leaves out. None of these asks a model.

use serde::{Deserialize, Serialize};

use super::{
    Brief, Gate, InspectInput, Inspection, Optimization, OptimizeInput, Personality, Review as Reviewed,
    ReviewInput,
};
use crate::schema::Schema;
use crate::{Context, Result, files};

/// Details of the default research: the brief in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Research {
    /// The words of the person who asked.
    pub task: String,
    /// Paths of the workspace's files.
    pub files: Vec<String>,
    /// Personalities that worked before this one.
    pub earlier: Vec<String>,
    /// Why the work came back, one line for each failed gate.
    pub findings: Vec<String>,
}

/// Details of the default inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Inspect {
    /// Why it went on or stopped.
    pub reason: String,
}

/// Details of the default optimization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Optimize {
    /// What was changed.
    pub changes: Vec<String>,
}

/// Details of the default review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Review {
    /// How many artifacts were checked.
    pub checked: u32,
}

/// The brief in short.
pub fn research(brief: &Brief, _context: &Context) -> Result<Research> {
    Ok(Research {
        task: brief.task.clone(),
        files: brief.files.clone(),
        earlier: brief.earlier.iter().map(|earlier| earlier.personality.clone()).collect(),
        findings: brief.findings.iter().map(|gate| format!("{}: {}", gate.name, gate.evidence)).collect(),
    })
}

/// Goes on if the task says anything at all.
pub fn inspect<P: Personality>(input: &InspectInput<P>, _context: &Context) -> Result<Inspection<Inspect>> {
    let stated = !input.brief.task.trim().is_empty();
    let reason = if stated { "the task is stated" } else { "the task is empty" };
    let gate =
        Gate::of("task-stated", stated, format!("{} characters", input.brief.task.trim().chars().count()));
    Ok(Inspection::go(Inspect { reason: reason.into() }).gate(gate))
}

/// Leaves everything as it was generated.
pub fn optimize<P: Personality>(
    input: &OptimizeInput<P>,
    _context: &Context,
) -> Result<Optimization<Optimize>> {
    Ok(Optimization::new(Optimize { changes: Vec::new() })
        .artifacts(input.generate.artifacts.iter().cloned())
        .confidence(input.generate.confidence))
}

/// Checks that each artifact is in the workspace with the bytes that were reported. Reads files only if there are artifacts.
pub fn review<P: Personality>(input: &ReviewInput<P>, _context: &Context) -> Result<Reviewed<Review>> {
    let mut review = Reviewed::accept(Review { checked: 0 });
    for artifact in &input.optimize.artifacts {
        let name = format!("artifact:{}", artifact.path);
        let gate = match files::read(&artifact.path) {
            Ok(content) => {
                let found = crate::digest::sha256(&content);
                Gate::of(name, found == artifact.sha256, format!("sha256 {found}"))
            }
            Err(error) => Gate::failed(name, error.message),
        };
        review = review.gate(gate);
        review.details.checked += 1;
    }
    Ok(review)
}
