//! The resources of an environment and what each waits for, for Graphviz and for Markdown pages. Order follows the addresses,
//! so that the same environment is always the same text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexmap::IndexMap;

use crate::model::{Source, Wanted};
use crate::names::{Address, EnvName};
use crate::schema::Schema;

/// What is drawn.
#[derive(Debug)]
pub struct Graph<'a> {
    /// Whose it is.
    pub environment: &'a EnvName,
    /// The file's resources and those that landfall adds.
    pub resources: &'a IndexMap<Address, Wanted>,
}

struct Node<'a> {
    address: &'a Address,
    kind: &'a str,
    added: bool,
    existing: bool,
}

impl Graph<'_> {
    fn nodes(&self) -> Vec<Node<'_>> {
        let mut out: Vec<Node<'_>> = self
            .resources
            .values()
            .map(|w| Node {
                address: &w.address,
                kind: Schema::get().resource(&w.arm_type).map_or(w.arm_type.as_str(), |r| r.label.as_str()),
                added: matches!(w.source, Source::Landfall(_)),
                existing: w.existing,
            })
            .collect();
        out.sort_by_key(|node| node.address);
        out
    }

    /// From what waits to what it waits for.
    fn edges(&self) -> Vec<(&Address, &Address)> {
        let of = |w: &'_ Wanted| w.depends_on.iter().filter(|a| self.resources.contains_key(*a)).count();
        let mut out: Vec<(&Address, &Address)> = Vec::with_capacity(self.resources.values().map(of).sum());
        for wanted in self.resources.values() {
            let known = wanted.depends_on.iter().filter(|a| self.resources.contains_key(*a));
            out.extend(known.map(|before| (&wanted.address, before)));
        }
        out.sort();
        out
    }
}

/// For Graphviz: `landfall graph ENV | dot -Tsvg`. What landfall adds is dashed, what is only referenced dotted.
pub fn dot(graph: &Graph<'_>) -> String {
    let mut out = format!("digraph \"{}\" {{\n  rankdir = \"BT\"\n  node [shape = box]\n", graph.environment);
    for node in graph.nodes() {
        let style = match (node.existing, node.added) {
            (true, _) => ", style = dotted",
            (_, true) => ", style = dashed",
            _ => "",
        };
        let _ = writeln!(out, "  \"{}\" [label = \"{}\\n{}\"{style}]", node.address, node.address, node.kind);
    }
    for (after, before) in graph.edges() {
        let _ = writeln!(out, "  \"{after}\" -> \"{before}\"");
    }
    out.push_str("}\n");
    out
}

/// For Markdown pages that draw Mermaid.
pub fn mermaid(graph: &Graph<'_>) -> String {
    let nodes = graph.nodes();
    let names: BTreeMap<&Address, String> =
        nodes.iter().enumerate().map(|(i, n)| (n.address, format!("n{i}"))).collect();
    let mut out = "flowchart BT\n".to_owned();
    for node in &nodes {
        let _ = writeln!(out, "  {}[\"{}<br/>{}\"]", names[node.address], node.address, node.kind);
    }
    for (after, before) in graph.edges() {
        let _ = writeln!(out, "  {} --> {}", names[after], names[before]);
    }
    let mut class = |name: &str, style: &str, of: &dyn Fn(&Node<'_>) -> bool| {
        let members: Vec<&str> = nodes.iter().filter(|n| of(n)).map(|n| names[n.address].as_str()).collect();
        if !members.is_empty() {
            let _ = writeln!(out, "  classDef {name} {style}\n  class {} {name}", members.join(","));
        }
    };
    class("added", "stroke-dasharray: 6 4", &|n| n.added && !n.existing);
    class("existing", "stroke-dasharray: 2 3", &|n| n.existing);
    out
}
