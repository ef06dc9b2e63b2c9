//! Saved memory of a guest that has just booted, so that others need not boot.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::builder::{Boot, Config, GuestBuilder};
use crate::image::Image;
use crate::qmp::Qmp;
use crate::{accel, disk, place};

/// A folder with `memory` and the disks as they were at that moment.
pub(super) struct Saved(PathBuf);

/// The saved guest for these options; boots and saves one if there is none.
pub(super) fn saved(config: &Config) -> Result<Saved> {
    ensure!(
        config.boot != Boot::Uefi,
        "a warm start has no firmware variables"
    );
    let home = place::testbed()?.join("warm");
    fs::create_dir_all(&home)?;
    let dir = home.join(key(config)?);
    let _one_at_a_time = place::lock("warm")?;
    if !dir.exists() {
        let half_done = home.join("half-done");
        let _ = fs::remove_dir_all(&half_done);
        fs::create_dir(&half_done)?;
        save(config, &half_done)?;
        fs::rename(&half_done, &dir)?;
    }
    Ok(Saved(dir))
}

/// Everything that shapes the memory's contents or their meaning to QEMU.
fn key(config: &Config) -> Result<String> {
    let version = Command::new("qemu-system-x86_64")
        .arg("--version")
        .output()?
        .stdout;
    let image = Image::get()?.root();
    let mut hash = DefaultHasher::new();
    (
        version,
        image,
        accel::accel(),
        config.memory,
        config.network,
        &config.extra,
    )
        .hash(&mut hash);
    format!("{:?} {:?} {:?}", config.boot, config.root, config.specs).hash(&mut hash);
    Ok(format!("{:016x}", hash.finish()))
}

fn save(config: &Config, into: &Path) -> Result<()> {
    let mut builder = GuestBuilder::new("warm");
    builder.config = Config {
        name: "warm".to_owned(),
        ..config.clone()
    };
    let guest = builder.start()?;
    guest.wait_agent()?;
    // Let what boots in the background end; clean pages would only be copied about.
    guest.run("sleep 2; sync; echo 3 > /proc/sys/vm/drop_caches")?;
    let mut monitor = guest.monitor()?;
    monitor.call("stop", Value::Null)?;
    let memory = into.join("memory");
    monitor.call(
        "migrate",
        json!({ "uri": format!("file:{}", memory.display()) }),
    )?;
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let state = monitor.call("query-migrate", Value::Null)?;
        match state["status"].as_str() {
            Some("completed") => break,
            Some("failed" | "cancelled") => anyhow::bail!("saving the guest's memory: {state}"),
            _ => ensure!(
                Instant::now() < deadline,
                "saving the guest's memory takes too long"
            ),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(monitor);
    guest.quit()?;
    for path in guest.disks() {
        let name = path.file_name().context("a disk without a name")?;
        disk::copy_sparse(path, &into.join(name))?;
    }
    Ok(())
}

impl Saved {
    /// Copies the disks that go with the memory into a guest's folder.
    pub(super) fn copy_disks(&self, config: &Config, to: &Path) -> Result<Vec<PathBuf>> {
        (0..=config.specs.len())
            .map(|n| {
                let path = to.join(config.file(n));
                disk::copy_sparse(&self.0.join(config.file(n)), &path)?;
                Ok(path)
            })
            .collect()
    }

    /// Loads the memory into a QEMU that was started to wait for it, and lets
    /// the guest go on.
    pub(super) fn load(&self, monitor: &mut Qmp) -> Result<()> {
        let uri = format!("file:{}", self.0.join("memory").display());
        monitor.call("migrate-incoming", json!({ "uri": uri }))?;
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let status = monitor.call("query-status", Value::Null)?;
            if status["status"] != "inmigrate" {
                break;
            }
            ensure!(
                Instant::now() < deadline,
                "loading the guest's memory takes too long"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        monitor.call("cont", Value::Null)?;
        Ok(())
    }
}

/// Nanoseconds since 1970, to set the guest's clock by.
pub(super) fn host_time() -> Result<u64> {
    let output = Command::new("date").arg("+%s%N").output()?;
    String::from_utf8(output.stdout)?
        .trim()
        .parse()
        .context("output of date")
}
