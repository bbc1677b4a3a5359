//! Reading what earlier personalities made. Anyone may replace one of them by a plugin whose details look otherwise, so nothing
//! here insists on a form.

use serde_json::Value;
use skep_sdk::personality::Brief;

/// The details of a personality's generate phase; null if it did not take part.
pub fn details(brief: &Brief, personality: &str) -> Value {
    brief.earlier::<Value>(personality).ok().flatten().unwrap_or(Value::Null)
}

/// The texts of a list: strings as they are, of objects a path with its purpose, else the first member that is a text.
pub fn texts(details: &Value, field: &str) -> Vec<String> {
    let Some(items) = details.get(field).and_then(Value::as_array) else { return Vec::new() };
    items.iter().filter_map(text).collect()
}

/// The texts of one member of the objects in a list; members that are lists give all of theirs.
pub fn members(details: &Value, field: &str, member: &str) -> Vec<String> {
    let Some(items) = details.get(field).and_then(Value::as_array) else { return Vec::new() };
    items
        .iter()
        .filter_map(|item| item.get(member))
        .flat_map(|value| match value {
            Value::Array(values) => values.iter().filter_map(text).collect(),
            other => text(other).into_iter().collect::<Vec<_>>(),
        })
        .collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => {
            let text = |field: &str| object.get(field).and_then(Value::as_str);
            match (text("path"), text("purpose")) {
                (Some(path), Some(purpose)) => Some(format!("{path}: {purpose}")),
                (Some(path), None) => Some(path.to_owned()),
                _ => object.values().find_map(Value::as_str).map(str::to_owned),
            }
        }
        _ => None,
    }
}

/// True if a check that sent the work back names this file.
pub fn is_in_findings(brief: &Brief, path: &str) -> bool {
    let names = |text: &str| crate::paths::is_named(text, path);
    brief.findings.iter().any(|gate| names(&gate.name) || names(&gate.evidence))
}

/// What a personality left, for a prompt: its lists by name, else its details as they are, at most so many characters.
pub fn shown(brief: &Brief, personality: &str, fields: &[(&str, &str)], most: usize) -> String {
    let details = details(brief, personality);
    if details.is_null() {
        return String::new();
    }
    let mut text = String::new();
    for (field, title) in fields {
        let lines = texts(&details, field);
        if !lines.is_empty() {
            let room = most.saturating_sub(text.chars().count() + title.len() + 3);
            text.push_str(&format!("{title}:\n{}", crate::talk::bullets(&lines, room)));
        }
    }
    if text.is_empty() {
        text = format!("{personality}: {}\n", crate::talk::cut(&details.to_string(), most));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use skep_sdk::personality::Contribution;
    use skep_sdk::testing::brief;

    fn after(details: &Value) -> Brief {
        let mut brief = brief("x");
        brief.earlier.push(Contribution { personality: "req-ai".into(), details: details.to_string() });
        brief
    }

    #[test]
    fn lists_are_shown_by_name_and_foreign_details_as_they_are() {
        let ours = after(&json!({"requirements": ["a", "b"], "acceptance": [{"what": "c"}]}));
        let fields = [("requirements", "Requirements"), ("acceptance", "Done when")];
        assert_eq!(shown(&ours, "req-ai", &fields, 200), "Requirements:\n- a\n- b\nDone when:\n- c\n");
        let designed = after(&json!({"files": [{"change": "modify", "path": "a.py", "purpose": "adds"}]}));
        assert_eq!(shown(&designed, "req-ai", &[("files", "Files")], 200), "Files:\n- a.py: adds\n");
        let foreign = after(&json!({"goal": "fly"}));
        assert_eq!(shown(&foreign, "req-ai", &fields, 200), "req-ai: {\"goal\":\"fly\"}\n");
        assert_eq!(shown(&foreign, "planner-ai", &fields, 200), "");
    }

    #[test]
    fn members_of_objects_are_collected() {
        let steps = json!({"steps": [{"files": ["a", "b"]}, {"files": "c"}, {"what": 1}]});
        assert_eq!(members(&steps, "steps", "files"), ["a", "b", "c"]);
    }
}
