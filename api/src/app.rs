//! What every request needs.

use std::sync::Arc;

use control::Control;

use crate::portal::Portal;
use crate::token::Tokens;

/// What every request needs. Clones share it.
#[derive(Clone, Debug)]
pub struct App {
    /// The control plane.
    pub(crate) control: Arc<Control>,
    /// Who signs and reads tokens.
    pub(crate) tokens: Arc<Tokens>,
    /// The public URL, without a slash at its end: all links begin with it.
    pub(crate) url: Arc<str>,
    /// The portal, if there is one.
    pub(crate) portal: Option<Arc<Portal>>,
}

impl App {
    /// The API of `control`, reached at `url`, with the portal if it was built in.
    #[must_use]
    pub fn new(control: Arc<Control>, url: &str) -> Self {
        let url = url.trim_end_matches('/');
        let tokens = Tokens::new(control.signing_key(), &audience(url));
        Self {
            control,
            tokens: Arc::new(tokens),
            url: url.into(),
            portal: Portal::built_in(),
        }
    }

    /// The same with these files as its portal, or without one.
    #[must_use]
    pub fn with_portal(mut self, portal: Option<Portal>) -> Self {
        self.portal = portal.map(Arc::new);
        self
    }

    /// For whom tokens are.
    pub(crate) fn audience(&self) -> String {
        audience(&self.url)
    }

    /// Where tokens are had: the form that lets clients leave out the discovery at a public host.
    pub(crate) fn authority(&self) -> String {
        format!("{}/adfs", self.url)
    }

    /// Who gives tokens: what refresh tokens and signed assertions are for.
    pub(crate) fn token_endpoint(&self) -> String {
        format!("{}/oauth2/token", self.authority())
    }
}

fn audience(url: &str) -> String {
    format!("{url}/arm")
}
