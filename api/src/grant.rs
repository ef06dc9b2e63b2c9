//! What a user is given that has logged in: an access token, and a refresh token that renews both.

use base::{Code, Error, Result};
use control::Principal;
use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::token::{Claims, REFRESH, SECONDS};

/// What an access token says.
pub(crate) fn access(app: &App, who: &Principal, client: Uuid, now: Timestamp) -> Claims {
    let second = now.as_second();
    Claims {
        aud: app.audience(),
        iss: app.authority(),
        tid: app.control.tenant(),
        oid: who.id,
        appid: client,
        iat: second,
        nbf: second,
        exp: second + SECONDS,
        jti: app.control.new_id(),
        made: now.as_microsecond(),
    }
}

/// What the refresh token beside this access token says: it is for the token endpoint, so that
/// neither stands for the other.
pub(crate) fn refresh(app: &App, access: &Claims) -> Claims {
    Claims {
        aud: app.token_endpoint(),
        exp: access.iat + REFRESH,
        jti: app.control.new_id(),
        ..access.clone()
    }
}

/// The user of a refresh token.
///
/// # Errors
/// `InvalidToken`: it is over or none, or the user is gone or has ended its logins; those of the
/// records.
pub(crate) async fn renew(app: &App, token: &str) -> Result<Principal> {
    let now = app.control.now();
    let claims = app.tokens.read_for(&app.token_endpoint(), token, now)?;
    let who = app.control.principal(claims.oid, claims.made()).await?;
    let gone = || {
        let detail = "the user has ended its logins, or is gone";
        Error::new(Code::InvalidToken, detail)
    };
    who.ok_or_else(gone)
}
