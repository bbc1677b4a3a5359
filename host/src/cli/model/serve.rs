//! `skep model serve`: one embedded model with OpenAI's protocol on loopback. The host runs it as its child; it is useful by itself too.

use crate::cli::{Common, Failure};
use clap::Args;
use std::path::PathBuf;

/// What to serve.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A GGUF file.
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// On 127.0.0.1; 0 picks one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[cfg(feature = "embedded")]
pub(super) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    use models::embedded::{EmbeddedModel, EmbeddedSettings, THREADS_VARIABLE};
    use models::supervisor::{TOKEN_VARIABLE, ready_line, stdin_closed};
    use std::io::Write as _;
    use std::sync::Arc;
    use tokio::sync::watch;

    // The arithmetic reads the variable once; who starts this by hand need not know it.
    #[cfg(unix)]
    if std::env::var_os(THREADS_VARIABLE.0).is_none() {
        use std::os::unix::process::CommandExt as _;
        let mut again = std::process::Command::new(std::env::current_exe()?);
        let error =
            again.args(std::env::args_os().skip(1)).env(THREADS_VARIABLE.0, THREADS_VARIABLE.1).exec();
        return Err(Failure::new(format!("this binary cannot be started again: {error}")));
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
    let address = listener.local_addr()?;
    let model = EmbeddedModel::load(EmbeddedSettings::new(options.model))
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    // A host gives a token and holds stdin; a person at a terminal does neither.
    let token = std::env::var(TOKEN_VARIABLE).ok();
    let supervised = token.is_some();
    let router = api::model_server::router(Arc::new(model.clone()), token);
    if common.json {
        println!("{}", serde_json::json!({ "url": format!("http://{address}/v1") }));
    } else {
        println!("{}", ready_line(address));
    }
    std::io::stdout().flush()?;
    let (drain, draining) = watch::channel(false);
    let serving = api::serve(listener, router, draining);
    let shutdown = crate::shutdown::token()?;
    tokio::select! {
        served = serving => Ok(served?),
        () = stdin_closed(), if supervised => Ok(()),
        () = model.stopped() => Err(Failure::new("the embedded model stopped")),
        () = shutdown.cancelled() => {
            // Requests in flight are cut: whoever asked will ask again.
            let _ended = drain.send(true);
            Ok(())
        }
    }
}

#[cfg(not(feature = "embedded"))]
pub(super) async fn run(_common: &Common, options: Options) -> Result<(), Failure> {
    let file = options.model.display();
    Err(Failure::new(format!(
        "cannot serve {file} on port {}: this build has no embedded model (cargo feature `embedded`)",
        options.port
    )))
}
