//! Which files the model gets to see. Computed from the task, the findings, the plan, the design and a search.

use std::collections::BTreeMap;

use rigor::{ResearchOf, earlier, paths, talk, task};
use skep_sdk::prelude::*;

use crate::CoderAi;

/// What a hint is worth. A file that the person names wins over everything that was inferred.
const NAMED_IN_TASK: u32 = 100;
const NAMED_IN_FINDING: u32 = 80;
const DESIGNED: u32 = 40;
const PLANNED: u32 = 30;
const WORD_IN_PATH: u32 = 10;
const LINE_FOUND: u32 = 3;
/// A word that stands everywhere says little about each place.
const MOST_FOR_LINES: u32 = 24;

/// The files that something points to, the likeliest first.
pub(crate) fn candidates(brief: &Brief) -> Result<Vec<String>> {
    let texts: Vec<&String> = brief.files.iter().filter(|path| paths::is_text(path)).collect();
    let mut scores: BTreeMap<&String, u32> = texts.iter().map(|path| (*path, hints(brief, path))).collect();
    let deep = talk::is_deep(brief);
    if !texts.is_empty() {
        for (path, lines) in found(brief, if deep { 6 } else { 2 })? {
            if let Some(score) = scores.get_mut(&path) {
                *score += (lines * LINE_FOUND).min(MOST_FOR_LINES);
            }
        }
    }
    let mut chosen: Vec<(u32, &String)> = scores
        .into_iter()
        .map(|(path, score)| (score, path))
        // A small project is shown whole, whatever points to it.
        .filter(|(score, _)| *score > 0 || texts.len() <= 4)
        .collect();
    chosen.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| rank(left.1).cmp(&rank(right.1))));
    Ok(chosen.into_iter().take(if deep { 12 } else { 3 }).map(|(_, path)| path.clone()).collect())
}

/// Code before tests before prose, then by path.
fn rank(path: &str) -> (u8, &str) {
    let order = match paths::kind(path) {
        "code" => 0,
        "test" => 1,
        _ => 2,
    };
    (order, path)
}

fn hints(brief: &Brief, path: &str) -> u32 {
    let mut score = 0;
    let low = path.to_lowercase();
    let task_low = brief.task.to_lowercase();
    if task_low.contains(paths::name(&low)) {
        score += NAMED_IN_TASK;
    }
    if earlier::is_in_findings(brief, path) {
        score += NAMED_IN_FINDING;
    }
    let names = |personality: &str, field: &str, member: &str| {
        earlier::members(&earlier::details(brief, personality), field, member)
            .iter()
            .any(|named| paths::tidy(named) == path)
    };
    if names("security-ai", "findings", "path") {
        score += NAMED_IN_FINDING;
    }
    if names("architect-ai", "files", "path") {
        score += DESIGNED;
    }
    if names("planner-ai", "steps", "files") {
        score += PLANNED;
    }
    let in_path = task::words(&brief.task).iter().filter(|word| low.contains(word.as_str())).count();
    score + u32::try_from(in_path).unwrap_or(u32::MAX).saturating_mul(WORD_IN_PATH)
}

/// How many lines of each file have a name or word of the task.
fn found(brief: &Brief, searches: usize) -> Result<BTreeMap<String, u32>> {
    let mut names = task::names(&brief.task);
    for word in task::words(&brief.task) {
        if !names.iter().any(|name| name.eq_ignore_ascii_case(&word)) {
            names.push(word);
        }
    }
    let mut lines: BTreeMap<String, u32> = BTreeMap::new();
    for name in names.iter().take(searches) {
        for found in files::search(&task::pattern(name), "", 100)? {
            *lines.entry(found.path).or_default() += 1;
        }
    }
    Ok(lines)
}

/// What will be read: what the model asked for and exists, then the candidates.
pub(crate) fn chosen(brief: &Brief, research: &ResearchOf<CoderAi>) -> Vec<String> {
    let mut wanted = research.answer.as_ref().map(|idea| idea.files.texts()).unwrap_or_default();
    // The model sees names only; what was computed from content goes first if the person named it.
    let named = |path: &String| hints(brief, path) >= NAMED_IN_FINDING;
    let (first, rest): (Vec<String>, Vec<String>) =
        research.facts.candidates.iter().cloned().partition(named);
    wanted.splice(0..0, first);
    wanted.extend(rest);
    let mut chosen: Vec<String> = Vec::new();
    for path in wanted {
        if brief.files.contains(&path) && paths::is_text(&path) && !chosen.contains(&path) {
            chosen.push(path);
        }
    }
    chosen.truncate(if talk::is_deep(brief) { 12 } else { 3 });
    chosen
}
