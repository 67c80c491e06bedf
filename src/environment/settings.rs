//! What an environment says about itself: subscription, group, region, cloud, state, protection.

use std::collections::BTreeSet;
use std::str::FromStr;

use url::Url;

use super::body::first_line;
use super::files::EXTENDS;
use super::naming;
use super::nearest::{allowed, article, listed, nearest};
use super::other_names::{elsewhere, other_name, same_letters};
use super::problems::Problems;
use super::regions;
use super::resolve::Resolver;
use super::tree::{Entries, Kind, Node, Scalar, Sort};
use crate::diagnostic::Diagnostic;
use crate::model::{Cloud, StateLocation};
use crate::names::{NameError, ResourceGroupName, SubscriptionId};
use crate::schema::Schema;

/// The keys beside the collections.
pub(super) const KEYS: [&str; 10] = [
    "subscription",
    "resourceGroup",
    "location",
    "tags",
    "environmentTag",
    "cloud",
    "state",
    "protect",
    "allowUnknownValues",
    EXTENDS,
];
/// The tag that says which environment a resource was made for, where the file names no other.
const ENVIRONMENT_TAG: &str = "landfall-environment";

/// The environment's own settings. What is missing here and needed has been reported.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    pub subscription: Option<SubscriptionId>,
    pub group: Option<ResourceGroupName>,
    pub location: Option<String>,
    /// Whether it says a region, be it a wrong one.
    pub says_location: bool,
    /// Tags that resources inherit.
    pub tags: Option<&'a Node>,
    /// The name of the tag that what landfall makes gets with the environment's name; `None` where it gets none.
    pub environment_tag: Option<String>,
    pub cloud: Cloud,
    pub state: StateLocation,
    pub protect: bool,
    pub allow_unknown: bool,
}

/// Reads the settings of a merged tree.
pub(super) fn read<'a>(root: &'a Entries, resolver: &Resolver<'_>, problems: &mut Problems) -> Settings<'a> {
    let slips = unknown_keys(root, problems);
    let said = |key: &str| root.get(key).map(|entry| &entry.value).filter(|node| node.kind != Kind::Null);
    let mut read = Read { resolver, problems };
    let mut flag = |key: &str| said(key).is_some_and(|node| read.flag(node, key));
    let (protect, allow_unknown) = (flag("protect"), flag("allowUnknownValues"));
    let tags = said("tags");
    if let Some(node) = tags {
        read.plain_tags(node);
    }
    let group = match said("resourceGroup") {
        Some(Node { kind: Kind::Map(entries), .. }) => match entries.get("name") {
            Some(entry) => read.word(&entry.value, "resourceGroup.name"),
            None => {
                let key = root.get("resourceGroup").map(|entry| entry.key).unwrap_or_default();
                let problem = Diagnostic::error("missing-property", "the resource group needs a `name`");
                read.problems.at(key, "without `name`", problem);
                None
            }
        },
        Some(node) => read.word(node, "resourceGroup"),
        None if slips.contains("resourceGroup") => None,
        None => read.missing("resourceGroup", "for instance `resourceGroup: rg-prod`"),
    };
    Settings {
        subscription: match said("subscription") {
            Some(node) => read.word(node, "subscription"),
            None if slips.contains("subscription") => None,
            None => read.missing("subscription", "for instance `subscription: ${env:AZURE_SUBSCRIPTION_ID}`"),
        },
        group,
        location: said("location").and_then(|node| read.location(node, allow_unknown)),
        says_location: said("location").is_some() || slips.contains("location"),
        tags,
        environment_tag: match said("environmentTag") {
            Some(node) => read.environment_tag(node),
            None => Some(ENVIRONMENT_TAG.to_owned()),
        },
        cloud: said("cloud").and_then(|node| read.cloud(node)).unwrap_or_default(),
        state: said("state").and_then(|node| read.state(node)).unwrap_or_default(),
        protect,
        allow_unknown,
    }
}

/// Reports keys that an environment does not have; returns which were probably meant.
fn unknown_keys(root: &Entries, problems: &mut Problems) -> BTreeSet<&'static str> {
    let keys: Vec<&str> = KEYS.into_iter().chain(Schema::get().collections().keys().map(String::as_str)).collect();
    let mut meant = BTreeSet::new();
    for (key, entry) in root.iter().filter(|(key, _)| !keys.contains(&key.as_str())) {
        let slip = other_name("", key).or_else(|| same_letters(key, keys.iter().copied()));
        meant.extend(KEYS.into_iter().filter(|known| Some(*known) == slip));
        if let Some(slip) = slip {
            let problem = Diagnostic::error("unknown-key", format!("an environment has no property `{key}`"));
            problems.at(entry.key, "unknown", problem.help(format!("did you mean `{slip}`?")).help(allowed(&keys, "")));
        } else if let Some((label, at)) = elsewhere(key) {
            let problem = Diagnostic::error("unknown-key", format!("an environment has no property `{key}`"));
            let problem = problem.help(format!("{} has it: {at}", article(label))).help(allowed(&keys, ""));
            problems.at(entry.key, "unknown", problem);
        } else {
            problems.unknown_key(key, entry.key, "an environment", (&keys, ""));
        }
    }
    meant
}

/// Reads values in which only variables may stand.
pub(super) struct Read<'a, 'p> {
    pub resolver: &'a Resolver<'a>,
    pub problems: &'p mut Problems,
}

impl Read<'_, '_> {
    /// A text, numbers and truth values taken as they are written.
    pub(super) fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        match &node.kind {
            Kind::Scalar(Scalar { text, sort: Sort::Text }) => self.resolver.variables(text, node.place, self.problems),
            Kind::Scalar(Scalar { text, .. }) => Some(text.clone()),
            _ => {
                let problem = Diagnostic::error("wrong-type", format!("`{path}` is text, not {}", node.noun()));
                self.problems.at(node.place, "", problem);
                None
            }
        }
    }

    /// A region.
    fn location(&mut self, node: &Node, allow_unknown: bool) -> Option<String> {
        let text = self.text(node, "location")?;
        let slip = regions::slip(&text).filter(|_| !allow_unknown);
        slip.into_iter().for_each(|slip| self.problems.at(node.place, "", slip));
        Some(text)
    }

    /// A text that one of the names is made of.
    pub(super) fn word<T: FromStr<Err = NameError>>(&mut self, node: &Node, path: &str) -> Option<T> {
        let text = self.text(node, path)?;
        match text.parse() {
            Ok(word) => Some(word),
            Err(why) => {
                let problem =
                    Diagnostic::error("bad-name", format!("`{path}` cannot be `{text}`")).help(why.to_string());
                self.problems.at(node.place, "", problem);
                None
            }
        }
    }

    /// A truth value; `false` where it is none.
    pub(super) fn flag(&mut self, node: &Node, path: &str) -> bool {
        let said = match &node.kind {
            Kind::Null => return false,
            Kind::Scalar(Scalar { sort: Sort::Bool(said), .. }) => return *said,
            Kind::Scalar(Scalar { text, sort: Sort::Text }) if text.contains("${") => {
                match self.resolver.variables(text, node.place, self.problems) {
                    Some(text) => text,
                    None => return false,
                }
            }
            _ => String::new(),
        };
        match said.as_str() {
            "true" => true,
            "false" => false,
            _ => {
                let mut problem = Diagnostic::error("wrong-type", format!("`{path}` is true or false"));
                if let Kind::Scalar(Scalar { text, sort: Sort::Text }) = &node.kind
                    && let Some(meant) = truth(text)
                {
                    problem = problem
                        .help(format!("write `{meant}`, without quotes: in YAML 1.2 only this is a truth value"));
                }
                self.problems.at(node.place, "neither", problem);
                false
            }
        }
    }

    fn missing<T>(&mut self, key: &str, example: &str) -> Option<T> {
        let problem = Diagnostic::error("missing-property", format!("the environment needs `{key}`")).help(example);
        self.problems.at(super::tree::Place::default(), "", problem);
        None
    }

    fn plain_tags(&mut self, node: &Node) {
        if node.entries().is_none() {
            let problem = Diagnostic::error("wrong-type", format!("`tags` is a map, not {}", node.noun()));
            self.problems.at(first_line(node.place), "", problem);
        }
        for (key, entry) in node.entries().into_iter().flatten() {
            if let Kind::Scalar(Scalar { text, sort: Sort::Text }) = &entry.value.kind {
                let refers = matches!(super::interpolate::pieces(text), Ok(pieces)
                    if pieces.iter().any(|p| matches!(p, super::interpolate::Piece::Reference(_))));
                if refers {
                    let problem = Diagnostic::error(
                        "reference-here",
                        format!("the tag `{key}` of all resources cannot refer to one"),
                    );
                    self.problems.at(entry.value.place, "", problem);
                }
            }
        }
    }

    /// A tag's name, `true` for the usual one, `false` for none.
    fn environment_tag(&mut self, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Scalar(Scalar { sort: Sort::Bool(said), .. }) => said.then(|| ENVIRONMENT_TAG.to_owned()),
            _ => {
                let name = self.text(node, "environmentTag")?;
                match naming::tag(&name) {
                    Ok(()) => Some(name),
                    Err(why) => {
                        let problem = Diagnostic::error("bad-name", format!("`environmentTag` cannot be `{name}`"));
                        self.problems.at(node.place, "", problem.help(why).help("`false` adds no tag"));
                        None
                    }
                }
            }
        }
    }

    fn cloud(&mut self, node: &Node) -> Option<Cloud> {
        const CLOUDS: [(&str, Cloud); 3] =
            [("public", Cloud::Public), ("china", Cloud::China), ("usgov", Cloud::UsGov)];
        if let Kind::Map(entries) = &node.kind {
            self.problems.only_keys(entries, "`cloud`", &["resourceManager", "authority"]);
            let mut url = |key: &str| match entries.get(key) {
                Some(entry) => self.url(&entry.value, &format!("cloud.{key}"), false),
                None => {
                    let problem = Diagnostic::error("missing-property", format!("`cloud` needs `{key}`"));
                    self.problems.at(node.place, format!("without `{key}`"), problem);
                    None
                }
            };
            let (manager, authority) = (url("resourceManager"), url("authority"));
            return Some(Cloud::Custom { resource_manager: manager?, authority: authority? });
        }
        let text = self.text(node, "cloud")?;
        let names = || CLOUDS.iter().map(|(name, _)| *name);
        let meant = |text: &str| {
            let az = AZ_CLOUDS.iter().find(|(az, _)| az.eq_ignore_ascii_case(text)).map(|(_, name)| *name);
            az.or_else(|| nearest(text, names()))
        };
        let found = CLOUDS.iter().find(|(name, _)| *name == text).map(|(_, cloud)| cloud.clone());
        if found.is_none() {
            let mut problem = Diagnostic::error("unknown-value", format!("there is no cloud `{text}`"));
            if let Some(meant) = meant(&text) {
                problem = problem.help(format!("did you mean `{meant}`?"));
            }
            let problem =
                problem.help(format!("allowed: {}, or a map of resourceManager and authority", listed(names())));
            self.problems.at(node.place, "", problem);
        }
        found
    }

    fn state(&mut self, node: &Node) -> Option<StateLocation> {
        let Kind::Map(entries) = &node.kind else {
            let problem = Diagnostic::error("wrong-type", format!("`state` is a map, not {}", node.noun()))
                .help("for instance `state: {blob: https://ACCOUNT.blob.core.windows.net/CONTAINER}`");
            self.problems.at(node.place, "", problem);
            return None;
        };
        self.problems.only_keys(entries, "`state`", &["blob"]);
        let url = self.url(&entries.get("blob")?.value, "state.blob", true)?;
        Some(StateLocation::Blob(url))
    }

    /// A base URL: https, or http to this machine where `loopback` allows it.
    fn url(&mut self, node: &Node, path: &str, loopback: bool) -> Option<String> {
        let text = self.text(node, path)?;
        let fine = Url::parse(&text).is_ok_and(|url| {
            let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
            url.host_str().is_some() && (url.scheme() == "https" || (loopback && local && url.scheme() == "http"))
        });
        if !fine {
            let problem = Diagnostic::error("bad-url", format!("`{path}` is a URL that starts with https://"));
            self.problems.at(node.place, "", problem);
            return None;
        }
        Some(text.trim_end_matches('/').to_owned())
    }
}

/// What `az cloud` calls the clouds.
const AZ_CLOUDS: [(&str, &str); 3] =
    [("AzureCloud", "public"), ("AzureChinaCloud", "china"), ("AzureUSGovernment", "usgov")];

/// What a word means that other languages and older YAML take for a truth value.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "enabled" | "true" => Some(true),
        "no" | "n" | "off" | "disabled" | "false" => Some(false),
        _ => None,
    }
}
