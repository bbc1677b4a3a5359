//! The `output` of a completed task, and the failure of one whose gates stand against it.

use crate::effect::gates::{Change, GatesReport};
use crate::rigor::brief::Contribution;
use crate::rigor::gate::{Gate, GateStatus, confidence};
use crate::rigor::phase::Phase;
use crate::rigor::request::{AgentTask, RigorScope};
use crate::task::TaskFailure;
use serde_json::{Value, json};

/// `{summary,diff,files,artifacts,gates,confidence}`. The content of the artifacts is read from the workspace when it is shown.
pub(super) fn build(
    summary: &str,
    task: &AgentTask,
    report: &GatesReport,
    gates: Vec<Gate>,
    contributions: &[Contribution],
    rounds: u32,
) -> Value {
    let changed = report.files.len();
    let fallback = match changed {
        0 => format!("No file was changed for: {}", crate::effect::bounded(task.task.clone(), 200)),
        1 => "One file was changed.".to_owned(),
        _ => format!("{changed} files were changed."),
    };
    let mut artifacts: Vec<Value> = report
        .files
        .iter()
        .filter(|file| file.change != Change::Deleted)
        .map(|file| json!({ "id": format!("file:{}", file.path), "type": "file", "path": file.path, "language": language(&file.path) }))
        .collect();
    artifacts.extend(contributions.iter().map(|contribution| {
        json!({
            "id": contribution.personality,
            "type": "document",
            "path": null,
            "content": contribution.details,
            "language": "json",
        })
    }));
    let confidence = confidence(&gates, rounds);
    json!({
        "summary": if summary.is_empty() { fallback.as_str() } else { summary },
        "diff": report.diff,
        "files": report.files,
        "artifacts": artifacts,
        "gates": gates,
        "confidence": confidence,
    })
}

/// The failure when gates stand against the result after the last round. `last` is who worked last: the verifier where there is one.
pub(super) fn refused(
    scope: RigorScope,
    rounds: u32,
    last: Option<&str>,
    refusals: &[Gate],
    gates: &[Gate],
) -> TaskFailure {
    let list: Vec<String> = refusals
        .iter()
        .map(|gate| {
            let status = if gate.status == GateStatus::NotRun { "was not run" } else { "failed" };
            format!("{} {status} ({})", gate.name, gate.evidence)
        })
        .collect();
    TaskFailure {
        code: "GATES_FAILED".to_owned(),
        message: format!(
            "at scope {} these gates stand against the result after {rounds} round(s): {}",
            scope.as_str(),
            list.join("; ")
        ),
        agent: last.map(str::to_owned),
        phase: last.map(|_| Phase::Review.as_str().to_owned()),
        details: json!({ "gates": gates }),
    }
}

/// The language of a file by its ending, in lower case; null when unknown.
fn language(path: &str) -> Value {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "js" | "mjs" | "cjs" | "jsx" => json!("javascript"),
        "ts" | "tsx" => json!("typescript"),
        "py" => json!("python"),
        "rs" => json!("rust"),
        "go" => json!("go"),
        "java" => json!("java"),
        "json" => json!("json"),
        "toml" => json!("toml"),
        "yml" | "yaml" => json!("yaml"),
        "md" => json!("markdown"),
        "html" => json!("html"),
        "css" => json!("css"),
        "sh" => json!("shell"),
        "sql" => json!("sql"),
        _ => Value::Null,
    }
}
