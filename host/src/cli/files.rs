//! `skep files`: an agent's workspace on a running host.

use super::client::{Client, path_of, segment};
use super::show::table;
use super::{Common, Failure};
use bytes::Bytes;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Id or name of the user.
    #[arg(long, default_value = "default", global = true)]
    user: String,
    /// Id or name of the agent.
    #[arg(long, default_value = "manager", global = true)]
    agent: String,
    #[command(subcommand)]
    verb: FilesVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FilesVerb {
    /// List a folder; without a path the root.
    Ls {
        /// From the root of the workspace.
        #[arg(default_value = "")]
        path: String,
    },
    /// Print a file, or keep it.
    Get {
        /// From the root of the workspace.
        path: String,
        /// Write it here instead of printing it.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Write a file.
    Put {
        /// On this machine; `-` is standard input.
        file: PathBuf,
        /// From the root of the workspace.
        path: String,
    },
    /// Delete a file or folder.
    Rm {
        /// From the root of the workspace.
        path: String,
        /// A folder with everything in it.
        #[arg(long, short)]
        recursive: bool,
    },
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let client = Client::new(common)?;
    let root = format!("/api/v1/users/{}/agents/{}/files/", segment(&options.user), segment(&options.agent));
    match options.verb {
        FilesVerb::Ls { path } => {
            let folder = client.get(&format!("{root}{}", path_of(&path)?)).await?;
            let Some(entries) = folder.get("entries").and_then(Value::as_array) else {
                return Err(Failure::new(format!("{path:?} is a file; `skep files get` reads it")));
            };
            common.show(&folder, |_| table(entries, &["name", "type", "size", "modifiedAt"]));
        }
        FilesVerb::Get { path, output } => {
            let bytes = client.get_bytes(&format!("{root}{}", path_of(&path)?)).await?;
            match output {
                Some(output) => {
                    std::fs::write(&output, &bytes)
                        .map_err(|error| Failure::new(format!("{}: {error}", output.display())))?;
                    common.show(&json!({ "path": path, "size": bytes.len(), "file": output }), |_| {});
                }
                None if common.json => {
                    let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
                        Failure::new(format!("{path:?} is not text; give --output to keep it"))
                    })?;
                    println!("{}", json!({ "path": path, "size": bytes.len(), "text": text }));
                }
                None => std::io::stdout()
                    .write_all(&bytes)
                    .map_err(|error| Failure::new(format!("stdout: {error}")))?,
            }
        }
        FilesVerb::Put { file, path } => {
            let bytes = read(&file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
            let written = client.put_bytes(&format!("{root}{}", path_of(&path)?), bytes).await?;
            common.show(&written, |_| println!("{path} is written"));
        }
        FilesVerb::Rm { path, recursive } => {
            let query = if recursive { "?recursive=true" } else { "" };
            client.delete(&format!("{root}{}{query}", path_of(&path)?)).await?;
            common.show(&json!({ "deleted": path }), |_| println!("{path} is deleted"));
        }
    }
    Ok(())
}

fn read(file: &PathBuf) -> std::io::Result<Bytes> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes.into());
    }
    std::fs::read(file).map(Bytes::from)
}
