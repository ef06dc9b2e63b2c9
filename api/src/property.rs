//! A property of a body, with its place in it: so that a refusal names where it is wrong.

use base::{Code, Error, Result};
use serde_json::Value;

use crate::body::choose;

/// A property that may be absent. The body's names are in lower case (G6).
#[derive(Clone, Debug)]
pub(crate) struct Property<'a> {
    /// The code of refusals.
    code: Code,
    /// The names that lead to it, as Azure writes them.
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Property<'a> {
    /// The property `name` of an object; names of the properties in it are given without it.
    ///
    /// # Errors
    /// `code`, here and wherever something in it is wrong: it is none, or no object.
    pub(crate) fn root(code: Code, name: &str, value: &'a Value) -> Result<Self> {
        let it = |path: &str| Self {
            code,
            path: path.to_owned(),
            value: Some(value),
        };
        match value {
            Value::Object(_) => Ok(it("")),
            Value::Null => Err(it(name).wrong("it is missing")),
            _ => Err(it(name).wrong("it isn't an object")),
        }
    }

    /// The property of this one with this name.
    ///
    /// # Errors
    /// This one is there and no object.
    pub(crate) fn get(&self, name: &str) -> Result<Self> {
        let value = match self.value {
            Some(Value::Object(all)) => all.get(&name.to_ascii_lowercase()),
            Some(_) => return Err(self.wrong("it isn't an object")),
            None => None,
        };
        let dot = if self.path.is_empty() { "" } else { "." };
        Ok(Self {
            code: self.code,
            path: format!("{}{dot}{name}", self.path),
            value,
        })
    }

    /// Its place.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// Refuses it: says what is wrong and what would be right.
    pub(crate) fn wrong(&self, what: &str) -> Error {
        Error::new(self.code, format!("`{}`: {what}", self.path))
    }

    /// What was read of it, which must be there.
    pub(crate) fn needed<T>(&self, read: Option<T>) -> Result<T> {
        read.ok_or_else(|| self.wrong("it is missing"))
    }

    pub(crate) fn text(&self) -> Result<Option<&'a str>> {
        self.value
            .map(|v| v.as_str().ok_or_else(|| self.wrong("it isn't a text")))
            .transpose()
    }

    /// A number, which may come as text (G7).
    pub(crate) fn whole(&self) -> Result<Option<u32>> {
        let read = |value: &Value| match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().and_then(|n| u32::try_from(n).ok()),
        };
        self.value
            .map(|v| read(v).ok_or_else(|| self.wrong("it isn't a whole number, from 0 on")))
            .transpose()
    }

    pub(crate) fn flag(&self) -> Result<Option<bool>> {
        let wrong = || self.wrong("it is neither true nor false");
        self.value
            .map(|v| v.as_bool().ok_or_else(wrong))
            .transpose()
    }

    /// Its elements; none if it is absent.
    pub(crate) fn list(&self) -> Result<Vec<Self>> {
        let all = match self.value {
            None => return Ok(Vec::new()),
            Some(Value::Array(all)) => all,
            Some(_) => return Err(self.wrong("it isn't a list")),
        };
        let one = |(n, value)| Self {
            code: self.code,
            path: format!("{}[{n}]", self.path),
            value: Some(value),
        };
        Ok(all.iter().enumerate().map(one).collect())
    }

    /// One of these, by its name in any case (G8).
    pub(crate) fn choose<T: Copy>(&self, choices: &[(&str, T)]) -> Result<Option<T>> {
        let chosen = |text| choose(&format!("`{}`", self.path), text, choices);
        let chosen = self.text()?.map(chosen).transpose();
        chosen.map_err(|e| Error::new(self.code, e.detail()))
    }

    /// Some of these.
    pub(crate) fn choose_each<T: Copy>(&self, choices: &[(&str, T)]) -> Result<Vec<T>> {
        let each = |one: Self| one.needed(one.choose(choices)?);
        self.list()?.into_iter().map(each).collect()
    }
}
