//! How paths stand in a diff.

/// A path as git writes it: in quotes with escapes if it has characters that would be misread.
pub(crate) fn quoted(path: &str) -> String {
    if !path.contains(|character: char| character.is_control() || character == '"' || character == '\\') {
        return path.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in path.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            control if control.is_control() => {
                let mut bytes = [0; 4];
                for byte in control.encode_utf8(&mut bytes).bytes() {
                    quoted.push_str(&format!("\\{byte:03o}"));
                }
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A path on a `---` or `+++` line. A name with a space ends with a tab there, so that it is not cut at the space.
pub(crate) fn on_header_line(path: &str) -> String {
    let tab = if path.contains(' ') { "\t" } else { "" };
    quoted(path) + tab
}
