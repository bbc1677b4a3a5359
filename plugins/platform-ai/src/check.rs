//! The checks: each file of the platform is parsed and held against the rules of its kind.

use std::collections::BTreeMap;

use rigor::commands::{self, Commands};
use rigor::maker::{edits_made, judged};
use rigor::{form, paths, project};
use skep_sdk::prelude::*;

use crate::details::{Facts, File, Measures, Platform};
use crate::files::{is_candidate, kind};
use crate::image;
use crate::manifest::{self, Strict};

/// The rules, in the order in which they are shown.
const RULES: [&str; 7] = [
    "config-parses",
    "images-pinned",
    "non-root",
    "no-privileged",
    "limits-set",
    "ci-steps-exist",
    "no-baked-secrets",
];

/// What a rule says about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// One of [`RULES`].
    pub(crate) rule: &'static str,
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) why: String,
}

pub(crate) fn problem(rule: &'static str, path: &str, line: usize, why: &str) -> Problem {
    Problem { rule, path: path.to_owned(), line, why: why.to_owned() }
}

fn strict(brief: &Brief) -> Strict {
    Strict { digests: brief.scope() == Scope::Production, limits: brief.scope() >= Scope::Mvp }
}

/// A file of the platform with its text.
struct Part {
    path: String,
    text: String,
    kind: &'static str,
}

fn parts(all: &[String]) -> Result<Vec<Part>> {
    let texts = project::texts(all, 100, is_candidate)?;
    let part = |(path, text): (String, String)| kind(&path, &text).map(|kind| Part { path, text, kind });
    Ok(texts.into_iter().filter_map(part).collect())
}

fn problems(part: &Part, known: &Commands, strict: Strict) -> Vec<Problem> {
    let Part { path, text, kind } = part;
    if *kind == "image" {
        return image::problems(path, text, strict.digests);
    }
    let documents = match form::documents(path, text) {
        None => return Vec::new(),
        Some(Err(why)) => return vec![problem("config-parses", path, 1, &why)],
        Some(Ok(documents)) => documents,
    };
    let judge = |document: &Value| match *kind {
        "compose" => manifest::compose(path, text, document, strict),
        "manifest" => manifest::kubernetes(path, text, document, strict),
        "pipeline" => manifest::pipeline(path, text, document, known, strict),
        _ => Vec::new(),
    };
    documents.iter().flat_map(judge).collect()
}

fn shown(problem: &Problem) -> String {
    format!("{}:{}: {}", problem.path, problem.line, problem.why)
}

/// What there is before anything is made.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn facts(brief: &Brief) -> Result<Facts> {
    let all = project::paths()?;
    let known = commands::known(&all)?;
    let parts = parts(&all)?;
    let found: Vec<String> = parts
        .iter()
        .flat_map(|part| problems(part, &known, strict(brief)))
        .map(|problem| format!("{}:{}: {}: {}", problem.path, problem.line, problem.rule, problem.why))
        .take(60)
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in all.iter().filter(|path| paths::is_text(path) && paths::kind(path) == "code") {
        *counts.entry(paths::ending(path)).or_default() += 1;
    }
    let mut languages: Vec<(&str, usize)> =
        counts.into_iter().filter(|(ending, _)| !ending.is_empty()).collect();
    languages.sort_by_key(|(ending, count)| (std::cmp::Reverse(*count), *ending));
    let mut commands: Vec<String> = known.targets.iter().map(|target| format!("make {target}")).collect();
    commands.extend(known.scripts.iter().map(|script| format!("npm run {script}")));
    commands.truncate(40);
    Ok(Facts {
        files: parts
            .iter()
            .map(|part| File { path: part.path.clone(), kind: part.kind.to_owned() })
            .collect(),
        commands,
        problems: found,
        languages: languages.into_iter().take(5).map(|(ending, _)| ending.to_owned()).collect(),
    })
}

/// Why what would be written is not a file of its kind.
pub(crate) fn unreadable(path: &str, text: &str) -> Option<String> {
    match form::documents(path, text)? {
        Err(why) => Some(format!("`{path}` is {why}")),
        Ok(_) => None,
    }
}

/// The checks of a review. What stood there before the task is judged from `product` on; below, only what the task wrote.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gates(brief: &Brief, made: &Platform) -> Result<Vec<Gate>> {
    let all = project::paths()?;
    let known = commands::known(&all)?;
    let written = rigor::kept::changes_of(brief, "coder-ai");
    let is_ours = |path: &str| {
        brief.scope() >= Scope::Product
            || made.changes.iter().chain(&written).any(|change| change.path == path)
    };
    let parts: Vec<Part> = parts(&all)?.into_iter().filter(|part| is_ours(&part.path)).collect();
    let found: Vec<Problem> = parts.iter().flat_map(|part| problems(part, &known, strict(brief))).collect();
    let mut gates = vec![Gate::of(
        "platform-written",
        !made.changes.is_empty(),
        format!("{}; {} file(s) written", made.summary, made.changes.len()),
    )];
    for rule in RULES.iter().filter(|rule| **rule != "limits-set" || brief.scope() >= Scope::Mvp) {
        let about = |part: &&Part| match *rule {
            "non-root" => matches!(part.kind, "image" | "manifest" | "compose"),
            "limits-set" => matches!(part.kind, "manifest" | "compose"),
            "ci-steps-exist" => part.kind == "pipeline",
            "no-baked-secrets" => part.kind == "image",
            "config-parses" => true,
            _ => part.kind != "settings",
        };
        let problems: Vec<String> = found.iter().filter(|problem| problem.rule == *rule).map(shown).collect();
        gates.push(judged(rule, &problems, parts.iter().filter(about).count(), "file"));
    }
    if brief.scope() >= Scope::Mvp {
        gates.push(edits_made(&made.unused));
    }
    Ok(gates)
}

/// How much was wrong before and is now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn measures(facts: &Facts) -> Result<Measures> {
    let all = project::paths()?;
    let known = commands::known(&all)?;
    let now: usize = parts(&all)?
        .iter()
        .map(|part| problems(part, &known, Strict { digests: false, limits: true }).len())
        .sum();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Measures { problems_before: count(facts.problems.len()), problems_now: count(now) })
}
