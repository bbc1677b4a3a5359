//! The checks: who breaks something says so in a note, and the version makes the step that it has to make.

use rigor::maker::{edits_made, judged};
use rigor::{paths, project};
use semver::Version;
use skep_sdk::prelude::*;

use crate::compare::{self, compared, pairs};
use crate::details::{Difference, Evolved, Facts, Measures};
use crate::manifest::{lock_files, unbounded};

/// The checks of a review, from the files as they are now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gates(brief: &Brief, evolved: &Evolved) -> Result<Vec<Gate>> {
    let now = compare::now()?;
    let before = &evolved.before;
    let difference = compare::difference(before, &now);
    let mut gates = vec![
        Gate::of(
            "change-made",
            !evolved.changes.is_empty(),
            format!("{}; {} file(s) written", evolved.summary, evolved.changes.len()),
        ),
        compared_gate(evolved, &difference),
        note(brief, evolved, &difference)?,
        version(before, &now, &difference),
        judged("manifests-readable", &now.unreadable, now.manifests.len(), "manifest"),
    ];
    gates.push(bounded(before, &now));
    if brief.scope() >= Scope::Mvp {
        gates.push(edits_made(&evolved.unused));
    }
    if brief.scope() >= Scope::Product {
        gates.push(locked(before, &now)?);
    }
    Ok(gates)
}

/// Not a judgement: what was compared, and where the comparison ends.
fn compared_gate(evolved: &Evolved, difference: &Difference) -> Gate {
    let (name, count) = ("api-compared", compared(evolved));
    if count == 0 {
        return Gate::not_run(name, "no public name was found before the task");
    }
    if evolved.before.omitted > 0 {
        return Gate::not_run(
            name,
            format!("{count} name(s) were compared, {} file(s) were not", evolved.before.omitted),
        );
    }
    let told = |what: &str, lines: &[String]| {
        if lines.is_empty() {
            String::new()
        } else {
            format!("; {what}: {}", rigor::talk::cut(&lines.join(", "), 400))
        }
    };
    Gate::passed(
        name,
        format!(
            "{count} name(s){}{}{}{}",
            told("removed", &difference.removed),
            told("renamed", &difference.renamed),
            told("changed", &difference.changed),
            told("added", &difference.added)
        ),
    )
}

/// Whoever used a name that is gone has to find it in a note of this task.
fn note(brief: &Brief, evolved: &Evolved, difference: &Difference) -> Result<Gate> {
    let name = "migration-note";
    if difference.broken.is_empty() {
        return Ok(Gate::not_run(name, "nothing that users know has changed"));
    }
    let coder = rigor::kept::changes_of(brief, "coder-ai");
    let mut texts = Vec::new();
    for change in evolved.changes.iter().chain(&coder).filter(|change| paths::is_document(&change.path)) {
        if let Some(text) = project::text(&change.path)? {
            texts.push((change.path.clone(), text));
        }
    }
    // The last part of `TodoList.add` is what people look for.
    let short = |broken: &str| broken.rsplit(['.', ':']).next().unwrap_or(broken).to_owned();
    let missing: Vec<String> = difference
        .broken
        .iter()
        .filter(|broken| {
            !texts.iter().any(|(_, text)| {
                paths::is_named(text, &short(broken)) || text.contains(&format!("`{}", short(broken)))
            })
        })
        .cloned()
        .collect();
    if texts.is_empty() {
        let broken = difference.broken.join(", ");
        return Ok(Gate::failed(
            name,
            format!(
                "no document of this task tells users what to do about {broken}; write it into CHANGELOG.md or MIGRATION.md"
            ),
        ));
    }
    let documents: Vec<&str> = texts.iter().map(|(path, _)| path.as_str()).collect();
    Ok(if missing.is_empty() {
        Gate::passed(name, format!("{} names {}", documents.join(", "), difference.broken.join(", ")))
    } else {
        Gate::failed(name, format!("{} does not name {}", documents.join(", "), missing.join(", ")))
    })
}

/// The step that the version has to make, and the one that it made.
fn version(before: &Facts, now: &Facts, difference: &Difference) -> Gate {
    let name = "version-bumped";
    if difference.step == "none" {
        return Gate::not_run(name, "nothing changes for users");
    }
    let pairs = pairs(before, now);
    let versions: Vec<(&str, Version, Version)> = pairs
        .iter()
        .filter_map(|(old, new)| {
            Some((old.path.as_str(), lenient(old.version.as_deref()?)?, lenient(new.version.as_deref()?)?))
        })
        .collect();
    if versions.is_empty() {
        return Gate::not_run(name, "no manifest says a version by semver");
    }
    // A dependency alone needs a new version only when it is released.
    if difference.step == "patch" {
        return Gate::passed(name, format!("dependencies changed: {}", difference.dependencies.join(", ")));
    }
    let stepped = versions.iter().find(|(_, old, new)| fits(&difference.step, old, new));
    let shown: Vec<String> =
        versions.iter().map(|(path, old, new)| format!("{path}: {old} -> {new}")).collect();
    let needed = versions.first().map(|(_, old, _)| next(&difference.step, old)).unwrap_or_default();
    match stepped {
        Some(_) => Gate::passed(name, format!("{} ({} step)", shown.join(", "), difference.step)),
        None => Gate::failed(
            name,
            format!("{}; a {} step is needed, to {needed}", shown.join(", "), difference.step),
        ),
    }
}

/// `1.2` is `1.2.0` where the language says so.
fn lenient(version: &str) -> Option<Version> {
    let plain = version.trim_start_matches('v');
    Version::parse(plain).ok().or_else(|| {
        let dots = plain.matches('.').count();
        let padded = format!("{plain}{}", ".0".repeat(2_usize.saturating_sub(dots)));
        Version::parse(&padded).ok()
    })
}

/// Before 1.0 the second number is the first.
fn fits(step: &str, old: &Version, new: &Version) -> bool {
    let major = new.major > old.major || (old.major == 0 && new.major == 0 && new.minor > old.minor);
    match step {
        "major" => major,
        _ => major || new > old && (new.minor > old.minor || (old.major == 0 && new.patch > old.patch)),
    }
}

fn next(step: &str, old: &Version) -> String {
    match (step, old.major) {
        ("major", 0) => format!("0.{}.0", old.minor + 1),
        ("major", major) => format!("{}.0.0", major + 1),
        (_, 0) => format!("0.{}.{}", old.minor, old.patch + 1),
        (_, major) => format!("{major}.{}.0", old.minor + 1),
    }
}

/// Dependencies that the task added or changed have an end.
fn bounded(before: &Facts, now: &Facts) -> Gate {
    let mut problems = Vec::new();
    let mut looked_at = 0;
    for new in &now.manifests {
        let old = before.manifests.iter().find(|old| old.path == new.path);
        for one in &new.dependencies {
            let known = old.is_some_and(|old| old.dependencies.contains(one));
            if !known {
                looked_at += 1;
                problems.extend(unbounded(one).map(|why| format!("{}: {why}", new.path)));
            }
        }
    }
    judged("dependencies-bounded", &problems, looked_at, "new or changed dependency")
}

/// A lock file that is there knows the dependencies that the task added.
fn locked(before: &Facts, now: &Facts) -> Result<Gate> {
    let (mut problems, mut looked_at) = (Vec::new(), 0);
    for (old, new) in pairs(before, now) {
        let added: Vec<&str> = new
            .dependencies
            .iter()
            .filter(|one| !old.dependencies.iter().any(|other| other.name == one.name))
            .map(|one| one.name.as_str())
            .collect();
        if added.is_empty() {
            continue;
        }
        for lock in lock_files(&new.path) {
            let Some(text) = project::text(&lock)? else { continue };
            looked_at += added.len();
            problems.extend(
                added
                    .iter()
                    .filter(|name| !text.contains(**name))
                    .map(|name| format!("{lock} does not know {name}")),
            );
        }
    }
    Ok(judged("lock-agrees", &problems, looked_at, "new dependency with a lock file"))
}

/// How much changes.
pub(crate) fn measures(evolved: &Evolved) -> Measures {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Measures {
        compared: count(compared(evolved)),
        broken: count(evolved.difference.broken.len()),
        added: count(evolved.difference.added.len()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn versions_make_the_step_that_they_have_to() {
        let version = |text: &str| lenient(text).unwrap();
        for (step, old, new, holds) in [
            ("major", "1.2.3", "2.0.0", true),
            ("major", "1.2.3", "1.3.0", false),
            ("major", "0.2.3", "0.3.0", true),
            ("major", "0.2.3", "0.2.4", false),
            ("minor", "1.2.3", "1.3.0", true),
            ("minor", "1.2.3", "1.2.4", false),
            ("minor", "0.2.3", "0.2.4", true),
            ("minor", "1.2", "2.0", true),
        ] {
            assert_eq!(fits(step, &version(old), &version(new)), holds, "{step} {old} {new}");
        }
        assert_eq!(
            (next("major", &version("1.2.3")), next("minor", &version("0.1.0"))),
            ("2.0.0".into(), "0.1.1".into())
        );
    }
}
