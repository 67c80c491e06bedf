//! docs/cli.md: made of the command line's grammar, and current.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Arg, Command};

const PAGE: &str = include_str!("../docs/cli.md");
/// Set to write the page anew.
const UPDATE: &str = "LANDFALL_UPDATE_CLI_MD";

const HEAD: &str = "\
# The command line

Made of the program's own grammar (`LANDFALL_UPDATE_CLI_MD=1 cargo test --test commands_reference`). `landfall man` has the same as manual
pages, `landfall completions SHELL` completes it.

Data goes to standard output, talk to standard error. Exit codes: 0 done or nothing to do; 1 failed; 2 Azure would be changed or
has drifted (`plan --exit-code`, `drift`); 3 wrong input; 4 refused: protected, not adopted, not confirmed, stale, locked; 130
interrupted, and resumable.

## Saved plans

`landfall plan ENV --out FILE` saves a plan; `landfall show --plan FILE` shows it again; `landfall apply ENV FILE` carries out
exactly that. As with Terraform, applying a file does not ask: who saved it has seen it. Adopting still needs `--adopt`. A plan of
`plan --destroy` is applied in the same way.

Nothing is planned anew, so what the environment file says by then does not matter. The plan is refused as stale (exit 4, naming
what moved) when the record was written since, when a run was cut off since, or when something that a step expects is no longer
so: all of it is read before the first step is sent. A file that is no plan, or one of a newer landfall, is wrong input (exit 3).

The file holds no secrets, only keyed hashes: apply takes secrets from the environment again and refuses other ones. It does hold
names and settings, and is written for its owner's eyes alone (mode 0600).

## Interrupting and cancelling

Ctrl-C once (or SIGTERM): nothing new is started, what runs in Azure is followed to its end. Ctrl-C twice, or the end of `--timeout`:
landfall leaves (exit 130), Azure goes on, and the next `apply` follows what it finds running before it plans.

To have Azure itself end the work: `landfall cancel ENV`, from another terminal or another machine. It reads the journal, takes no lock
and writes nothing. Azure can abort what it does to clusters and node pools, and nothing else; `landfall cancel ENV ADDRESS` picks one.
The run that follows sees its step fail (exit 1), starts nothing that waits for it, and the next plan has the step again: an aborted
cluster or pool is there in the state `Canceled`, half made or half changed, until it is written anew. What had ended by then has
ended. With `--output json`, `steps` lists `address`, `action`, `id`, a `message`, and an `outcome`: `asked`, `ended`, `impossible`,
`notAccepted` or `failed`. Exit codes: 0 asked, or nothing to ask; 1 Azure could not be asked; 4 not confirmed, or nothing of it can be
cancelled. A run under `--sandbox` has its world to itself: cancel it through `landfall sandbox serve`.

## Editing the record

`state rm` forgets resources and what is below them; Azure keeps them, and the next plan takes them for strangers to be adopted.
`state mv` records one under another address: a role assignment or a node pool whose name in the file changed. Both refuse while an
interrupted run is open.
";

fn usage(option: &Arg) -> String {
    let mut out = String::new();
    if let Some(short) = option.get_short() {
        let _ = write!(out, "-{short}, ");
    }
    if let Some(long) = option.get_long() {
        let _ = write!(out, "--{long}");
    }
    let names: Vec<String> = option.get_value_names().unwrap_or_default().iter().map(|name| name.to_string()).collect();
    if option.get_action().takes_values() {
        let separator = if out.is_empty() { "" } else { " " };
        let _ = write!(out, "{separator}{}", names.join(" "));
    }
    out
}

fn row(out: &mut String, option: &Arg) {
    let mut says = option.get_help().map(ToString::to_string).unwrap_or_default();
    let allowed: Vec<String> =
        option.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if option.get_action().takes_values() && !allowed.is_empty() {
        let _ = write!(says, "; one of {}", allowed.join(", "));
    }
    let default: Vec<String> =
        option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if option.get_action().takes_values() && default.iter().any(|value| !value.is_empty()) {
        let _ = write!(says, "; without it `{}`", default.join(" "));
    }
    let _ = writeln!(out, "| `{}` | {} |", usage(option), says.replace('|', "\\|"));
}

fn table<'a>(out: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let rows: Vec<&Arg> =
        arguments.filter(|a| !["help", "version"].contains(&a.get_id().as_str()) && !a.is_hide_set()).collect();
    if !rows.is_empty() {
        out.push_str("\n| | |\n|---|---|\n");
        rows.into_iter().for_each(|argument| row(out, argument));
    }
}

fn section(out: &mut String, name: &str, command: &Command) {
    let below: Vec<&Command> = command.get_subcommands().filter(|c| c.get_name() != "help").collect();
    if below.is_empty() {
        let positionals: Vec<String> = command
            .get_positionals()
            .map(|p| {
                let name = usage(p);
                let more = if p.get_num_args().is_some_and(|n| n.max_values() > 1) { "..." } else { "" };
                if p.is_required_set() { format!(" {name}{more}") } else { format!(" [{name}]{more}") }
            })
            .collect();
        let says = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(out, "\n### `{name}{}`\n\n{says}.", positionals.join(""));
        table(out, command.get_arguments().filter(|a| !a.is_global_set()));
    }
    for command in below {
        section(out, &format!("{name} {}", command.get_name()), command);
    }
}

fn page() -> String {
    let mut grammar = landfall::cli::command();
    let mut out = format!("{HEAD}\n## Commands\n");
    grammar.build();
    for command in grammar.get_subcommands().filter(|c| c.get_name() != "help") {
        section(&mut out, &format!("landfall {}", command.get_name()), command);
    }
    out.push_str("\n## Options of every command\n");
    table(&mut out, grammar.get_arguments().filter(|a| a.is_global_set()));
    out
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of this test alone, and the file it writes is the repository's"
)]
fn the_page_is_current() {
    let now = page();
    if std::env::var(UPDATE).is_ok() {
        std::fs::write(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md"), &now).expect("it can be written");
        return;
    }
    assert!(now == PAGE, "docs/cli.md is out of date: run with {UPDATE}=1");
}

#[test]
fn every_command_says_what_it_does() {
    for word in ["init", "plan", "apply", "explain", "graph", "state mv", "completions", "man", "schema"] {
        assert!(PAGE.contains(&format!("### `landfall {word}")), "{word}");
    }
}
