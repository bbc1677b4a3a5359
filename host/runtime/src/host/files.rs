//! `files`: the workspace.

use crate::abi::v0_1_0::convert::error_to_guest;
use crate::abi::v0_1_0::wit::{files, types};
use crate::state::State;
use domain::effect::files::{FileEntry, FilesCall, MatchLine};
use domain::effect::{Call, Reply};

impl files::Host for State {
    async fn read(&mut self, path: String) -> wasmtime::Result<Result<Vec<u8>, types::Error>> {
        let bytes = path.len();
        match self.perform(Call::Files(FilesCall::Read { path }), bytes).await? {
            Ok(Reply::Content(content)) => Ok(Ok(content)),
            Ok(reply) => Err(self.mismatch("files.read", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn write(&mut self, path: String, content: Vec<u8>) -> wasmtime::Result<Result<(), types::Error>> {
        let bytes = path.len() + content.len();
        match self.perform(Call::Files(FilesCall::Write { path, content }), bytes).await? {
            Ok(Reply::Unit) => Ok(Ok(())),
            Ok(reply) => Err(self.mismatch("files.write", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn delete(&mut self, path: String) -> wasmtime::Result<Result<(), types::Error>> {
        let bytes = path.len();
        match self.perform(Call::Files(FilesCall::Delete { path }), bytes).await? {
            Ok(Reply::Unit) => Ok(Ok(())),
            Ok(reply) => Err(self.mismatch("files.delete", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn list(
        &mut self,
        path: String,
        recursive: bool,
    ) -> wasmtime::Result<Result<Vec<files::Entry>, types::Error>> {
        let bytes = path.len();
        let entry =
            |entry: FileEntry| files::Entry { path: entry.path, folder: entry.folder, size: entry.size };
        match self.perform(Call::Files(FilesCall::List { path, recursive }), bytes).await? {
            Ok(Reply::Entries(entries)) => Ok(Ok(entries.into_iter().map(entry).collect())),
            Ok(reply) => Err(self.mismatch("files.list", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn search(
        &mut self,
        query: files::SearchQuery,
    ) -> wasmtime::Result<Result<Vec<files::MatchLine>, types::Error>> {
        let bytes = query.pattern.len() + query.prefix.len();
        let line = |line: MatchLine| files::MatchLine { path: line.path, line: line.line, text: line.text };
        let call = FilesCall::Search { pattern: query.pattern, prefix: query.prefix, limit: query.limit };
        match self.perform(Call::Files(call), bytes).await? {
            Ok(Reply::Matches(matches)) => Ok(Ok(matches.into_iter().map(line).collect())),
            Ok(reply) => Err(self.mismatch("files.search", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}
