//! From bytes to text, as far as a content type says how.

/// Whether a content type is one for people or programs to read as text. None at all is taken for text.
pub(crate) fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    const TEXTUAL: [&str; 9] = [
        "application/json",
        "application/xml",
        "application/javascript",
        "application/ecmascript",
        "application/x-www-form-urlencoded",
        "application/yaml",
        "application/toml",
        "application/x-sh",
        "application/sql",
    ];
    essence.is_empty()
        || essence.starts_with("text/")
        || TEXTUAL.contains(&essence.as_str())
        || ["+json", "+xml", "+yaml"].iter().any(|suffix| essence.ends_with(suffix))
}

/// Latin-1 by its byte values, everything else as UTF-8 with U+FFFD for what is not. A character that a byte limit has cut
/// in two at the end is left out.
pub(crate) fn decode(content_type: &str, bytes: &[u8]) -> String {
    let lower = content_type.to_ascii_lowercase();
    if ["iso-8859-1", "latin1", "us-ascii"].iter().any(|name| lower.contains(name)) {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    let whole = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or(bytes),
        _ => bytes,
    };
    String::from_utf8_lossy(whole).into_owned()
}
