//! Before and after: what the project offered and used before the task, and what it does now.

use rigor::{api, kept, paths, project};
use skep_sdk::prelude::*;

use crate::details::{Difference, Evolved, Facts, Manifest, Offered};
use crate::manifest::{self, is_manifest};

/// Source files that are compared.
const MOST_FILES: usize = 150;
/// Public names of a file that are kept.
const MOST_ITEMS: usize = 200;

/// Before the task: what the files say now, with what coder-ai and the rounds before remember of the files that they changed.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn before(brief: &Brief) -> Result<Facts> {
    let earlier = rigor::earlier::details(brief, "evolve-ai");
    if let Some(before) =
        earlier.get("before").cloned().and_then(|before| serde_json::from_value(before).ok())
    {
        return Ok(before);
    }
    let mut facts = now()?;
    for change in kept::changes_of(brief, "coder-ai") {
        facts.offered.retain(|offered| offered.path != change.path);
        // What a file that the task made has said before is nothing.
        if change.change == "create" {
            facts.manifests.retain(|manifest| manifest.path != change.path);
        } else if is_manifest(&change.path) {
            let version = change.api_before.iter().find(|item| item.name == "version");
            for manifest in facts.manifests.iter_mut().filter(|manifest| manifest.path == change.path) {
                manifest.version = version.map(|item| item.form.clone());
            }
        } else if !change.api_before.is_empty() {
            facts.offered.push(Offered { path: change.path.clone(), items: change.api_before });
        }
    }
    facts.offered.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(facts)
}

/// As the files are now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn now() -> Result<Facts> {
    let all = project::paths()?;
    let is_source = |path: &str| {
        matches!(
            paths::ending(path),
            "rs" | "py" | "js" | "mjs" | "cjs" | "jsx" | "ts" | "tsx" | "go" | "java" | "cs"
        ) && !paths::is_test(path)
    };
    let sources = all.iter().filter(|path| paths::is_text(path) && is_source(path)).count();
    let mut facts = Facts {
        omitted: u32::try_from(sources.saturating_sub(MOST_FILES)).unwrap_or(u32::MAX),
        ..Facts::default()
    };
    for (path, text) in project::texts(&all, MOST_FILES, is_source)? {
        let items: Vec<api::Item> = api::items(&path, &text).into_iter().take(MOST_ITEMS).collect();
        if !items.is_empty() {
            facts.offered.push(Offered { path, items });
        }
    }
    for (path, text) in project::texts(&all, 40, is_manifest)? {
        match manifest::read(&path, &text) {
            Ok(manifest) => facts.manifests.push(manifest),
            Err(why) => facts.unreadable.push(format!("{path}: {why}")),
        }
    }
    Ok(facts)
}

/// What changed for users from one to the other.
pub(crate) fn difference(before: &Facts, now: &Facts) -> Difference {
    let mut all = Difference::default();
    let empty: Vec<api::Item> = Vec::new();
    let items = |facts: &Facts, path: &str| {
        facts.offered.iter().find(|offered| offered.path == path).map(|offered| offered.items.clone())
    };
    let mut files: Vec<&String> =
        before.offered.iter().chain(&now.offered).map(|offered| &offered.path).collect();
    files.sort();
    files.dedup();
    for path in files {
        let (old, new) = (items(before, path), items(now, path));
        let found = api::compare(path, old.as_ref().unwrap_or(&empty), new.as_ref().unwrap_or(&empty));
        all.broken.extend(found.broken().into_iter().map(str::to_owned));
        let told = |lines: Vec<String>| lines.into_iter().map(move |line| format!("{path}: {line}"));
        all.removed.extend(told(found.removed));
        all.renamed.extend(told(found.renamed));
        all.changed.extend(told(found.changed));
        all.added.extend(told(found.added));
    }
    for (manifest, new) in pairs(before, now) {
        for old in &manifest.dependencies {
            match new.dependencies.iter().find(|other| other.name == old.name) {
                None => all.dependencies.push(format!("{}: {} -> none", old.name, old.requirement)),
                Some(other) if other.requirement != old.requirement => {
                    all.dependencies
                        .push(format!("{}: {} -> {}", old.name, old.requirement, other.requirement));
                }
                Some(_) => {}
            }
        }
        for added in new
            .dependencies
            .iter()
            .filter(|one| !manifest.dependencies.iter().any(|old| old.name == one.name))
        {
            all.dependencies.push(format!("{}: none -> {}", added.name, added.requirement));
        }
    }
    let step = if !all.broken.is_empty() {
        "major"
    } else if !all.added.is_empty() {
        "minor"
    } else if !all.dependencies.is_empty() {
        "patch"
    } else {
        "none"
    };
    step.clone_into(&mut all.step);
    all
}

/// Manifests that are there before and now.
pub(crate) fn pairs<'facts>(
    before: &'facts Facts,
    now: &'facts Facts,
) -> Vec<(&'facts Manifest, &'facts Manifest)> {
    let same =
        |old: &'facts Manifest| now.manifests.iter().find(|new| new.path == old.path).map(|new| (old, new));
    before.manifests.iter().filter_map(same).collect()
}

/// How many public names were compared.
pub(crate) fn compared(evolved: &Evolved) -> usize {
    evolved.before.offered.iter().map(|offered| offered.items.len()).sum()
}
