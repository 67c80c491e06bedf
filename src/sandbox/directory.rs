//! As much of Microsoft Graph as clients of ARM ask for: who a principal is. The directory knows the identities of the
//! sandbox's own resources; it has no people, groups or applications.

use serde_json::{Value as Json, json};

use super::call::{Answered, Call};
use super::json_path::text;
use super::message::Response;
use super::refusal::Refusal;
use super::show::IDENTITY;

impl Call<'_> {
    /// Answers `/v1.0/...` and `/beta/...`; `None` for all other paths.
    pub(super) fn directory(&self, parts: &[&str]) -> Option<Answered> {
        let ("v1.0" | "beta", rest) = (*parts.first()?, parts.get(1..)?) else { return None };
        let filter = self.request.query("$filter").unwrap_or_default();
        let quoted = filter.split('\'').nth(1).unwrap_or_default();
        Some(match rest {
            ["directoryobjects", "getbyids"] => self.objects_by_ids(),
            ["serviceprincipals"] => {
                let all = self.service_principals().into_iter();
                // The filters in use compare a client id or a name; without one, all are listed.
                let wanted = |p: &Json| {
                    quoted.is_empty()
                        || ["appId", "displayName", "id"].iter().any(|key| p[*key].as_str() == Some(quoted))
                };
                Ok(collection(all.filter(wanted).collect()))
            }
            ["serviceprincipals" | "directoryobjects", id] => {
                let found = self.service_principals().into_iter().find(|p| p["id"].as_str() == Some(*id));
                found.map(|found| Response::json(200, &found)).ok_or_else(|| no_object(id))
            }
            ["users" | "groups" | "applications"] => Ok(collection(Vec::new())),
            ["users" | "groups" | "applications", id] => Err(no_object(id)),
            _ => {
                let message = format!("The sandbox's directory has no segment '{}'.", rest.join("/"));
                Err(Refusal::arm(400, "BadRequest", message))
            }
        })
    }

    fn objects_by_ids(&self) -> Answered {
        let body = self.body()?;
        let ids: Vec<&str> = body["ids"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let known = self.service_principals().into_iter();
        let asked = |p: &Json| ids.iter().any(|id| p["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id)));
        Ok(collection(known.filter(asked).collect()))
    }

    /// The principals of identities, and those that resources have of their own.
    fn service_principals(&self) -> Vec<Json> {
        let principal = |id: &str, client: &str, name: &str, resource: &str| {
            json!({"@odata.type": "#microsoft.graph.servicePrincipal", "id": id, "appId": client, "displayName": name,
                "servicePrincipalType": "ManagedIdentity", "servicePrincipalNames": [client],
                "alternativeNames": ["isExplicit=True", resource]})
        };
        let resources = self.world.resources.values();
        let found = resources.filter_map(|r| {
            let (id, client) = if r.arm_type == IDENTITY {
                (text(&r.body, "properties.principalId"), text(&r.body, "properties.clientId"))
            } else {
                // A system-assigned identity does not show its client id.
                let id = text(&r.body, "identity.principalId");
                (id, id)
            };
            (!id.is_empty()).then(|| principal(id, client, &r.name, &r.id))
        });
        found.collect()
    }
}

fn collection(value: Vec<Json>) -> Response {
    Response::json(200, &json!({"value": value}))
}

fn no_object(id: &str) -> Refusal {
    let message =
        format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
    Refusal::arm(404, "Request_ResourceNotFound", message)
}
