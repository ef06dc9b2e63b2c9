//! `$filter`: a conjunction of `name eq 'value'`, and of `ge` and `le` where times are asked for:
//! all that clients send.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::{Code, Error, Result};
use jiff::Timestamp;

use crate::app::App;
use crate::error::Refused;
use crate::time;

/// What a `$filter` asks for, by name in lower case. Names that a list does not know are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(BTreeMap<(String, Comparison), String>);

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Comparison {
    Equal,
    AtLeast,
    AtMost,
}

impl Filter {
    /// Reads `name eq 'value' and …`; a quote in a value is doubled.
    ///
    /// # Errors
    /// `BadArgument`: what stands where.
    pub fn parse(text: &str) -> Result<Self> {
        let mut filter = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let wrong = |what: &str| {
                let detail = format!("$filter, character {at}: {what} in `{text}`");
                Error::new(Code::BadArgument, detail)
            };
            let (name, after) = word(rest).ok_or_else(|| wrong("a name is missing"))?;
            // Lists of what holds at a scope are no longer than that anyway.
            if name.eq_ignore_ascii_case("atScope()") {
                rest = match word(after) {
                    Some((and, more)) if and.eq_ignore_ascii_case("and") => more,
                    _ => after,
                };
                continue;
            }
            let (eq, after) = word(after).ok_or_else(|| wrong("`eq` is missing"))?;
            let compared = match eq.to_ascii_lowercase().as_str() {
                "eq" => Comparison::Equal,
                "ge" => Comparison::AtLeast,
                "le" => Comparison::AtMost,
                _ => return Err(wrong("only `eq`, `ge` and `le` are known")),
            };
            let (value, after) =
                value(after).ok_or_else(|| wrong("a value in quotes is missing"))?;
            filter
                .0
                .insert((name.to_ascii_lowercase(), compared), value);
            rest = match word(after) {
                None => break,
                Some((and, after)) if and.eq_ignore_ascii_case("and") => after,
                Some(_) => return Err(wrong("only `and` joins conditions")),
            };
            if rest.trim().is_empty() {
                return Err(wrong("a condition is missing after `and`"));
            }
        }
        Ok(filter)
    }

    /// The time asked for, if one is: `2026-11-30 12:00:00 AM` in UTC, or RFC 3339.
    ///
    /// # Errors
    /// `BadArgument`.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        self.time_of(name, Comparison::Equal)
    }

    /// The time from which on is asked for, if one is.
    ///
    /// # Errors
    /// `BadArgument`.
    pub fn at_least(&self, name: &str) -> Result<Option<Timestamp>> {
        self.time_of(name, Comparison::AtLeast)
    }

    /// The time up to which is asked for, if one is.
    ///
    /// # Errors
    /// `BadArgument`.
    pub fn at_most(&self, name: &str) -> Result<Option<Timestamp>> {
        self.time_of(name, Comparison::AtMost)
    }

    fn time_of(&self, name: &str, compared: Comparison) -> Result<Option<Timestamp>> {
        let Some(text) = self.0.get(&(name.to_ascii_lowercase(), compared)) else {
            return Ok(None);
        };
        let time = time::read(text).ok_or_else(|| {
            let detail = format!("$filter: {name} is `{text}`, which is no time");
            Error::new(Code::BadArgument, detail)
        });
        time.map(Some)
    }

    /// Whether entries may have this value, in any case: it is asked for, or nothing is asked of
    /// the name.
    #[must_use]
    pub fn lets(&self, name: &str, value: &str) -> bool {
        let asked = self.get(name);
        asked.is_none_or(|asked| asked.eq_ignore_ascii_case(value))
    }

    /// The value asked for, if one is.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let key = (name.to_ascii_lowercase(), Comparison::Equal);
        self.0.get(&key).map(String::as_str)
    }
}

impl FromRequestParts<App> for Filter {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> std::result::Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or("");
        let pairs = serde_urlencoded::from_str::<Vec<(String, String)>>(query);
        let pairs = pairs.map_err(|e| {
            let detail = format!("the query can't be read: {e}");
            Error::new(Code::BadArgument, detail)
        })?;
        let filter = pairs
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("$filter"));
        Ok(filter.map_or(Ok(Self::default()), |(_, text)| Self::parse(text))?)
    }
}

/// The next word, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The next value, in quotes or a plain word, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(mut rest) = text.strip_prefix('\'') else {
        return word(text).map(|(w, after)| (w.to_owned(), after));
    };
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_clients_send_them() {
        let filter = Filter::parse(
            "backupManagementType eq 'AzureIaasVM' AND startTime EQ '2026-11-30 12:00:00 AM'",
        )
        .unwrap();
        assert_eq!(filter.get("BackupManagementType"), Some("AzureIaasVM"));
        assert_eq!(filter.get("starttime"), Some("2026-11-30 12:00:00 AM"));
        assert_eq!(filter.get("status"), None);
        assert_eq!(Filter::parse(" ").unwrap(), Filter::default());
        assert_eq!(
            Filter::parse("a eq 'it''s'").unwrap().get("a"),
            Some("it's")
        );
        assert_eq!(Filter::parse("a eq true").unwrap().get("a"), Some("true"));
    }

    #[test]
    fn what_holds_at_a_scope_is_no_condition() {
        for text in ["atScope()", "atscope() and a eq 'b'"] {
            Filter::parse(text).unwrap();
        }
        assert_eq!(
            Filter::parse("atScope() and a eq 'b'").unwrap().get("a"),
            Some("b")
        );
        let between = Filter::parse("t ge '2026-01-01T00:00:00Z' and t le '2026-01-02T00:00:00Z'");
        let between = between.unwrap();
        assert!(between.at_least("T").unwrap() < between.at_most("t").unwrap());
    }

    #[test]
    fn what_is_no_condition_is_named() {
        for (text, what) in [
            ("a", "`eq` is missing"),
            ("a ne 'b'", "only `eq`, `ge` and `le`"),
            ("a eq", "a value"),
            ("a eq 'b", "a value"),
            ("a eq 'b' or c eq 'd'", "only `and`"),
            ("a eq 'b' and", "after `and`"),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert_eq!(error.code(), Code::BadArgument);
            assert!(error.detail().contains(what), "{text}: {error}");
        }
    }
}
