//! Request bodies: property names in any case, what is unknown or `null` ignored (G6).

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use base::{Code, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::Refused;

/// A request's body.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|e| {
            let detail = format!("the request's body: {}", e.body_text());
            Error::new(Code::RequestTooLarge, detail).into()
        })
    }
}

/// The most bytes of a body.
pub const MOST: usize = 1 << 20;
/// Whose contents are the user's, and given back as they came.
const FREE: [&str; 3] = ["tags", "monitoringsettings", "costmanagementsettings"];

/// Reads a body into a type whose fields are named in lower case. An empty body is an empty
/// object.
///
/// # Errors
/// `InvalidRequestContent`: what was wrong, and where.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> base::Result<T> {
    let wrong = |e: serde_json::Error| {
        Error::new(
            Code::InvalidRequestContent,
            format!("the request's body: {e}"),
        )
    };
    let value = match bytes.iter().all(u8::is_ascii_whitespace) {
        true => Value::Object(serde_json::Map::new()),
        false => serde_json::from_slice(bytes).map_err(wrong)?,
    };
    if !value.is_object() {
        let what = "the request's body is no JSON object";
        return Err(Error::new(Code::InvalidRequestContent, what));
    }
    serde_json::from_value(fold(value)).map_err(wrong)
}

/// Reads the `properties` of a body, as [`read`] does; a body without any has empty ones.
///
/// # Errors
/// As [`read`].
pub fn properties<T: DeserializeOwned + Default>(bytes: &[u8]) -> base::Result<T> {
    #[derive(Deserialize)]
    struct Asked<T> {
        #[serde(default)]
        properties: T,
    }
    read::<Asked<T>>(bytes).map(|asked| asked.properties)
}

/// All names of properties in lower case, and none whose value is `null`.
#[must_use]
pub fn fold(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(fold).collect(),
        Value::Object(all) => all
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let value = match name.as_str() {
                    free if FREE.contains(&free) => named_by_user(value),
                    _ => fold(value),
                };
                (name, value)
            })
            .collect(),
        plain => plain,
    }
}

/// Names as they came, but none whose value is `null`: clients send that for what they take away.
fn named_by_user(mut value: Value) -> Value {
    if let Some(all) = value.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    value
}

/// The choice of this name, in any case (G8). `place` says where it was found.
///
/// # Errors
/// `InvalidRequestContent` naming the place and the choices.
pub fn choose<T: Copy>(place: &str, given: &str, choices: &[(&str, T)]) -> base::Result<T> {
    let found = choices.iter().find(|c| c.0.eq_ignore_ascii_case(given));
    found.map(|c| c.1).ok_or_else(|| {
        let all: Vec<&str> = choices.iter().map(|c| c.0).collect();
        let detail = format!("{place} is `{given}`, not one of {}", all.join(", "));
        Error::new(Code::InvalidRequestContent, detail)
    })
}

/// The word for a choice: the first of the list; none if it has none.
pub fn word_for<T: PartialEq>(choices: &[(&'static str, T)], one: &T) -> Option<&'static str> {
    let found = choices.iter().find(|c| c.1 == *one);
    found.map(|c| c.0)
}

/// Puts the properties of `from` over those of `into`, at every depth.
pub fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.as_str()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// A number that may come as text (G7).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flexible<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + FromStr> Deserialize<'de> for Flexible<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Number(T),
            Text(String),
        }
        match Either::deserialize(from)? {
            Either::Number(number) => Ok(Self(number)),
            Either::Text(text) => text.trim().parse().map(Self).map_err(|_| {
                serde::de::Error::custom(format_args!("`{text}` is no number of its range"))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Body {
        location: Option<String>,
        tags: BTreeMap<String, String>,
        properties: Inner,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default)]
    struct Inner {
        instantrpretentionrangeindays: Option<i64>,
    }

    #[test]
    fn names_match_in_any_case_and_tags_keep_theirs() {
        let body: Body = read(
            br#"{"Location":"here","eTag":null,"tags":{"Who":"Me","gone":null},
                 "properties":{"instantRpRetentionRangeInDays":2,"more":[1]}}"#,
        )
        .unwrap();
        assert_eq!(body.location.as_deref(), Some("here"));
        assert_eq!(body.tags, BTreeMap::from([("Who".into(), "Me".into())]));
        assert_eq!(body.properties.instantrpretentionrangeindays, Some(2));
        assert_eq!(read::<Body>(b" ").unwrap(), Body::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for bytes in [&b"{"[..], b"[]", b"\xff", br#"{"location":1}"#] {
            let error = read::<Body>(bytes).unwrap_err();
            assert_eq!(error.code(), Code::InvalidRequestContent, "{error}");
        }
    }
}
