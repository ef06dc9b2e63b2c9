//! What a client has to prove when it brings a code (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base::{Code, Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// What a code is bound to.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bound {
    /// Where it was sent.
    pub(super) redirect: String,
    /// The hash of the client's secret.
    pub(super) challenge: String,
    /// What the client wants back in its id token.
    pub(super) nonce: String,
}

impl Bound {
    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::new(Code::Internal, "a code").because(e))
    }

    /// What a code is bound to, if the client proves that it is the one that it was for.
    ///
    /// # Errors
    /// `PasswordWrong`.
    pub(super) fn check(text: &str, redirect: &str, verifier: &str) -> Result<Self> {
        let wrong = |what: &str| {
            let detail = format!("AADSTS501481: the code is for another {what}");
            Error::new(Code::PasswordWrong, detail)
        };
        let bound: Self = serde_json::from_str(text).map_err(|_| wrong("server"))?;
        if bound.redirect != redirect {
            return Err(wrong("redirect_uri"));
        }
        if URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) != bound.challenge {
            return Err(wrong("code_verifier"));
        }
        Ok(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    #[test]
    fn only_who_knows_the_secret_of_the_challenge_may_use_the_code() {
        let bound = Bound {
            redirect: "http://localhost:8400".to_owned(),
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
            nonce: "n".to_owned(),
        };
        let text = bound.to_text().unwrap();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let check = |redirect, verifier| Bound::check(&text, redirect, verifier);
        assert_eq!(check("http://localhost:8400", verifier).unwrap(), bound);
        assert!(check("http://localhost:8401", verifier).is_err());
        assert!(check("http://localhost:8400", "dBjftJeZ").is_err());
        assert!(check("http://localhost:8400", "").is_err());
    }
}
