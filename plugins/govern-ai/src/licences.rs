//! Which licences the dependencies of the project have, from the files that say so: lock files of npm and Composer, SPDX and CycloneDX
//! bills of materials, manifests of vendored crates and packages, and the policy itself.

use std::collections::{BTreeMap, BTreeSet};

use rigor::{form, paths, project};
use serde_json::Value;
use skep_sdk::Result;

use crate::details::Licence;
use crate::policy::Policy;

/// The licences that are known, and the dependencies whose licences are not.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn gather(all: &[String], policy: &Policy) -> Result<(Vec<Licence>, Vec<String>)> {
    let mut known: BTreeMap<String, Licence> = BTreeMap::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for path in all.iter().filter(|path| says_licences(path)).take(200) {
        let Some(text) = project::text(path)? else { continue };
        let value = if paths::ending(path) == "toml" { form::toml(&text) } else { form::json(&text) };
        let Ok(value) = value else { continue };
        let found = match paths::name(path) {
            "package-lock.json" => npm(&value),
            "composer.lock" => composer(&value),
            "Cargo.toml" => vec![(member(&value, "/package/name"), member(&value, "/package/license"))],
            "package.json" => vec![(member(&value, "/name"), member(&value, "/license"))],
            _ => bill(&value),
        };
        for (name, licence) in found {
            let name = name.unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            match licence
                .filter(|licence| !matches!(licence.as_str(), "NOASSERTION" | "NONE" | "UNKNOWN" | ""))
            {
                Some(licence) => {
                    known.entry(name.clone()).or_insert(Licence {
                        dependency: name,
                        licence,
                        source: path.clone(),
                    });
                }
                None => {
                    named.insert(name);
                }
            }
        }
    }
    for (path, text) in project::texts(all, 40, is_manifest)? {
        named.extend(dependencies(&path, &text));
    }
    for (name, licence) in &policy.licences.known {
        let told = Licence {
            dependency: name.clone(),
            licence: licence.clone(),
            source: crate::policy::PATH.to_owned(),
        };
        known.insert(name.clone(), told);
    }
    let plain = |name: &str| {
        name.rsplit_once('@').filter(|(name, _)| !name.is_empty()).map_or(name, |(name, _)| name).to_owned()
    };
    let with: BTreeSet<String> = known.keys().map(|name| plain(name)).collect();
    let unknown = named.into_iter().filter(|name| !with.contains(&plain(name))).take(100).collect();
    Ok((known.into_values().collect(), unknown))
}

/// Files that say licences; manifests of others stand in `vendor` and the like.
fn says_licences(path: &str) -> bool {
    let name = paths::name(path);
    let low = name.to_lowercase();
    let foreign =
        path.split('/').any(|part| matches!(part, "vendor" | "third_party" | "third-party" | "node_modules"));
    matches!(name, "package-lock.json" | "composer.lock")
        || low.ends_with(".spdx.json")
        || low.ends_with(".cdx.json")
        || matches!(low.as_str(), "sbom.json" | "bom.json")
        || (foreign && matches!(name, "Cargo.toml" | "package.json"))
}

fn is_manifest(path: &str) -> bool {
    let name = paths::name(path);
    let foreign = path.split('/').any(|part| matches!(part, "vendor" | "third_party" | "third-party"));
    !foreign
        && (matches!(name, "Cargo.toml" | "package.json" | "pyproject.toml")
            || (name.starts_with("requirements") && paths::ending(path) == "txt"))
}

fn member(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

type Found = Vec<(Option<String>, Option<String>)>;

fn npm(value: &Value) -> Found {
    let packages = value.get("packages").and_then(Value::as_object).into_iter().flatten();
    packages
        .filter_map(|(path, package)| {
            let name = path.rsplit_once("node_modules/").map(|(_, name)| name)?;
            let licence = package
                .get("license")
                .and_then(|licence| licence.as_str().or_else(|| licence.get("type")?.as_str()));
            let version = package.get("version").and_then(Value::as_str).unwrap_or_default();
            Some((Some(format!("{name}@{version}")), licence.map(str::to_owned)))
        })
        .collect()
}

fn composer(value: &Value) -> Found {
    let packages =
        ["packages", "packages-dev"].iter().filter_map(|list| value.get(list)?.as_array()).flatten();
    packages
        .map(|package| {
            let licences: Vec<&str> = package
                .get("license")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            // Composer's list is a choice.
            let licence = (!licences.is_empty()).then(|| licences.join(" OR "));
            (member(package, "/name"), licence)
        })
        .collect()
}

/// SPDX has `packages`, CycloneDX `components`.
fn bill(value: &Value) -> Found {
    let mut found = Vec::new();
    for package in value.get("packages").and_then(Value::as_array).into_iter().flatten() {
        let concluded = member(package, "/licenseConcluded").filter(|licence| licence != "NOASSERTION");
        found.push((
            versioned(package, "/versionInfo"),
            concluded.or_else(|| member(package, "/licenseDeclared")),
        ));
    }
    for component in value.get("components").and_then(Value::as_array).into_iter().flatten() {
        let licences: Vec<String> = component
            .get("licenses")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|one| {
                member(one, "/expression")
                    .or_else(|| member(one, "/license/id"))
                    .or_else(|| member(one, "/license/name"))
            })
            .collect();
        let licence = (!licences.is_empty()).then(|| licences.join(" AND "));
        found.push((versioned(component, "/version"), licence));
    }
    found
}

fn versioned(value: &Value, version: &str) -> Option<String> {
    let name = member(value, "/name")?;
    Some(member(value, version).map_or_else(|| name.clone(), |version| format!("{name}@{version}")))
}

/// The names that a manifest of the project depends on.
fn dependencies(path: &str, text: &str) -> Vec<String> {
    let name = paths::name(path);
    if paths::ending(path) == "txt" {
        return text.lines().filter_map(requirement).collect();
    }
    let Ok(value) = (if paths::ending(path) == "json" { form::json(text) } else { form::toml(text) }) else {
        return Vec::new();
    };
    let keys = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    match name {
        "package.json" => keys(value.get("dependencies")),
        "Cargo.toml" => {
            let tables = ["/dependencies", "/workspace/dependencies"]
                .iter()
                .filter_map(|path| value.pointer(path)?.as_object())
                .flatten();
            // What stands in the project itself has the project's licence.
            tables
                .filter(|(_, given)| given.get("path").is_none() && given.get("workspace").is_none())
                .map(|(name, _)| name.clone())
                .collect()
        }
        _ => value
            .pointer("/project/dependencies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|line| requirement(line.as_str()?))
            .collect(),
    }
}

fn requirement(line: &str) -> Option<String> {
    let line = line.trim();
    let end =
        line.find(|letter: char| !letter.is_alphanumeric() && !"-_.".contains(letter)).unwrap_or(line.len());
    let name = line.get(..end)?;
    (!name.is_empty() && !line.starts_with(['#', '-'])).then(|| name.to_owned())
}
