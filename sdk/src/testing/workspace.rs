//! A workspace in memory, with the host's rules for paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::bindings::imports::skep::plugin::{files, types};
use crate::{Error, ErrorKind};

type Answer<T> = Result<T, types::Error>;

/// Files by path.
#[derive(Default)]
pub(super) struct Workspace {
    files: BTreeMap<String, Vec<u8>>,
    failure: Option<types::Error>,
}

impl Workspace {
    pub(super) fn put(&mut self, path: &str, content: &[u8]) {
        self.files.insert(path.into(), content.to_vec());
    }

    pub(super) fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    pub(super) fn fail_with(&mut self, error: types::Error) {
        self.failure = Some(error);
    }

    fn check(&self, path: &str) -> Answer<()> {
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        let malformed = path.split('/').any(|part| part.is_empty() || part == "." || part == "..")
            || path.chars().any(|character| character.is_control() || character == '\\')
            || path.get(1..2) == Some(":");
        if malformed {
            return Err(Error::invalid_input(format!("`{path}` is not a path inside the workspace")).into());
        }
        Ok(())
    }

    pub(super) fn read(&self, path: &str) -> Answer<Vec<u8>> {
        self.check(path)?;
        self.get(path).ok_or_else(|| missing(path))
    }

    pub(super) fn write(&mut self, path: &str, content: &[u8]) -> Answer<()> {
        self.check(path)?;
        let folder = format!("{path}/");
        if self.files.keys().any(|other| other.starts_with(&folder)) {
            return Err(Error::conflict(format!("`{path}` is a folder")).into());
        }
        self.put(path, content);
        Ok(())
    }

    pub(super) fn delete(&mut self, path: &str) -> Answer<()> {
        self.check(path)?;
        self.files.remove(path).map(|_| ()).ok_or_else(|| missing(path))
    }

    pub(super) fn list(&self, path: &str, recursive: bool) -> Answer<Vec<files::Entry>> {
        let prefix = if path.is_empty() {
            String::new()
        } else {
            self.check(path)?;
            format!("{path}/")
        };
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        let mut entries = Vec::new();
        let mut folders = BTreeSet::new();
        for (file, content) in &self.files {
            let Some(rest) = file.strip_prefix(&prefix) else { continue };
            match rest.split_once('/') {
                Some((folder, _)) if !recursive => {
                    if folders.insert(folder) {
                        entries.push(files::Entry {
                            path: format!("{prefix}{folder}"),
                            folder: true,
                            size: 0,
                        });
                    }
                }
                _ => entries.push(files::Entry {
                    path: file.clone(),
                    folder: false,
                    size: u64::try_from(content.len()).unwrap_or(u64::MAX),
                }),
            }
        }
        if entries.is_empty() && !path.is_empty() {
            return Err(missing(path));
        }
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(entries)
    }

    pub(super) fn search(&self, query: &files::SearchQuery) -> Answer<Vec<files::MatchLine>> {
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        if query.limit == 0 || query.limit > 1000 {
            return Err(Error::invalid_input(format!("the limit {} is not in 1 to 1000", query.limit)).into());
        }
        // The host bounds the size of patterns in the same way.
        let pattern =
            regex::RegexBuilder::new(&query.pattern).size_limit(1 << 20).build().map_err(|error| {
                Error::new(ErrorKind::InvalidInput, format!("`{}` is no pattern: {error}", query.pattern))
            })?;
        let mut matches = Vec::new();
        let folder = query.prefix.trim_end_matches('/');
        let is_below = |path: &str| {
            folder.is_empty()
                || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for (path, content) in self.files.iter().filter(|(path, _)| is_below(path)) {
            let Ok(text) = std::str::from_utf8(content) else { continue };
            for (number, line) in (1..).zip(text.lines()) {
                if matches.len() >= query.limit as usize {
                    return Ok(matches);
                }
                if pattern.is_match(line) {
                    let end = line.floor_char_boundary(400);
                    let text = line.get(..end).unwrap_or_default().to_owned();
                    matches.push(files::MatchLine { path: path.clone(), line: number, text });
                }
            }
        }
        Ok(matches)
    }
}

fn missing(path: &str) -> types::Error {
    Error::not_found(format!("there is no `{path}` in the workspace")).into()
}
