//! What can be typed.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// AKS clusters and container registries, attached to each other, from one file per environment.
#[derive(Debug, Parser)]
#[command(name = "landfall", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 changes or drift (plan --exit-code, drift), \
3 wrong input, 4 refused (protected, not adopted, not confirmed, stale, locked), 130 interrupted and resumable.")]
pub(super) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// What goes to standard output
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Use the Azure that is built in, and a state of its own: nothing real is touched
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// The folder of environment files
    #[arg(long, global = true, value_name = "DIR", default_value = "environments")]
    pub environments: PathBuf,
    /// The folder of local states
    #[arg(long, global = true, value_name = "DIR", default_value = "state")]
    pub state: PathBuf,
    /// Most requests at once
    #[arg(long, global = true, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub parallelism: u16,
    /// Stop following after so long (90s, 30m, 2h); what runs in Azure goes on and the next run resumes
    #[arg(long, global = true, value_name = "TIME", value_parser = super::settings::duration)]
    pub timeout: Option<std::time::Duration>,
    /// Wait so long for another run to end (90s, 30m)
    #[arg(long, global = true, value_name = "TIME", default_value = "0s", value_parser = super::settings::duration)]
    pub lock_timeout: std::time::Duration,
    /// Trust this certificate authority too (PEM); also LANDFALL_CA_FILE
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Which credential to use instead of the first that is configured
    #[arg(long, global = true, value_name = "KIND")]
    pub credential: Option<String>,
    /// Tell each request with its correlation id on standard error
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

impl Global {
    /// What every further command on the same project has to be given as well, each behind a space.
    pub(super) fn flags(&self) -> String {
        format!("{}{}", if self.sandbox { " --sandbox" } else { "" }, self.folders())
    }

    /// The part of it that says where things lie.
    pub(super) fn folders(&self) -> String {
        let mut out = String::new();
        for (name, dir, usual) in
            [("environments", &self.environments, "environments"), ("state", &self.state, "state")]
        {
            let dir = dir.to_string_lossy();
            let plain = dir.chars().all(|c| c.is_alphanumeric() || "/\\.-_:~".contains(c));
            if dir != usual {
                out.push_str(&if plain {
                    format!(" --{name} {dir}")
                } else {
                    format!(" --{name} '{}'", dir.replace('\'', r"'\''"))
                });
            }
        }
        out
    }
}

/// The form of what goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    Text,
    /// For machines
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a first environment file: asks on a terminal, or takes flags
    Init(InitArgs),
    /// Check environment files; nothing is asked of Azure
    Validate {
        /// Names of environments; all of the folder when none is given
        names: Vec<String>,
    },
    /// Show what an apply would do
    Plan(PlanArgs),
    /// Make Azure what the file says
    Apply(ApplyArgs),
    /// Delete everything the record names, in reverse order
    Destroy(DestroyArgs),
    /// Ask Azure to end what it works on for a run: clusters and node pools
    Cancel(CancelArgs),
    /// Compare the record with Azure: exit 0 or 2
    Drift {
        /// Name of the environment
        environment: String,
    },
    /// Show an environment as landfall understands it, or a saved plan
    Show {
        /// Name of the environment
        #[arg(required_unless_present = "plan")]
        environment: Option<String>,
        /// Show this saved plan instead
        #[arg(long, value_name = "FILE", conflicts_with = "environment")]
        plan: Option<PathBuf>,
    },
    /// Look into the record
    #[command(subcommand)]
    State(StateCommand),
    /// Draw an environment's resources and what each waits for; nothing is asked of Azure
    Graph {
        /// Name of the environment
        environment: String,
        /// For Graphviz, or for Markdown pages
        #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
        format: GraphFormat,
    },
    /// Print the script that completes this command line
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands to a folder
    Man {
        /// Write landfall.1, landfall-plan.1 and so on there
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Say what a property is, what changing it does, and how sure that is
    Explain {
        /// A path of an environment file, with or without names: clusters.nodePools.vmSize, clusters.prod.tags;
        /// all there is when none is given
        #[arg(default_value = "")]
        path: String,
    },
    /// Print the JSON Schema of an environment file, for editors
    Schema {
        /// Write it there instead
        #[arg(long, value_name = "FILE")]
        output_file: Option<PathBuf>,
    },
    /// The Azure that is built in
    #[command(subcommand)]
    Sandbox(SandboxCommand),
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Name of the environment
    #[arg(default_value = "dev")]
    pub name: String,
    /// Take a cluster that exists: what `az aks show` printed, from a file or - for standard input
    #[arg(long, value_name = "az FILE", num_args = 2, value_names = ["az", "FILE"],
          conflicts_with_all = ["subscription", "resource_group", "location", "registry", "cluster", "node_size", "node_count"])]
    pub from: Vec<String>,
    /// Subscription, a GUID
    #[arg(long)]
    pub subscription: Option<String>,
    /// Resource group
    #[arg(long)]
    pub resource_group: Option<String>,
    /// Region
    #[arg(long)]
    pub location: Option<String>,
    /// Name of the registry: 5 to 50 letters and digits, unique in Azure
    #[arg(long)]
    pub registry: Option<String>,
    /// Name of the cluster
    #[arg(long)]
    pub cluster: Option<String>,
    /// Size of its nodes
    #[arg(long)]
    pub node_size: Option<String>,
    /// How many nodes it has
    #[arg(long)]
    pub node_count: Option<u32>,
    /// Ask nothing: node size, node count and names that can be made up are
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Name of the environment
    pub environment: String,
    /// Exit with 2 when Azure would be changed
    #[arg(long)]
    pub exit_code: bool,
    /// Allow this address to be deleted and made anew
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<String>,
    /// Plan the deletion of everything
    #[arg(long)]
    pub destroy: bool,
    /// Save the plan, to be applied exactly so with: landfall apply ENVIRONMENT FILE
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Name of the environment
    pub environment: String,
    /// A plan that `plan --out` saved: it is applied exactly as it was shown, without asking, or refused as stale
    #[arg(value_name = "PLANFILE", conflicts_with = "replace")]
    pub plan: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Take resources that exist in Azure but not in the record into the record; they can be destroyed later
    #[arg(long)]
    pub adopt: bool,
    /// Allow this address to be deleted and made anew
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct DestroyArgs {
    /// Name of the environment
    pub environment: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct CancelArgs {
    /// Name of the environment
    pub environment: String,
    /// Only this address, as `state journal` shows it
    pub address: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum StateCommand {
    /// Every recorded address with its ID
    List {
        /// Name of the environment
        environment: String,
    },
    /// One recorded resource in full
    Show {
        /// Name of the environment
        environment: String,
        /// Address, as `state list` shows it
        address: String,
    },
    /// Forget resources and what is below them; Azure keeps them
    Rm {
        /// Name of the environment
        environment: String,
        /// Addresses, as `state list` shows them
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Record a resource and what is below it under another address; Azure is not asked
    Mv {
        /// Name of the environment
        environment: String,
        /// Address, as `state list` shows it
        from: String,
        /// Address that it is to have
        to: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// What the last run did, and what of it is open
    Journal {
        /// Name of the environment
        environment: String,
    },
    /// Print the state as it is stored
    Pull {
        /// Name of the environment
        environment: String,
        /// An earlier version instead, as `state history` lists it
        #[arg(long, value_name = "SERIAL")]
        serial: Option<u64>,
    },
    /// List the versions that are kept of the state: what each command found that changed it
    History {
        /// Name of the environment
        environment: String,
    },
    /// Put an earlier version of the record back, as a new one; Azure is not asked
    Restore {
        /// Name of the environment
        environment: String,
        /// Which one, as `state history` lists it
        serial: u64,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Store a file as the state
    Push(PushArgs),
    /// Copy the state to another place; the old one stays
    Migrate(MigrateArgs),
    /// Make a lost record anew from Azure and the environment's file
    Rebuild(RebuildArgs),
    /// Take the lock from a run that is gone
    Unlock {
        /// Name of the environment
        environment: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct PushArgs {
    /// Name of the environment
    pub environment: String,
    /// The file, as `state pull` prints it
    pub file: PathBuf,
    /// Store it even if it is older than what is stored, or another state altogether
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct RebuildArgs {
    /// Name of the environment
    pub environment: String,
    /// In place of a state that is there
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// Name of the environment
    pub environment: String,
    /// From this folder or container; where the environment's file says, if not given
    #[arg(long, value_name = "DIR|URL")]
    pub from: Option<String>,
    /// To this folder or container; where the environment's file says, if not given
    #[arg(long, value_name = "DIR|URL", required_unless_present = "from")]
    pub to: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum SandboxCommand {
    /// Serve the sandbox over HTTPS on this machine, as resource manager and token authority
    Serve {
        /// Port; 0 takes a free one
        #[arg(long, default_value_t = 8443)]
        port: u16,
        /// Where ca.pem, cert.pem and key.pem lie or are written
        #[arg(long, value_name = "DIR", default_value = "state/.sandbox/tls")]
        tls_dir: PathBuf,
        /// How long Azure's operations take
        #[arg(long, value_enum, default_value_t = Pace::Demo)]
        pace: Pace,
        /// Answer each request so many milliseconds later
        #[arg(long, value_name = "MS", default_value_t = 0)]
        latency: u64,
    },
    /// Forget the sandbox's world and its states
    Reset,
}

/// How a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// For Graphviz
    Dot,
    /// For Markdown pages
    Mermaid,
}

/// How long the sandbox's operations take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Pace {
    /// No time
    Instant,
    /// Seconds
    Demo,
    /// Minutes, as in Azure
    Real,
}

/// The command line's grammar, for its reference page.
pub fn command() -> clap::Command {
    Cli::command()
}
