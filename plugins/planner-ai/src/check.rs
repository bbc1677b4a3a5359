//! What is computed about plans.

use rigor::{earlier, paths, task};
use skep_sdk::prelude::*;

use crate::answer::Plan;
use crate::details;

/// Most files that a research names.
const LIKELY: usize = 6;

/// Files whose path has a word of the task or of a requirement, those with most words first.
pub(crate) fn likely_files(brief: &Brief) -> Vec<String> {
    let mut text = brief.task.clone();
    for line in earlier::texts(&earlier::details(brief, "req-ai"), "requirements") {
        text.push(' ');
        text.push_str(&line);
    }
    let lower = text.to_lowercase();
    let words = task::words(&text);
    let mut scored: Vec<(usize, &String)> = Vec::new();
    for path in brief.files.iter().filter(|path| paths::is_text(path)) {
        let low = path.to_lowercase();
        let named = if lower.contains(paths::name(&low)) { 10 } else { 0 };
        let score = named + words.iter().filter(|word| low.contains(word.as_str())).count();
        if score > 0 {
            scored.push((score, path));
        }
    }
    scored.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    scored.into_iter().take(LIKELY).map(|(_, path)| path.clone()).collect()
}

/// How many requirements came.
pub(crate) fn requirements(brief: &Brief) -> usize {
    earlier::texts(&earlier::details(brief, "req-ai"), "requirements").len()
}

/// Whether requirements came. A line without req-ai is planned from the task alone.
pub(crate) fn requirements_known(brief: &Brief) -> Gate {
    let name = "requirements-known";
    match requirements(brief) {
        0 => Gate::not_run(name, "no requirements came; the plan follows the words of the task"),
        required => Gate::passed(name, format!("{required} requirement(s)")),
    }
}

/// The steps of an answer: repeated ones left out, and paths that no change may have.
pub(crate) fn steps(brief: &Brief, plan: &Plan<true>) -> Vec<details::Step> {
    let mut steps: Vec<details::Step> = Vec::new();
    for step in plan.steps.iter() {
        let what = step.what.trim();
        if what.is_empty() || steps.iter().any(|other| other.what.eq_ignore_ascii_case(what)) {
            continue;
        }
        let files: Vec<String> =
            step.files.texts().into_iter().filter(|path| paths::problem(path).is_none()).collect();
        let new_files = files.iter().filter(|path| !brief.files.contains(path)).cloned().collect();
        steps.push(details::Step { what: what.to_owned(), files, new_files });
    }
    steps
}

/// A plan without a model: each requirement is a step on the likely files.
pub(crate) fn fallback(brief: &Brief, likely_files: &[String]) -> Vec<details::Step> {
    let mut todo = earlier::texts(&earlier::details(brief, "req-ai"), "requirements");
    if todo.is_empty() {
        todo.push(rigor::talk::cut(&brief.task, 400));
    }
    let step = |what: String| details::Step { what, files: likely_files.to_vec(), new_files: Vec::new() };
    todo.into_iter().map(step).collect()
}

/// Every file of the plan, once, sorted.
pub(crate) fn touched(plan: &details::Plan) -> Vec<String> {
    let mut files: Vec<String> = plan.steps.iter().flat_map(|step| step.files.iter().cloned()).collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// The checks of a review; more of them at higher scopes.
pub(crate) fn gates(brief: &Brief, plan: &details::Plan) -> Vec<Gate> {
    let mut gates =
        vec![Gate::of("steps-stated", !plan.steps.is_empty(), format!("{} step(s)", plan.steps.len()))];
    if brief.scope() >= Scope::Mvp {
        let without: Vec<&str> =
            plan.steps.iter().filter(|step| step.files.is_empty()).map(|step| step.what.as_str()).collect();
        // A step such as running the tests touches nothing, a whole plan does.
        let evidence = if without.is_empty() {
            "each step names files".to_owned()
        } else {
            format!("without files: {}", without.join("; "))
        };
        gates.push(Gate::of("steps-name-files", without.len() < plan.steps.len(), evidence));
    }
    if brief.scope() >= Scope::Product {
        let tests: Vec<String> = touched(plan).into_iter().filter(|path| paths::is_test(path)).collect();
        let evidence = if tests.is_empty() { "no step touches a test".to_owned() } else { tests.join(", ") };
        gates.push(Gate::of("tests-planned", !tests.is_empty(), evidence));
    }
    gates
}
