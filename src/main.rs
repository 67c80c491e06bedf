//! The `landfall` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    landfall::cli::tell_panics();
    ExitCode::from(landfall::cli::run(std::env::args_os()))
}
