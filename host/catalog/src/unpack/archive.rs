//! Reading a zip archive that somebody sent: every entry is looked at, none is trusted.

use bytes::Bytes;
use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;
use zip::read::ZipFile;

/// Bytes of all entries together.
const TOTAL_LIMIT: u64 = 50 << 20;
/// Bytes of one entry.
const ENTRY_LIMIT: u64 = 10 << 20;
/// Entries, folders included.
const MOST_ENTRIES: usize = 1_000;
/// An archive may grow so many times.
const RATIO: u64 = 200;
/// Of a name.
const NAME_LIMIT: usize = 512;
/// The record at the end of an archive.
const END: &[u8] = b"PK\x05\x06";
/// Its length without the comment.
const END_LENGTH: usize = 22;

/// The two files that mean something.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) component: Option<Bytes>,
    pub(super) document: Option<Vec<u8>>,
}

/// Read the archive; an error says what is wrong with which entry.
pub(super) fn read(bytes: &Bytes) -> Result<Files, String> {
    let announced = announced(bytes)?;
    if announced > MOST_ENTRIES {
        return Err(format!("the archive has {announced} entries, at most {MOST_ENTRIES} are accepted"));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes.as_ref()))
        .map_err(|error| format!("the archive is damaged: {error}"))?;
    // The library keeps one entry of a name; which one another reader would take is anybody's guess.
    if archive.len() != announced {
        return Err(format!(
            "the archive has {announced} entries under {} names; each name may be there once",
            archive.len()
        ));
    }
    let (mut seen, mut names) = (BTreeSet::new(), Vec::new());
    for index in 0..archive.len() {
        let entry =
            archive.by_index_raw(index).map_err(|error| format!("the archive is damaged: {error}"))?;
        let name = accept(&entry)?;
        if !seen.insert(name.to_lowercase()) {
            return Err(format!("the archive has {} twice; each name may be there once", shown(&name)));
        }
        names.push(name);
    }
    let root = root(&names);
    let mut files = Files::default();
    let (mut total, most) = (0, RATIO.saturating_mul(bytes.len() as u64));
    for (index, name) in names.iter().enumerate() {
        let mut entry =
            archive.by_index(index).map_err(|error| format!("{} cannot be read: {error}", shown(name)))?;
        let mut content = Vec::new();
        // What an entry says of its size is not believed.
        let limit = ENTRY_LIMIT.min(TOTAL_LIMIT - total).min(most.saturating_sub(total));
        (&mut entry)
            .take(limit + 1)
            .read_to_end(&mut content)
            .map_err(|error| format!("{} cannot be read: {error}", shown(name)))?;
        let length = content.len() as u64;
        if length > ENTRY_LIMIT {
            return Err(format!("{} has more than {ENTRY_LIMIT} bytes", shown(name)));
        }
        total += length;
        if total > TOTAL_LIMIT {
            return Err(format!("the archive holds more than {TOTAL_LIMIT} bytes"));
        }
        if total > most {
            return Err(format!("the archive grows to more than {RATIO} times its size"));
        }
        match name.strip_prefix(&root) {
            Some("SKILL.md") => files.document = Some(content),
            Some("plugin.wasm") => files.component = Some(content.into()),
            _ => {}
        }
    }
    if files.component.is_none() && files.document.is_none() {
        let reason = "the archive has neither SKILL.md nor plugin.wasm, at its top or in its only folder";
        return Err(reason.to_owned());
    }
    Ok(files)
}

/// How many entries the end of the archive announces.
fn announced(bytes: &[u8]) -> Result<usize, String> {
    let damaged = || "the archive is damaged: it has no end record".to_owned();
    // The comment has at most 64 KiB; the record nearest to the end counts, as every reader takes it.
    let from = bytes.len().saturating_sub(END_LENGTH + usize::from(u16::MAX));
    let tail = bytes.get(from..).ok_or_else(damaged)?;
    let at = tail.windows(END.len()).rposition(|window| window == END).ok_or_else(damaged)?;
    match tail.get(at + 10..at + 12) {
        Some([low, high]) => match u16::from_le_bytes([*low, *high]) {
            u16::MAX => {
                Err(format!("the archive has a zip64 index; at most {MOST_ENTRIES} entries are accepted"))
            }
            count => Ok(count.into()),
        },
        _ => Err(damaged()),
    }
}

/// The name of an entry that may be there.
fn accept<R: std::io::Read>(entry: &ZipFile<'_, R>) -> Result<String, String> {
    let name = std::str::from_utf8(entry.name_raw())
        .map_err(|_| "the archive has a name that is not UTF-8".to_owned())?;
    let wrong = |problem: &str| Err(format!("{} {problem}", shown(name)));
    if name.is_empty() || name.len() > NAME_LIMIT {
        return wrong(&format!("is not a name of 1 to {NAME_LIMIT} bytes"));
    }
    if name.chars().any(|letter| letter.is_control() || letter == '\\') {
        return wrong("has a control character or a backslash in its name");
    }
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with('/') || drive {
        return wrong("is an absolute name");
    }
    let name_of_file = name.strip_suffix('/').unwrap_or(name);
    if name_of_file.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return wrong("has an empty, `.` or `..` part in its name");
    }
    if entry.is_symlink() {
        return wrong("is a symbolic link");
    }
    // The type in the mode of Unix, where there is one: a file or a folder and nothing else.
    if entry.unix_mode().is_some_and(|mode| ![0, 0o100_000, 0o040_000].contains(&(mode & 0o170_000))) {
        return wrong("is neither a file nor a folder");
    }
    if entry.encrypted() {
        return wrong("is encrypted");
    }
    if entry.size() > ENTRY_LIMIT {
        return wrong(&format!("has {} bytes, at most {ENTRY_LIMIT} are accepted", entry.size()));
    }
    Ok(name.to_owned())
}

/// The only folder that everything is in, with its slash, or nothing.
fn root(names: &[String]) -> String {
    let at_top = names.iter().any(|name| name == "SKILL.md" || name == "plugin.wasm");
    let mut folders = names.iter().map(|name| name.split_once('/').map(|(folder, _)| folder));
    match folders.next() {
        Some(Some(folder)) if !at_top && folders.all(|other| other == Some(folder)) => format!("{folder}/"),
        _ => String::new(),
    }
}

fn shown(name: &str) -> String {
    format!("{:?}", domain::effect::bounded(name.to_owned(), 120))
}
