//! The checks: the measure must not get worse, tests stay as they are, and so does what others call.

use rigor::{api, bench::Piece, maker, paths, project};
use skep_sdk::prelude::*;

use crate::details::{Compared, Cost, Facts, Measures, Optimized};
use crate::measure::{cost, functions, is_measured};

/// Files that are measured.
const MOST_FILES: usize = 150;

/// Where the work is.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn facts() -> Result<Facts> {
    let all = project::paths()?;
    let mut hot: Vec<(u32, String)> = Vec::new();
    let texts = project::texts(&all, MOST_FILES, is_measured)?;
    for (path, text) in &texts {
        for function in functions(path, text) {
            if function.work == 0 && function.lines < 60 {
                continue;
            }
            let name = if function.name.is_empty() { "outside of functions" } else { function.name.as_str() };
            let mut why = format!(
                "{path}:{}: {name}: loops {} deep, {} line(s), {} branch(es)",
                function.line, function.depth, function.lines, function.branches
            );
            for (line, what) in function.repeated.iter().take(4) {
                why.push_str(&format!(", {what} (line {line})"));
            }
            hot.push((function.work.saturating_mul(10).saturating_add(function.lines), why));
        }
    }
    hot.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
    Ok(Facts {
        hot: hot.into_iter().take(10).map(|(_, why)| why).collect(),
        measured: u32::try_from(texts.len()).unwrap_or(u32::MAX),
        tests: all.into_iter().filter(|path| paths::is_test(path)).take(20).collect(),
    })
}

/// Each changed file before the task and as written. What an earlier round measured before stays before.
pub(crate) fn compared(brief: &Brief, path: &str, piece: &Piece) -> Option<Compared> {
    if !is_measured(path) {
        return None;
    }
    let before = piece.before.as_deref().unwrap_or_default();
    let mut compared = Compared {
        before: cost(path, before),
        after: cost(path, &piece.now),
        broken: broken(path, &api::items(path, before), &piece.now),
    };
    if let Some(first) = earlier(brief).into_iter().find(|first| first.before.path == path) {
        compared.before = first.before;
    }
    Some(compared)
}

fn broken(path: &str, before: &[api::Item], now: &str) -> Vec<String> {
    let difference = api::compare(path, before, &api::items(path, now));
    difference.broken().into_iter().map(str::to_owned).collect()
}

/// What the round before compared.
pub(crate) fn earlier(brief: &Brief) -> Vec<Compared> {
    let details = rigor::earlier::details(brief, "optimize-ai");
    details
        .get("compared")
        .cloned()
        .and_then(|compared| serde_json::from_value(compared).ok())
        .unwrap_or_default()
}

/// The checks of a review, from the files as they are now.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gates(brief: &Brief, optimized: &Optimized) -> Result<Vec<Gate>> {
    let mut now: Vec<Compared> = Vec::new();
    for compared in &optimized.compared {
        let path = &compared.before.path;
        let text = project::text(path)?.unwrap_or_default();
        let change = optimized.changes.iter().find(|change| change.path == *path);
        let broken = change.map_or_else(Vec::new, |change| broken(path, &change.api_before, &text));
        now.push(Compared { before: compared.before.clone(), after: cost(path, &text), broken });
    }
    let mut gates = vec![
        Gate::of(
            "change-made",
            !optimized.changes.is_empty(),
            format!("{}; {} file(s) written", optimized.summary, optimized.changes.len()),
        ),
        not_worse(&now),
        tests_untouched(optimized),
        interface_kept(&now),
    ];
    if brief.scope() >= Scope::Mvp {
        gates.push(improved(&now));
        gates.push(maker::edits_made(&optimized.unused));
    }
    Ok(gates)
}

/// The figures of one file.
fn shown(compared: &Compared) -> String {
    let (Cost { path, .. }, before, after) = (&compared.before, &compared.before, &compared.after);
    format!(
        "{path}: work {} -> {}, size {} -> {}, loops {} -> {} deep, repeated {} -> {}",
        before.work,
        after.work,
        before.size,
        after.size,
        before.depth,
        after.depth,
        before.repeated.len(),
        after.repeated.len()
    )
}

fn sums(compared: &[Compared]) -> Measures {
    let sum = |of: fn(&Compared) -> u32| compared.iter().map(of).fold(0_u32, u32::saturating_add);
    Measures {
        work_before: sum(|one| one.before.work),
        work_after: sum(|one| one.after.work),
        size_before: sum(|one| one.before.size),
        size_after: sum(|one| one.after.size),
    }
}

/// Over all files together, so that code may move. Less work may take half as much more text; the same work may take none.
fn not_worse(compared: &[Compared]) -> Gate {
    let name = "not-worse";
    if compared.is_empty() {
        return Gate::not_run(name, "no file was changed that can be measured");
    }
    let all = sums(compared);
    let allowed = if all.work_after < all.work_before {
        all.size_before.saturating_add(all.size_before / 2).max(all.size_before + 10)
    } else {
        all.size_before
    };
    let holds = all.work_after <= all.work_before && all.size_after <= allowed;
    let mut lines: Vec<String> = compared.iter().map(shown).collect();
    for one in compared {
        let new = one.after.repeated.len() > one.before.repeated.len();
        lines.extend(one.after.repeated.iter().filter(|_| new && !holds).take(5).cloned());
    }
    Gate::of(name, holds, lines.join("; "))
}

fn improved(compared: &[Compared]) -> Gate {
    let name = "improved";
    if compared.is_empty() {
        return Gate::not_run(name, "no file was changed that can be measured");
    }
    let all = sums(compared);
    let longest = |of: fn(&Compared) -> u32| compared.iter().map(of).max().unwrap_or(0);
    let shorter = longest(|one| one.after.longest) < longest(|one| one.before.longest);
    let holds = all.work_after < all.work_before || all.size_after < all.size_before || shorter;
    Gate::of(
        name,
        holds,
        format!(
            "work {} -> {}, size {} -> {}",
            all.work_before, all.work_after, all.size_before, all.size_after
        ),
    )
}

fn tests_untouched(optimized: &Optimized) -> Gate {
    let mut touched: Vec<&str> = optimized
        .changes
        .iter()
        .map(|change| change.path.as_str())
        .filter(|path| paths::is_test(path))
        .collect();
    touched.extend(optimized.tests_refused.iter().map(String::as_str));
    touched.dedup();
    let evidence = if touched.is_empty() {
        "no test was changed".to_owned()
    } else {
        format!("the change needs other tests, so it is another behaviour: {}", touched.join(", "))
    };
    Gate::of("tests-untouched", touched.is_empty(), evidence)
}

fn interface_kept(compared: &[Compared]) -> Gate {
    let name = "interface-kept";
    let broken: Vec<String> = compared
        .iter()
        .filter(|one| !one.broken.is_empty())
        .map(|one| format!("{}: {}", one.before.path, one.broken.join(", ")))
        .collect();
    if compared.is_empty() {
        return Gate::not_run(name, "no file was changed that can be measured");
    }
    let evidence = if broken.is_empty() {
        "every public name is called as before".to_owned()
    } else {
        format!("gone or called otherwise: {}", broken.join("; "))
    };
    Gate::of(name, broken.is_empty(), evidence)
}

/// The sum over all changed files.
pub(crate) fn measures(optimized: &Optimized) -> Measures {
    sums(&optimized.compared)
}
