//! A policy file that grants built components exactly what they request, by digest.
//!
//! Grants of other plugins that are in the file already are kept, so that building one plugin does not take the rights of the
//! others; every earlier grant of a plugin that was built is replaced.

use std::path::Path;

use domain::manifest::grant::Capability;
use serde_json::Value;

use crate::BuildError;
use crate::package::{Built, stage};

const HEADING: &str = "# Grants by digest. Made by `skep build --policy`.\n";

/// Writes the policy file and answers how many grants it holds.
pub fn extend<'a>(path: &Path, built: impl Iterator<Item = &'a Built>) -> Result<usize, BuildError> {
    let built: Vec<&Built> = built.collect();
    let mut grants: Vec<toml::Table> = existing(path)?
        .into_iter()
        .filter(|grant| !built.iter().any(|built| Some(built.name.as_str()) == plugin_name(grant)))
        .collect();
    grants.extend(built.iter().map(|built| grant(built)));
    let name = |grant: &toml::Table| plugin_name(grant).unwrap_or_default().to_owned();
    grants.sort_by_key(name);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(BuildError::file("make the folder", folder))?;
    let file = stage(folder, path, render(&grants).as_bytes())?;
    file.persist(path).map_err(|error| BuildError::file("replace", path)(error.error))?;
    Ok(grants.len())
}

fn existing(path: &Path) -> Result<Vec<toml::Table>, BuildError> {
    let wrong = |message: String| BuildError::Policy { path: path.to_path_buf(), message };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(BuildError::file("read", path)(error)),
    };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    if let Some(other) = table.keys().find(|key| *key != "grant") {
        return Err(wrong(format!("it has `{other}`, which would be lost; only [[grant]] tables are kept")));
    }
    match table.get("grant") {
        None => Ok(Vec::new()),
        Some(toml::Value::Array(grants)) => {
            let tables = grants.iter().map(|grant| grant.as_table().cloned());
            tables
                .collect::<Option<_>>()
                .ok_or_else(|| wrong("`grant` holds something else than tables".into()))
        }
        Some(_) => Err(wrong("`grant` is not an array of tables".into())),
    }
}

fn plugin_name(grant: &toml::Table) -> Option<&str> {
    grant.get("plugin")?.as_str()?.split('@').next()
}

fn grant(built: &Built) -> toml::Table {
    let capabilities = built.capabilities.iter().filter_map(granted);
    let mut grant = toml::Table::new();
    grant.insert("plugin".into(), format!("{}@{}", built.name, built.version).into());
    grant.insert("digest".into(), format!("sha256:{}", built.digest).into());
    grant.insert("capabilities".into(), toml::Value::Array(capabilities.collect()));
    grant
}

/// The reason is for the person who grants; it gives no right.
fn granted(capability: &Capability) -> Option<toml::Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(capability) else { return None };
    members.remove("reason");
    to_toml(&Value::Object(members))
}

/// TOML has no null; a member that is null is one that is not there.
fn to_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => toml::Value::Array(values.iter().filter_map(to_toml).collect()),
        Value::Object(members) => toml::Value::Table(
            members.iter().filter_map(|(key, value)| Some((key.clone(), to_toml(value)?))).collect(),
        ),
    })
}

/// One line for each capability; the serializer of `toml` would spread them over tables.
fn render(grants: &[toml::Table]) -> String {
    let mut text = String::from(HEADING);
    for grant in grants {
        text.push_str("\n[[grant]]\n");
        for (key, value) in ordered(grant) {
            match value {
                toml::Value::Array(values) if !values.is_empty() => {
                    let lines: String = values.iter().map(|value| format!("    {value},\n")).collect();
                    text.push_str(&format!("{} = [\n{lines}]\n", quoted(key)));
                }
                other => text.push_str(&format!("{} = {other}\n", quoted(key))),
            }
        }
    }
    text
}

/// The plugin and its digest first, as a person reads them.
fn ordered(grant: &toml::Table) -> impl Iterator<Item = (&String, &toml::Value)> {
    let rank =
        |key: &str| ["plugin", "digest", "capabilities"].iter().position(|known| *known == key).unwrap_or(3);
    let mut members: Vec<_> = grant.iter().collect();
    members.sort_by_key(|(key, _)| rank(key));
    members.into_iter()
}

fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { key.to_owned() } else { toml::Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use domain::manifest::PluginKind;
    use serde_json::json;

    fn built(name: &str, digest: &str, capabilities: Value) -> Built {
        Built {
            name: name.into(),
            version: "0.1.0".into(),
            kind: PluginKind::Skill,
            path: format!("{name}.wasm").into(),
            digest: digest.into(),
            size: 1,
            capabilities: serde_json::from_value(capabilities).unwrap(),
        }
    }

    #[test]
    fn a_grant_is_what_the_manifest_requests_without_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/policy.toml");
        let files = built(
            "files",
            "ab12",
            json!([{"interface": "files", "reason": "it \"edits\"\nfiles", "access": "read-write", "paths": [""]},
                   {"interface": "kv", "quota": 65536}]),
        );
        assert_eq!(extend(&path, [&files, &built("clock", "cd", json!([]))].into_iter()).unwrap(), 2);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            r#"# Grants by digest. Made by `skep build --policy`.

[[grant]]
plugin = "clock@0.1.0"
digest = "sha256:cd"
capabilities = []

[[grant]]
plugin = "files@0.1.0"
digest = "sha256:ab12"
capabilities = [
    { access = "read-write", interface = "files", paths = [""] },
    { interface = "kv", quota = 65536 },
]
"#
        );
    }

    #[test]
    fn building_one_plugin_keeps_the_grants_of_the_others_and_replaces_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        let capabilities = json!([{"interface": "kv", "quota": 10}]);
        extend(&path, [&built("a", "01", capabilities.clone()), &built("b", "02", json!([]))].into_iter())
            .unwrap();
        assert_eq!(extend(&path, [&built("b", "03", json!([]))].into_iter()).unwrap(), 2);
        let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let grants = table.get("grant").unwrap().as_array().unwrap();
        let digests: Vec<_> =
            grants.iter().map(|grant| grant.get("digest").unwrap().as_str().unwrap()).collect();
        assert_eq!(digests, ["sha256:01", "sha256:03"]);
        assert!(grants.first().unwrap().get("capabilities").unwrap().to_string().contains("quota = 10"));
    }

    #[test]
    fn a_file_that_is_no_such_policy_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        for (text, expected) in [
            ("grant = 1", "not an array"),
            ("grant = [1]", "something else than tables"),
            ("[unsigned]\nallow = true", "`unsigned`"),
            ("[[grant", "expected"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = extend(&path, [&built("a", "01", json!([]))].into_iter()).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("policy.toml"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
