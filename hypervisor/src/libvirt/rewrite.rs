//! A domain's XML, changed for a restored machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base::{Code, Error, Random, Result};

use super::xml::{self, Element};
use crate::{ImageFormat, NetworkTarget};

/// What to change in a domain's XML. Everything else stays as it is, known or not.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite<'a> {
    /// The new name.
    pub name: Option<&'a str>,
    /// The new UUID (also in the SMBIOS data, where it must be the same). The generation id,
    /// where there is one, is left to libvirt to make anew.
    pub uuid: Option<&'a str>,
    /// Gives every network interface a new MAC address made from this.
    pub macs: Option<&'a dyn Random>,
    /// Where the restored disks are, by name. Disks with storage of their own that are not
    /// named here are dropped; CD-ROM and floppy drives stay, and a medium that is no longer
    /// there is no longer an error at start.
    pub disks: &'a BTreeMap<String, DiskPlace>,
    /// The new file of firmware variables.
    pub nvram: Option<&'a std::path::Path>,
    /// What every network interface is connected to from now on.
    pub network: Option<&'a NetworkTarget>,
}

/// Where a restored disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskPlace {
    /// The image file or block device.
    pub path: PathBuf,
    /// Its format.
    pub format: ImageFormat,
    /// Whether it is a block device rather than a file.
    pub block_device: bool,
}

/// The XML of a restored machine.
///
/// # Errors
/// `HypervisorError` if `xml` is not a domain's; `DiskNotFound` if a disk to be replaced is
/// not in it; `BadArgument` for a path that is not UTF-8.
pub fn rewrite_domain(xml: &str, change: &Rewrite<'_>) -> Result<String> {
    let mut root = xml::parse(xml)?;
    if root.name != "domain" {
        let what = format!("<{}> where <domain> was expected", root.name);
        return Err(Error::new(Code::HypervisorError, what));
    }
    root.unset("id");
    // Dynamic labels are made of the UUID at each start.
    for label in root.children_mut().filter(|e| e.name == "seclabel") {
        if label.attribute("type") == Some("dynamic") {
            label.retain(|_| false);
        }
    }
    if let Some(name) = change.name {
        set_text(&mut root, "name", name);
    }
    if let Some(uuid) = change.uuid {
        set_text(&mut root, "uuid", uuid);
        set_smbios_uuid(&mut root, uuid);
        if let Some(genid) = root.child_mut("genid") {
            genid.content.clear();
        }
    }
    if let Some(path) = change.nvram {
        let path = text_of(path)?;
        if let Some(os) = root.child_mut("os") {
            set_text(os, "nvram", path);
        }
    }
    let Some(devices) = root.child_mut("devices") else {
        return Err(Error::new(
            Code::HypervisorError,
            "a domain without <devices>",
        ));
    };
    if let Some(random) = change.macs {
        for interface in devices.children_mut().filter(|e| e.name == "interface") {
            if let Some(mac) = interface.child_mut("mac") {
                mac.set("address", fresh_mac(random));
            }
        }
    }
    if let Some(network) = change.network {
        for interface in devices.children_mut().filter(|e| e.name == "interface") {
            connect(interface, network);
        }
    }
    replace_disks(devices, change.disks)?;
    Ok(root.to_text())
}

/// A MAC address in QEMU's range, `52:54:00:…`.
fn fresh_mac(random: &dyn Random) -> String {
    let [a, b, c] = random.bytes();
    format!("52:54:00:{a:02x}:{b:02x}:{c:02x}")
}

/// Connects a network interface. Its model, address and boot order stay; what belonged to the
/// old network goes: its device on the host, its port there, filters, limits, static routes. A
/// host's device that was passed through becomes an interface of the usual model.
fn connect(interface: &mut Element, to: &NetworkTarget) {
    let own_device = interface.attribute("type") == Some("hostdev");
    let (kind, source) = match to {
        NetworkTarget::Network(name) => (
            "network",
            Some(Element::new("source").with("network", name)),
        ),
        NetworkTarget::Bridge(name) => {
            ("bridge", Some(Element::new("source").with("bridge", name)))
        }
        NetworkTarget::User => ("user", None),
    };
    interface.set("type", kind);
    interface.unset("managed");
    interface.retain(|e| {
        let kept = [
            "mac", "model", "address", "boot", "alias", "link", "mtu", "rom",
        ];
        kept.contains(&e.name.as_str()) && !(own_device && e.name == "address")
    });
    let bare = std::mem::take(interface);
    let connected = match source {
        Some(source) => bare.holding(source),
        None => bare,
    };
    *interface = if own_device {
        connected.holding(Element::new("model").with("type", "virtio"))
    } else {
        connected
    };
}

fn set_text(parent: &mut Element, name: &str, text: &str) {
    match parent.child_mut(name) {
        Some(found) => found.set_text(text),
        None => {
            let new = Element::new(name).saying(text);
            *parent = std::mem::take(parent).holding(new);
        }
    }
}

fn set_smbios_uuid(root: &mut Element, uuid: &str) {
    let infos = root.children_mut().filter(|e| e.name == "sysinfo");
    for system in infos.filter_map(|s| s.child_mut("system")) {
        for entry in system.children_mut() {
            if entry.attribute("name") == Some("uuid") {
                entry.set_text(uuid);
            }
        }
    }
}

fn replace_disks(devices: &mut Element, places: &BTreeMap<String, DiskPlace>) -> Result<()> {
    let name_of = |disk: &Element| {
        let target = disk.child("target")?;
        target.attribute("dev").map(str::to_owned)
    };
    for name in places.keys() {
        if !devices
            .all("disk")
            .any(|d| name_of(d).as_ref() == Some(name))
        {
            let what = format!("the machine's definition has no disk `{name}`");
            return Err(Error::new(Code::DiskNotFound, what));
        }
    }
    let removable = |e: &Element| matches!(e.attribute("device"), Some("cdrom" | "floppy"));
    devices.retain(|e| {
        e.name != "disk"
            || removable(e)
            || name_of(e).is_some_and(|name| places.contains_key(&name))
    });
    for disk in devices.children_mut().filter(|e| e.name == "disk") {
        match name_of(disk).and_then(|name| places.get(&name)) {
            Some(place) => place_disk(disk, place)?,
            None => {
                if let Some(source) = disk.child_mut("source") {
                    source.set("startupPolicy", "optional");
                }
            }
        }
    }
    Ok(())
}

/// Points a disk at its restored image. What told how to reach the old storage goes: backing
/// images, mirrors, authentication, encryption, slices and labels.
fn place_disk(disk: &mut Element, place: &DiskPlace) -> Result<()> {
    let (kind, attribute) = if place.block_device {
        ("block", "dev")
    } else {
        ("file", "file")
    };
    let format = match place.format {
        ImageFormat::Raw => "raw",
        ImageFormat::Qcow2 => "qcow2",
        ImageFormat::Other => {
            let what = format!("{}: restored images are raw or qcow2", place.path.display());
            return Err(Error::new(Code::BadArgument, what));
        }
    };
    let source = Element::new("source").with(attribute, text_of(&place.path)?);
    disk.set("type", kind);
    disk.retain(|e| {
        !matches!(
            e.name.as_str(),
            "backingStore" | "mirror" | "auth" | "encryption"
        )
    });
    match disk.child_mut("source") {
        Some(old) => *old = source,
        None => *disk = std::mem::take(disk).holding(source),
    }
    match disk.child_mut("driver") {
        Some(driver) => {
            driver.set("type", format);
        }
        None => {
            let driver = Element::new("driver")
                .with("name", "qemu")
                .with("type", format);
            *disk = std::mem::take(disk).holding(driver);
        }
    }
    Ok(())
}

fn text_of(path: &std::path::Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        let what = format!("{}: libvirt takes UTF-8 paths only", path.display());
        Error::new(Code::BadArgument, what)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use base::SeededRandom;

    use super::*;
    use crate::DiskChoice;
    use crate::libvirt::discover;

    const DOMAIN: &str = include_str!("testdata/uefi.xml");

    fn places() -> BTreeMap<String, DiskPlace> {
        let place = |path: &str, format, block_device| DiskPlace {
            path: path.into(),
            format,
            block_device,
        };
        BTreeMap::from([
            ("vda".into(), place("/new/a&b.raw", ImageFormat::Raw, false)),
            ("vdb".into(), place("/dev/vg1/b", ImageFormat::Raw, true)),
            (
                "vdc".into(),
                place("/new/c.qcow2", ImageFormat::Qcow2, false),
            ),
        ])
    }

    fn plain(disks: &BTreeMap<String, DiskPlace>) -> Rewrite<'_> {
        Rewrite {
            name: None,
            uuid: None,
            macs: None,
            disks,
            nvram: None,
            network: None,
        }
    }

    #[test]
    fn a_new_identity_reaches_every_place_that_holds_the_old_one() {
        let disks = places();
        let uuid = "11111111-2222-4333-8444-555555555555";
        let text = rewrite_domain(
            DOMAIN,
            &Rewrite {
                name: Some("web-restored"),
                uuid: Some(uuid),
                macs: Some(&SeededRandom::new(1)),
                nvram: Some(Path::new("/new/vars.fd")),
                ..plain(&disks)
            },
        )
        .unwrap();
        assert!(!text.to_lowercase().contains("6d0ff19e"), "{text}");
        assert!(!text.contains("52:54:00:aa:bb"), "{text}");
        assert!(!text.contains("1f0aab1a"), "{text}");
        assert_eq!(text.matches(uuid).count(), 2);
        let facts = discover::facts(&text).unwrap();
        assert_eq!(facts.name, "web-restored");
        assert_eq!(facts.nvram.as_deref(), Some(Path::new("/new/vars.fd")));
    }

    #[test]
    fn disks_move_and_those_left_out_are_dropped() {
        let disks = places();
        let text = rewrite_domain(DOMAIN, &plain(&disks)).unwrap();
        let facts = discover::facts(&text).unwrap();
        let kept: Vec<_> = facts.disks.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(kept, ["sda", "vda", "vdb", "vdc"]);
        for (name, place) in &disks {
            let d = facts.disks.iter().find(|d| d.name == *name).unwrap();
            assert_eq!(
                (d.path.as_ref(), d.format),
                (Some(&place.path), place.format)
            );
            assert_eq!(d.choice, DiskChoice::Included);
        }
        assert!(
            !text.contains("base.qcow2") && !text.contains("/srv/vm/"),
            "{text}"
        );
        assert!(text.contains("discard=\"unmap\"") && text.contains("root-1"));
        assert!(text.contains("startupPolicy=\"optional\""));
    }

    #[test]
    fn what_is_not_known_here_survives() {
        let disks = places();
        let text = rewrite_domain(DOMAIN, &plain(&disks)).unwrap();
        for kept in [
            "Anna &amp; Co",
            "<qemu:arg value=\"-global\"/>",
            "xmlns:qemu",
            "bus=\"0x04\"",
        ] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        assert!(!text.contains("id=\"3\""));
    }

    /// RESTORE-2, 14
    #[test]
    fn every_interface_is_connected_to_the_network_that_was_chosen() {
        let disks = places();
        let old = "<source network='default' portid='1'/><target dev='vnet0'/>\
             <filterref filter='clean-traffic'/><bandwidth><inbound average='1'/></bandwidth>";
        let domain = DOMAIN.replace("<source network='default'/>", old);
        assert!(domain.contains("vnet0"));
        let cards = domain.matches("<interface").count();
        for (network, expected) in [
            (
                NetworkTarget::Network("lab".to_owned()),
                "<source network=\"lab\"/>",
            ),
            (
                NetworkTarget::Bridge("br1".to_owned()),
                "<source bridge=\"br1\"/>",
            ),
            (NetworkTarget::User, "<interface type=\"user\">"),
        ] {
            let text = rewrite_domain(
                &domain,
                &Rewrite {
                    network: Some(&network),
                    ..plain(&disks)
                },
            )
            .unwrap();
            assert_eq!(text.matches(expected).count(), cards, "{text}");
            for old in ["vnet0", "filterref", "<bandwidth", "portid"] {
                assert!(!text.contains(old), "{old} in {text}");
            }
            discover::facts(&text).unwrap();
        }
    }

    #[test]
    fn a_disk_that_the_definition_lacks_is_an_error() {
        let mut disks = places();
        let place = disks["vda"].clone();
        disks.insert("vdz".into(), place);
        let e = rewrite_domain(DOMAIN, &plain(&disks)).unwrap_err();
        assert_eq!(e.code(), Code::DiskNotFound);
    }
}
