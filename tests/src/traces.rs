//! Looking for a text everywhere that a host leaves something, in every form in which it may be there.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use std::path::{Path, PathBuf};

/// A part of this length is in no file by chance.
const CORE: usize = 12;

/// What stands for a text: itself, percent escapes, hex, and base64 as it is in the middle of any bytes.
#[must_use]
pub fn forms(text: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut forms = vec![
        ("plain".to_owned(), bytes.to_vec()),
        ("hex".to_owned(), HEXLOWER.encode(bytes).into_bytes()),
        ("upper-case hex".to_owned(), HEXUPPER.encode(bytes).into_bytes()),
        ("JSON".to_owned(), serde_json::json!(text).to_string().trim_matches('"').as_bytes().to_vec()),
        ("backwards".to_owned(), text.chars().rev().collect::<String>().into_bytes()),
    ];
    // What no escaping changes, however often it is done.
    let core = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
    if let Some(core) = core.max_by_key(|part| part.len()).filter(|core| core.len() >= CORE) {
        forms.push(("core".to_owned(), core.as_bytes().to_vec()));
    }
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~*".contains(byte);
    let escaped = |upper: bool, all: bool| -> Vec<u8> {
        let escape = |byte: &u8| match (upper, all || !unreserved(byte)) {
            (_, false) => char::from(*byte).to_string(),
            (true, true) => format!("%{byte:02X}"),
            (false, true) => format!("%{byte:02x}"),
        };
        bytes.iter().map(escape).collect::<String>().into_bytes()
    };
    forms.push(("percent".to_owned(), escaped(true, false)));
    forms.push(("lower-case percent".to_owned(), escaped(false, false)));
    forms.push(("all percent".to_owned(), escaped(true, true)));
    for (name, encoding) in [("base64", BASE64_NOPAD), ("base64url", BASE64URL_NOPAD)] {
        for before in 0..3_usize {
            let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
            let coded = encoding.encode(&padded);
            let inner = coded.get((before * 8).div_ceil(6)..padded.len() * 8 / 6).unwrap_or_default();
            forms.push((format!("{name} at {before}"), inner.as_bytes().to_vec()));
        }
    }
    forms.sort_by(|one, other| one.1.cmp(&other.1));
    forms.dedup_by(|one, other| one.1 == other.1);
    forms
}

/// The names of the forms of a text that these bytes have.
#[must_use]
pub fn in_bytes(text: &str, bytes: &[u8]) -> Vec<String> {
    let forms = forms(text);
    // One pass for all forms: files are large, and most pairs of bytes begin none.
    let mut begins = vec![false; 1 << 16];
    for (_, form) in &forms {
        if let Some(slot) = form.get(..2).and_then(|pair| begins.get_mut(pair_of(pair))) {
            *slot = true;
        }
    }
    let mut found = vec![false; forms.len()];
    for (at, pair) in bytes.windows(2).enumerate() {
        if begins.get(pair_of(pair)) == Some(&true) {
            let rest = bytes.get(at..).unwrap_or_default();
            for ((_, form), found) in forms.iter().zip(&mut found) {
                *found |= rest.starts_with(form);
            }
        }
    }
    forms.into_iter().zip(found).filter(|(_, found)| *found).map(|((name, _), _)| name).collect()
}

fn pair_of(pair: &[u8]) -> usize {
    pair.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The files below a folder that have a text, each with the form.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn in_files(text: &str, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(folder) {
        // Files of a running host come and go.
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        found.extend(in_bytes(text, &bytes).into_iter().map(|form| format!("{name}: {form}")));
        found.extend(
            in_bytes(text, name.as_bytes()).into_iter().map(|form| format!("the name {name}: {form}")),
        );
    }
    found
}

/// All files below a folder.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}
