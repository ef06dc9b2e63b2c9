//! The distribution's packages, and the independent reader's from PyPI. Quick and silent
//! when all is there.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::shell;

/// Package, and what it is for.
const PACKAGES: &[(&str, &str)] = &[
    ("gcc", "compiles the cipher and compression libraries"),
    ("libc6-dev", "goes with gcc"),
    ("qemu-system-x86", "runs guests"),
    (
        "qemu-utils",
        "qemu-img, qemu-nbd and qemu-io, the oracles for disk formats",
    ),
    ("ovmf", "UEFI firmware for guests"),
    (
        "libvirt-daemon",
        "the second hypervisor driver's other side",
    ),
    ("libvirt-daemon-driver-qemu", "goes with libvirt-daemon"),
    ("libvirt-daemon-driver-storage", "goes with libvirt-daemon"),
    ("libvirt-clients", "virsh"),
    ("nbdkit", "an NBD server to test against"),
    ("libnbd-bin", "NBD clients to test against"),
    ("e2fsprogs", "makes the guests' file systems"),
    ("fdisk", "partitions the guests' disks"),
    (
        "grub-common",
        "grub-mkimage, for guests that boot by themselves",
    ),
    ("grub-pc-bin", "goes with grub-common"),
    ("postgresql", "the second engine of the records"),
    ("time", "measures commands"),
    (
        "python3-venv",
        "holds Node, the S3 server and the independent reader's libraries",
    ),
    ("chromium", "the browser that drives the portal in tests"),
    (
        "fonts-droid-fallback",
        "both forms of Chinese writing in the portal's pictures",
    ),
];

/// Taken from the release's backports where the release's own QEMU is too old:
/// one matched set, since their parts exclude each other across versions.
const BACKPORTED: &str = "src:qemu src:libvirt src:seabios";

/// The oldest QEMU with all that a backup needs.
const OLDEST_QEMU: &str = "1:8.2";

/// Installs what is missing.
pub(crate) fn run() -> Result<()> {
    packages()?;
    testkit::reader::install()
}

fn packages() -> Result<()> {
    if !shell::exists("dpkg-query") || !shell::exists("apt-get") {
        eprintln!("install: no apt here; these Debian packages' like are needed:");
        for (name, purpose) in PACKAGES {
            eprintln!("  {name:30} {purpose}");
        }
        return Ok(());
    }
    let names: Vec<&str> = PACKAGES.iter().map(|(name, _)| *name).collect();
    let installed = installed(&names)?;
    let has = |name: &str| installed.iter().any(|(n, _)| n == name);
    let mut wanted: Vec<&str> = names.into_iter().filter(|name| !has(name)).collect();
    let old = installed
        .iter()
        .any(|(n, v)| n == "qemu-system-x86" && older(v, OLDEST_QEMU));
    if old {
        // One apt call has to move the whole set.
        wanted.extend(["qemu-system-x86", "qemu-utils", "libvirt-daemon"]);
    }
    if wanted.is_empty() {
        return if has_index() {
            Ok(())
        } else {
            as_root().and_then(|()| apt(&["update"]))
        };
    }
    as_root().with_context(|| format!("packages are missing: {}", wanted.join(" ")))?;
    println!("install: {}", wanted.join(" "));
    apt(&["update"])?;
    if older(&candidate("qemu-system-x86")?, OLDEST_QEMU) {
        add_backports()?;
        apt(&["update"])?;
        let version = candidate("qemu-system-x86")?;
        ensure!(
            !older(&version, OLDEST_QEMU),
            "backports offer QEMU {version} only"
        );
    }
    let install = ["install", "--yes", "--no-install-recommends"];
    apt(&[&install[..], &wanted].concat())
}

/// Installs what is missing of other packages, which only one command needs.
pub(crate) fn also(names: &[&str]) -> Result<()> {
    if !shell::exists("dpkg-query") || !shell::exists("apt-get") {
        return Ok(());
    }
    let installed = installed(names)?;
    let has = |name: &str| installed.iter().any(|(n, _)| n == name);
    let wanted: Vec<&str> = names.iter().copied().filter(|name| !has(name)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    as_root().with_context(|| format!("packages are missing: {}", wanted.join(" ")))?;
    eprintln!("install: {}", wanted.join(" "));
    apt(&["update"])?;
    let install = ["install", "--yes", "--no-install-recommends"];
    apt(&[&install[..], &wanted].concat())
}

/// Name and version of every one of these packages that is installed.
fn installed(names: &[&str]) -> Result<Vec<(String, String)>> {
    let format = "${db:Status-Status} ${Package} ${Version}\n";
    let output = Command::new("dpkg-query")
        .args(["-W", "-f", format])
        .args(names)
        // It complains of each that it does not know.
        .stderr(Stdio::null())
        .output()
        .context("running dpkg-query")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            (words.next()? == "installed")
                .then_some(())
                .and_then(|()| Some((words.next()?.to_owned(), words.next()?.to_owned())))
        })
        .collect())
}

fn older(version: &str, than: &str) -> bool {
    Command::new("dpkg")
        .args(["--compare-versions", version, "lt", than])
        .status()
        .is_ok_and(|status| status.success())
}

/// The guest builder asks apt for packages, which takes an index.
fn has_index() -> bool {
    fs::read_dir("/var/lib/apt/lists").is_ok_and(|mut entries| {
        entries.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().contains("_Packages")))
    })
}

fn as_root() -> Result<()> {
    let uid = shell::output(Command::new("id").arg("-u"))?;
    ensure!(uid.trim() == "0", "run `cargo xtask install` as root");
    Ok(())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command
        .args(["-qq", "-o", "Dpkg::Use-Pty=0"])
        .args(arguments);
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null());
    let output = command.output().context("running apt-get")?;
    if !output.status.success() {
        // Its whole story is of use only now.
        let story = [output.stdout, output.stderr].concat();
        bail!(
            "apt-get {}:\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&story)
        );
    }
    Ok(())
}

/// The version that apt would install.
fn candidate(package: &str) -> Result<String> {
    let text = shell::output(
        Command::new("apt-cache")
            .args(["policy", package])
            .env("LC_ALL", "C"),
    )?;
    text.lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))
        .map(str::to_owned)
        .with_context(|| format!("apt knows no package {package}"))
}

/// Adds the release's backports, for the packages that need them and no others.
fn add_backports() -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
    let codename = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .context("/etc/os-release names no release")?;
    let suite = format!("{codename}-backports");
    let known = shell::output(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(CODENAME) $(REPO_URI)",
    ]))?;
    let mirror = known
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{codename} ")))
        .with_context(|| format!("apt knows no mirror of {codename}"))?;
    if !known
        .lines()
        .any(|line| line.starts_with(&format!("{suite} ")))
    {
        println!("install: adding {suite} for a newer QEMU");
        let keyring = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
        let source = format!(
            "Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\nSigned-By: {}\n",
            keyring.display()
        );
        fs::write(
            "/etc/apt/sources.list.d/stillpoint-backports.sources",
            source,
        )?;
    }
    let pin = format!("Package: {BACKPORTED}\nPin: release n={suite}\nPin-Priority: 600\n");
    fs::write("/etc/apt/preferences.d/stillpoint", pin)?;
    Ok(())
}
