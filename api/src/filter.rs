//! `$filter` of lists (`docs/wire.md`): `name eq 'value'`, joined by `and`.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::{Code, Error, Result};

use crate::app::App;
use crate::error::Refused;

/// What a list's entries have to be, by names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter(BTreeMap<String, String>);

impl Filter {
    /// Whether entries may have this value, in any case: it is asked for, or nothing is asked of
    /// the name.
    pub(crate) fn lets(&self, name: &str, value: &str) -> bool {
        let asked = self.0.get(&name.to_ascii_lowercase());
        asked.is_none_or(|asked| asked.eq_ignore_ascii_case(value))
    }

    fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let detail = format!("$filter: `{text}` is not `name eq 'value'`, joined by `and`");
            Error::new(Code::BadArgument, detail)
        };
        let mut all = BTreeMap::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once(' ').ok_or_else(wrong)?;
            let after = word(after, "eq").and_then(|a| a.strip_prefix('\''));
            let (value, after) = quoted(after.ok_or_else(wrong)?).ok_or_else(wrong)?;
            all.insert(name.to_ascii_lowercase(), value);
            rest = match after.trim() {
                "" => "",
                more => word(more, "and").ok_or_else(wrong)?,
            };
        }
        Ok(Self(all))
    }
}

/// What comes after this word, which is written in any case.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.trim_start().split_once(' ')?;
    let rest = rest.trim_start();
    (first.eq_ignore_ascii_case(word) && !rest.is_empty()).then_some(rest)
}

/// The text up to the closing quote, and what comes after; two quotes are one of the text.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, after)),
        }
    }
}

impl FromRequestParts<App> for Filter {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or("");
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let filter = pairs
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("$filter"));
        Ok(Self::parse(filter.map_or("", |(_, text)| text))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_and_what_is_none_is_refused() {
        let text = "BackupManagementType eq 'AzureIaasVM'  AND friendlyName eq 'it''s' ";
        let filter = Filter::parse(text).unwrap();
        assert!(filter.lets("backupManagementType", "azureiaasvm"));
        assert!(!filter.lets("backupManagementType", "MAB"));
        assert!(filter.lets("friendlyname", "it's"));
        assert!(filter.lets("other", "x"));
        assert_eq!(Filter::parse(" ").unwrap(), Filter::default());
        for text in [
            "a",
            "a eq",
            "a eq b",
            "a eq 'b",
            "a ne 'b'",
            "a eq 'b' or c eq 'd'",
            "a eq 'b' and",
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert_eq!(error.code(), Code::BadArgument, "{text}");
        }
    }
}
