//! Tokens: signed, good after a restart. Access tokens last an hour; a user's client renews its
//! own by a refresh token, which lasts two weeks.

use base::{Code, Error, Result};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// For how many seconds an access token is good.
pub const SECONDS: i64 = 3600;
/// For how many seconds a refresh token is.
pub const REFRESH: i64 = 14 * 24 * 3600;

/// Seconds by which the clock of the server that made a token may be ahead.
const LEEWAY: i64 = 60;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// For whom it is: this server's API.
    pub aud: String,
    /// Who made it.
    pub iss: String,
    /// The tenant.
    pub tid: Uuid,
    /// The principal.
    pub oid: Uuid,
    /// The application that asked, by its client id.
    pub appid: Uuid,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// From when it is good.
    pub nbf: i64,
    /// Until when.
    pub exp: i64,
    /// Its own id.
    pub jti: Uuid,
    /// When its login was made, in microseconds since 1970: a principal may end all of its
    /// logins until then.
    pub made: i64,
}

impl Claims {
    /// When its login was made.
    #[must_use]
    pub fn made(&self) -> Timestamp {
        Timestamp::from_microsecond(self.made).unwrap_or(Timestamp::MIN)
    }

    /// Until when it is good.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        Timestamp::from_second(self.exp).unwrap_or(Timestamp::MIN)
    }
}

/// Makes and reads tokens.
pub struct Tokens {
    sign: EncodingKey,
    read: DecodingKey,
    audience: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens signed with `secret`, for this audience.
    #[must_use]
    pub fn new(secret: &[u8], audience: &str) -> Self {
        Self {
            sign: EncodingKey::from_secret(secret),
            read: DecodingKey::from_secret(secret),
            audience: audience.to_owned(),
        }
    }

    /// Signs a token.
    ///
    /// # Errors
    /// `Internal`.
    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign)
            .map_err(|e| Error::new(Code::Internal, "signing a token").because(e))
    }

    /// What a token says, if it is good at `now`.
    ///
    /// # Errors
    /// `InvalidToken`: it was not made here, for something else, or is over.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Claims> {
        self.read_for(&self.audience, token, now)
    }

    /// What a token for another audience says, if it is good at `now`.
    ///
    /// # Errors
    /// As [`Tokens::read`].
    pub fn read_for(&self, audience: &str, token: &str, now: Timestamp) -> Result<Claims> {
        let mut wanted = Validation::new(Algorithm::HS256);
        wanted.set_audience(&[audience]);
        // Compared below, with the clock that was handed in.
        wanted.validate_exp = false;
        let wrong = |why: String| Error::new(Code::InvalidToken, why);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.read, &wanted)
            .map_err(|e| wrong(format!("the token is not good: {e}")))?
            .claims;
        let now = now.as_second();
        if now >= claims.exp || now + LEEWAY < claims.nbf {
            return Err(wrong("the token is over".to_owned()));
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let id = Uuid::from_u128;
        Claims {
            aud: "https://here/arm".to_owned(),
            iss: "https://here/adfs".to_owned(),
            tid: id(1),
            oid: id(2),
            appid: id(3),
            iat: 1000,
            nbf: 1000,
            exp: 1000 + SECONDS,
            jti: id(4),
            made: 1_000_000_000,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_good_for_an_hour_and_here_only() {
        let tokens = Tokens::new(b"secret", "https://here/arm");
        let token = tokens.sign(&claims()).unwrap();
        assert_eq!(tokens.read(&token, at(1000)).unwrap(), claims());
        assert_eq!(tokens.read(&token, at(4599)).unwrap(), claims());
        let refused = |tokens: &Tokens, token: &str, second| {
            let error = tokens.read(token, at(second)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidToken, "{token} {second}");
        };
        refused(&tokens, &token, 4600);
        refused(&tokens, &token, 939);
        refused(&Tokens::new(b"another", "https://here/arm"), &token, 1000);
        refused(&Tokens::new(b"secret", "https://there/arm"), &token, 1000);
        refused(&tokens, &token[..token.len() - 2], 1000);
        refused(&tokens, "", 1000);
    }

    #[test]
    fn a_token_without_a_signature_is_none() {
        let tokens = Tokens::new(b"secret", "https://here/arm");
        let token = tokens.sign(&claims()).unwrap();
        let body = token.split('.').nth(1).unwrap();
        // {"alg":"none"}
        let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
        assert!(tokens.read(&unsigned, at(1000)).is_err());
    }
}
