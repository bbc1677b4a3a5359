//! Where edits are tried before anything is written.

use std::collections::BTreeMap;

use skep_sdk::prelude::*;

use crate::change::{Change, Edit, NewFile};
use crate::{content, paths};

/// A file that is worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// None: it is new.
    pub before: Option<String>,
    /// What will be written.
    pub now: String,
    /// How often it was touched.
    pub edits: u32,
}

/// Files that are worked on, by path.
#[derive(Debug, Clone, Default)]
pub struct Bench {
    pieces: BTreeMap<String, Piece>,
    /// Files of which the model saw only a part.
    parts: Vec<String>,
}

/// Why an edit cannot be made. The model can read it.
pub type Problem = String;

impl Bench {
    /// An empty one. `parts` are files of which the model saw only a part.
    pub fn new(parts: &[String]) -> Self {
        Self { pieces: BTreeMap::new(), parts: parts.to_vec() }
    }

    /// Tries a change; answers what cannot be made of it.
    ///
    /// # Errors
    /// When the workspace cannot be read.
    pub fn apply(&mut self, change: &Change) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        for edit in &change.edits {
            problems.extend(self.edit(edit)?.err());
        }
        for file in &change.files {
            problems.extend(self.whole(file)?.err());
        }
        for (path, piece) in &self.pieces {
            if piece.before.as_ref() == Some(&piece.now) {
                problems.push(format!("`{path}` is the same as before; `replace` has to differ from `find`"));
            } else {
                problems.extend(content::problem(path, &piece.now));
            }
        }
        let bad = |path: &String, piece: &Piece| {
            piece.before.as_ref() == Some(&piece.now) || content::problem(path, &piece.now).is_some()
        };
        self.pieces.retain(|path, piece| !bad(path, piece));
        Ok(problems)
    }

    /// Takes off what must not be written; answers why.
    ///
    /// # Errors
    /// What `refuse` says, when it cannot tell.
    pub fn refuse(
        &mut self,
        refuse: impl Fn(&str, &Piece) -> Result<Option<Problem>>,
    ) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        for (path, piece) in std::mem::take(&mut self.pieces) {
            match refuse(&path, &piece)? {
                Some(problem) => problems.push(problem),
                None => {
                    self.pieces.insert(path, piece);
                }
            }
        }
        Ok(problems)
    }

    /// Puts a whole file on the bench that was computed and not answered.
    ///
    /// # Errors
    /// When the workspace cannot be read.
    pub fn place(&mut self, path: &str, content: String) -> Result<()> {
        let before = match self.current(path)? {
            Some(text) => text.ok(),
            None => None,
        };
        if before.as_ref() != Some(&content) {
            self.put(path, before, content);
        }
        Ok(())
    }

    /// What will be written.
    pub fn pieces(&self) -> &BTreeMap<String, Piece> {
        &self.pieces
    }

    /// True if nothing will be written.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The file as it is on the bench or in the workspace.
    fn current(&self, path: &str) -> Result<Option<Result<String, Problem>>> {
        if let Some(piece) = self.pieces.get(path) {
            return Ok(Some(Ok(piece.now.clone())));
        }
        match files::read_text_if_exists(path) {
            Ok(text) => Ok(text.map(Ok)),
            Err(error) if error.kind == ErrorKind::InvalidInput => {
                Ok(Some(Err(format!("`{path}` is not a text file"))))
            }
            Err(error) => Err(error),
        }
    }

    fn edit(&mut self, edit: &Edit<true>) -> Result<Result<(), Problem>> {
        let path = paths::tidy(&edit.path.0);
        if let Some(problem) = paths::problem(path) {
            return Ok(Err(problem));
        }
        let text = match self.current(path)? {
            None => return Ok(Err(format!("there is no file `{path}`; put new files into `files`"))),
            Some(Err(problem)) => return Ok(Err(problem)),
            Some(Ok(text)) => text,
        };
        match replaced(path, &text, &edit.find.0, &edit.replace.0) {
            Ok(now) => {
                self.put(path, Some(text), now);
                Ok(Ok(()))
            }
            Err(problem) => Ok(Err(problem)),
        }
    }

    fn whole(&mut self, file: &NewFile<true>) -> Result<Result<(), Problem>> {
        let path = paths::tidy(&file.path.0);
        if let Some(problem) = paths::problem(path) {
            return Ok(Err(problem));
        }
        let before = match self.current(path)? {
            Some(Err(problem)) => return Ok(Err(problem)),
            Some(Ok(text)) => Some(text),
            None => None,
        };
        let mut now = unfenced(&file.content.0);
        if !now.ends_with('\n') {
            now.push('\n');
        }
        if let Some(before) = &before {
            if self.parts.iter().any(|part| part == path) {
                return Ok(Err(format!("`{path}` was shown in part only; change it with `edits`")));
            }
            // A weak model repeats the part of a file that it changes and forgets the rest.
            let (old, new) = (before.lines().count(), now.lines().count());
            if old >= 20 && new * 2 < old {
                return Ok(Err(format!(
                    "`{path}` would shrink from {old} to {new} lines; change it with `edits`"
                )));
            }
        }
        self.put(path, before, now);
        Ok(Ok(()))
    }

    fn put(&mut self, path: &str, before: Option<String>, now: String) {
        let piece =
            self.pieces.entry(path.to_owned()).or_insert(Piece { before, now: String::new(), edits: 0 });
        piece.now = now;
        piece.edits += 1;
    }
}

/// Without the code fence that models like to put around a file.
fn unfenced(content: &str) -> String {
    let trimmed = content.trim();
    let inner = trimmed
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .and_then(|rest| rest.split_once('\n'))
        .map(|(_, inner)| inner);
    inner.unwrap_or(content).to_owned()
}

/// The text with `find` replaced, if it stands there exactly once: as it is, else line by line without regard to blanks around them.
fn replaced(path: &str, text: &str, find: &str, replace: &str) -> Result<String, Problem> {
    if find.trim().is_empty() {
        return Err(format!("`find` is empty; copy the lines of `{path}` that change"));
    }
    // Models write `\n`; the file may have been made on Windows.
    if text.contains("\r\n") && !find.contains('\r') {
        let changed = replaced(path, &text.replace("\r\n", "\n"), find, replace)?;
        return Ok(changed.replace('\n', "\r\n"));
    }
    match text.matches(find).count() {
        1 => Ok(text.replacen(find, replace, 1)),
        0 => by_lines(path, text, find, replace),
        count => Err(format!(
            "`find` stands {count} times in `{path}`, it has to stand there once; copy more lines around it: {}",
            crate::talk::cut(find, 120)
        )),
    }
}

fn by_lines(path: &str, text: &str, find: &str, replace: &str) -> Result<String, Problem> {
    let wanted: Vec<&str> = find.trim_matches('\n').lines().map(str::trim).collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let places: Vec<usize> = (0..)
        .zip(lines.windows(wanted.len()))
        .filter(|(_, window)| window.iter().map(|line| line.trim()).eq(wanted.iter().copied()))
        .map(|(place, _)| place)
        .collect();
    let cut = crate::talk::cut(find, 120);
    let place = match places.as_slice() {
        [place] => *place,
        [] => return Err(format!("`find` does not stand in `{path}`; copy it from the file exactly: {cut}")),
        more => {
            return Err(format!(
                "`find` stands {} times in `{path}`, it has to stand there once; copy more lines around it: {cut}",
                more.len()
            ));
        }
    };
    let (before, rest) = lines.split_at(place);
    let (old, after) = rest.split_at(wanted.len().min(rest.len()));
    let missing = missing_indent(old, find);
    let mut now: String = before.concat();
    for line in replace.trim_matches('\n').lines() {
        if !line.trim().is_empty() {
            now.push_str(&missing);
        }
        now.push_str(line);
        now.push('\n');
    }
    // The last line of a file may end without a line break.
    if after.is_empty() && !old.last().is_some_and(|line| line.ends_with('\n')) {
        now.pop();
    }
    now.push_str(&after.concat());
    Ok(now)
}

/// What the model left out before the first line that it copied.
fn missing_indent(old: &[&str], find: &str) -> String {
    let indent =
        |line: &str| line.chars().take_while(|letter| *letter == ' ' || *letter == '\t').collect::<String>();
    let theirs = indent(find.trim_matches('\n').lines().next().unwrap_or_default());
    let ours = indent(old.first().copied().unwrap_or_default());
    ours.strip_suffix(theirs.as_str()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
