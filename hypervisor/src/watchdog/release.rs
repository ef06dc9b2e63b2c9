//! Lets a machine's processors run again after the process that stopped them died.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use base::{Code, Error, Result};
use serde_json::Value;

use crate::qmp::{Message, parse, request};

/// How long to go on while QEMU does not answer: it closes the dead client's connection
/// before it serves the next.
const PATIENCE: Duration = Duration::from_secs(120);

/// Continues the machine behind `monitor` if it is paused.
///
/// # Errors
/// `HypervisorUnavailable` if QEMU does not answer for two minutes. A machine that is off is
/// none.
pub(super) fn release(monitor: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        match try_release(monitor) {
            Ok(()) => return Ok(()),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                return Ok(());
            }
            Err(e) if start.elapsed() > PATIENCE => {
                let text = format!("QEMU monitor {}: {e}", monitor.display());
                return Err(Error::new(Code::HypervisorUnavailable, text).because(e));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn try_release(monitor: &Path) -> std::io::Result<()> {
    let stream = UnixStream::connect(monitor)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut command = |name: &str| -> std::io::Result<Value> {
        (&stream).write_all(&request(1, name, &Value::Null))?;
        loop {
            let mut line = Vec::new();
            if lines.read_until(b'\n', &mut line)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            match parse(&line) {
                Ok(Message::Return { value, .. }) => return Ok(value),
                Ok(Message::Failed { failure, .. }) => {
                    return Err(std::io::Error::other(failure.text));
                }
                Ok(_) => {}
                Err(e) => return Err(std::io::Error::other(e)),
            }
        }
    };
    command("qmp_capabilities")?;
    if command("query-status")?["status"] == "paused" {
        command("cont")?;
    }
    Ok(())
}
