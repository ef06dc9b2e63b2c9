//! Keeping the guest's file systems still for the instant.

use std::time::Duration;

use base::{Code, Error, Result};

use super::link::Link;
use crate::{Consistency, Quiesce, SnapshotRequest};

/// What the freeze came to.
#[derive(Debug)]
pub(super) struct Quiet {
    pub(super) consistency: Consistency,
    pub(super) frozen: Duration,
    pub(super) warnings: Vec<String>,
}

/// Freezes, runs `instant`, thaws.
pub(super) async fn during<T>(
    _link: &Link,
    request: &SnapshotRequest,
    instant: impl AsyncFnOnce() -> Result<T>,
) -> Result<(T, Quiet)> {
    let mut quiet = Quiet {
        consistency: Consistency::CrashConsistent,
        frozen: Duration::ZERO,
        warnings: Vec::new(),
    };
    match request.quiesce {
        Quiesce::Skip => {}
        Quiesce::Try => quiet.warnings.push("crash-consistent".into()),
        Quiesce::Require => return Err(Error::new(Code::FreezeFailed, "later")),
    }
    Ok((instant().await?, quiet))
}
