//! QEMU's command-line tools: running them, and telling their complaints apart.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base::{Code, Error, Result};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// How long a tool may take. None reads or writes contents of a disk.
const LIMIT: Duration = Duration::from_secs(60);
/// The most that a tool may print: an image of many bitmaps makes some kibibytes.
const MAX_OUTPUT: u64 = 4 << 20;

/// Runs a tool to its end and gives what it printed; `what` names the work in errors.
/// Dropping the future kills the tool.
///
/// # Errors
/// `ToolMissing`, or what the tool's words say ([`complaint`]); `Timeout` after a minute,
/// `ProtocolError` if it prints more than 4 MiB.
pub(crate) async fn run<S: AsRef<OsStr>>(
    program: &str,
    args: impl IntoIterator<Item = S>,
    what: &str,
) -> Result<Vec<u8>> {
    run_within(program, args, what, LIMIT).await
}

async fn run_within<S: AsRef<OsStr>>(
    program: &str,
    args: impl IntoIterator<Item = S>,
    what: &str,
    limit: Duration,
) -> Result<Vec<u8>> {
    let mut child = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| not_started(program, e))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // Ends at an error, and the tool with it.
    let all = async { tokio::try_join!(printed(stdout), printed(stderr), child.wait()) };
    let (stdout, stderr, status) = match tokio::time::timeout(limit, all).await {
        Ok(Ok(all)) => all,
        Ok(Err(e)) if e.kind() == ErrorKind::FileTooLarge => {
            let detail = format!("{what}: {program} printed more than {MAX_OUTPUT} bytes");
            return Err(Error::new(Code::ProtocolError, detail).because(e));
        }
        Ok(Err(e)) => return Err(Error::io(format!("running {program}"), e).during(what)),
        Err(e) => {
            let limit = limit.as_secs();
            let detail = format!("{what}: {program} did not end within {limit} s");
            return Err(Error::new(Code::Timeout, detail).because(e));
        }
    };
    if status.success() {
        return Ok(stdout);
    }
    let words = String::from_utf8_lossy(&stderr);
    let words = match words.trim() {
        "" => format!("{program} ended with {status}"),
        words => words.to_owned(),
    };
    Err(complaint(program, &words).during(what))
}

/// All that comes out of a pipe, if it is not too much.
async fn printed(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MAX_OUTPUT + 1).read_to_end(&mut out).await?;
    }
    if out.len() as u64 > MAX_OUTPUT {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(out)
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

    #[tokio::test]
    async fn a_tool_that_prints_without_end_or_never_ends_is_given_up() {
        let error = run("yes", ["x"], "y").await.unwrap_err();
        assert_eq!(error.code(), Code::ProtocolError, "{error}");
        let soon = Duration::from_millis(50);
        let error = run_within("sleep", ["1000"], "z", soon).await.unwrap_err();
        assert_eq!(error.code(), Code::Timeout, "{error}");
    }
}
