//! What the blob service's refusals mean, by their codes. The words of the service itself are not shown: they repeat the
//! code, and may repeat the request.

use std::error::Error as StdError;

use azure_core::error::ErrorKind;
use url::Url;

/// Why a request came to nothing, for the store.
#[derive(Debug)]
pub(super) enum Refused {
    /// There is no such blob.
    Absent,
    /// It was changed meanwhile, or is there already.
    Changed,
    /// Someone else has the lease.
    Leased,
    /// The lease that was named has ended.
    LeaseEnded,
    /// The service could not take it now; it may, if asked again.
    Transient(BlobTrouble),
    /// No.
    Failed(BlobTrouble),
}

/// Why the blob service did not do what was asked, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BlobTrouble {
    /// The container is not there.
    #[error(
        "there is no container `{container}` in {host}; make it with: az storage container create --auth-mode login \
         --blob-endpoint https://{host} --name {container}"
    )]
    NoContainer {
        /// The storage account.
        host: String,
        /// The container.
        container: String,
    },
    /// The identity lacks a role.
    #[error(
        "Azure refused access ({code}): whoever runs landfall needs the role Storage Blob Data Contributor on the container \
         or its account; Owner and Contributor do not include it"
    )]
    Denied {
        /// The service's code.
        code: String,
    },
    /// A firewall or the account's settings are in the way.
    #[error(
        "Azure refused access ({code}): the account's firewall or settings do not let this machine in; see Networking of \
         the storage account"
    )]
    Closed {
        /// The service's code.
        code: String,
    },
    /// The signature of the URL, or the token, is not good.
    #[error(
        "Azure did not accept the login ({code}): a SAS in the URL must be in time and allow reading, writing and creating \
         blobs; without one, see docs/authentication.md"
    )]
    Login {
        /// The service's code.
        code: String,
    },
    /// No token could be had.
    #[error("no token for Azure Storage could be had")]
    Token(#[source] azure_core::Error),
    /// Any other answer.
    #[error("Azure Storage answered {status} {code}{}", request.as_deref().map_or_else(String::new, |id| format!(" (request {id})")))]
    Answer {
        /// The HTTP status.
        status: u16,
        /// The service's code.
        code: String,
        /// For Azure's support.
        request: Option<String>,
    },
    /// There was no answer, or it broke off.
    #[error("Azure Storage did not answer")]
    Silent(#[source] Box<dyn StdError + Send + Sync>),
}

/// Whom a refusal is about.
#[derive(Debug)]
pub(super) struct Place {
    pub host: String,
    pub container: String,
}

impl Place {
    /// The container at a URL.
    pub(super) fn of_container(url: &Url) -> Self {
        let container = url.path_segments().into_iter().flatten().rfind(|segment| !segment.is_empty());
        Self {
            host: url.host_str().unwrap_or_default().to_owned(),
            container: container.unwrap_or_default().to_owned(),
        }
    }
}

/// What a failed request means.
pub(super) fn judge(error: azure_core::Error, place: &Place) -> Refused {
    let (status, code, request) = match error.kind() {
        ErrorKind::HttpResponse { status, error_code, raw_response } => {
            let request =
                raw_response.as_ref().and_then(|it| it.headers().get_optional_string(&"x-ms-request-id".into()));
            (u16::from(*status), error_code.clone().unwrap_or_default(), request)
        }
        ErrorKind::Credential => return Refused::Failed(BlobTrouble::Token(error)),
        ErrorKind::Connection | ErrorKind::Io => return Refused::Transient(BlobTrouble::Silent(Box::new(error))),
        _ => return Refused::Failed(BlobTrouble::Silent(Box::new(error))),
    };
    let answer = |code: String| BlobTrouble::Answer { status, code, request };
    match (status, code.as_str()) {
        (404, "ContainerNotFound" | "ContainerBeingDeleted") | (409, "ContainerBeingDeleted") => {
            Refused::Failed(BlobTrouble::NoContainer { host: place.host.clone(), container: place.container.clone() })
        }
        // An answer to HEAD has no body, and some have no code.
        (404, _) => Refused::Absent,
        (409, "LeaseAlreadyPresent" | "LeaseIsBreakingAndCannotBeAcquired") | (412, "LeaseIdMissing") => {
            Refused::Leased
        }
        (409 | 412, code) if code.starts_with("Lease") => Refused::LeaseEnded,
        (409, "BlobAlreadyExists") | (412, _) => Refused::Changed,
        (403, "AuthorizationPermissionMismatch" | "InsufficientAccountPermissions") => {
            Refused::Failed(BlobTrouble::Denied { code })
        }
        (403, "AuthorizationFailure" | "PublicAccessNotPermitted" | "KeyBasedAuthenticationNotPermitted") => {
            Refused::Failed(BlobTrouble::Closed { code })
        }
        (401 | 403, _) => Refused::Failed(BlobTrouble::Login { code }),
        (408 | 429 | 500 | 502 | 503 | 504, _) => Refused::Transient(answer(code)),
        _ => Refused::Failed(answer(code)),
    }
}
