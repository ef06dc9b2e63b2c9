//! From a domain's XML to a [`Machine`].

use std::path::PathBuf;

use base::{Code, Error, Result};

use super::xml::{self, Element};
use crate::{Disk, DiskChoice, Firmware, Hardware, ImageFormat};

/// The name of the guest agent's channel.
const AGENT_CHANNEL: &str = "org.qemu.guest_agent.0";

/// What a domain's XML tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DomainFacts {
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) firmware: Firmware,
    pub(super) hardware: Hardware,
    /// Sizes are zero: the XML doesn't tell them.
    pub(super) disks: Vec<Disk>,
    /// Pool and volume of the disks that lie in a storage pool, by disk.
    pub(super) volumes: Vec<(String, Volume)>,
    pub(super) agent: Channel,
    /// The file with the firmware's variables.
    pub(super) nvram: Option<PathBuf>,
    /// The user and group that QEMU runs as, where libvirt tells: of a running domain, by
    /// number.
    pub(super) runs_as: Option<(u32, u32)>,
}

/// A volume of a storage pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Volume {
    pub(super) pool: String,
    pub(super) name: String,
}

/// The guest agent's channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Absent,
    /// There, but no agent has opened it (or the domain is off).
    Closed,
    Open,
}

/// Reads a domain's XML.
///
/// # Errors
/// `HypervisorError` if it is not a domain's.
pub(super) fn facts(text: &str) -> Result<DomainFacts> {
    let root = xml::parse(text)?;
    let need = |name: &str| {
        let found = root
            .child(name)
            .map(Element::text)
            .filter(|t| !t.is_empty());
        found.ok_or_else(|| Error::new(Code::HypervisorError, format!("a domain without <{name}>")))
    };
    let os = root.child("os");
    let loader = os.and_then(|os| os.child("loader"));
    let nvram = os.and_then(|os| os.child("nvram"));
    let uefi = os.is_some_and(|os| os.attribute("firmware") == Some("efi"))
        || loader.is_some_and(|l| l.attribute("type") == Some("pflash"))
        || nvram.is_some();
    let devices = root.child("devices").cloned().unwrap_or_default();
    let mut disks = Vec::new();
    let mut volumes = Vec::new();
    for element in devices.all("disk") {
        let Some(disk) = disk(element) else { continue };
        if let Some(v) = volume(element) {
            volumes.push((disk.name.clone(), v));
        }
        disks.push(disk);
    }
    if let Some(os) = os {
        order_by_os(os, &mut disks);
    }
    Ok(DomainFacts {
        name: need("name")?,
        uuid: need("uuid")?.to_ascii_lowercase(),
        firmware: if uefi { Firmware::Uefi } else { Firmware::Bios },
        hardware: hardware(&root),
        disks,
        volumes,
        agent: agent(&devices),
        nvram: nvram
            .map(Element::text)
            .filter(|t| !t.is_empty())
            .map(PathBuf::from),
        runs_as: root.all("seclabel").find_map(runs_as),
    })
}

/// What a domain computes with. libvirt writes memory in KiB, whatever it was given in.
fn hardware(root: &Element) -> Hardware {
    let processors = root.child("vcpu").and_then(|v| {
        let now = v.attribute("current").map(str::to_owned);
        now.unwrap_or_else(|| v.text()).parse().ok()
    });
    let memory = root
        .child("memory")
        .filter(|m| m.attribute("unit") == Some("KiB"));
    let kind = root.child("os").and_then(|os| os.child("type"));
    Hardware {
        processors,
        memory: memory.and_then(|m| m.text().parse::<u64>().ok()?.checked_mul(1 << 10)),
        architecture: kind.and_then(|k| k.attribute("arch")).map(str::to_owned),
    }
}

/// The user and group in a label such as `+64055:+64055` of the model `dac`.
fn runs_as(label: &Element) -> Option<(u32, u32)> {
    if label.attribute("model") != Some("dac") {
        return None;
    }
    let text = label.child("label")?.text();
    let (user, group) = text.split_once(':')?;
    let number = |t: &str| t.strip_prefix('+').unwrap_or(t).parse().ok();
    Some((number(user)?, number(group)?))
}

/// `None` for a disk without a name, which libvirt never writes.
fn disk(e: &Element) -> Option<Disk> {
    let target = e.child("target")?;
    let name = target.attribute("dev").filter(|n| is_disk_name(n))?;
    let source = e.child("source");
    let path = source
        .and_then(|s| s.attribute("file").or_else(|| s.attribute("dev")))
        .map(PathBuf::from);
    let format = match e.child("driver").and_then(|d| d.attribute("type")) {
        Some("qcow2") => ImageFormat::Qcow2,
        // libvirt takes an image without a stated format for raw.
        Some("raw") | None => ImageFormat::Raw,
        Some(_) => ImageFormat::Other,
    };
    let boot_order = e
        .child("boot")
        .and_then(|b| b.attribute("order"))
        .and_then(|o| o.parse().ok());
    Some(Disk {
        name: name.into(),
        path,
        format,
        size: 0,
        bus: target.attribute("bus").unwrap_or("unknown").into(),
        boot_order,
        choice: excluded(e).map_or(DiskChoice::Included, DiskChoice::Excluded),
    })
}

/// Disk names go into file names and NBD export names; libvirt's are `[a-z]+`.
fn is_disk_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 32 && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Why a disk is left out.
fn excluded(e: &Element) -> Option<String> {
    match e.attribute("device").unwrap_or("disk") {
        "disk" => {}
        "cdrom" => return Some("a CD-ROM drive".into()),
        "floppy" => return Some("a floppy drive".into()),
        "lun" => return Some("a SCSI device passed through to the guest".into()),
        other => return Some(format!("a device of kind `{other}`")),
    }
    for (mark, why) in [
        ("readonly", "read-only"),
        (
            "shareable",
            "shared with other machines, which may write to it at any time",
        ),
        (
            "transient",
            "transient: its changes are thrown away when the machine stops",
        ),
    ] {
        if e.child(mark).is_some() {
            return Some(why.into());
        }
    }
    let source = e.child("source");
    match e.attribute("type").unwrap_or("file") {
        "file" | "block" | "volume" if source.is_none() => Some("it has no medium".into()),
        "file" | "block" => None,
        "volume" if volume(e).is_some() => None,
        "network" => {
            let protocol = source
                .and_then(|s| s.attribute("protocol"))
                .unwrap_or("unknown");
            Some(format!(
                "on network storage (`{protocol}`), which is not supported"
            ))
        }
        other => Some(format!(
            "on storage of kind `{other}`, which is not supported"
        )),
    }
}

fn volume(e: &Element) -> Option<Volume> {
    if e.attribute("type") != Some("volume") {
        return None;
    }
    let source = e.child("source")?;
    Some(Volume {
        pool: source.attribute("pool")?.into(),
        name: source.attribute("volume")?.into(),
    })
}

/// Applies `<os><boot dev='hd'/>`, which means the first disk, where no disk has an order.
fn order_by_os(os: &Element, disks: &mut [Disk]) {
    if disks.iter().any(|d| d.boot_order.is_some()) {
        return;
    }
    let place = os
        .all("boot")
        .position(|b| b.attribute("dev") == Some("hd"));
    let first = disks.iter_mut().find(|d| {
        matches!(d.choice, DiskChoice::Included) || d.path.is_some() && !is_drive(&d.choice)
    });
    if let (Some(place), Some(disk)) = (place, first) {
        disk.boot_order = u32::try_from(place + 1).ok();
    }
}

fn is_drive(choice: &DiskChoice) -> bool {
    matches!(choice, DiskChoice::Excluded(why) if why.ends_with("drive"))
}

fn agent(devices: &Element) -> Channel {
    let target = devices
        .all("channel")
        .filter_map(|c| c.child("target"))
        .find(|t| t.attribute("name") == Some(AGENT_CHANNEL));
    match target.map(|t| t.attribute("state")) {
        None => Channel::Absent,
        Some(Some("connected")) => Channel::Open,
        Some(_) => Channel::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = include_str!("testdata/uefi.xml");

    fn reason<'a>(facts: &'a DomainFacts, disk: &str) -> Option<&'a str> {
        match &facts.disks.iter().find(|d| d.name == disk).unwrap().choice {
            DiskChoice::Included => None,
            DiskChoice::Excluded(why) => Some(why),
        }
    }

    #[test]
    fn disks_are_included_or_left_out_for_a_reason() {
        let f = facts(DOMAIN).unwrap();
        assert_eq!(reason(&f, "vda"), None);
        assert_eq!(reason(&f, "vdb"), None);
        assert_eq!(reason(&f, "vdc"), None);
        assert!(reason(&f, "sda").unwrap().contains("CD-ROM"));
        assert!(reason(&f, "vdd").unwrap().contains("shared"));
        assert!(reason(&f, "vde").unwrap().contains("transient"));
        assert!(reason(&f, "vdf").unwrap().contains("rbd"));
        assert!(reason(&f, "vdg").unwrap().contains("read-only"));
        assert_eq!(
            f.volumes[0].1,
            Volume {
                pool: "default".into(),
                name: "data.img".into()
            }
        );
    }

    #[test]
    fn the_first_disk_boots_when_only_the_os_element_says_so() {
        let f = facts(DOMAIN).unwrap();
        let order = |n: &str| f.disks.iter().find(|d| d.name == n).unwrap().boot_order;
        assert_eq!(order("vda"), Some(2), "after the network");
        assert_eq!(order("vdb"), None);
        let own = DOMAIN.replace(
            "<target dev='vdb' bus='virtio'/>",
            "<target dev='vdb' bus='virtio'/><boot order='1'/>",
        );
        let f = facts(&own).unwrap();
        assert_eq!(
            f.disks.iter().find(|d| d.name == "vda").unwrap().boot_order,
            None
        );
    }

    #[test]
    fn firmware_agent_and_nvram_are_found() {
        let f = facts(DOMAIN).unwrap();
        assert_eq!(f.firmware, Firmware::Uefi);
        assert_eq!(f.agent, Channel::Open);
        assert_eq!(
            f.nvram.as_deref(),
            Some(std::path::Path::new(
                "/var/lib/libvirt/qemu/nvram/web_VARS.fd"
            ))
        );
        let bios =
            "<domain><name>a</name><uuid>6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1</uuid></domain>";
        let f = facts(bios).unwrap();
        assert_eq!((f.firmware, f.agent), (Firmware::Bios, Channel::Absent));
        assert!(facts("<domain/>").is_err());
    }

    #[test]
    fn processors_memory_and_architecture_are_found() {
        let found = facts(DOMAIN).unwrap().hardware;
        assert_eq!((found.processors, found.memory), (Some(1), Some(256 << 20)));
        assert_eq!(found.architecture.as_deref(), Some("x86_64"));
        let some = DOMAIN.replace("<vcpu placement='static'>1", "<vcpu current='3'>8");
        assert_eq!(facts(&some).unwrap().hardware.processors, Some(3));
        let other = DOMAIN.replace("unit='KiB'>262144", "unit='GB'>1");
        assert_eq!(facts(&other).unwrap().hardware.memory, None);
    }

    #[test]
    fn a_disk_name_that_could_leave_its_folder_is_not_taken() {
        let bad = DOMAIN.replace("dev='vda'", "dev='../vda'");
        assert!(
            facts(&bad)
                .unwrap()
                .disks
                .iter()
                .all(|d| !d.name.contains('/'))
        );
    }
}
