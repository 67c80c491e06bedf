//! Signs the assertion by which an application proves that it holds a certificate's key. It reads no file and sends nothing.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// For how long an assertion is good, in seconds; Entra takes up to a day.
const LIFE: i64 = 600;

/// Why a certificate file is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CertificateError {
    #[error("its key is protected by a password, which is not supported; `openssl pkey` writes one without")]
    Encrypted,
    #[error("it holds no PEM certificate (-----BEGIN CERTIFICATE-----); `openssl pkcs12 -nodes` converts a .pfx file")]
    NoCertificate,
    #[error("it holds no PEM private key (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    #[error("its key is no RSA key of 2048 bits or more, which is what Entra takes")]
    NotRsa,
    #[error("its key belongs to none of its certificates")]
    Mismatch,
}

/// A key and its certificate.
pub(super) struct Signer {
    key: RsaKeyPair,
    thumbprint: String,
    chain: Option<Vec<String>>,
}

impl Signer {
    /// Reads a PEM file with a key and its certificate, in any order and among others. `send_chain` puts the certificates into
    /// the assertion, for applications that trust a subject name and issuer.
    pub(super) fn read(pem: &[u8], send_chain: bool) -> Result<Self, CertificateError> {
        let text = String::from_utf8_lossy(pem);
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("4,ENCRYPTED") {
            return Err(CertificateError::Encrypted);
        }
        let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::NoCertificate)?;
        if certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| CertificateError::NoKey)? {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return Err(CertificateError::NotRsa),
        };
        let key = key.map_err(|_| CertificateError::NotRsa)?;
        // A certificate holds its public key byte for byte.
        let public = key.public_key().as_ref();
        let holds = |der: &&CertificateDer<'_>| der.windows(public.len()).any(|window| window == public);
        let own = certificates.iter().find(holds).ok_or(CertificateError::Mismatch)?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(own));
        let others = certificates.iter().filter(|der| *der != own);
        let chain = send_chain.then(|| [own].into_iter().chain(others).map(|der| STANDARD.encode(der)).collect());
        Ok(Self { key, thumbprint, chain })
    }

    /// The assertion of `client_id` for the token endpoint `audience`: a JWT signed with PS256.
    pub(super) fn assertion(&self, client_id: &str, audience: &str, id: uuid::Uuid, now: OffsetDateTime) -> String {
        let mut header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        if let Some(chain) = &self.chain {
            header["x5c"] = json!(chain);
        }
        let now = now.unix_timestamp();
        let claims = json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": id.to_string(),
            "nbf": now, "iat": now, "exp": now + LIFE,
        });
        let encode = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("BUG: a buffer as long as the modulus holds the signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
