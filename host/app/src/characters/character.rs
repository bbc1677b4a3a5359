//! Characters: the JSON object in which an elizaOS client says who an agent is.

use crate::fields::{invalid, kind};
use domain::agent::Agent;
use domain::error::Error;
use domain::user::check_name;
use serde_json::{Map, Value, json};

/// Characters of a name.
const LONGEST_NAME: usize = 100;
/// Bytes of a whole character as JSON.
const LARGEST: usize = 256 * 1024;
/// What the host says of an agent. A character cannot say it.
const OURS: [&str; 5] = ["id", "status", "enabled", "createdAt", "updatedAt"];

/// Check a character; what the host says itself is taken out of it.
pub(super) fn check(mut fields: Map<String, Value>) -> Result<Map<String, Value>, Error> {
    fields.retain(|name, _| !OURS.contains(&name.as_str()));
    match fields.get("name") {
        Some(Value::String(name)) if name.trim().is_empty() || name.chars().count() > LONGEST_NAME => {
            return Err(invalid("name", &format!("must have from 1 to {LONGEST_NAME} characters")));
        }
        Some(Value::String(_)) => {}
        None | Some(Value::Null) => return Err(invalid("name", "is missing: a character has a name")),
        Some(other) => return Err(invalid("name", &format!("must be a string, not {}", kind(other)))),
    }
    for name in ["system", "username"] {
        if let Some(other) = fields.get(name).filter(|value| !value.is_string() && !value.is_null()) {
            return Err(invalid(name, &format!("must be a string, not {}", kind(other))));
        }
    }
    let is_text = |value: &Value| {
        let all = |texts: &Vec<Value>| texts.iter().all(Value::is_string);
        value.is_string() || value.is_null() || value.as_array().is_some_and(all)
    };
    if let Some(other) = fields.get("bio").filter(|value| !is_text(value)) {
        return Err(invalid("bio", &format!("must be a string or a list of strings, not {}", kind(other))));
    }
    for name in ["settings", "metadata", "style"] {
        if let Some(other) = fields.get(name).filter(|value| !value.is_object() && !value.is_null()) {
            return Err(invalid(name, &format!("must be an object, not {}", kind(other))));
        }
    }
    without_secrets(&mut fields)?;
    let size = Value::Object(fields.clone()).to_string().len();
    if size > LARGEST {
        return Err(invalid("character", &format!("has {size} bytes as JSON, at most {LARGEST} are kept")));
    }
    Ok(fields)
}

/// A character is read by everybody who sees the agent: secrets have a place of their own.
fn without_secrets(fields: &mut Map<String, Value>) -> Result<(), Error> {
    let refused = |field: &str| {
        invalid(field, "are not kept in a character; put them with PUT /api/v1/users/{user}/secrets")
    };
    let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    if fields.remove("secrets").is_some_and(|secrets| !is_empty(&secrets)) {
        return Err(refused("secrets"));
    }
    let settings = fields.get_mut("settings").and_then(Value::as_object_mut);
    if settings.and_then(|settings| settings.remove("secrets")).is_some_and(|secrets| !is_empty(&secrets)) {
        return Err(refused("settings.secrets"));
    }
    Ok(())
}

/// The name by which the agent is addressed: that of its character in small letters, digits and hyphens.
pub(super) fn address(name: &str) -> String {
    let letter = |letter: char| {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '-' }
    };
    let plain: String = name.chars().map(letter).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let address: String = words.join("-").chars().take(55).collect();
    let address = address.trim_end_matches('-').to_owned();
    if check_name(&address).is_ok() { address } else { "agent".to_owned() }
}

/// What people call it.
pub(super) fn name(agent: &Agent) -> &str {
    let given = agent.character.as_ref().and_then(|character| character.get("name"));
    given.and_then(Value::as_str).unwrap_or(&agent.name)
}

/// In a list.
pub(super) fn summary(agent: &Agent) -> Value {
    let bio = match agent.character.as_ref().and_then(|character| character.get("bio")) {
        Some(Value::String(text)) => text.as_str(),
        Some(Value::Array(texts)) => texts.first().and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    };
    json!({
        "id": agent.id,
        "name": name(agent),
        "characterName": name(agent),
        "bio": bio,
        "status": agent.status,
    })
}

/// The whole character with what the host says of it.
pub(super) fn shown(agent: &Agent) -> Value {
    let mut fields = match &agent.character {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    for name in ["bio", "settings"] {
        fields.entry(name).or_insert_with(|| if name == "bio" { json!([]) } else { json!({}) });
    }
    fields.insert("id".to_owned(), json!(agent.id));
    fields.insert("name".to_owned(), json!(name(agent)));
    fields.insert("status".to_owned(), json!(agent.status));
    fields.insert("enabled".to_owned(), json!(true));
    fields.insert("createdAt".to_owned(), json!(agent.created_at.rfc3339_millis()));
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_becomes_an_address() {
        let long = "x".repeat(80);
        for (name, address) in [
            ("Eliza", "eliza"),
            ("Ada Lovelace", "ada-lovelace"),
            ("  R2--D2! ", "r2-d2"),
            ("\u{1f41d}", "agent"),
            ("550e8400-e29b-41d4-a716-446655440000", "agent"),
            (long.as_str(), &"x".repeat(55)),
        ] {
            assert_eq!(super::address(name), address);
        }
    }

    #[test]
    fn a_character_is_checked() {
        let check = |value: Value| check(value.as_object().unwrap().clone());
        for (character, field) in [
            (json!({}), "name"),
            (json!({ "name": " " }), "name"),
            (json!({ "name": 1 }), "name"),
            (json!({ "name": "A", "bio": [1] }), "bio"),
            (json!({ "name": "A", "system": {} }), "system"),
            (json!({ "name": "A", "settings": [] }), "settings"),
            (json!({ "name": "A", "secrets": { "K": "v" } }), "secrets"),
            (json!({ "name": "A", "settings": { "secrets": { "K": "v" } } }), "settings.secrets"),
        ] {
            assert_eq!(check(character).unwrap_err().details, json!({ "field": field }));
        }
        let kept = check(
            json!({ "name": "A", "bio": "x", "id": "y", "status": "z", "settings": { "secrets": {} } }),
        );
        assert_eq!(Value::Object(kept.unwrap()), json!({ "name": "A", "bio": "x", "settings": {} }));
    }
}
