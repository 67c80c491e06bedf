//! The token authority, and what ARM says about itself: subscriptions, regions, providers, clouds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::behaviour::service;
use super::call::{Answered, Call};
use super::message::Response;
use super::refusal::Refusal;
use crate::schema::Schema;

/// How long a token holds, in seconds, as Entra says it.
const LIFETIME: i64 = 3599;
/// How far back a token holds already: clocks are not all alike.
const CLOCK_SKEW: i64 = 300;

impl Call<'_> {
    /// Answers the paths that need no token; `None` for all others.
    pub(super) fn authority(&mut self, parts: &[&str]) -> Option<Answered> {
        match *parts {
            [tenant, "oauth2", "v2.0", "token"] => Some(Ok(self.token(tenant))),
            [tenant, "v2.0", ".well-known", "openid-configuration"] => Some(Ok(self.openid(tenant))),
            ["common", "discovery", "instance"] => {
                let base = self.base();
                Some(Ok(Response::json(
                    200,
                    &json!({"tenant_discovery_endpoint": format!("{base}/common/v2.0/.well-known/openid-configuration"),
                            "api-version": "1.1", "metadata": []}),
                )))
            }
            ["metadata", "endpoints"] => Some(Ok(self.endpoints())),
            _ => None,
        }
    }

    /// A token of the form that Entra's have, for whoever asks with a secret. Its signature is none: nobody here checks it.
    fn token(&mut self, tenant: &str) -> Response {
        let form: Vec<(String, String)> = url::form_urlencoded::parse(&self.request.body).into_owned().collect();
        let get = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default();
        let client = get("client_id").to_owned();
        if get("client_secret") == "wrong" {
            let text = format!(
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                 value, not the client secret ID, for a secret added to app '{client}'.\r\nTrace ID: {}",
                self.world.guid()
            );
            let body = json!({"error": "invalid_client", "error_description": text, "error_codes": [7_000_215],
                "trace_id": self.world.guid().to_string(), "correlation_id": self.world.guid().to_string()});
            return Response::json(401, &body);
        }
        if get("grant_type") != "client_credentials"
            || (get("client_secret").is_empty() && get("client_assertion").is_empty())
        {
            let body = json!({"error": "invalid_request",
                "error_description": "AADSTS900144: The request body must contain a client secret or a client assertion.",
                "error_codes": [900_144]});
            return Response::json(400, &body);
        }
        let now = self.now / 1000;
        let audience = get("scope").trim_end_matches(".default").trim_end_matches('/');
        let claims = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{tenant}/"), "tid": tenant, "appid": client,
            "iat": now, "nbf": now - CLOCK_SKEW, "exp": now + LIFETIME, "ver": "1.0",
            "uti": self.world.guid().to_string(),
        });
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox"});
        let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let token = format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode("sandbox"));
        Response::json(
            200,
            &json!({"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}),
        )
    }

    fn openid(&self, tenant: &str) -> Response {
        let base = self.base();
        Response::json(
            200,
            &json!({"issuer": format!("{base}/{tenant}/v2.0"), "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
                "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
                "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"), "response_types_supported": ["code"],
                "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["RS256"]}),
        )
    }

    /// What a client needs to know of this cloud: one object since 2022-09-01, a list of clouds before.
    fn endpoints(&self) -> Response {
        let base = self.base();
        let cloud = json!({"name": "LandfallSandbox", "resourceManager": format!("{base}/"),
            "authentication": {"loginEndpoint": format!("{base}/"), "audiences": ["https://management.core.windows.net/",
                "https://management.azure.com/"], "tenant": "common", "identityProvider": "AAD"},
            "graph": format!("{base}/"), "graphAudience": format!("{base}/"),
            "microsoftGraphResourceId": format!("{base}/"), "portal": format!("{base}/"),
            "suffixes": {"acrLoginServer": "azurecr.io", "keyVaultDns": "vault.azure.net", "storage": "core.windows.net"}});
        let version = self.request.query("api-version").unwrap_or_default();
        Response::json(200, &if version.as_str() >= "2022-09-01" { cloud } else { json!([cloud]) })
    }

    pub(super) fn unauthenticated(&self) -> Response {
        let body = json!({"error": {"code": "AuthenticationFailed",
            "message": "Authentication failed. The 'Authorization' header is missing."}});
        let challenge = format!(
            "Bearer authorization_uri=\"{}/{}\", error=\"invalid_token\", error_description=\"The authentication failed because \
             of missing 'Authorization' header.\"",
            self.base(),
            service().tenant
        );
        Response::json(401, &body).with("www-authenticate", challenge)
    }

    pub(super) fn subscription(&self, id: &str) -> Json {
        json!({"id": format!("/subscriptions/{id}"), "subscriptionId": id, "displayName": "Sandbox", "state": "Enabled",
            "tenantId": service().tenant, "authorizationSource": "RoleBased",
            "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "Sandbox", "spendingLimit": "Off"}})
    }

    pub(super) fn tenants(&self) -> Response {
        let id = &service().tenant;
        self.page(vec![json!({"id": format!("/tenants/{id}"), "tenantId": id, "displayName": "Sandbox",
            "tenantCategory": "Home", "defaultDomain": "sandbox.onmicrosoft.com", "domains": ["sandbox.onmicrosoft.com"]})])
    }

    /// The subscriptions that hold something, and one that always exists.
    pub(super) fn subscriptions(&self) -> Response {
        let mut ids: Vec<&str> = self.world.resources.keys().filter_map(|k| k.split('/').nth(2)).collect();
        ids.push("00000000-0000-0000-0000-000000000000");
        ids.sort_unstable();
        ids.dedup();
        self.page(ids.into_iter().map(|id| self.subscription(id)).collect())
    }

    pub(super) fn locations(&self, path: &str) -> Response {
        let entry = |name: &String| json!({"id": format!("{path}/{name}"), "name": name, "type": "Region", "displayName": name});
        Response::json(200, &json!({"value": service().regions.iter().map(entry).collect::<Vec<_>>()}))
    }

    pub(super) fn providers(&self) -> Response {
        let mut names: Vec<&str> = Schema::get().resources().filter_map(|r| r.name.split('/').next()).collect();
        names.sort_unstable();
        names.dedup();
        self.page(names.into_iter().map(|n| self.provider_entry(n)).collect())
    }

    pub(super) fn provider(&self, namespace: &str) -> Answered {
        let known = Schema::get().resources().filter_map(|r| r.name.split('/').next());
        match known.into_iter().find(|n| n.eq_ignore_ascii_case(namespace)) {
            Some(name) => Ok(Response::json(200, &self.provider_entry(name))),
            None => {
                let message = format!("The resource namespace '{namespace}' is invalid.");
                Err(Refusal::arm(404, "InvalidResourceNamespace", message))
            }
        }
    }

    fn provider_entry(&self, namespace: &str) -> Json {
        let types: Vec<Json> = Schema::get()
            .resources()
            .filter_map(|r| r.name.split_once('/').map(|(n, kind)| (n, kind, r)))
            .filter(|(n, ..)| *n == namespace)
            .map(|(_, kind, r)| json!({"resourceType": kind, "apiVersions": [r.api_version], "locations": service().regions}))
            .collect();
        json!({"id": format!("/subscriptions/{}/providers/{namespace}", self.subscription_id()), "namespace": namespace,
            "registrationState": "Registered", "registrationPolicy": "RegistrationRequired", "resourceTypes": types})
    }
}
