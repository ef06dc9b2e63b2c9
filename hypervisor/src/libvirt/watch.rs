//! Small questions about a machine while it is backed up.

use std::path::{Path, PathBuf};

use base::Result;

use super::ffi::number;
use super::job;
use super::link::{Link, SHORT, absent};

/// Whether the machine is off, or no longer defined.
pub(super) async fn is_off(link: &Link, uuid: &str) -> Result<bool> {
    let uuid = uuid.to_owned();
    link.call(SHORT, move |conn| {
        let domain = absent(conn.domain_by_uuid(&uuid), number::NO_DOMAIN)?;
        Ok(domain.is_none_or(|d| d.run().is_none()))
    })
    .await
}

/// The backup job of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// None runs.
    None,
    /// One that listens on a Unix socket.
    At(PathBuf),
    /// Another backup job (push mode, or over TCP).
    Other,
}

/// The backup job that runs on a machine.
pub(super) async fn job(link: &Link, uuid: &str) -> Result<Job> {
    let xml = link
        .domain(uuid, SHORT, |d| absent(d.backup_xml(), number::NO_BACKUP))
        .await?;
    Ok(match xml {
        None => Job::None,
        Some(xml) => job::job_socket(&xml)?.map_or(Job::Other, Job::At),
    })
}

/// Whether the job that listens on `socket` runs.
pub(super) async fn runs(link: &Link, uuid: &str, socket: &Path) -> Result<bool> {
    Ok(job(link, uuid).await? == Job::At(socket.to_owned()))
}
