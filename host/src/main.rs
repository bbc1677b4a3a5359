//! `skep`: the binary. Command line, configuration, wiring, telemetry, shutdown; no behaviour of its own.

mod cli;
mod clock;
mod config;
mod shutdown;
mod telemetry;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match cli::arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    // Before any thread: these two limit their own process.
    if let cli::Verb::LimitProgram { arguments } = arguments.verb {
        return egress::limit_program(arguments);
    }
    if let cli::Verb::CompileComponent { arguments } = arguments.verb {
        return runtime::compile_child(
            arguments,
            &mut std::io::stdin().lock(),
            &mut std::io::stdout().lock(),
        );
    }
    let json = arguments.common.json;
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match threads {
        Ok(threads) => threads.block_on(cli::run(arguments)),
        Err(error) => Err(cli::Failure::new(format!("cannot start threads: {error}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}
