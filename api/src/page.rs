//! Pages of lists: what comes after, and the link to it (`docs/wire.md`, G10).

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::{Code, Error};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use control::Sees;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Answer, Refused};

/// Entries of a page.
const ENTRIES: usize = 200;

/// Of a list: how many are asked of the records, one more than are sent.
pub(crate) struct Paged;

impl Paged {
    pub(crate) const ASKED: u32 = ENTRIES as u32 + 1;
}

/// Where a page begins.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The path and query that were asked for, without where to begin.
    asked: String,
    after: Option<String>,
}

impl Page {
    /// What the page before ended with.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// What the page before ended with, of a list by time.
    pub(crate) fn after_time<T: FromStr>(&self) -> Answer<Option<(Timestamp, T)>> {
        let Some(text) = &self.after else {
            return Ok(None);
        };
        let parts = text.split_once(' ').and_then(|(at, id)| {
            let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
            Some((at, id.parse().ok()?))
        });
        Ok(Some(parts.ok_or_else(wrong)?))
    }

    /// What a page of a list by time ends with.
    pub(crate) fn time_key(at: Timestamp, id: impl Display) -> String {
        format!("{} {id}", at.as_microsecond())
    }

    /// The answer, of what was found when one more was asked for than a page has.
    pub(crate) fn answer<T>(
        &self,
        app: &App,
        found: Vec<T>,
        key: impl Fn(&T) -> String,
        shape: impl Fn(&T) -> Value,
    ) -> Value {
        self.answer_of(app, ENTRIES, found, key, shape)
    }

    /// The same, of pages with so many entries.
    pub(crate) fn answer_of<T>(
        &self,
        app: &App,
        entries: usize,
        mut found: Vec<T>,
        key: impl Fn(&T) -> String,
        shape: impl Fn(&T) -> Value,
    ) -> Value {
        let more = found.len() > entries;
        found.truncate(entries);
        let all: Vec<Value> = found.iter().map(shape).collect();
        let mut answer = json!({"value": all});
        if let (true, Some(last)) = (more, found.last()) {
            let token = URL_SAFE_NO_PAD.encode(key(last));
            let joined = if self.asked.contains('?') { '&' } else { '?' };
            let next = format!("{}{}{joined}$skipToken={token}", app.url, self.asked);
            answer["nextLink"] = next.into();
        }
        answer
    }
}

/// Leaves out of a page what somebody may not see. Such a page may have few entries, and a link
/// to the next.
pub(crate) fn seen(mut page: Value, sees: &Sees) -> Value {
    if let Some(all) = page["value"].as_array_mut() {
        all.retain(|one| one["id"].as_str().is_some_and(|id| sees.lets(id)));
    }
    page
}

fn wrong() -> Error {
    Error::new(Code::BadArgument, "$skipToken is none that was given out")
}

impl FromRequestParts<App> for Page {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let mut asked = parts.uri.path().to_owned();
        let mut after = None;
        for pair in parts
            .uri
            .query()
            .unwrap_or("")
            .split('&')
            .filter(|p| !p.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = name.replace("%24", "$");
            if name.eq_ignore_ascii_case("$skipToken") {
                let bytes = URL_SAFE_NO_PAD.decode(value).map_err(|_| wrong())?;
                after = Some(String::from_utf8(bytes).map_err(|_| wrong())?);
                continue;
            }
            asked.push(if asked.contains('?') { '&' } else { '?' });
            asked.push_str(pair);
        }
        Ok(Self { asked, after })
    }
}
