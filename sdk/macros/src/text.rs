//! Doc comments and JSON texts.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Result};

/// The doc comments of an item: lines of a paragraph are joined by spaces, paragraphs and list items stay apart.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value
        {
            lines.extend(line.value().split('\n').map(without_star));
        }
    }
    let mut text = String::new();
    let mut gap = false;
    for line in lines.iter().skip_while(|line| line.is_empty()) {
        if line.is_empty() {
            gap = true;
            continue;
        }
        if !text.is_empty() {
            text.push_str(match (gap, line.starts_with("- ")) {
                (true, _) => "\n\n",
                (false, true) => "\n",
                (false, false) => " ",
            });
        }
        gap = false;
        text.push_str(line);
    }
    text
}

/// A line of a `/** … */` comment may begin with a star of its own.
fn without_star(line: &str) -> String {
    let line = line.trim();
    let text = if line == "*" { "" } else { line.strip_prefix("* ").unwrap_or(line) };
    text.trim().to_owned()
}

/// A text as the inside of a JSON string, without quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(control)))
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

/// The members of a JSON object that an author wrote, without its braces.
pub(crate) fn members(literal: &LitStr) -> Result<String> {
    let text = literal.value();
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| syn::Error::new(literal.span(), format!("this is not JSON: {error}")))?;
    match value {
        serde_json::Value::Object(object) if !object.is_empty() => {
            let compact = serde_json::to_string(&object)
                .map_err(|error| syn::Error::new(literal.span(), error.to_string()))?;
            let inner = compact.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
            Ok(inner.unwrap_or_default().to_owned())
        }
        _ => Err(syn::Error::new(
            literal.span(),
            "a schema is a JSON object with at least one member, such as {\"type\":\"string\"}",
        )),
    }
}
