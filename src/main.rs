//! The `landfall` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(landfall::cli::run(std::env::args_os()))
}
