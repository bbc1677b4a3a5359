//! The rules, each with what came of it. They are judged from the files as they are now.

use regex_lite::Regex;
use rigor::{form, paths, project};
use skep_sdk::prelude::*;

use crate::details::{Facts, Rule};
use crate::policy::{self, Own, Policy};
use crate::{licences, spdx};

const HELD: &str = "held";
const BROKEN: &str = "broken";
const NOT_JUDGED: &str = "not judged";

/// The place of a risk register.
const REGISTERS: [&str; 4] = ["RISKS.md", "docs/RISKS.md", "docs/risks.md", "risks.md"];
/// Where owners of code stand.
const OWNERS: [&str; 3] = ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"];

impl Rule {
    /// True if it stands against the project.
    pub(crate) fn is_broken(&self) -> bool {
        self.outcome == BROKEN
    }

    /// True if nothing could be said.
    pub(crate) fn is_open(&self) -> bool {
        self.outcome == NOT_JUDGED
    }
}

fn rule(id: &str, text: &str, reference: &str, problems: &[String], good: &str) -> Rule {
    let (outcome, evidence) = if problems.is_empty() {
        (HELD, good.to_owned())
    } else {
        let shown: Vec<&str> = problems.iter().take(10).map(String::as_str).collect();
        let more = problems.len() - shown.len();
        (
            BROKEN,
            format!(
                "{}{}",
                shown.join("; "),
                if more > 0 { format!("; and {more} more") } else { String::new() }
            ),
        )
    };
    Rule {
        id: id.to_owned(),
        text: text.to_owned(),
        reference: reference.to_owned(),
        outcome: outcome.to_owned(),
        evidence,
        stop: false,
    }
}

fn open(id: &str, text: &str, reference: &str, why: &str) -> Rule {
    let mut rule = rule(id, text, reference, &[], why);
    NOT_JUDGED.clone_into(&mut rule.outcome);
    rule
}

/// Judges everything.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn judge(brief: &Brief) -> Result<Facts> {
    let all = project::paths()?;
    let (policy, own) = policy::read()?;
    let mut rules = Vec::new();
    let policy = match policy {
        Ok(policy) => policy,
        Err(why) => {
            rules.push(rule("GOV-1", "The policy can be read.", policy::PATH, &[why], ""));
            Policy::default()
        }
    };
    let (licences, unknown) = licences::gather(&all, &policy)?;
    let refused: Vec<String> = licences
        .iter()
        .filter_map(|one| match spdx::is_allowed(&one.licence, &|name| policy.allows(name)) {
            Some(true) => None,
            Some(false) => Some(format!("{} has {} ({})", one.dependency, one.licence, one.source)),
            None => Some(format!(
                "{} has `{}`, which is no SPDX expression ({})",
                one.dependency, one.licence, one.source
            )),
        })
        .collect();
    let (text, reference) = ("Every dependency has an allowed licence.", "governance.toml [licences]");
    rules.push(if licences.is_empty() {
        open("LIC-1", text, reference, "no file says the licence of a dependency")
    } else {
        rule("LIC-1", text, reference, &refused, &format!("{} dependency(ies)", licences.len()))
    });
    rules.push(known(brief, &unknown, licences.len()));
    rules.push(required(brief, &policy, &all));
    rules.extend(licence_of_project(&all)?);
    rules.extend(owners(&all)?);
    rules.extend(changelog(&all)?);
    rules.extend(register(brief, &all)?);
    for own in &policy.rule {
        rules.push(owned(own, &all)?);
    }
    let names = [
        "license",
        "licence",
        "notice",
        "codeowners",
        "security",
        "changelog",
        "contributing",
        "code_of_conduct",
        "risks",
        "governance",
    ];
    let about = |path: &&String| names.contains(&paths::stem(path).to_lowercase().as_str());
    let files = all.iter().filter(about).take(30).cloned().collect();
    Ok(Facts {
        policy: if own { policy::PATH.to_owned() } else { "built in".to_owned() },
        licences,
        unknown,
        rules,
        files,
    })
}

/// From `product` on, a licence that nobody knows is one that may forbid everything.
fn known(brief: &Brief, unknown: &[String], count: usize) -> Rule {
    let (id, text, reference) =
        ("LIC-2", "The licence of every dependency is known.", "governance.toml [licences.known]");
    if unknown.is_empty() && count == 0 {
        return open(id, text, reference, "no manifest names a dependency");
    }
    if !unknown.is_empty() && brief.scope() < Scope::Product {
        return open(id, text, reference, &format!("not known: {}", unknown.join(", ")));
    }
    let problems: Vec<String> =
        unknown.iter().map(|name| format!("no file says the licence of {name}")).collect();
    rule(id, text, reference, &problems, &format!("{count} dependency(ies)"))
}

fn required(brief: &Brief, policy: &Policy, all: &[String]) -> Rule {
    let (id, text, reference) =
        ("DOC-1", "The files that a project owes its users are there.", "governance.toml [files]");
    let required = policy.required(brief.scope());
    if required.is_empty() {
        return open(id, text, reference, "the scope asks for none");
    }
    let is_there = |name: &str| {
        let low = name.to_lowercase();
        let stem = paths::stem(&low).to_owned();
        all.iter().any(|path| {
            let other = path.to_lowercase();
            let at_home = !other.contains('/') || other.starts_with(".github/") || other.starts_with("docs/");
            other == low
                || (at_home
                    && !low.contains('/')
                    && (paths::stem(&other) == stem || paths::name(&other).starts_with(&format!("{stem}-"))))
        })
    };
    let problems: Vec<String> =
        required.iter().filter(|name| !is_there(name)).map(|name| format!("{name} is missing")).collect();
    rule(id, text, reference, &problems, &required.join(", "))
}

fn first<'paths>(all: &'paths [String], stems: &[&str]) -> Option<&'paths String> {
    all.iter().find(|path| !path.contains('/') && stems.contains(&paths::stem(path).to_lowercase().as_str()))
}

/// LICENSE and the manifests name the same licence.
fn licence_of_project(all: &[String]) -> Result<Option<Rule>> {
    let (id, text, reference) = ("LIC-3", "The manifests name the licence that LICENSE is.", "LICENSE");
    let Some(path) = first(all, &["license", "licence", "copying"]) else { return Ok(None) };
    let content = project::text(path)?.unwrap_or_default();
    let Some(licence) = spdx::of_text(&content) else {
        return Ok(Some(open(id, text, reference, &format!("{path} is none of the usual licences"))));
    };
    let (mut problems, mut count) = (Vec::new(), 0);
    for manifest in
        all.iter().filter(|path| matches!(path.as_str(), "Cargo.toml" | "package.json" | "pyproject.toml"))
    {
        let Some(text) = project::text(manifest)? else { continue };
        let Some(Ok(documents)) = form::documents(manifest, &text) else { continue };
        let pointers = [
            "/package/license",
            "/workspace/package/license",
            "/license",
            "/project/license",
            "/project/license/text",
        ];
        for said in documents
            .iter()
            .filter_map(|value| pointers.iter().find_map(|path| value.pointer(path)?.as_str()))
        {
            count += 1;
            let same =
                spdx::is_allowed(said, &|name| spdx::family(name) == spdx::family(licence)).unwrap_or(false);
            if !same {
                problems.push(format!("{manifest} says {said}, {path} is {licence}"));
            }
        }
    }
    Ok(Some(if count == 0 {
        open(id, text, reference, "no manifest names a licence")
    } else {
        rule(id, text, reference, &problems, licence)
    }))
}

/// Every line of CODEOWNERS has an owner and is about a file.
fn owners(all: &[String]) -> Result<Option<Rule>> {
    let Some(path) = OWNERS.iter().find(|path| all.iter().any(|other| other == *path)) else {
        return Ok(None);
    };
    let content = project::text(path)?.unwrap_or_default();
    let mut problems = Vec::new();
    let mut count = 0;
    for (number, line) in (1..).zip(content.lines()) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with(['#', '[', '^']) {
            continue;
        }
        count += 1;
        let mut words = line.split_whitespace();
        let pattern = words.next().unwrap_or_default();
        let owners: Vec<&str> = words.collect();
        if owners.is_empty() {
            problems.push(format!("{path}:{number}: {pattern} has no owner"));
        }
        problems.extend(
            owners
                .iter()
                .filter(|owner| !owner.starts_with('@') && !owner.contains('@'))
                .map(|owner| format!("{path}:{number}: `{owner}` is no owner")),
        );
        let bare = pattern.trim_start_matches('/').trim_end_matches(['*', '/']);
        let found = pattern == "*"
            || bare.contains('*')
            || bare.is_empty()
            || all.iter().any(|file| {
                if pattern.starts_with('/') || bare.contains('/') {
                    file.starts_with(bare)
                } else {
                    file.split('/').any(|part| part == bare) || file.ends_with(bare)
                }
            });
        if !found {
            problems.push(format!("{path}:{number}: no file is {pattern}"));
        }
    }
    if count == 0 {
        problems.push(format!("{path} names nobody"));
    }
    Ok(Some(rule(
        "OWN-1",
        "Every line of CODEOWNERS has an owner and a file.",
        path,
        &problems,
        &format!("{count} line(s)"),
    )))
}

/// The newest version of the changelog is the one of the manifest, or what is not released yet.
fn changelog(all: &[String]) -> Result<Option<Rule>> {
    let (id, text) = ("CHG-1", "The changelog knows the version of the manifest.");
    let Some(path) = first(all, &["changelog", "changes", "history"]) else { return Ok(None) };
    let content = project::text(path)?.unwrap_or_default();
    let mut version = None;
    for manifest in ["Cargo.toml", "package.json", "pyproject.toml"] {
        if let Some(text) = project::text(manifest)?
            && let Some(Ok(documents)) = form::documents(manifest, &text)
        {
            let pointers = ["/package/version", "/workspace/package/version", "/version", "/project/version"];
            version = version.or_else(|| {
                documents.iter().find_map(|value| {
                    pointers.iter().find_map(|path| {
                        value.pointer(path)?.as_str().map(|version| (manifest, version.to_owned()))
                    })
                })
            });
        }
    }
    let Some((manifest, version)) = version else {
        return Ok(Some(open(id, text, path, "no manifest names a version")));
    };
    let named: Vec<semver::Version> = content
        .lines()
        .filter(|line| line.starts_with('#'))
        .flat_map(|line| {
            line.split([' ', '[', ']', '(', ')'])
                .filter_map(|word| semver::Version::parse(word.trim_start_matches('v')).ok())
                .collect::<Vec<_>>()
        })
        .collect();
    let found = semver::Version::parse(&version).is_ok_and(|version| named.contains(&version));
    // A version that nobody has yet stands under "Unreleased".
    let unreleased = named.is_empty() && content.to_lowercase().contains("unreleased");
    let problems = if found || unreleased {
        Vec::new()
    } else {
        vec![format!("{manifest} is {version}, {path} has no section about it")]
    };
    Ok(Some(rule(id, text, path, &problems, &format!("{version} of {manifest}"))))
}

/// Every risk says how likely and how bad it is, whose it is, and what is done about it.
fn register(brief: &Brief, all: &[String]) -> Result<Option<Rule>> {
    const COLUMNS: [&[&str]; 4] = [
        &["likelihood", "probability"],
        &["impact", "severity"],
        &["owner"],
        &["mitigation", "response", "action"],
    ];
    let (id, text) = ("RSK-1", "Every risk in the register has likelihood, impact, owner and mitigation.");
    let Some(path) = REGISTERS.iter().find(|path| all.iter().any(|other| other == *path)) else {
        let missing = || vec![format!("{} is missing", REGISTERS.first().copied().unwrap_or_default())];
        return Ok((brief.scope() >= Scope::Product).then(|| rule(id, text, "risk register", &missing(), "")));
    };
    let content = project::text(path)?.unwrap_or_default();
    let cells = |line: &str| {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let mut rows = (1..).zip(content.lines()).filter(|(_, line)| line.trim_start().starts_with('|'));
    let mut problems = Vec::new();
    let mut count = 0;
    match rows.next() {
        None => problems.push(format!("{path} has no table of risks")),
        Some((number, head)) => {
            let head: Vec<String> = cells(head).iter().map(|cell| cell.to_lowercase()).collect();
            let places: Vec<Option<usize>> = COLUMNS
                .iter()
                .map(|names| head.iter().position(|cell| names.iter().any(|name| cell.contains(name))))
                .collect();
            for (names, place) in COLUMNS.iter().zip(&places) {
                if place.is_none() {
                    problems.push(format!(
                        "{path}:{number}: the table has no column `{}`",
                        names.first().copied().unwrap_or_default()
                    ));
                }
            }
            for (number, row) in rows.filter(|(_, line)| !line.contains("---")) {
                count += 1;
                let row = cells(row);
                for (names, place) in COLUMNS.iter().zip(&places) {
                    let empty = place.is_some_and(|place| {
                        row.get(place).is_none_or(|cell| {
                            cell.is_empty() || cell == "-" || cell.eq_ignore_ascii_case("tbd")
                        })
                    });
                    if empty {
                        problems.push(format!(
                            "{path}:{number}: no {}",
                            names.first().copied().unwrap_or_default()
                        ));
                    }
                }
            }
            if count == 0 {
                problems.push(format!("{path}: the table names no risk"));
            }
        }
    }
    Ok(Some(rule(id, text, path, &problems, &format!("{count} risk(s)"))))
}

/// A rule of the project's own.
fn owned(own: &Own, all: &[String]) -> Result<Rule> {
    let judged = |problems: &[String], good: &str| {
        let mut judged = rule(&own.id, &own.text, &own.reference, problems, good);
        judged.stop = own.stop;
        judged
    };
    if let Some(path) = &own.file {
        let problems = if all.contains(path) { Vec::new() } else { vec![format!("{path} is missing")] };
        return Ok(judged(&problems, path));
    }
    let Some(pattern) = own.forbids.as_ref().or(own.requires.as_ref()) else {
        return Ok(judged(
            &[format!("{}: rule {} has neither `forbids`, `requires` nor `file`", policy::PATH, own.id)],
            "",
        ));
    };
    let expression = match Regex::new(pattern) {
        Ok(expression) => expression,
        Err(error) => return Ok(judged(&[format!("{}: rule {}: {error}", policy::PATH, own.id)], "")),
    };
    let mut places = Vec::new();
    let mut looked_at = 0;
    for (path, text) in
        project::texts(all, 300, |path| path != policy::PATH && path.starts_with(&own.within))?
    {
        looked_at += 1;
        places.extend(
            (1..)
                .zip(text.lines())
                .filter(|(_, line)| expression.is_match(line))
                .map(|(number, _): (usize, _)| format!("{path}:{number}"))
                .take(5),
        );
    }
    Ok(if own.forbids.is_some() {
        judged(&places, &format!("{looked_at} file(s)"))
    } else {
        let problems = if places.is_empty() {
            vec![format!("no line of {looked_at} file(s) has `{pattern}`")]
        } else {
            Vec::new()
        };
        judged(&problems, places.first().map_or("", String::as_str))
    })
}
