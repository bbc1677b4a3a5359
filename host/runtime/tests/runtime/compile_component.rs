//! The compiling child process of this crate's tests: what a host does behind its hidden verb.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    runtime::compile_child(arguments, &mut std::io::stdin().lock(), &mut std::io::stdout().lock())
}
