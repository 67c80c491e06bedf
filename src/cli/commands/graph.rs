//! `landfall graph`: an environment's resources and what each waits for, as it would be made from nothing. Azure is not asked.

use crate::cli::args::GraphFormat;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::plan::from_nothing;
use crate::report::{Graph, dot, mermaid};

/// Draws it.
pub(crate) fn run(project: &Project, name: &str, format: GraphFormat) -> Result<Exit, CommandError> {
    let desired = project.load(name)?;
    let expansion = from_nothing(&desired);
    let graph = Graph { environment: &desired.environment, resources: &expansion.resources };
    project.terminal.out(&match format {
        GraphFormat::Dot => dot(&graph),
        GraphFormat::Mermaid => mermaid(&graph),
    })?;
    Ok(Exit::Done)
}
