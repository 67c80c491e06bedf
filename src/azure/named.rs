//! What a refusal names: the missing action, the quota and its numbers, the policy, the namespace. The sentences that it is
//! read from are data; a sentence that Azure words anew is one more row.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value as Json;

use super::refusal::member;

/// What a refusal names, by word: `action`, `scope`, `policy`, `quota`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named(BTreeMap<&'static str, String>);

/// What may be named. A pattern's groups bear these names.
const WORDS: [&str; 33] = [
    "action",
    "assignment",
    "available",
    "client",
    "denial",
    "feature",
    "free",
    "group",
    "holder",
    "limit",
    "linked",
    "location",
    "lock",
    "missing",
    "name",
    "namespace",
    "needed",
    "object",
    "offered",
    "policy",
    "policyscope",
    "principal",
    "property",
    "quota",
    "raised",
    "role",
    "scope",
    "size",
    "subnet",
    "tenant",
    "type",
    "used",
    "version",
];

/// Sentences of ARM and its resource providers. The first that fits names the thing; those that say more stand before those that
/// say less.
const SENTENCES: &[&str] = &[
    // RBAC, locks, deny assignments.
    r"^The client '(?<client>[^']+)' with object id '(?<object>[^']+)'",
    r"does not have permission to perform action\(s\) '(?<action>[^']+)' on the linked scope\(s\) '(?<scope>[^']+)'",
    r"does not have authorization to perform action '(?<action>[^']+)' over scope '(?<scope>[^']+)'",
    r"does not have authorization to perform action '(?<action>[^']+)'",
    r"has permission to perform action '(?<action>[^']+)' on scope '(?<scope>[^']+)'",
    r"not allowed for action (?<action>[A-Za-z.]+/[\w./]+\w)",
    r"must be granted '(?<role>[^']+)' role",
    r"tenant '(?<tenant>[^']+)' is not authorized to access linked subscription '(?<linked>[^']+)'",
    r"deny assignment with name '(?<denial>[^']+)'",
    r"following scope\(s\) are locked: '(?<lock>[^']+)'",
    r"Principal '?(?<principal>[0-9a-fA-F-]{32,36})'? does not exist in the directory '?(?<tenant>[0-9a-fA-F-]{36})",
    r"Principal ID '(?<principal>[^']*)'",
    // Policy.
    r#""policyAssignment":\{"name":"(?<policy>[^"]+)","id":"(?<assignment>[^"]+)""#,
    r"disallowed by policy\. Policy identifiers?: '(?<assignment>/[^']+)'",
    // Quota and capacity.
    r"exceeding approved (?<quota>[\w ]+?) quota",
    r"Location: (?<location>\w+), Current Limit: (?<limit>\d+), Current Usage: (?<used>\d+), Additional Required: (?<needed>\d+)",
    r"New Limit Required: (?<raised>\d+)",
    r"requested (?<needed>\d+), remaining (?<free>\d+) for family (?<quota>\w+) for region (?<location>\w+)",
    r"Insufficient (?<quota>[\w ]+?) quota left for location (?<location>\w+)\. left [\w ]+? quota (?<free>\d+), requested quota (?<needed>\d+)",
    r"Insufficient vcpu quota requested (?<needed>\d+), remaining (?<free>\d+)",
    r"limit of (?<limit>\d+) for (?<quota>[\w ]+\w)",
    r"VM size of '?(?<size>Standard_\w+)'? is .*in location '(?<location>[^']+)'",
    r"available VM sizes are '(?<offered>[^']+)'",
    r"VM size '?(?<size>Standard_\w+)'?",
    r"not available in location '(?<location>[^']+)'",
    r"Location '(?<location>[^']+)' is not accepting",
    r"[Ss]ubnet (?:name: )?'?(?<subnet>[A-Za-z0-9][\w./-]*\w)'?",
    // Registration.
    r"to use namespace '(?<namespace>[^']+)'",
    r"resource type '(?<type>[^']+)' in the location '(?<location>[^']+)'",
    r"provided location '(?<location>[^']+)' is not available for resource type '(?<namespace>[^/']+)/(?<type>[^']+)'",
    r"provided location '(?<location>[^']+)'",
    r"for location '(?<location>[^']+)' and API version '(?<version>[^']+)' for type '(?<type>[^']+)'",
    r"[Ff]eature '?(?<feature>Microsoft\.\w+/[\w-]*\w)'?",
    r"Required feature (?<feature>[\w ]+) is disabled",
    r"available (?:regions|locations)[^']* (?:is|are) '(?<available>[^']+)'",
    r"supported locations are '(?<available>[^']+)'",
    // What is missing, taken or held.
    r"The Resource '(?<missing>[^']+)' under resource group '(?<group>[^']+)' was not found",
    r"the parent resource '(?<missing>[^']+)' could not be found",
    r"Parent resource '(?<missing>[^']+)' not found",
    r"Resource (?<missing>/subscriptions/\S+) referenced by",
    r"role definition with ID '(?<role>[^']+)' does not exist",
    r"[Rr]esource group '(?<group>[^']+)'",
    r"[Dd]eployment '(?<name>[^']+)'",
    r"(?:registry|name) '?(?<name>[A-Za-z0-9-]+)'? is already in use",
    r"(?:in use by|allocated to resource) (?<holder>/subscriptions/\S+\w)",
    r"nested resource IDs include: '(?<holder>[^']+)'",
    // The request itself.
    r"Changing property '(?<property>[^']+)'",
    r"value of parameter (?<property>[\w.]+\w)",
    r"parameter '(?<property>[^']+)' is missing",
    r"request parameters are invalid: (?<property>[\w.]+\w)",
    r"(?:invalid|on) version (?<version>\d+\.\d+(?:\.\d+)?)",
];

/// A text is searched so far: longer ones are whole pages.
const SEARCHED: usize = 20_000;

/// A sentence ready to be looked for: what it begins with, literally, and the whole.
static READY: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let ready = |sentence: &&'static str| {
        let regex = Regex::new(sentence).unwrap_or_else(|error| panic!("BUG: {sentence}: {error}"));
        (beginning(sentence), regex)
    };
    SENTENCES.iter().map(ready).collect()
});

/// The text before the first mark of a pattern: looking for it is much faster than matching.
fn beginning(sentence: &str) -> &str {
    let sentence = sentence.strip_prefix('^').unwrap_or(sentence);
    match sentence.find(['(', '[', '\\', '.', '?', '*', '+', '|', '{']) {
        // A mark may make the character before it optional.
        Some(end) if sentence[end..].starts_with(['?', '*']) => &sentence[..end.saturating_sub(1)],
        Some(end) => &sentence[..end],
        None => sentence,
    }
}

impl Named {
    /// What is named by this word.
    pub fn get(&self, word: &str) -> Option<&str> {
        self.0.get(word).map(String::as_str)
    }

    /// The same with every value changed.
    pub(crate) fn map(&mut self, how: impl Fn(&str) -> String) {
        self.0.values_mut().for_each(|value| *value = how(value));
    }

    /// Reads a message, as Azure wrote it. What is named already stays.
    pub(super) fn read(&mut self, text: &str) {
        let end = text.char_indices().nth(SEARCHED).map_or(text.len(), |(at, _)| at);
        let text = &text[..end];
        for (beginning, sentence) in READY.iter() {
            if !text.contains(beginning) {
                continue;
            }
            let Some(found) = sentence.captures(text) else { continue };
            for word in WORDS {
                if let Some(value) = found.name(word) {
                    self.note(word, value.as_str());
                }
            }
        }
    }

    /// Reads the policy that `additionalInfo` tells of.
    pub(super) fn read_policy(&mut self, info: &Json) {
        let text = |name| member(info, name).and_then(Json::as_str).filter(|t| !t.is_empty());
        for (word, names) in [
            ("policy", &["policyAssignmentDisplayName", "policyAssignmentName", "policyDefinitionDisplayName"][..]),
            ("assignment", &["policyAssignmentId"]),
            ("policyscope", &["policyAssignmentScope"]),
        ] {
            if let Some(value) = names.iter().find_map(|name| text(name)) {
                // What is told apart says it better than the sentence.
                self.0.insert(word, super::refusal::tidy(value));
            }
        }
    }

    pub(super) fn note(&mut self, word: &'static str, value: &str) {
        if !value.is_empty() {
            self.0.entry(word).or_insert_with(|| super::refusal::tidy(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_a_sentence_is_a_word() {
        for (_, sentence) in READY.iter() {
            for name in sentence.capture_names().flatten() {
                assert!(WORDS.contains(&name), "{name} of {sentence}");
            }
        }
    }

    #[test]
    fn what_stands_in_sentences() {
        let table: &[(&str, &[(&str, &str)])] = &[
            (
                "The client 'a@b.c' with object id '11111111-1111-1111-1111-111111111111' does not have authorization to perform \
                 action 'Microsoft.ContainerRegistry/registries/write' over scope '/subscriptions/s/resourceGroups/rg' or the \
                 scope is invalid. If access was recently granted, please refresh your credentials.",
                &[
                    ("client", "a@b.c"),
                    ("object", "11111111-1111-1111-1111-111111111111"),
                    ("action", "Microsoft.ContainerRegistry/registries/write"),
                    ("scope", "/subscriptions/s/resourceGroups/rg"),
                ],
            ),
            (
                "The client 'c' with object id 'o' has permission to perform action 'Microsoft.ContainerService/managedClusters/write' \
                 on scope '/subscriptions/s'; however, it does not have permission to perform action(s) \
                 'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '/subscriptions/s/x' \
                 (respectively) or the linked scope(s) are invalid.",
                &[("action", "Microsoft.Network/virtualNetworks/subnets/join/action"), ("scope", "/subscriptions/s/x")],
            ),
            (
                "Insufficient vcpu quota requested 8, remaining 2 for family standardDDSv5Family for region eastus2.",
                &[("needed", "8"), ("free", "2"), ("quota", "standardDDSv5Family"), ("location", "eastus2")],
            ),
            (
                "Operation could not be completed as it results in exceeding approved standardDSv3Family Cores quota. Additional \
                 details - Deployment Model: Resource Manager, Location: westus, Current Limit: 100, Current Usage: 19, \
                 Additional Required: 120, (Minimum) New Limit Required: 139.",
                &[
                    ("quota", "standardDSv3Family Cores"),
                    ("location", "westus"),
                    ("limit", "100"),
                    ("used", "19"),
                    ("needed", "120"),
                    ("raised", "139"),
                ],
            ),
            (
                "Check access result not allowed for action Microsoft.ManagedIdentity/userAssignedIdentities/assign/action.",
                &[("action", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action")],
            ),
        ];
        for (text, expected) in table {
            let mut named = Named::default();
            named.read(text);
            for (word, value) in *expected {
                assert_eq!(named.get(word), Some(*value), "{word} of {text}");
            }
        }
    }
}
