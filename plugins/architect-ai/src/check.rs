//! What is computed about designs.

use rigor::{paths, task};
use skep_sdk::prelude::*;

use crate::answer::Architecture;
use crate::details;

/// The file exists.
const MODIFY: &str = "modify";
/// It does not.
const CREATE: &str = "create";

/// Lines of the project that have what the task names, as `path:line: text`. Few at demo, where prompts have to be short.
pub(crate) fn places(brief: &Brief) -> Result<Vec<String>> {
    let (most_names, most_lines) = if rigor::talk::is_deep(brief) { (6, 30) } else { (2, 4) };
    let mut names = task::names(&brief.task);
    names.extend(task::words(&brief.task));
    let mut places: Vec<String> = Vec::new();
    if brief.files.is_empty() {
        return Ok(places);
    }
    for name in names.iter().take(most_names) {
        for found in files::search(&task::pattern(name), "", 10)? {
            let place = format!("{}:{}: {}", found.path, found.line, rigor::talk::cut(&found.text, 100));
            if paths::is_text(&found.path) && places.len() < most_lines && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    Ok(places)
}

/// The files of an answer, each once, with what happens to them; and those that no change may have.
pub(crate) fn files(brief: &Brief, answer: &Architecture<true>) -> (Vec<details::File>, Vec<String>) {
    let (mut files, mut refused): (Vec<details::File>, Vec<String>) = (Vec::new(), Vec::new());
    for file in answer.files.iter() {
        let path = paths::tidy(&file.path);
        if let Some(problem) = paths::problem(path) {
            refused.push(problem);
        } else if !files.iter().any(|other| other.path == path) {
            files.push(described(brief, path, file.purpose.trim()));
        }
    }
    (files, refused)
}

fn described(brief: &Brief, path: &str, purpose: &str) -> details::File {
    let change = if brief.files.iter().any(|other| other == path) { MODIFY } else { CREATE };
    details::File { path: path.to_owned(), change: change.to_owned(), purpose: purpose.to_owned() }
}

/// A design without a model: the files that have what the task names.
pub(crate) fn fallback(brief: &Brief, places: &[String]) -> Vec<details::File> {
    let mut files: Vec<details::File> = Vec::new();
    for path in places.iter().filter_map(|place| place.split(':').next()) {
        if files.len() < 4 && !files.iter().any(|other| other.path == path) {
            files.push(described(brief, path, "has what the task names"));
        }
    }
    files
}

/// How many files change, and how many are made.
pub(crate) fn measures(design: &details::Design) -> details::Measures {
    let count = |change: &str| {
        let files = design.files.iter().filter(|file| file.change == change);
        u32::try_from(files.count()).unwrap_or(u32::MAX)
    };
    details::Measures { changed: count(MODIFY), created: count(CREATE) }
}

/// The checks of a review; more of them at higher scopes.
pub(crate) fn gates(brief: &Brief, design: &details::Design) -> Vec<Gate> {
    let mut gates =
        vec![Gate::of("files-stated", !design.files.is_empty(), format!("{} file(s)", design.files.len()))];
    if brief.scope() >= Scope::Mvp {
        let evidence = if design.refused.is_empty() {
            "all paths are plain paths inside the project".to_owned()
        } else {
            design.refused.join("; ")
        };
        gates.push(Gate::of("paths-plain", design.refused.is_empty(), evidence));
    }
    if brief.scope() >= Scope::Product {
        gates.push(Gate::of(
            "interfaces-stated",
            !design.interfaces.is_empty(),
            format!("{} interface(s)", design.interfaces.len()),
        ));
    }
    gates
}
