//! `stillpoint point export`

mod nearest;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use base::{ByteSize, Code, Error, Result};
use block::{BlockSource, NbdServer};
use serde::Serialize;

use crate::cli::PointExport;
use crate::output::facts;
use crate::points::{self, Point};
use crate::settings::Settings;
use crate::tiers::{Tier, Tiers};

use nearest::Nearest;

/// What is served, told when it is ready.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    point: String,
    machine: String,
    disk: String,
    size: u64,
    from: Tier,
    uri: String,
}

pub async fn run(settings: &Settings, words: PointExport) -> Result<()> {
    let opened = settings.interrupt.over(open(settings, &words)).await?;
    let (server, ready) = opened;
    settings.reporter.clear();
    settings.output.print(&ready, |r| {
        let what = format!("{} of {}, {}", r.disk, r.machine, ByteSize(r.size));
        let facts = facts(&[
            ("Disk", what),
            ("Point", r.point.clone()),
            ("From", r.from.to_string()),
            ("URI", r.uri.clone()),
        ]);
        facts + "\nServing it, read-only, until ^C.\n"
    })?;
    server.serve(settings.interrupt.token().cancelled()).await
}

async fn open(settings: &Settings, words: &PointExport) -> Result<(NbdServer, Ready)> {
    let tiers = Tiers::open(settings).await?;
    let point = points::find(settings, &tiers, &words.point).await?;
    let disk = disk(&point, words.disk.as_deref())?;
    let image = Nearest::open(&point, disk).await?;
    let (from, size) = (image.tier(), image.size());
    let server = NbdServer::bind(&words.socket, disk, Arc::new(image))?;
    let ready = Ready {
        point: point.id.to_string(),
        machine: point.machine().to_owned(),
        disk: disk.to_owned(),
        size,
        from,
        uri: uri(&words.socket)?,
    };
    Ok((server, ready))
}

/// The disk that is asked for; the only one if none is.
fn disk<'a>(point: &'a Point, asked: Option<&str>) -> Result<&'a str> {
    let names: Vec<&str> = point
        .record()?
        .disks
        .iter()
        .map(|d| d.name.as_str())
        .collect();
    let (code, why) = match (asked, names.as_slice()) {
        (None, [only]) => return Ok(only),
        (None, _) => (Code::BadArgument, "say which with --disk".to_owned()),
        (Some(asked), _) => match names.iter().find(|n| **n == asked) {
            Some(name) => return Ok(name),
            None => (Code::DiskNotFound, format!("`{asked}` is none")),
        },
    };
    let all = names.join(", ");
    Err(Error::new(
        code,
        format!("point {} has the disks {all}: {why}", point.id),
    ))
}

/// The URI by which NBD clients find the default export of a socket.
fn uri(socket: &Path) -> Result<String> {
    let path = std::path::absolute(socket).map_err(|e| Error::io(socket.display(), e))?;
    let mut uri = "nbd+unix:///?socket=".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(*byte));
            }
            other => uri += &format!("%{other:02X}"),
        }
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_any_path() {
        let uri = uri(Path::new("/run/a b/ü&.sock")).unwrap();
        assert_eq!(uri, "nbd+unix:///?socket=/run/a%20b/%C3%BC%26.sock");
    }
}
