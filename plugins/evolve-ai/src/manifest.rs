//! Manifests of five languages, as versions and dependencies.

use rigor::{form, paths};
use serde_json::Value;

use crate::details::{Dependency, Manifest};

/// True for the manifests that are read.
pub(crate) fn is_manifest(path: &str) -> bool {
    let name = paths::name(path);
    matches!(name, "Cargo.toml" | "package.json" | "pyproject.toml" | "go.mod")
        || (name.starts_with("requirements") && paths::ending(path) == "txt")
}

/// Reads one.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(path: &str, text: &str) -> Result<Manifest, String> {
    let name = paths::name(path);
    let (version, mut dependencies) = match name {
        "Cargo.toml" => cargo(&form::toml(text)?),
        "package.json" => package(&form::json(text)?),
        "pyproject.toml" => pyproject(&form::toml(text)?),
        "go.mod" => (None, go(text)),
        _ => (None, requirements(text)),
    };
    dependencies.sort_by(|left, right| left.name.cmp(&right.name));
    dependencies.dedup_by(|left, right| left.name == right.name);
    Ok(Manifest { path: path.to_owned(), version, dependencies })
}

fn dependency(name: &str, requirement: &str) -> Dependency {
    Dependency { name: name.trim().to_owned(), requirement: requirement.trim().to_owned() }
}

fn cargo(value: &Value) -> (Option<String>, Vec<Dependency>) {
    let version = ["/package/version", "/workspace/package/version"]
        .iter()
        .find_map(|path| value.pointer(path)?.as_str());
    let mut found = Vec::new();
    for field in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for table in form::members(value, field) {
            for (name, given) in table.as_object().into_iter().flatten() {
                let requirement = given.as_str().or_else(|| given.get("version").and_then(Value::as_str));
                // A path, a branch or the workspace says which one it is.
                let elsewhere = given
                    .get("path")
                    .or_else(|| given.get("git"))
                    .or_else(|| given.get("workspace"))
                    .is_some();
                found.push(dependency(name, requirement.unwrap_or(if elsewhere { "elsewhere" } else { "" })));
            }
        }
    }
    (version.map(str::to_owned), found)
}

fn package(value: &Value) -> (Option<String>, Vec<Dependency>) {
    let mut found = Vec::new();
    for field in ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] {
        let table = value.get(field).and_then(Value::as_object);
        found.extend(
            table
                .into_iter()
                .flatten()
                .map(|(name, given)| dependency(name, given.as_str().unwrap_or_default())),
        );
    }
    (value.get("version").and_then(Value::as_str).map(str::to_owned), found)
}

fn pyproject(value: &Value) -> (Option<String>, Vec<Dependency>) {
    let version =
        ["/project/version", "/tool/poetry/version"].iter().find_map(|path| value.pointer(path)?.as_str());
    let mut found = Vec::new();
    for line in value
        .pointer("/project/dependencies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        found.extend(requirement(line));
    }
    for (name, given) in
        value.pointer("/tool/poetry/dependencies").and_then(Value::as_object).into_iter().flatten()
    {
        if name != "python" {
            let given = given.as_str().or_else(|| given.get("version").and_then(Value::as_str));
            found.push(dependency(name, given.unwrap_or_default()));
        }
    }
    (version.map(str::to_owned), found)
}

fn requirements(text: &str) -> Vec<Dependency> {
    text.lines().filter_map(requirement).collect()
}

/// `name[extra] >= 1, < 2 ; marker # remark`.
fn requirement(line: &str) -> Option<Dependency> {
    let line = line.split(" #").next()?.split(';').next()?.trim();
    if line.is_empty() || line.starts_with(['#', '-']) {
        return None;
    }
    let end =
        line.find(|letter: char| !letter.is_alphanumeric() && !"-_.".contains(letter)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = if rest.starts_with('[') { rest.split_once(']').map_or("", |(_, rest)| rest) } else { rest };
    (!name.is_empty()).then(|| dependency(name, rest.trim_start_matches("@ ")))
}

fn go(text: &str) -> Vec<Dependency> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let rest = match (line.strip_prefix("require "), inside) {
            (Some("("), _) => {
                inside = true;
                continue;
            }
            (Some(rest), _) => rest,
            (None, true) if line == ")" => {
                inside = false;
                continue;
            }
            (None, true) => line,
            (None, false) => continue,
        };
        if let Some((name, version)) = rest.split_once(' ') {
            found.push(dependency(name, version));
        }
    }
    found
}

/// Why a requirement lets in what nobody has tried; none if it is bounded.
pub(crate) fn unbounded(dependency: &Dependency) -> Option<String> {
    let low = dependency.requirement.to_lowercase();
    let any = low.is_empty()
        || low == "*"
        || low == "latest"
        || low == "x"
        || (low.starts_with(">=") && !low.contains('<') && !low.contains(','));
    any.then(|| {
        let shown = if low.is_empty() { "no requirement" } else { dependency.requirement.as_str() };
        format!("{} ({shown})", dependency.name)
    })
}

/// The lock file beside a manifest.
pub(crate) fn lock_files(path: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let names: &[&str] = match paths::name(path) {
        "Cargo.toml" => &["Cargo.lock"],
        "package.json" => &["package-lock.json", "yarn.lock", "pnpm-lock.yaml"],
        "pyproject.toml" => &["poetry.lock", "uv.lock", "pdm.lock"],
        "go.mod" => &["go.sum"],
        _ => &[],
    };
    let mut found: Vec<String> = names.iter().map(|name| format!("{folder}{name}")).collect();
    // A workspace has one at its root.
    found.extend(names.iter().filter(|_| !folder.is_empty()).map(|name| (*name).to_owned()));
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shown(path: &str, text: &str) -> (Option<String>, Vec<String>) {
        let manifest = read(path, text).unwrap();
        let dependencies = manifest
            .dependencies
            .iter()
            .map(|one| format!("{} {}", one.name, one.requirement).trim().to_owned());
        (manifest.version, dependencies.collect())
    }

    #[test]
    fn five_manifests_are_read() {
        let version = || Some("1.2.0".to_owned());
        assert_eq!(
            shown(
                "Cargo.toml",
                "[package]\nversion = \"1.2.0\"\n[dependencies]\nserde = \"1\"\nb = { path = \"b\" }\n[target.x.dependencies]\nc = { version = \"2\" }\n"
            ),
            (version(), vec!["b elsewhere".into(), "c 2".into(), "serde 1".into()])
        );
        assert_eq!(
            shown(
                "package.json",
                "{\"version\":\"1.2.0\",\"dependencies\":{\"a\":\"^1.0.0\"},\"devDependencies\":{\"b\":\"*\"}}"
            ),
            (version(), vec!["a ^1.0.0".into(), "b *".into()])
        );
        assert_eq!(
            shown(
                "pyproject.toml",
                "[project]\nversion = \"1.2.0\"\ndependencies = [\"flask[async] >=3,<4 ; python_version > '3'\", \"rich\"]\n"
            ),
            (version(), vec!["flask >=3,<4".into(), "rich".into()])
        );
        assert_eq!(
            shown("requirements-dev.txt", "# a\n-r other.txt\nflask==3.0 # why\n"),
            (None, vec!["flask ==3.0".into()])
        );
        assert_eq!(
            shown("go.mod", "module x\nrequire a.io/b v1.2.3\nrequire (\n\tc.io/d v0.1.0 // indirect\n)\n"),
            (None, vec!["a.io/b v1.2.3".into(), "c.io/d v0.1.0".into()])
        );
        assert!(read("Cargo.toml", "[package").is_err());
    }

    #[test]
    fn requirements_without_an_end_are_told() {
        for (requirement, is) in [
            ("*", true),
            ("", true),
            (">=1", true),
            ("latest", true),
            (">=1,<2", false),
            ("^1.0.0", false),
            ("==3.0", false),
            ("elsewhere", false),
        ] {
            assert_eq!(unbounded(&dependency("a", requirement)).is_some(), is, "{requirement}");
        }
    }
}
