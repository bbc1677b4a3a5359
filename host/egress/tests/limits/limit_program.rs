//! What starts git in this crate's tests: what a host does behind its hidden verb.

use std::process::ExitCode;

fn main() -> ExitCode {
    egress::limit_program(std::env::args_os().skip(1))
}
