//! The certificate under which the sandbox serves: made once, kept beside the world, and trusted by whoever is given
//! `ca.pem`.

use std::io::{self, Write as _};
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Makes `ca.pem`, `cert.pem` and `key.pem` in `folder` unless all three are there.
pub(super) fn ensure(folder: &Path) -> Result<(), CertificateError> {
    if ["ca.pem", "cert.pem", "key.pem"].iter().all(|name| folder.join(name).is_file()) {
        return Ok(());
    }
    let ca_key = KeyPair::generate()?;
    let mut ca = params("landfall sandbox CA", Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let ca_pem = ca.self_signed(&ca_key)?.pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate()?;
    let mut leaf = params("landfall sandbox", NAMES.map(str::to_owned).to_vec())?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let pem = leaf.signed_by(&key, &issuer)?.pem();
    std::fs::create_dir_all(folder)?;
    write(&folder.join("key.pem"), &key.serialize_pem())?;
    write(&folder.join("cert.pem"), &pem)?;
    write(&folder.join("ca.pem"), &ca_pem)?;
    Ok(())
}

fn params(name: &str, names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2040, 12, 31);
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

/// Writes a file that its owner alone may read: the key is among them.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It could not be made.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// It could not be written.
    #[error("cannot write the certificate's files")]
    Write(#[from] io::Error),
}
