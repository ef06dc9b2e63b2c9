//! The server's own certificate authority, and the certificate that it serves with.
//!
//! Both are made at the first start. Clients trust the authority, so the server's certificate can
//! be renewed without them: it lasts 90 days and is made anew a month before it ends, or when the
//! server's names have changed.

use std::net::IpAddr;

use aws_lc_rs::digest;
use base::{Code, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use serde::{Deserialize, Serialize};

/// For how long an authority is good, in years.
const AUTHORITY_YEARS: i16 = 20;
/// For how long a certificate is good, in days.
const DAYS: i64 = 90;
/// So many days before its end it is made anew.
const RENEWED_BEFORE: i64 = 30;

/// A certificate and its private key, both PEM.
#[derive(Clone, Serialize, Deserialize)]
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS #8.
    pub key: String,
}

impl std::fmt::Debug for Certified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certified")
    }
}

/// A certificate that a server serves with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Served {
    /// The certificate.
    pub certified: Certified,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// When it ends.
    pub ends: Timestamp,
}

impl Served {
    /// Whether it should be made anew by now, or for these names.
    #[must_use]
    pub fn is_due(&self, names: &[String], now: Timestamp) -> bool {
        let left = self.ends.duration_since(now);
        self.names != names || left < jiff::SignedDuration::from_hours(24 * RENEWED_BEFORE)
    }
}

/// Makes an authority.
///
/// # Errors
/// `Internal` if the system's cryptography fails.
pub fn authority(now: Timestamp) -> Result<Certified> {
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = params("Stillpoint CA", now)?;
    let day = day(now);
    let end = day.year().saturating_add(AUTHORITY_YEARS);
    params.not_after = date_time_ymd(end.into(), day.month().unsigned_abs(), 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(failed)?;
    Ok(Certified {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// Has an authority certify a server with these host names and addresses.
///
/// # Errors
/// `BadArgument` for a name that none can have; `Internal`.
pub fn serve(authority: &Certified, names: &[String], now: Timestamp) -> Result<Served> {
    let issuer = KeyPair::from_pem(&authority.key).map_err(failed)?;
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, issuer).map_err(failed)?;
    let key = KeyPair::generate().map_err(failed)?;
    let common = names.first().map_or("stillpoint", String::as_str);
    let mut params = params(common, now)?;
    let end = day(now).saturating_add(DAYS.days());
    let ends = end.to_zoned(TimeZone::UTC).map_err(failed)?.timestamp();
    params.not_after = date_time_ymd(
        end.year().into(),
        end.month().unsigned_abs(),
        end.day().unsigned_abs(),
    );
    let wrong = |name: &str| {
        let detail = format!("`{name}` can't be a server's name in a certificate");
        Error::new(Code::BadArgument, detail)
    };
    for name in names {
        params.subject_alt_names.push(match name.parse::<IpAddr>() {
            Ok(address) => rcgen::SanType::IpAddress(address),
            Err(_) => rcgen::SanType::DnsName(name.as_str().try_into().map_err(|_| wrong(name))?),
        });
    }
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    Ok(Served {
        certified: Certified {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        },
        names: names.to_vec(),
        ends,
    })
}

/// The SHA-256 fingerprint of a PEM certificate, as people compare it: `AB:CD:…`.
///
/// # Errors
/// `BadArgument` if it is none.
pub fn fingerprint(certificate: &str) -> Result<String> {
    let body: String = certificate
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = STANDARD
        .decode(body)
        .map_err(|e| Error::new(Code::BadArgument, "the certificate is no PEM").because(e))?;
    let digest = digest::digest(&digest::SHA256, &der);
    let bytes: Vec<String> = digest.as_ref().iter().map(|b| format!("{b:02X}")).collect();
    Ok(bytes.join(":"))
}

/// What both have in common. It begins a day early, for clients whose clocks are slow.
fn params(name: &str, now: Timestamp) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
    let mut who = DistinguishedName::new();
    who.push(DnType::CommonName, name);
    params.distinguished_name = who;
    let before = day(now).saturating_sub(1.day());
    params.not_before = date_time_ymd(
        before.year().into(),
        before.month().unsigned_abs(),
        before.day().unsigned_abs(),
    );
    Ok(params)
}

fn day(now: Timestamp) -> jiff::civil::Date {
    now.to_zoned(TimeZone::UTC).date()
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Code::Internal, format!("making a certificate: {error}")).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_certificate_is_due_before_its_end_and_when_names_change() {
        let now = at("2026-01-31T10:00:00Z");
        let authority = authority(now).unwrap();
        let names = ["backup.example".to_owned(), "192.0.2.7".to_owned()];
        let served = serve(&authority, &names, now).unwrap();
        assert!(!served.is_due(&names, now));
        assert!(!served.is_due(&names, at("2026-03-31T00:00:00Z")));
        assert!(served.is_due(&names, at("2026-04-02T00:00:00Z")));
        assert!(served.is_due(&names[..1], now));
        assert!(served.certified.certificate.contains("BEGIN CERTIFICATE"));
    }

    #[test]
    fn a_leap_day_makes_an_authority_too() {
        authority(at("2028-02-29T12:00:00Z")).unwrap();
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let now = at("2026-01-31T10:00:00Z");
        let authority = authority(now).unwrap();
        let error = serve(&authority, &["bücher".to_owned()], now).unwrap_err();
        assert_eq!(error.code(), Code::BadArgument);
    }
}
