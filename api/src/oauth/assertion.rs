//! An assertion that an application signed with the key of its certificate (RFC 7523).

use base::{Code, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use control::{CertificateFacts, CertificateKey, Principal};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;

use crate::app::App;

/// For how many seconds from now an assertion may be good at most.
const LONGEST: f64 = 24.0 * 3600.0;
/// Seconds by which the clock of who signed may be ahead.
const LEEWAY: f64 = 300.0;

/// What it says; times may have fractions.
#[derive(Debug, Deserialize)]
struct Said {
    iss: String,
    sub: String,
    exp: f64,
    #[serde(default)]
    nbf: f64,
}

/// The application that signed this assertion.
///
/// # Errors
/// `LoginFailed`: it is not signed by a certificate that is registered for `client`, is over, or
/// is for something else.
pub(super) async fn check(app: &App, client: &str, signed: &str) -> Result<Principal> {
    let wrong = |why: String| Error::new(Code::LoginFailed, format!("the client assertion: {why}"));
    let header = jsonwebtoken::decode_header(signed).map_err(|e| wrong(e.to_string()))?;
    let (who, certificates) = app.control.certificates_of(client).await?;
    let facts = certificates
        .iter()
        .map(|c| control::certificate_facts(&c.pem));
    let mut facts = facts.filter_map(Result::ok);
    let none = || wrong("none of the application's certificates is the one it names".to_owned());
    let certificate = facts.find(|c| names(&header, c)).ok_or_else(none)?;
    use Algorithm::{ES256, ES384, PS256, PS384, PS512, RS256, RS384, RS512};
    let key = match (header.alg, &certificate.key) {
        (RS256 | RS384 | RS512 | PS256 | PS384 | PS512, CertificateKey::Rsa(key)) => {
            DecodingKey::from_rsa_der(key)
        }
        (ES256 | ES384, CertificateKey::Ec(key)) => DecodingKey::from_ec_der(key),
        (other, _) => return Err(wrong(format!("it is signed by {other:?}"))),
    };
    let mut wanted = Validation::new(header.alg);
    wanted.set_audience(&[app.token_endpoint(), app.authority()]);
    // Compared below, with the clock that was handed in.
    wanted.validate_exp = false;
    let said = jsonwebtoken::decode::<Said>(signed, &key, &wanted);
    let said = said.map_err(|e| wrong(e.to_string()))?.claims;
    if said.iss != client || said.sub != client {
        return Err(wrong("it is of another application".to_owned()));
    }
    let now = app.control.now().as_second() as f64;
    if said.exp <= now || said.exp > now + LONGEST || said.nbf > now + LEEWAY {
        return Err(wrong("it is over, or good for more than a day".to_owned()));
    }
    Ok(who)
}

/// Whether the header names this certificate, by its SHA-256 or its SHA-1.
fn names(header: &Header, certificate: &CertificateFacts) -> bool {
    let is = |named: &str, hash: &[u8]| {
        let named = URL_SAFE_NO_PAD.decode(named.trim_end_matches('='));
        named.is_ok_and(|named| named == hash)
    };
    match (&header.x5t_s256, &header.x5t) {
        (Some(named), _) => is(named, &certificate.sha256),
        (None, Some(named)) => is(named, &certificate.sha1),
        (None, None) => false,
    }
}
