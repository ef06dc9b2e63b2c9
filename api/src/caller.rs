//! Who asks: the principal of a request's token or session, and what it may do.

mod permissions;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base::{Code, Error};
use control::{Principal, Sees};
use jiff::Timestamp;
use uuid::Uuid;

use crate::activity::Told;
use crate::app::App;
use crate::error::{Answer, Refused};
use crate::session;

/// The principal that asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    principal: Principal,
    /// Until when its token is good.
    until: Timestamp,
    /// Who writes the activity log, where something may be changed.
    told: Option<Told>,
}

impl Caller {
    /// The name of the principal that asks.
    pub(crate) fn name(&self) -> &str {
        &self.principal.name
    }

    /// The principal that asks.
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Until when its token is good.
    pub(crate) fn until(&self) -> Timestamp {
        self.until
    }

    /// Lets the request go on if one of the principal's roles allows `action` on the resource
    /// `id`.
    ///
    /// # Errors
    /// `AuthorizationFailed`; those of the records.
    pub(crate) async fn may(&self, app: &App, action: &str, id: &str) -> Answer<()> {
        if let Some(told) = &self.told {
            told.say(&self.principal, action, id);
        }
        Ok(app.control.authorize(&self.principal, action, id).await?)
    }

    /// The same, but what is done to the principal itself needs no role.
    ///
    /// # Errors
    /// As [`Caller::may`].
    pub(crate) async fn may_to(&self, app: &App, whom: Uuid, action: &str, id: &str) -> Answer<()> {
        if self.principal.id != whom {
            return self.may(app, action, id).await;
        }
        if let Some(told) = &self.told {
            told.say(&self.principal, action, id);
        }
        Ok(())
    }
}

impl Caller {
    /// What the principal may see of a list of what is in `id`.
    ///
    /// # Errors
    /// `AuthorizationFailed` if that is nothing; those of the records.
    pub(crate) async fn sees(&self, app: &App, action: &str, id: &str) -> Answer<Sees> {
        Ok(app.control.sees(&self.principal, action, id).await?)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let now = app.control.now();
        let refused = |error| Refused::token(error, &app.authority(), now.as_second());
        let missing = || Error::new(Code::InvalidToken, "the request carries no token");
        let token = token(parts)?.ok_or_else(|| refused(missing()))?;
        let claims = app.tokens.read(&token, now).map_err(refused)?;
        let principal = app.control.principal(claims.oid, claims.made()).await?;
        let gone = || {
            let detail = "the token's principal was removed, or has ended its logins";
            Error::new(Code::InvalidToken, detail)
        };
        let principal = principal.ok_or_else(|| refused(gone()))?;
        let told = parts.extensions.get::<Told>().cloned();
        Ok(Self {
            principal,
            until: claims.until(),
            told,
        })
    }
}

/// The token of a request: that of its `Authorization`, which only the client itself sets; where
/// there is none, that of the session's cookie.
///
/// # Errors
/// `CrossSiteRefused`: the cookie is not enough for what another site may have made the browser
/// ask.
fn token(parts: &Parts) -> Result<Option<String>, Refused> {
    if let Some(given) = parts.headers.get(AUTHORIZATION) {
        let scheme_and_token = given.to_str().ok().and_then(|h| h.split_once(' '));
        let bearer = scheme_and_token.filter(|(s, _)| s.eq_ignore_ascii_case("Bearer"));
        return Ok(bearer.map(|(_, token)| token.trim().to_owned()));
    }
    let token = session::read(&parts.headers, session::ACCESS);
    if token.is_some() {
        session::from_own_page(&parts.method, &parts.headers)?;
    }
    Ok(token)
}
