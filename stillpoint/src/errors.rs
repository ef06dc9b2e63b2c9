//! Errors, as they are shown.

use std::io::Write;

use base::{Code, Error};
use serde::Serialize;

use crate::cli::OutputFormat;

/// An error in JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorView {
    /// The stable name.
    pub code: &'static str,
    /// What was wrong in this case.
    pub message: String,
    /// The usual cause.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl From<&Error> for ErrorView {
    fn from(e: &Error) -> Self {
        Self {
            code: e.code().name(),
            message: message(e),
            cause: e.code().cause(),
            remedy: e.code().remedy(),
        }
    }
}

/// The detail, and what of the errors underneath it does not say itself.
fn message(e: &Error) -> String {
    let mut text = e.to_string();
    let mut source = std::error::Error::source(e);
    while let Some(s) = source {
        let more = s.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = s.source();
    }
    text
}

/// Prints an error to standard error.
pub fn print(e: &Error, format: OutputFormat) {
    let view = ErrorView::from(e);
    let text = match format {
        OutputFormat::Json => serde_json::json!({ "error": view }).to_string(),
        OutputFormat::Table | OutputFormat::Tsv => format!(
            "error {}: {}\n  cause:  {}\n  remedy: {}",
            view.code, view.message, view.cause, view.remedy
        ),
    };
    // There is nowhere left to complain.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The table of codes, in Markdown: `docs/errors.md`.
pub fn page() -> String {
    let mut page = String::from(
        "# Errors\n\n\
         Every error has a code, which scripts may match; its kind decides the exit code of the\n\
         command. This page is made by `stillpoint errors`.\n\n\
         | code | exit | cause | remedy |\n|---|---|---|---|\n",
    );
    let mut codes: Vec<Code> = Code::ALL.to_vec();
    codes.sort_by_key(|c| c.name());
    for code in codes {
        let exit = code.kind().exit_code();
        page.push_str(&format!(
            "| `{code}` | {exit} | {} | {} |\n",
            code.cause(),
            code.remedy()
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_underneath_is_said_once() {
        let e = Error::new(Code::Io, "reading a: broken").because(std::io::Error::other("broken"));
        assert_eq!(ErrorView::from(&e).message, "reading a: broken");
        let e = Error::new(Code::Io, "reading a").because(std::io::Error::other("broken"));
        assert_eq!(ErrorView::from(&e).message, "reading a: broken");
    }

    #[test]
    fn the_page_of_errors_is_what_the_command_prints() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            page(),
            "run `stillpoint errors > docs/errors.md`"
        );
    }
}
