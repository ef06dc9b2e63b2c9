//! Queries whose conditions are known only at run time.

use sqlx::AssertSqlSafe;

use super::Value;
use crate::fold::{below, fold};

/// A query in the making. Its text comes from the program; what a user gave is a value.
pub(crate) struct Select {
    sql: String,
    values: Vec<Value>,
}

impl Select {
    /// Begins with `SELECT … FROM …`, without conditions.
    pub(crate) fn new(from: &str) -> Self {
        Self {
            sql: format!("{from} WHERE 1 = 1"),
            values: Vec::new(),
        }
    }

    /// The same, of a `SELECT … FROM …` that has these as `$1` and on.
    pub(crate) fn over<const N: usize>(from: &str, values: [Value; N]) -> Self {
        Self {
            values: values.into(),
            ..Self::new(from)
        }
    }

    /// Adds a condition with a `?` for each value.
    pub(crate) fn with<const N: usize>(self, condition: &str, values: [Value; N]) -> Self {
        self.with_all(condition, values)
    }

    /// The same, for as many values as there are.
    pub(crate) fn with_all(
        mut self,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Self {
        let mut parts = condition.split('?');
        self.sql.push_str(" AND ");
        self.sql.extend(parts.next());
        for (part, value) in parts.zip(values) {
            self.values.push(value);
            self.sql.push_str(&format!("${}{part}", self.values.len()));
        }
        self
    }

    /// Adds a condition with one `?` if there is a value for it.
    pub(crate) fn with_some(self, condition: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(condition, [value.into()]),
            None => self,
        }
    }

    /// Adds that a column with folded ids has one of these, or is below one, if some are given.
    pub(crate) fn within(self, column: &str, scopes: Option<&[String]>) -> Self {
        let Some(scopes) = scopes else { return self };
        let one = format!("{column} = ? OR {column} > ? AND {column} < ?");
        let values = scopes.iter().flat_map(|scope| {
            let (first, end) = below(scope);
            [fold(scope).into(), first.into(), end.into()]
        });
        match scopes.len() {
            0 => self.with("1 = 0", []),
            count => self.with_all(&any_of(&one, count), values),
        }
    }

    /// Adds that a column has one of these, if some are given.
    pub(crate) fn among<T: Into<Value> + Clone>(self, column: &str, all: Option<&[T]>) -> Self {
        match all {
            None => self,
            Some([]) => self.with("1 = 0", []),
            Some(all) => {
                let marks = vec!["?"; all.len()].join(", ");
                let values = all.iter().cloned().map(Into::into);
                self.with_all(&format!("{column} IN ({marks})"), values)
            }
        }
    }

    /// Ends it without an order of its own: `rest` is what follows the conditions.
    pub(crate) fn end(mut self, rest: &str) -> (AssertSqlSafe<String>, Vec<Value>) {
        self.sql.push(' ');
        self.sql.push_str(rest);
        (AssertSqlSafe(self.sql), self.values)
    }

    /// Ends it: at most `limit` rows, by `order`.
    pub(crate) fn page(mut self, order: &str, limit: u32) -> (AssertSqlSafe<String>, Vec<Value>) {
        self.values.push(Value::Int(limit.into()));
        let number = self.values.len();
        self.sql
            .push_str(&format!(" ORDER BY {order} LIMIT ${number}"));
        (AssertSqlSafe(self.sql), self.values)
    }
}

/// That one of so many conditions holds. In groups, since SQLite lets a chain of them be a
/// thousand deep at most.
fn any_of(one: &str, count: usize) -> String {
    let all = vec![one; count];
    let groups = all
        .chunks(100)
        .map(|group| format!("({})", group.join(" OR ")));
    format!("({})", groups.collect::<Vec<_>>().join(" OR "))
}

/// The pattern of `LIKE … ESCAPE '!'` for ids that have `text` in the name behind `before`.
pub(crate) fn named_like(before: &str, text: &str) -> String {
    format!("%{before}%{}%", plain(text))
}

/// The same, for those whose name begins with it.
pub(crate) fn begins_like(before: &str, text: &str) -> String {
    format!("%{before}{}%", plain(text))
}

/// A text, folded, that stands for itself in a pattern.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in fold(text).chars() {
        if matches!(char, '%' | '_' | '!') {
            plain.push('!');
        }
        plain.push(char);
    }
    plain
}
