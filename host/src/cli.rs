//! The verbs. Each is a file with one `run`; every one has `--json`. Verbs that work on a host speak HTTP to it.

mod agents;
mod build;
mod chat;
mod client;
mod doctor;
mod failure;
mod files;
mod logs;
mod model;
mod plugins;
mod replay;
mod secrets;
mod serve;
mod show;
mod sse;
mod task;
mod up;
mod usage;
mod users;

pub(crate) use failure::Failure;

use crate::config::{Config, Flags};
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Host autonomous agents whose every plugin is a sealed WebAssembly component.
#[derive(Debug, Parser)]
#[command(name = "skep", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// For every verb.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Configuration file [default: skep.toml when it is there; SKEP_CONFIG].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where database, workspaces and keys are [SKEP_DATA_DIR].
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print JSON for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The host to speak to [default: the one that runs on the data directory; SKEP_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// API key [default: SKEP_API_KEY; for the host that runs on the data directory also SKEP_ADMIN_KEY, then the key kept there].
    #[arg(long, global = true, value_name = "KEY", hide = true)]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Set up what is missing (folders, keys, the embedded model) and run the host.
    Up(serve::Options),
    /// Run the host.
    Serve(serve::Options),
    /// Show the effective configuration, where each value came from, and what works.
    Doctor,
    /// Compile plugin crates to components.
    Build(build::Options),
    /// Show live, held and broken plugins of a running host.
    Plugins,
    /// Pull, import, list or serve embedded models.
    #[command(subcommand)]
    Model(model::ModelVerb),
    /// List, create, change and delete users of a running host.
    #[command(subcommand)]
    Users(users::UsersVerb),
    /// List, create, start, stop, configure and delete agents of a user.
    Agents(agents::Options),
    /// List, read, write and delete files of an agent's workspace.
    Files(files::Options),
    /// Show or follow what a user's agents and their plugins said.
    Logs(logs::Options),
    /// Show the tokens that a user's agents used in a month.
    Usage(usage::Options),
    /// Talk to an agent: one message, or a conversation.
    Chat(chat::Options),
    /// List, store and delete the secrets of a user.
    Secrets(secrets::Options),
    /// Submit a development task.
    Task(task::Options),
    /// Run a finished task again from its journal, without network, and compare every byte.
    Replay(replay::Options),
    /// Used by the host itself: compiles one component under limits.
    #[command(hide = true)]
    CompileComponent {
        /// As the runtime gives them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Used by the host itself: runs a program, such as git, under limits.
    #[command(hide = true)]
    LimitProgram {
        /// As the egress gives them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

impl Common {
    fn flags(&self) -> Flags {
        let mut flags = Flags { config: self.config.clone(), ..Flags::default() };
        if let Some(directory) = &self.data_dir {
            flags.values.insert("data_dir", directory.display().to_string());
        }
        flags
    }

    /// The configuration with the common flags.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.flags())?)
    }
}

/// The command line. One that cannot be understood is reported as every failure is, with clap's exit code 2; help and version end well.
pub(crate) fn arguments() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
            let message = error.render().to_string();
            println!("{}", json!({ "error": message.trim().trim_start_matches("error: ") }));
        } else if error.print().is_err() {
            // Nobody reads what we print; the code still tells.
            return ExitCode::FAILURE;
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
    })
}

/// Run a verb.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let common = arguments.common;
    match arguments.verb {
        Verb::Up(options) => up::run(&common, options).await,
        Verb::Serve(options) => serve::run(&common, options).await,
        Verb::Doctor => doctor::run(&common).await,
        Verb::Build(options) => build::run(&common, options),
        Verb::Plugins => plugins::run(&common).await,
        Verb::Model(verb) => model::run(&common, verb).await,
        Verb::Users(verb) => users::run(&common, verb).await,
        Verb::Agents(options) => agents::run(&common, options).await,
        Verb::Files(options) => files::run(&common, options).await,
        Verb::Logs(options) => logs::run(&common, options).await,
        Verb::Usage(options) => usage::run(&common, options).await,
        Verb::Chat(options) => chat::run(&common, options).await,
        Verb::Secrets(options) => secrets::run(&common, options).await,
        Verb::Task(options) => task::run(&common, options).await,
        Verb::Replay(options) => replay::run(&common, options).await,
        // Handled before threads start.
        Verb::CompileComponent { .. } | Verb::LimitProgram { .. } => Ok(()),
    }
}
