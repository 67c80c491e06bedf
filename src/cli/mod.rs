//! The command line: the only room that touches the environment, standard streams, the runtime and the clock.

mod args;
mod clock;
mod commands;
mod connect;
mod error;
mod exit;
mod files;
mod interrupt;
mod lock;
mod panic;
mod project;
mod run;
mod settings;
mod size;
mod survey;
mod terminal;
mod veil;

pub use args::command;
pub use exit::Exit;
pub use panic::tell_panics;
pub use run::run;
