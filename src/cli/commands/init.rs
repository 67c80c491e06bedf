//! `landfall init`: a first environment file, from answers, flags, or a cluster that exists. Overwrites nothing.

use std::io::Read as _;
use std::path::Path;

use crate::cli::args::InitArgs;
use crate::cli::error::{CommandError, chain};
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::cli::terminal::Terminal;
use crate::environment::{Answers, MapSources, first_environment, from_az, load};
use crate::state::write_atomically;

/// Writes it, once it is known to be right.
pub(crate) fn run(project: &Project, args: &InitArgs) -> Result<Exit, CommandError> {
    let name = project.environment_name(&args.name)?;
    let file = project.environments.join(format!("{name}.yaml"));
    if file.exists() {
        return Err(CommandError::wrong(format!("{} is there already", file.display()))
            .hint("nothing is overwritten: name another one, landfall init NAME"));
    }
    let text = match args.from.as_slice() {
        [] => first_environment(&answers(project, args)?),
        [az, source] if az == "az" => cluster(source)?,
        [other, ..] => {
            return Err(CommandError::wrong(format!("--from {other}: a cluster is taken from `az`"))
                .hint("az aks show -g GROUP -n NAME | landfall init NAME --from az -"));
        }
    };
    let mut sources = MapSources::new().file(&format!("{name}.yaml"), text.as_str());
    for (variable, value) in project.variables.all() {
        sources = sources.with_variable(variable, value);
    }
    let (_, problems) = load(&name, &sources);
    if problems.has_errors() {
        return Err(CommandError::Input(problems));
    }
    write_atomically(&file, text.as_bytes())
        .map_err(|e| CommandError::failed(format!("failed to write {}: {e}", file.display())))?;
    let terminal = project.terminal;
    terminal.line(&format!("Wrote {}. Next:", file.display()));
    let steps: &[(&str, &str)] = match args.from.is_empty() {
        true => &[("plan", " --sandbox"), ("apply", " --sandbox"), ("plan", "")],
        false => &[("plan", ""), ("apply", " --adopt")],
    };
    for (command, flags) in steps {
        terminal.line(&format!("  landfall {command} {name}{flags}{}", project.folders));
    }
    Ok(Exit::Done)
}

/// How often a person is asked for what is needed and has no default.
const TRIES: usize = 3;

/// A person's answer. What is needed is asked for again.
fn answer(terminal: Terminal, question: &str, offered: &str) -> Option<String> {
    for _ in 0..TRIES {
        let answer = terminal.ask(question, offered)?;
        if !answer.is_empty() {
            return Some(answer);
        }
        terminal.line("This one is needed; Ctrl-C ends without writing anything.");
    }
    None
}

fn cluster(source: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    let read = match source {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        file => std::fs::read_to_string(Path::new(file)).map(|content| text = content),
    };
    read.map_err(|e| CommandError::wrong(format!("--from az {source}: {e}")))?;
    from_az(&text).map_err(|e| {
        CommandError::wrong(format!("--from az {source}: {}", chain(&e)))
            .hint("it takes what this prints: az aks show --resource-group GROUP --name NAME --output json")
    })
}

/// Flags first; what they leave open is asked, or made up with --yes where it can be.
fn answers(project: &Project, args: &InitArgs) -> Result<Answers, CommandError> {
    let name = &args.name;
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let subscription = project.variables.get("AZURE_SUBSCRIPTION_ID").map(|_| "${env:AZURE_SUBSCRIPTION_ID}");
    let count = args.node_count.map(|n| n.to_string());
    // Flag, question, what is given, what is offered, and whether that may be taken without asking.
    let rows: [(&str, &str, &Option<String>, String, bool); 7] = [
        ("--subscription", "Subscription ID", &args.subscription, subscription.unwrap_or_default().to_owned(), true),
        ("--resource-group", "Resource group", &args.resource_group, format!("rg-{name}"), true),
        ("--location", "Region", &args.location, "westeurope".to_owned(), false),
        ("--registry", "Registry (unique in Azure)", &args.registry, format!("registry{letters}"), false),
        ("--cluster", "Cluster", &args.cluster, format!("aks-{name}"), true),
        ("--node-size", "Size of its nodes", &args.node_size, "Standard_D4ds_v5".to_owned(), true),
        ("--node-count", "How many nodes", &count, "2".to_owned(), true),
    ];
    let (mut said, mut missing) = (Vec::new(), Vec::new());
    for (flag, question, given, offered, may_be_made_up) in rows {
        let made_up = (args.yes && may_be_made_up && !offered.is_empty()).then(|| offered.clone());
        let asked = || if args.yes { None } else { answer(project.terminal, question, &offered) };
        match given.clone().or(made_up).or_else(asked).filter(|answer| !answer.is_empty()) {
            Some(answer) => said.push(answer),
            None => missing.push(flag),
        }
    }
    if !missing.is_empty() {
        let why =
            if project.terminal.answers() { "these are needed" } else { "nobody is here to answer; these are needed" };
        let told = CommandError::wrong(format!("{why}: {}", missing.join(", ")));
        let told = match args.yes {
            true => told.hint("--yes makes up the other names, node size and node count; these it cannot"),
            false => told.hint("--yes makes up what can be made up: names, node size and node count"),
        };
        return Err(match missing.contains(&"--subscription") {
            true => told.hint("this prints the subscription of `az login`: az account show --query id --output tsv"),
            false => told,
        });
    }
    let [subscription, resource_group, location, registry, cluster, node_size, node_count]: [String; 7] =
        said.try_into().expect("BUG: nothing is missing");
    let node_count =
        node_count.parse().map_err(|_| CommandError::wrong(format!("`{node_count}` is no number of nodes")))?;
    Ok(Answers { subscription, resource_group, location, registry, cluster, node_size, node_count })
}
