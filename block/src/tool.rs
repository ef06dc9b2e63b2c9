//! QEMU's command-line tools: running them, and telling their complaints apart.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;

use base::{Code, Error, Result};
use tokio::process::Command;

/// Runs a tool to its end and gives what it printed; `what` names the work in errors.
/// Dropping the future kills the tool.
///
/// # Errors
/// `ToolMissing`, or what the tool's words say ([`complaint`]).
pub(crate) async fn run<S: AsRef<OsStr>>(
    program: &str,
    args: impl IntoIterator<Item = S>,
    what: &str,
) -> Result<Vec<u8>> {
    let output = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|e| not_started(program, e))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = match words.trim() {
        "" => format!("{program} ended with {}", output.status),
        words => words.to_owned(),
    };
    Err(complaint(program, &words).during(what))
}

/// The error for a tool that could not be started.
pub(crate) fn not_started(program: &str, e: std::io::Error) -> Error {
    if e.kind() != ErrorKind::NotFound {
        return Error::io(format!("starting {program}"), e);
    }
    let package = match program {
        "setpriv" => "util-linux",
        _ => "qemu-utils",
    };
    let detail = format!("the program {program} is not found; it is in the package {package}");
    Error::new(Code::ToolMissing, detail).because(e)
}

/// The error for what a tool printed. QEMU's tools give no error numbers, so its words are
/// matched, here and nowhere else.
pub(crate) fn complaint(program: &str, words: &str) -> Error {
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let detail = match one_line.split_once(": ") {
        Some((first, _)) if first.ends_with(program) => one_line,
        _ => format!("{program}: {one_line}"),
    };
    let has = |text: &str| detail.contains(text);
    let code = if has("Failed to get") && has("lock") {
        Code::ImageInUse
    } else if has("Permission denied") || has("Operation not permitted") {
        Code::FileAccessDenied
    } else if has("No space left on device") {
        Code::NoSpace
    } else if has("No such file or directory") {
        Code::FileNotFound
    } else if has("Unknown driver") || has("Unknown file format") {
        Code::BadArgument
    } else {
        Code::Io
    };
    Error::new(code, detail)
}

/// An absolute path: QEMU takes a relative one with a colon for a protocol.
pub(crate) fn absolute(path: &Path) -> Result<std::path::PathBuf> {
    std::path::absolute(path).map_err(|e| Error::io(path.display(), e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_program_is_named_with_its_package() {
        let error = run("qemu-img-of-tomorrow", ["info"], "x")
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::ToolMissing);
        assert!(error.detail().contains("qemu-utils"), "{error}");
    }
}
