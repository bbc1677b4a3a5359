//! What a manifest's names and versions must be like, beyond its shape.

use domain::manifest::{Manifest, PluginKind, is_name};
use std::collections::BTreeSet;

/// Path segments of the API that a personality id would hide.
const RESERVED_PERSONALITIES: [&str; 3] = ["list", "tasks", "orchestrator"];
/// What models accept as the name of a tool, less the room for the skill's name.
const TOOL_NAME_LIMIT: usize = 64;

/// The first rule that the manifest breaks.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    check_name("the plugin's name", &manifest.name)?;
    semver::Version::parse(&manifest.version).map_err(|error| {
        format!("the version {:?} is not a semantic version like 1.2.3: {error}", short(&manifest.version))
    })?;
    let mut seen = BTreeSet::new();
    for tool in &manifest.tools {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if tool.name.is_empty() || tool.name.len() > TOOL_NAME_LIMIT || !tool.name.bytes().all(plain) {
            return Err(format!(
                "the tool name {:?} is not 1 to {TOOL_NAME_LIMIT} letters, digits, `_` and `-`",
                short(&tool.name)
            ));
        }
        if !tool.schema.is_object() {
            return Err(format!("the schema of the tool {:?} is not a JSON object", tool.name));
        }
        if !seen.insert(tool.name.as_str()) {
            return Err(format!("the tool {:?} is there twice", tool.name));
        }
    }
    seen.clear();
    for personality in &manifest.personalities {
        check_name("the personality id", &personality.id)?;
        if RESERVED_PERSONALITIES.contains(&personality.id.as_str()) {
            return Err(format!("the personality id {:?} is reserved", personality.id));
        }
        if !seen.insert(personality.id.as_str()) {
            return Err(format!("the personality {:?} is there twice", personality.id));
        }
    }
    let kind = manifest.kind.as_str();
    match manifest.kind {
        PluginKind::Skill if manifest.tools.is_empty() => Err("a skill has at least one tool".to_owned()),
        PluginKind::Personality if manifest.personalities.is_empty() => {
            Err("a personality plugin names at least one personality".to_owned())
        }
        PluginKind::Personality | PluginKind::Step if !manifest.tools.is_empty() => {
            Err(format!("only a skill has tools; this is a {kind}"))
        }
        PluginKind::Skill | PluginKind::Step if !manifest.personalities.is_empty() => {
            Err(format!("only a personality plugin has personalities; this is a {kind}"))
        }
        _ => Ok(()),
    }
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    if !is_name(name) {
        return Err(format!(
            "{what} {:?} is not 1 to 63 lower-case letters, digits and `-`, beginning with a letter or digit",
            short(name)
        ));
    }
    if is_uuid(name) {
        return Err(format!("{what} {name:?} has the form of a UUID, which is for identities"));
    }
    Ok(())
}

fn is_uuid(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn short(text: &str) -> String {
    domain::effect::bounded(text.to_owned(), 80)
}
