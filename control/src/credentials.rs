//! Certificates that applications prove themselves with.

use aws_lc_rs::digest;
use base::{Code, Error, Result};
use jiff::Timestamp;
use state::principals::{self, Certificate, PrincipalKind};
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::public_key::PublicKey;

use crate::principals::of_record;
use crate::{Control, Principal};

/// The fewest bits of an RSA key.
const RSA_BITS: usize = 2048;

/// What proves that an assertion was signed by the owner of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its SHA-1, by which the assertion's header names it: `x5t`.
    pub sha1: Vec<u8>,
    /// Its SHA-256: `x5t#S256`.
    pub sha256: Vec<u8>,
    /// Its public key.
    pub key: CertificateKey,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateKey {
    /// RSA: the DER of PKCS #1.
    Rsa(Vec<u8>),
    /// On an elliptic curve: the point.
    Ec(Vec<u8>),
}

impl Control {
    /// The application of this client id that may log in, and its certificates that are not
    /// over.
    ///
    /// # Errors
    /// `LoginFailed` if there is none; those of the records.
    pub async fn certificates_of(&self, client_id: &str) -> Result<(Principal, Vec<Certificate>)> {
        let found = {
            let mut tx = self.state.read().await?;
            principals::by_login(&mut tx, client_id).await?
        };
        let app = found.filter(|p| p.kind == PrincipalKind::ServicePrincipal && p.body.enabled);
        let app = app.ok_or_else(|| {
            let detail = format!("no application `{client_id}` has this certificate");
            Error::new(Code::LoginFailed, detail)
        })?;
        let now = self.now();
        let fresh = app.body.certificates.iter().filter(|c| now < c.expires);
        Ok((of_record(&app)?, fresh.cloned().collect()))
    }
}

/// What a certificate in PEM says of its key.
///
/// # Errors
/// `CredentialInvalid`.
pub fn certificate_facts(pem: &str) -> Result<CertificateFacts> {
    let found = first(pem)?;
    let certificate = parsed(&found)?;
    let key = certificate.public_key();
    let bytes = key.subject_public_key.data.to_vec();
    let key = match key.parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() >= RSA_BITS => CertificateKey::Rsa(bytes),
        Ok(PublicKey::EC(key)) if matches!(key.key_size(), 256 | 384) => CertificateKey::Ec(bytes),
        _ => return Err(wrong("the certificate's key can't be used")),
    };
    let hash = |which| digest::digest(which, &found.contents).as_ref().to_vec();
    Ok(CertificateFacts {
        sha1: hash(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        sha256: hash(&digest::SHA256),
        key,
    })
}

fn parsed(pem: &Pem) -> Result<X509Certificate<'_>> {
    let unreadable = |e| wrong(&format!("the certificate can't be read: {e}"));
    pem.parse_x509().map_err(unreadable)
}

/// The first certificate of a PEM file, alone, and when it ends. A private key beside it is not
/// kept.
pub(crate) fn read_certificate(pem: &str, now: Timestamp) -> Result<(String, Timestamp)> {
    let found = first(pem)?;
    let certificate = parsed(&found)?;
    let ends = certificate.validity().not_after.timestamp();
    let ends = Timestamp::from_second(ends).map_err(|e| wrong(&e.to_string()))?;
    if ends <= now {
        return Err(wrong(&format!("the certificate has ended at {ends}")));
    }
    certificate_facts(pem)?;
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &found.contents);
    let mut alone = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        alone += &String::from_utf8_lossy(line);
        alone.push('\n');
    }
    alone += "-----END CERTIFICATE-----\n";
    Ok((alone, ends))
}

/// The first certificate among what a PEM file holds.
fn first(pem: &str) -> Result<Pem> {
    let all = Pem::iter_from_buffer(pem.as_bytes()).filter_map(std::result::Result::ok);
    let mut certificates = all.filter(|p| p.label == "CERTIFICATE");
    let found = certificates.next();
    found.ok_or_else(|| wrong("the text has no certificate in PEM"))
}

fn wrong(why: &str) -> Error {
    Error::new(Code::CredentialInvalid, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{authority, fingerprint};

    #[test]
    fn a_certificate_is_kept_without_its_private_key() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let made = authority(now).unwrap();
        let both = format!("{}{}", made.key, made.certificate);
        let (pem, ends) = read_certificate(&both, now).unwrap();
        assert!(!pem.contains("PRIVATE"), "{pem}");
        assert_eq!(
            fingerprint(&pem).unwrap(),
            fingerprint(&made.certificate).unwrap()
        );
        assert!(ends > now);
        let sha256 = hex::encode_upper(certificate_facts(&pem).unwrap().sha256);
        assert_eq!(sha256, fingerprint(&pem).unwrap().replace(':', ""));
        for (text, at) in [
            (made.key.as_str(), now),
            ("", now),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                now,
            ),
            (&both, ends),
        ] {
            let error = read_certificate(text, at).unwrap_err();
            assert_eq!(error.code(), Code::CredentialInvalid, "{text}");
        }
    }
}
