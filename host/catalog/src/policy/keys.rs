//! Unknown keys are errors that suggest the nearest known one: a grant with a typing error must not silently give less, or more.

use toml::{Table, Value};

/// Names that are further away are no suggestion.
const NEAR: usize = 3;

/// Check every key of a policy.
pub(super) fn check(policy: &Table) -> Result<(), String> {
    known("", policy, &["grant", "source", "egress"])?;
    if let Some(source) = table(policy, "source") {
        known("source", source, &["allow_file", "allow_http"])?;
    }
    if let Some(egress) = table(policy, "egress") {
        known("egress", egress, &["allow"])?;
    }
    for grant in tables(policy, "grant") {
        known("grant", grant, &["plugin", "digest", "capabilities"])?;
        for capability in tables(grant, "capabilities") {
            let own: &[&str] = match capability.get("interface").and_then(Value::as_str) {
                Some("model") => &["tiers"],
                Some("http") => &["hosts", "methods", "credentials"],
                Some("secrets" | "tools" | "agents") => &["names"],
                Some("files") => &["access", "paths"],
                Some("kv") => &["quota"],
                // Deserializing names the interfaces that exist.
                _ => continue,
            };
            known("grant.capabilities", capability, &[&["interface", "reason"], own].concat())?;
            for credential in tables(capability, "credentials") {
                known(
                    "grant.capabilities.credentials",
                    credential,
                    &["secret", "hosts", "placement", "name"],
                )?;
            }
        }
    }
    Ok(())
}

fn known(place: &str, table: &Table, keys: &[&str]) -> Result<(), String> {
    let Some(unknown) = table.keys().find(|key| !keys.contains(&key.as_str())) else { return Ok(()) };
    let nearest = keys.iter().min_by_key(|key| strsim::damerau_levenshtein(key, unknown));
    let hint = match nearest {
        Some(key) if strsim::damerau_levenshtein(key, unknown) <= NEAR => format!("did you mean `{key}`?"),
        _ => format!("known are {}", keys.join(", ")),
    };
    let within = if place.is_empty() { String::new() } else { format!(" in [{place}]") };
    Err(format!("unknown key `{unknown}`{within}; {hint}"))
}

fn table<'a>(table: &'a Table, key: &str) -> Option<&'a Table> {
    table.get(key).and_then(Value::as_table)
}

fn tables<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}
