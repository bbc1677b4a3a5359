//! What is computed about requirements.

use skep_sdk::prelude::*;

use crate::details;

/// Words that no test can decide.
const VAGUE: [&str; 16] = [
    "appropriate",
    "appropriately",
    "efficient",
    "efficiently",
    "etc",
    "fast",
    "flexible",
    "good",
    "intuitive",
    "nice",
    "properly",
    "quickly",
    "reasonable",
    "robust",
    "user-friendly",
    "various",
];

/// Requirements with words that no test can decide.
pub(crate) fn vague(required: &details::Required) -> Vec<String> {
    let is_vague = |line: &&String| {
        line.to_lowercase()
            .split(|character: char| !character.is_alphanumeric() && character != '-')
            .any(|word| VAGUE.contains(&word))
    };
    required.requirements.iter().chain(&required.acceptance).filter(is_vague).cloned().collect()
}

/// Whether the files that the task names are there. A name of a file that shall be made is no error, so this never fails.
pub(crate) fn named_files(brief: &Brief) -> Gate {
    let name = "named-files";
    let named: Vec<&str> = brief
        .task
        .split(|character: char| character.is_whitespace() || "`'\",;:()[]".contains(character))
        .map(|word| word.trim_end_matches(['.', '!', '?']))
        .filter(|word| {
            let ending = rigor::paths::ending(word);
            (1..=5).contains(&ending.len())
                && ending.chars().any(|letter| letter.is_ascii_lowercase())
                && ending.chars().all(|letter| letter.is_ascii_alphanumeric())
                && !word.contains("//")
                && (ending.len() > 1 || rigor::paths::stem(word).len() > 1)
        })
        .collect();
    if named.is_empty() {
        return Gate::not_run(name, "the task names no file");
    }
    let missing: Vec<&str> = named
        .iter()
        .copied()
        .filter(|word| !brief.files.iter().any(|path| path == word || path.ends_with(&format!("/{word}"))))
        .collect();
    if missing.is_empty() {
        Gate::passed(name, format!("in the project: {}", named.join(", ")))
    } else {
        Gate::not_run(name, format!("not in the project, so new or not a file: {}", missing.join(", ")))
    }
}

/// The checks of a review; more of them at higher scopes.
pub(crate) fn gates(brief: &Brief, required: &details::Required) -> Vec<Gate> {
    let mut gates = vec![Gate::of(
        "requirements-stated",
        !required.requirements.is_empty(),
        format!("{} requirement(s)", required.requirements.len()),
    )];
    if brief.scope() >= Scope::Mvp {
        gates.push(Gate::of(
            "acceptance-stated",
            !required.acceptance.is_empty(),
            format!("{} line(s) that say how one sees that it is done", required.acceptance.len()),
        ));
    }
    if brief.scope() >= Scope::Product {
        let vague = vague(required);
        let evidence = if vague.is_empty() { "each can be decided".to_owned() } else { vague.join("; ") };
        gates.push(Gate::of("requirements-decidable", vague.is_empty(), evidence));
    }
    gates
}
