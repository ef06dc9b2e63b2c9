//! The demo's closing table.

use std::fmt;

/// Rows of a step and what it showed.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, String)>);

impl Table {
    /// Adds a row; an empty step goes on with the one above.
    pub(crate) fn row(&mut self, step: &str, result: impl Into<String>) {
        self.0.push((step.to_owned(), result.into()));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |side: fn(&(String, String)) -> &String| {
            self.0
                .iter()
                .map(|row| side(row).chars().count())
                .max()
                .unwrap_or(0)
        };
        let (left, right) = (width(|r| &r.0), width(|r| &r.1));
        let line = format!("+-{}-+-{}-+", "-".repeat(left), "-".repeat(right));
        writeln!(f, "{line}")?;
        for (step, result) in &self.0 {
            writeln!(f, "| {step:left$} | {result:right$} |")?;
        }
        write!(f, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_entry() {
        let mut table = Table::default();
        table.row("restore", "3");
        table.row("", "twelve");
        let text = table.to_string();
        assert!(
            text.contains("| restore | 3      |\n|         | twelve |"),
            "{text}"
        );
    }
}
