//! The query of a request, for routes that take more of it than a filter.

use std::collections::HashMap;
use std::str::FromStr;

use base::{Code, Error};

use crate::body::choose;
use crate::error::Answer;

/// The query of a request, its names in lower case.
pub(crate) struct Query(HashMap<String, String>);

impl Query {
    /// Reads it; what has no value is left out.
    pub(crate) fn read(raw: Option<String>) -> Answer<Self> {
        let raw = raw.unwrap_or_default();
        let pairs = serde_urlencoded::from_str::<Vec<(String, String)>>(&raw);
        let pairs = pairs.map_err(|e| {
            let detail = format!("the query can't be read: {e}");
            Error::new(Code::BadArgument, detail)
        })?;
        let all = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let all = all.map(|(name, value)| (name.to_ascii_lowercase(), value));
        Ok(Self(all.collect()))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(&name.to_ascii_lowercase());
        value.map(String::as_str)
    }

    /// One of these, by its name in any case.
    pub(crate) fn chosen<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Answer<Option<T>> {
        let value = self.get(name);
        Ok(value.map(|v| choose(name, v, choices)).transpose()?)
    }

    /// Whether entries may have this value: it is asked for, or nothing is.
    pub(crate) fn lets(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_none_or(|asked| asked.eq_ignore_ascii_case(value))
    }

    /// A number in these bounds.
    pub(crate) fn number<T: FromStr + PartialOrd + std::fmt::Display>(
        &self,
        name: &str,
        (least, most): (T, T),
    ) -> Answer<Option<T>> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let read = text.parse().ok().filter(|n| *n >= least && *n <= most);
        let wrong = || {
            let detail = format!("{name} is `{text}`, not a number from {least} to {most}");
            Error::new(Code::BadArgument, detail)
        };
        Ok(Some(read.ok_or_else(wrong)?))
    }
}
