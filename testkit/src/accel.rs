//! Whether KVM here really runs guests, found out by running one.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::place;

/// What the probe's guest does from the processor's first instruction on, in
/// 16-bit mode: count down from ten million, tell QEMU to exit with 33.
const COUNT_AND_EXIT: &[u8] = &[
    0x66, 0xb9, 0x80, 0x96, 0x98, 0x00, // mov ecx, 10_000_000
    0x66, 0x49, // dec ecx
    0x75, 0xfc, // jnz the dec
    0xba, 0xf4, 0x00, // mov dx, 0xf4 (isa-debug-exit)
    0xb0, 0x10, // mov al, 0x10, which QEMU turns into 2 * 0x10 + 1
    0xee, // out dx, al
    0xf4, // hlt
];

/// `"kvm"` where KVM runs guest code at full speed, otherwise `"tcg"`.
///
/// Opening `/dev/kvm` proves nothing: some nested hosts accept a virtual
/// machine and then interpret its kernel so slowly that it never boots. So the
/// probe runs ten million loops within two seconds, once per boot of the host.
/// `STILLPOINT_ACCEL` overrides it.
#[must_use]
pub fn accel() -> &'static str {
    static ANSWER: OnceLock<&'static str> = OnceLock::new();
    ANSWER.get_or_init(|| match std::env::var("STILLPOINT_ACCEL").as_deref() {
        Ok("kvm") => "kvm",
        Ok("tcg") => "tcg",
        _ if remembered().unwrap_or(false) => "kvm",
        _ => "tcg",
    })
}

/// Arguments that choose the accelerator and a processor that goes with it.
pub(crate) fn arguments(accel: &str) -> [&'static str; 4] {
    if accel == "kvm" {
        // Some nested hosts refuse a register that this feature brings along.
        ["-accel", "kvm", "-cpu", "host,arch-capabilities=off"]
    } else {
        // An old model: emulating the newest instructions doubles the boot time.
        ["-accel", "tcg", "-cpu", "Nehalem"]
    }
}

fn remembered() -> Result<bool> {
    if File::options()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_err()
    {
        return Ok(false);
    }
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let _one_at_a_time = place::lock("accel")?;
    let answer = place::testbed()?.join("accel");
    if let Ok(text) = fs::read_to_string(&answer)
        && let Some((when, what)) = text.split_once(' ')
        && when == boot.trim()
    {
        return Ok(what == "kvm");
    }
    let works = runs_guests("kvm", Duration::from_secs(2))?;
    fs::write(
        &answer,
        format!("{} {}", boot.trim(), if works { "kvm" } else { "tcg" }),
    )?;
    Ok(works)
}

/// Runs the probe's guest under an accelerator: true if it ended within `limit`
/// in the way that only its last instruction can bring about.
fn runs_guests(accel: &str, limit: Duration) -> Result<bool> {
    let dir = tempfile::tempdir()?;
    let rom = dir.path().join("probe.rom");
    fs::write(&rom, probe_rom())?;
    ends_with_33(accel, &rom, limit)
}

/// A firmware image: the code at its start, and at the place where a processor
/// begins, 16 bytes before the end, a jump to it.
fn probe_rom() -> Vec<u8> {
    let mut rom = vec![0; 65536];
    rom[..COUNT_AND_EXIT.len()].copy_from_slice(COUNT_AND_EXIT);
    rom[0xfff0..0xfff5].copy_from_slice(&[0xea, 0x00, 0x00, 0x00, 0xf0]); // jmp f000:0000
    rom
}

fn ends_with_33(accel: &str, rom: &Path, limit: Duration) -> Result<bool> {
    let mut qemu = Command::new("qemu-system-x86_64")
        .args([
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-machine",
            "pc",
            "-m",
            "16",
        ])
        .args(arguments(accel))
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-bios"])
        .arg(rom)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting qemu-system-x86_64 for the KVM probe")?;
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = qemu.try_wait()? {
            return Ok(status.code() == Some(33));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    qemu.kill()?;
    qemu.wait()?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_ends_by_its_own_last_instruction() {
        assert!(runs_guests("tcg", Duration::from_secs(60)).unwrap());
    }

    #[test]
    fn a_guest_that_never_gets_there_fails_the_probe() {
        let dir = tempfile::tempdir().unwrap();
        let rom = dir.path().join("loop.rom");
        let mut code = probe_rom();
        code[8..10].copy_from_slice(&[0xeb, 0xfe]); // jump to itself
        fs::write(&rom, code).unwrap();
        assert!(!ends_with_33("tcg", &rom, Duration::from_secs(2)).unwrap());
    }
}
