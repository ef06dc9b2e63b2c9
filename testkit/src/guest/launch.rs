//! Starting QEMU.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::builder::Boot;
use super::{Guest, Running, warm};
use crate::accel;
use crate::disk::Format;
use crate::image::Image;
use crate::process::Guard;
use crate::qmp::Qmp;

const UEFI_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const UEFI_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

impl Guest {
    /// Starts QEMU, and waits until its monitors answer. With `saved`, the guest
    /// goes on from there and its clock is set.
    pub(super) fn launch(&self, saved: Option<&warm::Saved>) -> Result<()> {
        for name in ["qmp.sock", "qmp2.sock", "qga.sock", "pid"] {
            let _ = fs::remove_file(self.dir.join(name));
        }
        let log = File::create(self.dir.join("stderr.log"))?;
        let mut command = Command::new("qemu-system-x86_64");
        command.args(self.arguments()?);
        if saved.is_some() {
            command.args(["-incoming", "defer"]);
        }
        let qemu = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // ^C at the terminal is for the test run; dropping ends the guest.
            .process_group(0)
            .spawn()
            .context("starting qemu-system-x86_64")?;
        let guard = Guard::over(qemu.id(), &self.dir);
        *self.lock() = Some(Running {
            qemu,
            _guard: guard?,
        });
        let mut monitor = self.first_contact()?;
        if let Some(saved) = saved {
            saved.load(&mut monitor)?;
            drop(monitor);
            self.wait_agent()?;
            self.agent("guest-set-time", json!({ "time": warm::host_time()? }))?;
        }
        Ok(())
    }

    fn first_contact(&self) -> Result<Qmp> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match self.monitor() {
                Ok(monitor) => return Ok(monitor),
                Err(error) => {
                    if !self.is_running() {
                        self.lock().take();
                        bail!("QEMU does not start: {}", self.stderr());
                    }
                    ensure!(Instant::now() < deadline, "QEMU's monitor: {error:#}");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    fn arguments(&self) -> Result<Vec<OsString>> {
        let mut arguments = Arguments(Vec::new());
        let config = &self.config;
        let dir = self.dir.display();
        arguments.all(&["-nodefaults", "-no-user-config", "-display", "none"]);
        arguments.all(&["-name", &config.name, "-uuid", &config.uuid]);
        arguments.all(&["-m", &config.memory.to_string()]);
        arguments.all(&accel::arguments(accel::accel()));
        arguments.pair("-pidfile", format!("{dir}/pid"));
        arguments.pair(
            "-chardev",
            format!("file,id=console,path={dir}/console.log,append=on"),
        );
        arguments.all(&["-serial", "chardev:console"]);
        for name in ["qmp", "qmp2", "qga"] {
            let socket = format!("socket,id={name},path={dir}/{name}.sock,server=on,wait=off");
            arguments.pair("-chardev", socket);
        }
        arguments.all(&[
            "-mon",
            "chardev=qmp,mode=control",
            "-mon",
            "chardev=qmp2,mode=control",
        ]);
        arguments.all(&["-device", "virtio-serial-pci", "-device"]);
        arguments.all(&["virtserialport,chardev=qga,name=org.qemu.guest_agent.0"]);
        arguments.all(&["-device", "virtio-rng-pci"]);
        if config.network {
            arguments.all(&["-netdev", "user,id=net0"]);
            arguments.all(&["-device", "virtio-net-pci,netdev=net0,id=nic0"]);
        }
        for (n, path) in self.disks.iter().enumerate() {
            arguments.disk(n, path)?;
        }
        self.boot(&mut arguments)?;
        arguments.all(&config.extra.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(arguments.0)
    }

    fn boot(&self, arguments: &mut Arguments) -> Result<()> {
        let mut machine = "q35,usb=off".to_owned();
        if self.config.boot == Boot::Uefi {
            ensure!(
                Path::new(UEFI_CODE).exists(),
                "{UEFI_CODE} is missing: install ovmf"
            );
            let variables = self.dir.join("nvram.fd");
            if !variables.exists() {
                fs::copy(UEFI_VARIABLES, &variables)?;
            }
            let code = format!("driver=file,node-name=uefi,read-only=on,filename={UEFI_CODE}");
            arguments.pair("-blockdev", code);
            let file = format!(
                "driver=file,node-name=nvram,filename={}",
                variables.display()
            );
            arguments.pair("-blockdev", file);
            machine.push_str(",pflash0=uefi,pflash1=nvram");
        }
        arguments.pair("-machine", machine);
        if self.config.boot != Boot::Bios {
            let image = Image::get()?;
            arguments.pair("-kernel", image.kernel());
            arguments.pair("-initrd", image.initrd());
            arguments.pair("-append", image.cmdline()?);
        }
        Ok(())
    }
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn all(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    fn pair(&mut self, option: &str, value: impl Into<OsString>) {
        self.0.push(option.into());
        self.0.push(value.into());
    }

    fn disk(&mut self, n: usize, path: &Path) -> Result<()> {
        let format = Format::of(path)?.name();
        let file = path.display().to_string().replace(',', ",,");
        self.pair(
            "-blockdev",
            format!("driver=file,filename={file},node-name=disk{n}-file,discard=unmap"),
        );
        self.pair(
            "-blockdev",
            format!("driver={format},file=disk{n}-file,node-name=disk{n},discard=unmap"),
        );
        let index = n + 1;
        let device =
            format!("virtio-blk-pci,drive=disk{n},id=vd{n},serial=disk{n},bootindex={index}");
        self.pair("-device", device);
        Ok(())
    }
}
