//! What is computed: from the brief, from what coder-ai and the other makers reported, and from the bytes in the workspace.

use rigor::{content, earlier, paths, task};
use skep_sdk::prelude::*;

use crate::details::{Changed, Facts};

/// Most test files that are named.
const MOST_TESTS: usize = 10;

/// What there is to verify.
///
/// # Errors
/// When the workspace cannot be searched.
pub(crate) fn gather(brief: &Brief) -> Result<Facts> {
    let text =
        |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut facts = Facts {
        maker: String::new(),
        needless: false,
        summary: String::new(),
        changed: Vec::new(),
        restored: Vec::new(),
        tests: Vec::new(),
    };
    let mut summaries: Vec<String> = Vec::new();
    let mut makers: Vec<&str> = Vec::new();
    for contribution in &brief.earlier {
        let made = earlier::details(brief, &contribution.personality);
        let Some(items) = made.get("changes").and_then(Value::as_array) else { continue };
        makers.push(&contribution.personality);
        facts.needless |= made.get("needless").and_then(Value::as_bool) == Some(true);
        summaries.push(text(&made, "summary"));
        for item in items {
            let changed = Changed {
                path: text(item, "path"),
                sha256: text(item, "sha256"),
                change: text(item, "change"),
                round: item
                    .get("round")
                    .and_then(Value::as_u64)
                    .and_then(|round| u32::try_from(round).ok())
                    .unwrap_or(brief.round),
            };
            facts.restored.retain(|path| *path != changed.path);
            // Who wrote it last says what it is; whether the task made it, who wrote it first.
            let before = facts.changed.iter().position(|other| other.path == changed.path);
            let first = before.map(|place| facts.changed.remove(place).change);
            facts.changed.push(Changed { change: first.unwrap_or(changed.change), ..changed });
        }
        facts.restored.extend(earlier::texts(&made, "restored"));
    }
    facts.maker = makers.join(", ");
    facts.summary = summaries.into_iter().filter(|summary| !summary.is_empty()).collect::<Vec<_>>().join(" ");
    facts.tests = tests(brief, &facts.changed)?;
    Ok(facts)
}

/// Test files that are changed themselves, that have the name of a changed file in theirs, or that mention it.
fn tests(brief: &Brief, changed: &[Changed]) -> Result<Vec<String>> {
    let mut known: Vec<&String> = brief.files.iter().filter(|path| paths::is_test(path)).collect();
    known.extend(changed.iter().map(|file| &file.path).filter(|path| paths::is_test(path)));
    let mut tests: Vec<String> = Vec::new();
    for file in changed.iter().filter(|file| !paths::is_document(&file.path)) {
        let stem = paths::stem(&file.path);
        let mut about: Vec<String> = known
            .iter()
            .filter(|test| **test == &file.path || paths::stem(test).contains(stem))
            .map(|test| (*test).clone())
            .collect();
        // One search for each changed file, and only where there is a test that it could find.
        if !known.is_empty() && stem.len() >= 2 {
            let found = files::search(&task::pattern(stem), "", 200)?;
            about.extend(found.into_iter().map(|line| line.path).filter(|path| known.contains(&path)));
        }
        for test in about {
            if tests.len() < MOST_TESTS && !tests.contains(&test) {
                tests.push(test);
            }
        }
    }
    Ok(tests)
}

/// The checks, from the files as they are now; more of them at higher scopes.
///
/// # Errors
/// When the workspace cannot be read for a reason that may pass.
pub(crate) fn judge(brief: &Brief, facts: &Facts) -> Result<Vec<Gate>> {
    let mut gates = vec![written(facts)];
    for file in &facts.changed {
        let artifact = Artifact {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
            kind: paths::kind(&file.path).into(),
        };
        gates.extend(content::verify(&artifact)?);
    }
    if brief.scope() >= Scope::Mvp {
        gates.push(tests_considered(facts));
    }
    if brief.scope() >= Scope::Product {
        gates.push(tests_kept(brief, facts));
    }
    if brief.round > 1 {
        gates.push(findings_answered(brief, facts));
    }
    Ok(gates)
}

fn written(facts: &Facts) -> Gate {
    let name = "change-reported";
    if facts.maker.is_empty() {
        return Gate::not_run(name, "nobody who writes files took part in this task");
    }
    if facts.needless && facts.changed.is_empty() {
        return Gate::not_run(name, "nothing had to be changed");
    }
    Gate::of(name, !facts.changed.is_empty(), format!("{} file(s)", facts.changed.len()))
}

/// Whether there is a test about the changed code. A project without tests is not at fault, but it is not tested either.
fn tests_considered(facts: &Facts) -> Gate {
    let name = "tests-considered";
    let code: Vec<&str> = facts
        .changed
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| !paths::is_document(path))
        .collect();
    if code.is_empty() {
        Gate::not_run(name, "no code was changed")
    } else if facts.tests.is_empty() {
        Gate::not_run(name, format!("no test is about {}", code.join(", ")))
    } else {
        Gate::passed(name, facts.tests.join(", "))
    }
}

/// A change of existing tests that nobody asked for can hide what it breaks.
fn tests_kept(brief: &Brief, facts: &Facts) -> Gate {
    let name = "tests-kept";
    let changed: Vec<&str> = facts
        .changed
        .iter()
        .filter(|file| paths::is_test(&file.path) && file.change != "create")
        .map(|file| file.path.as_str())
        .collect();
    if changed.is_empty() {
        return Gate::passed(name, "no existing test was changed");
    }
    let asked = brief.task.to_lowercase().contains("test");
    let evidence = if asked {
        "changed, and the task speaks of tests"
    } else {
        "changed, though the task does not speak of tests"
    };
    Gate::of(name, asked, format!("{}: {evidence}", changed.join(", ")))
}

/// In a round of repair: whether the change touched the files that the failed checks named. Edits that could not be made
/// do not count: who wanted them says itself whether it still does.
fn findings_answered(brief: &Brief, facts: &Facts) -> Gate {
    let name = "findings-answered";
    let mut brief = brief.clone();
    brief.findings.retain(|gate| !gate.name.ends_with("-ai: edits-made"));
    let mut named: Vec<&str> = brief.files.iter().map(String::as_str).collect();
    named.extend(facts.changed.iter().map(|file| file.path.as_str()));
    named.retain(|path| earlier::is_in_findings(&brief, path));
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        return Gate::not_run(name, "the failed checks name no file");
    }
    let touched = |path: &str| {
        facts.restored.iter().any(|restored| restored == path)
            || facts.changed.iter().any(|file| file.path == path && file.round == brief.round)
    };
    let untouched: Vec<&str> = named.iter().copied().filter(|path| !touched(path)).collect();
    let evidence = if untouched.is_empty() {
        format!("changed again: {}", named.join(", "))
    } else {
        format!("not changed again: {}", untouched.join(", "))
    };
    Gate::of(name, untouched.is_empty(), evidence)
}

/// How the change is undone, without a model.
pub(crate) fn rollback(facts: &Facts) -> String {
    let paths = |change: &str| -> Vec<&str> {
        facts.changed.iter().filter(|file| file.change == change).map(|file| file.path.as_str()).collect()
    };
    let (restored, deleted) = (paths("modify"), paths("create"));
    let mut parts = Vec::new();
    if !restored.is_empty() {
        parts.push(format!("restore {}", restored.join(", ")));
    }
    if !deleted.is_empty() {
        parts.push(format!("delete {}", deleted.join(", ")));
    }
    if parts.is_empty() {
        "nothing was changed".to_owned()
    } else {
        format!("Apply the diff in reverse: {}.", parts.join("; "))
    }
}

/// One check in one line.
pub(crate) fn shown(gate: &Gate) -> String {
    let status = match gate.status {
        GateStatus::Passed => "passed",
        GateStatus::Failed => "failed",
        GateStatus::NotRun => "not run",
    };
    format!("{}: {status}, {}", gate.name, gate.evidence)
}
