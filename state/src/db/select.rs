//! Queries whose conditions are known only at run time.

use sqlx::AssertSqlSafe;

use super::Value;

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

    /// Adds a condition with a `?` for each value.
    pub(crate) fn with<const N: usize>(mut self, condition: &str, values: [Value; N]) -> Self {
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

    /// Ends it: at most `limit` rows, by `order`.
    pub(crate) fn page(mut self, order: &str, limit: u32) -> (AssertSqlSafe<String>, Vec<Value>) {
        self.values.push(Value::Int(limit.into()));
        let number = self.values.len();
        self.sql
            .push_str(&format!(" ORDER BY {order} LIMIT ${number}"));
        (AssertSqlSafe(self.sql), self.values)
    }
}
