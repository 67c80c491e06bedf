//! What was typed, what the environment says, and what holds when neither says anything.

use std::collections::BTreeMap;
use std::time::Duration;

/// The variables that landfall reads, apart from those that an environment file names. This is the whole list.
pub(super) const VARIABLES: [&str; 26] = [
    "LANDFALL_RESOURCE_MANAGER",
    "LANDFALL_CA_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_FEDERATED_TOKEN",
    "AZURE_SERVICE_CONNECTION_ID",
    "AZURE_SUBSCRIPTION_ID",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "SYSTEM_OIDCREQUESTURI",
    "SYSTEM_ACCESSTOKEN",
    "AZURESUBSCRIPTION_CLIENT_ID",
    "AZURESUBSCRIPTION_TENANT_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "USER",
    "USERNAME",
    "HOSTNAME",
    "COMPUTERNAME",
    "COLUMNS",
];

/// Those of them that are secrets.
const SECRETS: [&str; 6] = [
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "SYSTEM_ACCESSTOKEN",
    "IDENTITY_HEADER",
];

/// The process environment, read once.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Reads [`VARIABLES`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment for landfall's own settings"
    )]
    pub(super) fn read() -> Self {
        let one = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok().filter(|v| !v.is_empty())?));
        Self(VARIABLES.iter().filter_map(one).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The values of those that are secrets.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        SECRETS.iter().filter_map(|name| self.get(name))
    }

    pub(super) fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

/// `90s`, `30m`, `2h`, or seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        _ => return Err("a time is written as 90s, 30m or 2h".to_owned()),
    };
    let count: u64 = digits.parse().map_err(|_| "a time is written as 90s, 30m or 2h".to_owned())?;
    Ok(Duration::from_secs(count.saturating_mul(seconds)))
}
