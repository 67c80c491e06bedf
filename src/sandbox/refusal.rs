//! What Azure says when it refuses, in its two forms: ARM's gateway wraps its errors, AKS answers its own bare.

use serde_json::{Value as Json, json};

use super::message::Response;

/// A refused request.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    body: Json,
}

impl Refusal {
    /// ARM's form, `{"error": {"code", "message"}}`.
    pub(super) fn arm(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, body: json!({"error": {"code": code, "message": message.into()}}) }
    }

    /// AKS's form, `{"code", "details", "message", "subcode"}`.
    pub(super) fn aks(status: u16, code: &str, message: impl Into<String>, subcode: &str) -> Self {
        Self { status, body: json!({"code": code, "details": null, "message": message.into(), "subcode": subcode}) }
    }

    /// The same with the property it is about.
    pub(super) fn target(mut self, target: &str) -> Self {
        let inner = if self.body.get("error").is_some() { &mut self.body["error"] } else { &mut self.body };
        inner["target"] = json!(target);
        self
    }

    /// The same with one more member beside the code.
    pub(super) fn member(mut self, name: &str, value: Json) -> Self {
        self.body[name] = value;
        self
    }

    pub(super) fn respond(&self) -> Response {
        Response::json(self.status, &self.body).with("x-ms-failure-cause", "gateway")
    }

    pub(super) fn no_group(name: &str) -> Self {
        Self::arm(404, "ResourceGroupNotFound", format!("Resource group '{name}' could not be found."))
    }

    pub(super) fn not_found(path: &str, group: &str) -> Self {
        Self::arm(
            404,
            "ResourceNotFound",
            format!(
                "The Resource '{path}' under resource group '{group}' was not found. For more details please go to \
                 https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
    }

    pub(super) fn no_parent(verb: &str, kind: &str, parent: &str) -> Self {
        Self::arm(
            404,
            "ParentResourceNotFound",
            format!(
                "Failed to perform '{verb}' on resource(s) of type '{kind}', because the parent resource '{parent}' could \
                 not be found."
            ),
        )
    }

    pub(super) fn invalid_content(detail: &str) -> Self {
        Self::arm(
            400,
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{detail}'."),
        )
    }
}
