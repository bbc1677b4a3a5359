//! What is written at demo when the model gave no change that can be made: the requirements and the plan of this task, as a document.
//! It says so itself; a demo then ends with something to read and not with nothing.

use rigor::{earlier, talk, written};
use skep_sdk::prelude::*;

use crate::{details, work};

/// Confidence in a document where a change was asked for.
const CONFIDENCE: f32 = 0.2;

/// How the details tell such a document from a change.
pub(crate) const NOTE: &str = "requirements and plan, since the model gave no change that can be made";

/// Writes the document.
///
/// # Errors
/// When the workspace cannot be written.
pub(crate) fn instead(brief: &Brief, unused: &[String], model: &str) -> Result<Generation<details::Changed>> {
    let path = free_path(brief);
    let text = text(brief);
    let artifact = files::write_artifact(&path, &text, "document")?;
    let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    let change = written::Change {
        path: path.clone(),
        change: "create".to_owned(),
        sha256: artifact.sha256.clone(),
        before: None,
        api_before: Vec::new(),
        lines_added: lines,
        lines_removed: 0,
        note: NOTE.to_owned(),
        round: brief.round,
    };
    let details = details::Changed {
        summary: format!(
            "The model gave no change that can be made; {path} holds the requirements and the plan."
        ),
        changes: vec![change],
        restored: Vec::new(),
        unused: unused.to_vec(),
        read: Vec::new(),
        needless: false,
        findings: work::findings(brief),
        model: model.to_owned(),
    };
    Ok(Generation::new(details).artifact(artifact).confidence(CONFIDENCE))
}

/// The first name that no file has.
fn free_path(brief: &Brief) -> String {
    let names = ["README.md", "PLAN.md"].map(str::to_owned).into_iter();
    let mut names = names.chain((2..).map(|number| format!("PLAN-{number}.md")));
    names.find(|name| !brief.files.contains(name)).unwrap_or_else(|| "PLAN.md".to_owned())
}

fn text(brief: &Brief) -> String {
    let mut text = format!("# {}\n", talk::cut(brief.task.lines().next().unwrap_or_default(), 80));
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("\n## {title}\n\n{}", talk::bullets(&lines, 4_000)));
        }
    };
    if brief.task.lines().count() > 1 || brief.task.chars().count() > 80 {
        section("Task", vec![talk::cut(&brief.task, 2_000)]);
    }
    let required = earlier::details(brief, "req-ai");
    section("Requirements", earlier::texts(&required, "requirements"));
    section("Done when", earlier::texts(&required, "acceptance"));
    section("Plan", earlier::texts(&earlier::details(brief, "planner-ai"), "steps"));
    section("Files", earlier::members(&earlier::details(brief, "architect-ai"), "files", "path"));
    text
}
