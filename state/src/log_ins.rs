//! Logins under way: a client waits until somebody has logged in for it in a browser.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Resource;

/// A login under way. Its alias is the code that a person types in, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIn {
    /// Until when.
    pub until: Timestamp,
    /// The client id of the application that wants it.
    pub client: String,
    /// What a person types in (RFC 8628).
    pub user_code: Option<String>,
    /// Who has logged in, and when.
    pub done: Option<(Uuid, Timestamp)>,
    /// What else the client has to know, in the words of who answers it.
    pub bound: String,
}

impl LogIn {
    /// The alias of what a person typed in.
    #[must_use]
    pub fn alias_of(user_code: &str) -> String {
        format!("log-in {user_code}")
    }
}

impl Resource for LogIn {
    const KIND: &'static str = "logIn";

    fn alias(&self) -> Option<String> {
        self.user_code.as_deref().map(Self::alias_of)
    }
}
