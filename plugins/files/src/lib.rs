//! The skill `files`: an agent reads, writes, lists and searches the files of its workspace.
//!
//! It does not leave the workspace (the host's paths cannot) and does not delete: a patch or another skill does that.

#[cfg(test)]
mod tests;

use skep_sdk::prelude::*;

/// Read, write, list and search the files of the workspace.
#[skill(capabilities(files(
    read_write,
    "reads the files of the workspace and writes those that it is asked to"
)))]
mod files_skill {
    use serde::Serialize;

    /// At most so many bytes of text come back at once, so that one large file does not fill a model's context.
    const READ_LIMIT: u32 = 65_536;

    /// Part of a file.
    #[derive(Debug, Serialize, Schema)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Text {
        /// The lines that were asked for.
        pub text: String,
        /// How many lines the whole file has.
        pub lines: u32,
        /// The line to go on from when this is not the end of what was asked for.
        pub next_line: Option<u32>,
    }

    /// What was written.
    #[derive(Debug, Serialize, Schema)]
    pub(crate) struct Written {
        /// The path.
        pub path: String,
        /// Bytes in the file now.
        pub bytes: u64,
        /// Lowercase hex.
        pub sha256: String,
    }

    /// A file or folder.
    #[derive(Debug, Serialize, Schema)]
    pub(crate) struct Entry {
        /// From the workspace's root.
        pub path: String,
        /// True for a folder.
        pub folder: bool,
        /// Bytes; 0 for folders.
        pub size: u64,
    }

    /// A line that was found.
    #[derive(Debug, Serialize, Schema)]
    pub(crate) struct Found {
        /// From the workspace's root.
        pub path: String,
        /// From 1.
        pub line: u32,
        /// The line, cut at 400 bytes.
        pub text: String,
    }

    /// Read a text file, whole or in part. Long files come in parts: call again with `nextLine`.
    #[tool(read_only)]
    fn read(
        /** Path from the workspace's root, such as `src/main.py`. */
        path: String,
        /** First line, from 1; left out: from the beginning. */
        #[schema(minimum = 1)]
        #[serde(rename = "fromLine")]
        from_line: Option<u32>,
        /** How many lines; left out: as many as fit into 64 KiB. */
        #[schema(minimum = 1)]
        #[serde(rename = "maxLines")]
        max_lines: Option<u32>,
    ) -> Result<Text> {
        let whole = files::read_text(&path)?;
        let lines = u32::try_from(whole.split_inclusive('\n').count())?;
        let first = from_line.unwrap_or(1);
        if first == 0 || (first > lines && first > 1) {
            return Err(Error::invalid_input(format!(
                "`{path}` has {lines} lines, there is no line {first}"
            )));
        }
        let wanted = max_lines.unwrap_or(u32::MAX);
        let mut text = String::new();
        let mut taken = 0;
        for line in whole.split_inclusive('\n').skip((first - 1) as usize).take(wanted as usize) {
            if text.len() + line.len() > READ_LIMIT as usize {
                break;
            }
            text.push_str(line);
            taken += 1;
        }
        let next = first + taken;
        if taken == 0 && next <= lines {
            return Err(Error::too_large(format!(
                "line {first} of `{path}` is longer than {READ_LIMIT} bytes"
            )));
        }
        Ok(Text { text, lines, next_line: (taken < wanted && next <= lines).then_some(next) })
    }

    /// Write a text file: a new one, or the whole new content of an existing one. Folders are made as needed.
    #[tool(idempotent, destructive, retry = "safe")]
    fn write(
        /** Path from the workspace's root. */
        path: String,
        /** The whole content. */
        content: String,
    ) -> Result<Written> {
        let artifact = files::write_artifact(&path, &content, "file")?;
        Ok(Written { path, bytes: u64::try_from(content.len())?, sha256: artifact.sha256 })
    }

    /// List a folder, or all files below it.
    #[tool(read_only)]
    fn list(
        /** The folder; left out: the workspace's root. */
        #[serde(default)]
        path: String,
        /** All files below it instead of its entries. */
        #[serde(default)]
        recursive: bool,
    ) -> Result<Vec<Entry>> {
        let path = path.trim_end_matches('/');
        let found = if recursive { files::list_all(path)? } else { files::list(path)? };
        Ok(found
            .into_iter()
            .map(|entry| Entry { path: entry.path, folder: entry.folder, size: entry.size })
            .collect())
    }

    /// Find lines that fit a regular expression.
    #[tool(read_only)]
    fn search(
        /** A regular expression, matched line by line, such as `fn \w+_test`. */
        pattern: String,
        /** Only this file, or the files below this folder; all when empty. */
        #[serde(default)]
        prefix: String,
        /** At most so many lines; left out: 100. */
        #[schema(minimum = 1, maximum = 1000)]
        limit: Option<u32>,
    ) -> Result<Vec<Found>> {
        let found = files::search(&pattern, &prefix, limit.unwrap_or(100))?;
        Ok(found
            .into_iter()
            .map(|line| Found { path: line.path, line: line.line, text: line.text })
            .collect())
    }
}
