//! Values that may be sent to Azure and nowhere else.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret. It cannot be printed, compared by accident or serialised; [`Secret::reveal`] is for the request body alone.
///
/// ```
/// use landfall::document::Secret;
/// assert_eq!(format!("{:?} {}", Secret::new("hunter2".into()), Secret::new("x".into())), "(secret) (secret)");
/// ```
/// ```compile_fail
/// let _ = serde_json::to_string(&landfall::document::Secret::new("hunter2".into()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// HMAC-SHA-256 of a secret under the state's own key, in lower-case hexadecimal: shows that a secret changed and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash(pub String);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret, for the body of a request.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The keyed hash under which a record remembers this secret.
    pub fn hash(&self, key: &[u8]) -> SecretHash {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(self.0.as_bytes());
        SecretHash(mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
