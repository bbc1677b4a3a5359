//! JSON, YAML and TOML as one kind of value, with what is wrong when a text is none of it.

use serde_json::Value;

use crate::paths;

/// The documents of a file by its ending; none if it has no such ending. Files of templates are not YAML yet.
pub fn documents(path: &str, text: &str) -> Option<Result<Vec<Value>, String>> {
    match paths::ending(path).to_ascii_lowercase().as_str() {
        "json" => Some(json(text).map(|value| vec![value])),
        "toml" => Some(toml(text).map(|value| vec![value])),
        "yaml" | "yml" if text.contains("{{") && path.split('/').any(|part| part == "templates") => None,
        "yaml" | "yml" => Some(yaml(text)),
        _ => None,
    }
}

/// One JSON document.
///
/// # Errors
/// What is wrong, and where.
pub fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

/// One TOML document.
///
/// # Errors
/// What is wrong, and where.
pub fn toml(text: &str) -> Result<Value, String> {
    toml::from_str(text).map_err(|error| format!("not TOML: {}", one_line(&error.to_string())))
}

/// All YAML documents of a text; empty ones are left out.
///
/// # Errors
/// What is wrong, and where.
pub fn yaml(text: &str) -> Result<Vec<Value>, String> {
    let found: Result<Vec<Value>, _> = serde_saphyr::from_multiple(text);
    let found = found.map_err(|error| format!("not YAML: {}", one_line(&error.to_string())))?;
    Ok(found.into_iter().filter(|value| !value.is_null()).collect())
}

fn one_line(text: &str) -> String {
    crate::talk::cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), 200)
}

/// Every member of this name, at any depth, with its value.
pub fn members<'value>(value: &'value Value, name: &str) -> Vec<&'value Value> {
    let mut found = Vec::new();
    collect(value, name, &mut found);
    found
}

fn collect<'value>(value: &'value Value, name: &str, found: &mut Vec<&'value Value>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                if key == name {
                    found.push(inner);
                }
                collect(inner, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, found)),
        _ => {}
    }
}

/// The line on which a text first stands, from 1; 1 if it does not.
pub fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn three_forms_are_one_kind_of_value() {
        assert_eq!(documents("a.json", "{\"a\":1}"), Some(Ok(vec![json!({"a": 1})])));
        assert_eq!(documents("a.toml", "[a]\nb = 1\n"), Some(Ok(vec![json!({"a": {"b": 1}})])));
        let two = "on:\n  push: {branches: [main]}\n---\na: &x 1\nb: *x\n";
        assert_eq!(
            documents("ci.yml", two),
            Some(Ok(vec![json!({"on": {"push": {"branches": ["main"]}}}), json!({"a": 1, "b": 1})]))
        );
        assert_eq!(documents("a.py", "x"), None);
        assert_eq!(documents("chart/templates/a.yaml", "a: {{ .Values.a }}"), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (path, text) in
            [("a.json", "{"), ("a.toml", "a = "), ("a.yaml", "a: [1\nb: 2\n"), ("b.yml", "a: b: c\n")]
        {
            let problem = documents(path, text).unwrap().unwrap_err();
            assert!(problem.starts_with("not ") && !problem.contains('\n'), "{problem}");
        }
    }

    #[test]
    fn members_are_found_at_any_depth() {
        let value = json!({"image": "a", "jobs": [{"image": "b"}]});
        assert_eq!(members(&value, "image"), [&json!("a"), &json!("b")]);
        assert_eq!((line_of("a\nb\n", "b"), line_of("a\n", "c")), (2, 1));
    }
}
