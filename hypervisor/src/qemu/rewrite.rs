//! A QEMU command line, changed for a restored machine.

mod disks;
mod files;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base::{Code, Error, Random, Result};

use self::disks::{drop_disk, place, place_nvram};
use self::files::Files;
use self::words::{Value, Words};
use crate::NetworkTarget;

/// What to change in the command line of a bare QEMU. Everything else stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct RewriteArguments<'a> {
    /// The machine's old name.
    pub old_name: &'a str,
    /// The name from now on.
    pub name: &'a str,
    /// The new UUID, also in the SMBIOS data.
    pub uuid: Option<&'a str>,
    /// Gives every network card a new MAC address made from this.
    pub macs: Option<&'a dyn Random>,
    /// What every network card is connected to from now on.
    pub network: Option<&'a NetworkTarget>,
    /// Where the restored disks are, by the file they were in. Formats stay.
    pub disks: &'a BTreeMap<PathBuf, PathBuf>,
    /// Files of disks that were not restored: those that the guest could write to go, with
    /// their devices; read-only ones stay.
    pub dropped: &'a BTreeSet<PathBuf>,
    /// The new file of firmware variables.
    pub nvram: Option<&'a Path>,
    /// The restored machine's folder: sockets, logs and the file of the process id, which QEMU
    /// makes, go there.
    pub folder: &'a Path,
}

/// The most words of a command line; one with hundreds of disks has some thousands.
const MAX_WORDS: usize = 20_000;

/// The command line of a restored machine. What belongs to one run only (an incoming
/// migration, a saved state) goes.
///
/// # Errors
/// `DiskNotFound` if no word names the file of a restored disk; `HypervisorError` if there are
/// no words or more than 20,000, or nothing takes the firmware variables; `BadArgument` for a path that is not
/// UTF-8.
pub fn rewrite_arguments(
    arguments: &[String],
    change: &RewriteArguments<'_>,
) -> Result<Vec<String>> {
    if arguments.len() > MAX_WORDS {
        let what = format!("the machine's command line has {} words", arguments.len());
        return Err(Error::new(Code::HypervisorError, what));
    }
    let mut words = Words::parse(arguments).ok_or_else(|| {
        let what = "the command line of the machine is not known (its process could not be read)";
        Error::new(Code::HypervisorError, what)
    })?;
    words.remove(&["-incoming", "-loadvm"]);
    for (old, new) in change.disks {
        if !place(&mut words, old, text_of(new)?) {
            let what = format!("the machine's command line does not name {}", old.display());
            return Err(Error::new(Code::DiskNotFound, what));
        }
    }
    for old in change.dropped {
        drop_disk(&mut words, old);
    }
    if let Some(path) = change.nvram {
        place_nvram(&mut words, text_of(path)?)?;
    }
    identity(&mut words, change);
    if let Some(network) = change.network {
        for value in words.of(&["-netdev", "-nic"]) {
            connect(value, network);
        }
        // The old form has its cards and what they are plugged into under one name.
        let old = words.of(&["-net"]);
        for value in old.filter(|v| v.first().as_deref() != Some("nic")) {
            connect(value, network);
        }
    }
    let mut files = Files::new(change);
    for word in &mut words.all {
        files.moved(word)?;
    }
    Ok(words.to_arguments())
}

/// Connects what a network card is plugged into. All that belonged to the old network goes: a
/// device on the host, forwarded ports, sockets.
fn connect(value: &mut Value, to: &NetworkTarget) {
    if value.first().as_deref() == Some("none") {
        return;
    }
    let (kind, member) = match to {
        // libvirt's network can't be joined from a command line, but its bridge can.
        NetworkTarget::Bridge(name) | NetworkTarget::Network(name) => {
            ("bridge", Some(("br", name.as_str())))
        }
        NetworkTarget::User => ("user", None),
    };
    let of_card = ["id", "model", "mac", "addr", "netdev", "vlan", "name"];
    let kept = of_card.map(|key| (key, value.get(key)));
    *value = Value::new(kind);
    for (key, text) in kept {
        if let Some(text) = text {
            value.set(key, &text);
        }
    }
    if let Some((key, text)) = member {
        value.set(key, text);
    }
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        let what = format!("{}: a path must be UTF-8", path.display());
        Error::new(Code::BadArgument, what)
    })
}

fn identity(words: &mut Words, change: &RewriteArguments<'_>) {
    if change.name != change.old_name {
        let mut named = false;
        for value in words.of(&["-name"]) {
            if value.get("guest").is_some() {
                value.set("guest", change.name);
            } else {
                value.set_first(change.name);
            }
            named = true;
        }
        if !named {
            words.add("-name", change.name);
        }
    }
    if let Some(uuid) = change.uuid {
        words.remove(&["-uuid"]);
        words.add("-uuid", uuid);
        for value in words.of(&["-smbios"]) {
            if value.get("uuid").is_some() {
                value.set("uuid", uuid);
            }
        }
    }
    if let Some(random) = change.macs {
        for word in &mut words.all {
            let card = word.is(&["-device", "-nic", "-net"]);
            let Some(value) = word.value.as_mut().filter(|_| card) else {
                continue;
            };
            // A card without an address gets QEMU's usual one, the same in every machine.
            let has = |key| value.get(key).is_some();
            let key = match (has("mac") || has("netdev"), has("macaddr")) {
                (true, _) => "mac",
                (false, true) => "macaddr",
                (false, false) => continue,
            };
            let [a, b, c] = random.bytes();
            value.set(key, &format!("52:54:00:{a:02x}:{b:02x}:{c:02x}"));
        }
    }
}

#[cfg(test)]
mod tests;
