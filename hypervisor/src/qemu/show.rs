//! Showing an instant over NBD.

use std::sync::Arc;

use base::{Code, Error, Result};
use block::{NbdAddress, NbdClient};
use serde_json::{Value, json};

use super::nodes::server_is_ours;
use super::place::Place;
use super::source::InstantSource;
use super::target::Target;
use crate::Changed;
use crate::qmp::Qmp;

/// The bitmap of an export, on the node that shows the instant.
const EXPORTED: &str = "changed";

/// Starts QEMU's NBD server at the machine's own socket.
///
/// # Errors
/// `HypervisorError` if another program's server runs in this QEMU.
pub(super) async fn start_server(qmp: &Qmp, place: &Place) -> Result<()> {
    let path = place.nbd();
    let address = json!({ "type": "unix", "data": { "path": path } });
    let start = qmp
        .execute("nbd-server-start", json!({ "addr": address }))
        .await;
    match start {
        Err(e) if e.code() == Code::HypervisorError && !server_is_ours(&path).await => {
            let exports = qmp.execute("query-block-exports", Value::Null).await;
            let text = format!(
                "QEMU has one NBD server at most and did not start ours ({}); exports of \
                 others: {}",
                e.detail(),
                exports.unwrap_or_default()
            );
            Err(Error::new(Code::HypervisorError, text).because(e))
        }
        other => other.map(|_| ()),
    }
}

/// Shows the instant of a disk over NBD, with the changes since its base tracker.
pub(super) async fn show(
    qmp: &Qmp,
    place: &Place,
    target: &Target,
) -> Result<(Arc<InstantSource>, Changed)> {
    let names = &target.names;
    let (node, export) = (names.snapshot(), names.export());
    let arguments = json!({
        "driver": "snapshot-access", "node-name": node, "file": names.filter(),
        "discard": "unmap",
    });
    qmp.execute("blockdev-add", arguments).await?;
    let mut arguments = json!({
        "type": "nbd", "id": export, "name": export, "node-name": node,
        // For TRIM, which frees scratch; the instant itself can't be written.
        "writable": true,
    });
    if let Some(base) = target.plan.base {
        let made = json!({ "node": node, "name": EXPORTED, "disabled": true });
        let from = [json!({ "node": target.bitmaps, "name": base.to_string() })];
        let merged = json!({ "node": node, "target": EXPORTED, "bitmaps": from });
        qmp.execute("block-dirty-bitmap-add", made).await?;
        qmp.execute("block-dirty-bitmap-merge", merged).await?;
        arguments["bitmaps"] = json!([EXPORTED]);
    }
    qmp.execute("block-export-add", arguments).await?;
    let address = NbdAddress::Unix(place.nbd());
    let context = format!("qemu:dirty-bitmap:{EXPORTED}");
    let contexts: &[&str] = if target.plan.base.is_some() {
        &[&context]
    } else {
        &[]
    };
    let client = NbdClient::connect(&address, &export, contexts).await?;
    let changed = match target.plan.base {
        None => Changed::Unknown {
            reason: target.plan.reason.clone(),
        },
        Some(tracker) => Changed::Since {
            tracker,
            extents: client.dirty(&context).await?,
        },
    };
    let source = InstantSource {
        client: Arc::new(client),
        qmp: qmp.clone(),
        names: names.clone(),
        disk: target.disk.name.clone(),
        scratch: target.scratch.clone(),
        share: target.share,
    };
    Ok((Arc::new(source), changed))
}
