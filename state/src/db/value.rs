//! What goes into a statement and what comes out of it.

use base::{Code, Error, Result};
use jiff::Timestamp;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};

/// One value of a column. Both engines have no more kinds than these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// Microseconds since 1970, UTC.
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_microsecond())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A unit variant as the text of a column: its name in serde.
pub(crate) fn name_of<T: Serialize>(value: &T) -> Result<Value> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(Value::Text(name)),
        other => Err(Error::new(
            Code::Internal,
            format!("{other:?} is not the name of a state"),
        )),
    }
}

/// A record's JSON as the text of a column.
pub(crate) fn json_of<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_string(value)
        .map(Value::Text)
        .map_err(|e| Error::new(Code::Internal, "a record can't be written as JSON").because(e))
}

/// The time as it is kept, in whole microseconds.
pub(crate) fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// One row: its columns in the order of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        self.optional_int(column)?
            .ok_or_else(|| odd(column, "is null"))
    }

    pub(crate) fn optional_int(&self, column: usize) -> Result<Option<i64>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(value)) => Ok(Some(*value)),
            _ => Err(odd(column, "is not a number")),
        }
    }

    pub(crate) fn text(&self, column: usize) -> Result<&str> {
        self.optional_text(column)?
            .ok_or_else(|| odd(column, "is null"))
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<&str>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(value)) => Ok(Some(value)),
            _ => Err(odd(column, "is not text")),
        }
    }

    pub(crate) fn string(&self, column: usize) -> Result<String> {
        self.text(column).map(str::to_owned)
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp> {
        time(column, self.int(column)?)
    }

    pub(crate) fn optional_time(&self, column: usize) -> Result<Option<Timestamp>> {
        let value = self.optional_int(column)?;
        value.map(|v| time(column, v)).transpose()
    }

    /// The reverse of [`name_of`], and of `Display` for what is read from a string.
    pub(crate) fn name<T: DeserializeOwned>(&self, column: usize) -> Result<T> {
        let text: StrDeserializer<'_, serde::de::value::Error> =
            self.text(column)?.into_deserializer();
        T::deserialize(text).map_err(|e| odd(column, "is of no known name").because(e))
    }

    /// The reverse of [`json_of`].
    pub(crate) fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T> {
        serde_json::from_str(self.text(column)?)
            .map_err(|e| odd(column, "is not the JSON of its record").because(e))
    }
}

fn time(column: usize, micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|e| odd(column, "is not a time").because(e))
}

fn odd(column: usize, what: &str) -> Error {
    Error::new(
        Code::StateDamaged,
        format!("column {column} of a stored record {what}"),
    )
}
