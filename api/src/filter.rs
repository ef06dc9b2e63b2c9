//! `$filter`: a conjunction of `name eq 'value'`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base::{Code, Error};

use crate::app::App;
use crate::error::Refused;

/// What a list is filtered by. Names match in any case; those that nobody asks for are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter(Vec<(String, String)>);

impl Filter {
    /// The value that `name` is to have.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|p| p.0.eq_ignore_ascii_case(name));
        found.map(|p| &*p.1)
    }

    /// Whether `name` may be `value`, in any case: it is to be that, or nothing is said of it.
    pub(crate) fn allows(&self, name: &str, value: &str) -> bool {
        let asked = self.value(name);
        asked.is_none_or(|asked| asked.eq_ignore_ascii_case(value))
    }

    /// Reads `a eq 'b' and c eq 'd'`; two quotes in a value are one. `None` if it is none.
    fn parse(text: &str) -> Option<Self> {
        let mut pairs = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once(char::is_whitespace)?;
            let after = word(after, "eq")?;
            let mut value = String::new();
            let mut left = after.strip_prefix('\'')?;
            loop {
                let (part, after) = left.split_once('\'')?;
                value.push_str(part);
                left = after;
                match left.strip_prefix('\'') {
                    Some(after) => {
                        value.push('\'');
                        left = after;
                    }
                    None => break,
                }
            }
            pairs.push((name.to_owned(), value));
            rest = match left.trim() {
                "" => "",
                more => word(more, "and").filter(|r| !r.is_empty())?,
            };
        }
        Some(Self(pairs))
    }
}

/// What comes after this word, whose case does not count, and blanks.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.trim_start().split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

impl FromRequestParts<App> for Filter {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let query = parts.uri.query().unwrap_or("");
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let mut filters = pairs.iter().filter(|p| p.0.eq_ignore_ascii_case("$filter"));
        let Some((_, text)) = filters.next() else {
            return Ok(Self::default());
        };
        Self::parse(text).ok_or_else(|| {
            let detail = format!("the filter `{text}` is none: use `name eq 'value' and …`");
            Error::new(Code::BadArgument, detail).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_conjunction() {
        let filter = "backupManagementType eq 'AzureIaasVM' and  name EQ 'it''s and it' ";
        let filter = Filter::parse(filter).unwrap();
        assert!(filter.allows("BackupManagementType", "azureiaasvm"));
        assert!(!filter.allows("backupManagementType", "MAB"));
        assert_eq!(filter.value("name"), Some("it's and it"));
        assert!(filter.allows("status", "any"));
        assert_eq!(Filter::parse(" "), Some(Filter::default()));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in [
            "a",
            "a eq",
            "a eq b",
            "a eq 'b",
            "a ne 'b'",
            "a eq 'b' and",
            "a eq 'b' or c eq 'd'",
            "a eq 'b''",
        ] {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }
}
