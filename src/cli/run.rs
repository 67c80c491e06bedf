//! From arguments to an exit code. Can be called more than once in one process.

use std::ffi::OsString;

use clap::Parser;

use super::args::{Cli, Command, Output};
use super::commands;
use super::error::CommandError;
use super::exit::Exit;
use super::project::Project;
use super::settings::Variables;
use super::terminal::Terminal;
use super::veil;

/// Runs one command line, program name first, and returns the exit code.
pub fn run<I, T>(arguments: I) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            let _ = error.print();
            return if wrong { Exit::WrongInput.code() } else { Exit::Done.code() };
        }
    };
    let variables = Variables::read();
    veil::learn(variables.secrets());
    // Shells seldom export it; a terminal knows its own width.
    let columns = variables.get("COLUMNS").and_then(|c| c.parse().ok());
    let columns =
        columns.or_else(|| terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0)));
    let terminal = Terminal::new(cli.global.color, columns);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.line(&format!("error: failed to start: {error}"));
            return Exit::Failed.code();
        }
    };
    match runtime.block_on(dispatch(&cli, terminal, variables)) {
        Ok(exit) => exit.code(),
        Err(error) => {
            terminal.say(&error.render(terminal.watched().then(|| terminal.columns()), &cli.global.flags()));
            // Machines read standard output: wrong input is told there as data too.
            if let (CommandError::Input(problems), Output::Json) = (&error, cli.global.output) {
                let _ = terminal.out(&crate::report::diagnostics_json(&[], problems));
            }
            error.exit().code()
        }
    }
}

async fn dispatch(cli: &Cli, terminal: Terminal, variables: Variables) -> Result<Exit, CommandError> {
    let global = &cli.global;
    let project = Project::new(global, terminal, variables);
    match &cli.command {
        Command::Init(args) => commands::init::run(&project, args),
        Command::Validate { names } => commands::validate::run(&project, global, names),
        Command::Plan(args) => commands::plan::run(&project, global, args).await,
        Command::Apply(args) => commands::apply::apply(&project, global, args).await,
        Command::Destroy(args) => commands::apply::destroy(&project, global, args).await,
        Command::Cancel(args) => commands::cancel::run(&project, global, args).await,
        Command::Drift { environment } => commands::drift::run(&project, global, environment).await,
        Command::Show { plan: Some(file), .. } => commands::saved::show_file(&project, global, file),
        Command::Show { environment, .. } => {
            commands::show::run(&project, global, environment.as_deref().unwrap_or_default()).await
        }
        Command::State(command) => commands::state::run(&project, global, command).await,
        Command::Graph { environment, format } => commands::graph::run(&project, environment, *format),
        Command::Completions { shell } => commands::completions::run(&project, *shell),
        Command::Man { dir } => commands::man::run(&project, dir.as_deref()),
        Command::Explain { path } => commands::explain::run(&project, global, path),
        Command::Schema { output_file } => commands::schema::run(&project, output_file.as_deref()),
        Command::Sandbox(command) => commands::sandbox::run(&project, command).await,
    }
}
