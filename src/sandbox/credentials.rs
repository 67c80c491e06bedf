//! Kubeconfigs of clusters that are not there: in the shape that AKS hands out, with contents that open nothing and say so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::address::group_of;
use super::call::{Answered, Call};
use super::json_path::{at, text};
use super::message::Response;
use super::refusal::Refusal;

/// What stands where a certificate or a key would.
const NOTHING: &str = "landfall's sandbox: no Kubernetes stands behind this\n";
/// The application under which AKS servers check Entra tokens, the same in every tenant of the public cloud.
const AKS_SERVER: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

/// Whose kubeconfig is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Admin,
    Monitoring,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::User => "clusterUser",
            Self::Admin => "clusterAdmin",
            Self::Monitoring => "clusterMonitoringUser",
        }
    }
}

impl Call<'_> {
    /// Answers `listCluster{User,Admin,MonitoringUser}Credential`.
    pub(super) fn cluster_credentials(&self, key: &str, kind: Kind) -> Answered {
        let shown = self.show(key);
        let is = |path: &str| at(&shown, path).and_then(serde_json::Value::as_bool) == Some(true);
        let entra = is("properties.aadProfile.managed");
        if is("properties.disableLocalAccounts") && !(entra && kind == Kind::User) {
            let message =
                "Getting static credential is not allowed because this cluster is set to disable local accounts.";
            return Err(Refusal::aks(400, "BadRequest", message, ""));
        }
        let name = text(&shown, "name");
        let user = format!("{}_{}_{name}", kind.word(), group_of(text(&shown, "id")).unwrap_or_default());
        let private = text(&shown, "properties.privateFQDN");
        let host = if private.is_empty() { text(&shown, "properties.fqdn") } else { private };
        let nothing = STANDARD.encode(NOTHING);
        let login = if entra && kind == Kind::User {
            let tenant = text(&shown, "properties.aadProfile.tenantID");
            format!(
                "    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      args:\n      - get-token\n      - --environment\n      \
                 - AzurePublicCloud\n      - --server-id\n      - {AKS_SERVER}\n      - --tenant-id\n      - {tenant}\n      \
                 command: kubelogin\n      env: null\n      provideClusterInfo: false\n"
            )
        } else {
            format!("    client-certificate-data: {nothing}\n    client-key-data: {nothing}\n    token: sandbox\n")
        };
        let kubeconfig = format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {nothing}\n    server: https://{host}:443\n  \
             name: {name}\ncontexts:\n- context:\n    cluster: {name}\n    user: {user}\n  name: {name}\ncurrent-context: \
             {name}\nkind: Config\npreferences: {{}}\nusers:\n- name: {user}\n  user:\n{login}"
        );
        let body = json!({"kubeconfigs": [{"name": kind.word(), "value": STANDARD.encode(kubeconfig)}]});
        Ok(Response::json(200, &body))
    }
}
