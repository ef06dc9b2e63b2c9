//! Results: tables for people, JSON for scripts.

use std::io::Write;

use base::{Code, Error, Result};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// No column is wrapped to fewer characters, however narrow the terminal is.
const LEAST: usize = 16;
use serde::Serialize;
use serde_json::Value;

use crate::cli::OutputFormat;

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub struct Output(OutputFormat);

impl Output {
    /// In this form.
    pub fn new(format: OutputFormat) -> Self {
        Self(format)
    }

    /// Prints `value` as JSON, or what `people` gives for people.
    ///
    /// # Errors
    /// Those of standard output; one that is closed counts as read.
    pub fn print<T: Serialize>(self, value: &T, people: impl FnOnce(&T) -> String) -> Result<()> {
        let mut text = match self.0 {
            OutputFormat::Json => serde_json::to_string_pretty(value)
                .map_err(|e| Error::new(Code::Internal, "making JSON").because(e))?,
            OutputFormat::Table => people(value),
            OutputFormat::Tsv => {
                let detail = "-o tsv is for commands that ask a server: use -o json here";
                return Err(Error::new(Code::BadArgument, detail));
            }
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        write(text.as_bytes())
    }
}

impl Output {
    /// Whether people read it.
    pub fn is_for_people(self) -> bool {
        self.0 == OutputFormat::Table
    }

    /// Whether it is a server's answer as it came, with nothing beside.
    pub fn is_json(self) -> bool {
        self.0 == OutputFormat::Json
    }

    /// Prints a server's answer as it came, or what matters of it: in a table with `headings`, or
    /// in columns between tabs.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn sheet(self, value: &Value, headings: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
        match self.0 {
            OutputFormat::Tsv => write(lines(rows).as_bytes()),
            _ => self.print(value, |_| table(headings, rows)),
        }
    }

    /// The same of one thing, in lines of a name and a value.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn one(self, value: &Value, each: &[(&str, String)]) -> Result<()> {
        match self.0 {
            OutputFormat::Tsv => {
                let rows = each.iter().map(|(n, v)| vec![(*n).to_owned(), v.clone()]);
                write(lines(rows).as_bytes())
            }
            _ => self.print(value, |_| facts(each)),
        }
    }
}

/// Rows as columns between tabs.
fn lines(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    rows.into_iter().map(|row| row.join("\t") + "\n").collect()
}

/// Writes to standard output.
///
/// # Errors
/// Those of standard output; one that is closed counts as read.
pub fn write(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io("standard output", e))
        }
        _ => Ok(()),
    }
}

/// A table. A heading that begins with `>` is of a column of numbers, one with `~` of a column
/// that is wrapped where the terminal (or `COLUMNS`) is too narrow.
pub fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    if let Some(width) = columns {
        table.set_width(width);
    }
    // Some terminals don't know their width and say 0.
    if columns.is_some() || table.is_tty() && table.width().is_some_and(|w| w > 0) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(headings.iter().map(|h| h.trim_start_matches(['>', '~'])));
    let mut longest = vec![0; headings.len()];
    for row in rows {
        for (longest, cell) in longest.iter_mut().zip(&row) {
            *longest = cell.chars().count().max(*longest);
        }
        table.add_row(row);
    }
    for (i, heading) in headings.iter().enumerate() {
        let Some(column) = table.column_mut(i) else {
            continue;
        };
        column.set_padding((0, if i + 1 < headings.len() { 2 } else { 0 }));
        if heading.starts_with('>') {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_constraint(match heading.starts_with('~') {
            true => ColumnConstraint::LowerBoundary(Width::Fixed(longest[i].min(LEAST) as u16)),
            false => ColumnConstraint::ContentWidth,
        });
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Lines of a name and a value, the values below each other.
pub fn facts(facts: &[(&str, String)]) -> String {
    let width = facts
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    facts
        .iter()
        .map(|(name, value)| format!("{name:width$}  {value}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_no_lines_and_no_blanks_at_the_end() {
        let text = table(
            &["NAME", ">SIZE"],
            [
                vec!["web".into(), "1.0 GiB".into()],
                vec!["b".into(), "9 B".into()],
            ],
        );
        assert_eq!(text, "NAME     SIZE\nweb   1.0 GiB\nb         9 B\n");
    }
}
