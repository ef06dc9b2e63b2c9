//! The live path: machines of libvirt that run, backed up by us and by virtnbdbackup.
//!
//! Each tool has a machine of its own, since each wants to be the only one with checkpoints. The
//! machines have no system: what changes on their disks is written through QEMU's monitor.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;
use testkit::libvirt::Libvirtd;
use testkit::process::{self, Guard};
use testkit::qmp::Qmp;

use super::corpus::Corpus;
use super::measure::Sample;
use super::ours::{Ours, Way};
use super::random::Random;
use super::results::Results;
use super::text::Writer;
use super::tool::{Home, Image, Tool};
use super::{ext4, say};
use crate::{install, shell};

const PEER: &str = "virtnbdbackup";
/// Days of change: as the day `db`, 1 % of the disk in writes of 4 KiB all over the database.
const DAYS: usize = 3;

/// A full backup of a machine that runs, days of change, and one without any.
pub(crate) fn run(
    work: &Path,
    program: &Path,
    corpus: &Corpus,
    results: &mut Results,
) -> Result<()> {
    install::also(&[PEER])?;
    let ours = Ours::new(work, program, Way::Straight);
    ours.create()?;
    let peer = Home::new(work, PEER);
    peer.clear()?;
    let daemon = Libvirtd::start()?;
    let (uri, scratch) = (daemon.uri(), daemon.dir().join("scratch"));
    fs::create_dir_all(&scratch)?;
    let mut machines = Vec::new();
    for name in ["bench-ours", "bench-peer"] {
        machines.push(Machine::start(&daemon, name, &corpus.base)?);
    }
    let mut ours_first = true;
    let mut all = |row: &str, level: &str| -> Result<()> {
        for turn in [ours_first, !ours_first] {
            if turn {
                let sample = ours.back_up_machine(&uri, "bench-ours", &scratch)?;
                results.add(ours.name(), row, sample);
                continue;
            }
            let mut command = peer.command(PEER);
            command
                .args(["-U", &uri, "-d", "bench-peer", "-l", level, "-o"])
                .arg(&peer.repository);
            let sample: Sample = peer.measure(&command)?.0;
            results.add(PEER, row, sample);
        }
        ours_first = !ours_first;
        Ok(())
    };
    say("Machines that run");
    all("live, full", "full")?;
    let blocks = ext4::blocks(&corpus.base, super::corpus::DATABASE_PATH)?;
    for day in 0..DAYS {
        for machine in &mut machines {
            machine.day(day, corpus.size, &blocks)?;
        }
        all("live, db", "inc")?;
    }
    all("live, empty", "inc")?;
    machines[0].check(&ours, &daemon.dir().join("restored"))
}

/// A domain with one disk, ended when dropped.
struct Machine {
    name: String,
    pid: u32,
    monitor: Qmp,
    image: PathBuf,
    page: PathBuf,
    _guard: Guard,
}

impl Machine {
    fn start(daemon: &Libvirtd, name: &str, base: &Path) -> Result<Self> {
        let at = |what: &str| daemon.dir().join(format!("{name}.{what}"));
        let (image, monitor, xml) = (at("qcow2"), at("monitor"), at("xml"));
        let mut convert = Command::new("qemu-img");
        convert
            .args(["convert", "-O", "qcow2"])
            .arg(base)
            .arg(&image);
        shell::run(&mut convert)?;
        let kind = match testkit::accel() {
            "kvm" => "kvm",
            _ => "qemu",
        };
        fs::write(
            &xml,
            format!(
                "<domain type='{kind}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\
                 <name>{name}</name><memory unit='MiB'>32</memory>\
                 <os><type arch='x86_64' machine='q35'>hvm</type></os>\
                 <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>\
                 <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>\
                 <source file='{}'/><target dev='vda' bus='virtio'/></disk>\
                 <controller type='usb' model='none'/><memballoon model='none'/></devices>\
                 <qemu:commandline><qemu:arg value='-qmp'/>\
                 <qemu:arg value='unix:{},server=on,wait=off'/></qemu:commandline></domain>",
                image.display(),
                monitor.display(),
            ),
        )?;
        daemon.virsh(&["define", &xml.display().to_string()])?;
        daemon.virsh(&["start", name])?;
        let pid = fs::read_to_string(daemon.dir().join(format!("run/qemu/{name}.pid")))?;
        let pid = pid.trim().parse().context("libvirt's pid file")?;
        Ok(Self {
            name: name.to_owned(),
            pid,
            monitor: Qmp::connect(&monitor)?,
            image,
            page: at("page"),
            _guard: Guard::over(pid, Path::new(name))?,
        })
    }

    /// Restores its newest point and compares it with its disk.
    fn check(&self, ours: &Ours, folder: &Path) -> Result<()> {
        let image = Image {
            name: &self.name,
            path: &self.image,
            changed: None,
        };
        fs::create_dir_all(folder)?;
        let (_, restored) = ours.restore(&image, folder)?;
        let mut compare = Command::new("qemu-img");
        compare.args(["compare", "-q", "-U"]);
        shell::run(compare.arg(&self.image).arg(restored))
            .context("a restore of the running machine differs from its disk")
    }

    /// Writes a day's pages; the same for every machine.
    fn day(&mut self, day: usize, size: u64, blocks: &[u64]) -> Result<()> {
        let seed = format!("live {day}");
        let (mut random, mut writer) = (Random::new(&seed), Writer::new(&seed));
        for _ in 0..size / 100 / 4096 {
            let place = random.below(blocks.len() as u64);
            fs::write(&self.page, &writer.page(place)[..4096])?;
            let line = format!(
                "qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend \"write -q -s {} {} 4k\"",
                self.page.display(),
                blocks[usize::try_from(place)?],
            );
            let arguments = json!({ "command-line": line });
            let said = self.monitor.call("human-monitor-command", arguments)?;
            anyhow::ensure!(said == "", "{}: {said}", self.name);
        }
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        process::kill_if_mentions(self.pid, &self.name);
    }
}
