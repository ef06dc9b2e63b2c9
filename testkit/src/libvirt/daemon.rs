//! The private libvirtd.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::DomainBuilder;
use crate::host::HostDir;
use crate::place;
use crate::process::Guard;

/// Puts private folders over libvirt's own, in a namespace that only this
/// daemon and its guests see, and becomes the daemon. There everybody may use
/// KVM: libvirt would examine QEMU anew at every call, for 4 s, where the user
/// of its guests may not.
const IN_NAMESPACE: &str = r#"
set -e
dir=$1 cache=$2
mkdir -p /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /run/libvirt
mount --bind "$dir/etc" /etc/libvirt
mount --bind "$dir/lib" /var/lib/libvirt
mount --bind "$dir/log" /var/log/libvirt
mount --bind "$dir/run" /run/libvirt
mount --bind "$cache" /var/cache/libvirt
if [ -c /dev/kvm ]; then
    mkdir -p "$dir/dev"
    mount -t tmpfs none "$dir/dev"
    cp -a /dev/kvm "$dir/dev/kvm"
    chmod 666 "$dir/dev/kvm"
    mount --bind "$dir/dev/kvm" /dev/kvm
fi
exec libvirtd -f "$dir/etc/libvirtd.conf" -p "$dir/libvirtd.pid"
"#;

/// Nothing of what needs systemd, cgroups or a security module.
const QEMU_CONF: &str = r#"
remember_owner = 0
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
seccomp_sandbox = 0
stdio_handler = "file"
"#;

/// A running libvirtd; clones are the same one. Dropping the last clone ends it
/// and its guests, as does the end of the test process.
#[derive(Clone)]
pub struct Libvirtd(Arc<Inner>);

struct Inner {
    host: HostDir,
    running: Mutex<Option<(Child, Guard)>>,
}

impl Libvirtd {
    /// Starts a daemon without any guests and waits until it answers.
    ///
    /// # Errors
    /// When libvirt is not installed, or we may not make mount namespaces.
    pub fn start() -> Result<Self> {
        let host = HostDir::new()?;
        for name in ["etc", "lib", "log", "run"] {
            fs::create_dir(host.path().join(name))?;
        }
        let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
        let log = host.path().join("libvirtd.log");
        let conf = format!(
            "auth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\nunix_sock_group = \"root\"\n\
             host_uuid = \"{}\"\nlog_outputs = \"3:file:{}\"\n",
            uuid.trim(),
            log.display()
        );
        fs::write(host.path().join("etc/libvirtd.conf"), conf)?;
        let daemon = Self(Arc::new(Inner {
            host,
            running: Mutex::new(None),
        }));
        daemon.run_guests_as("root", "root")?;
        Ok(daemon)
    }

    /// Restarts the daemon. From now on it starts guests as this user and group, to whom it
    /// gives their disks.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub fn run_guests_as(&self, user: &str, group: &str) -> Result<()> {
        let give = u8::from(user != "root");
        let conf = format!(
            "user = \"{user}\"\ngroup = \"{group}\"\ndynamic_ownership = {give}\n{QEMU_CONF}"
        );
        fs::write(self.dir().join("etc/qemu.conf"), conf)?;
        self.restart()
    }

    /// What to connect to: `qemu:///system?socket=...`.
    #[must_use]
    pub fn uri(&self) -> String {
        format!(
            "qemu:///system?socket={}",
            self.dir().join("run/libvirt-sock").display()
        )
    }

    /// The folder of everything that belongs to this daemon and its guests.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.0.host.path()
    }

    /// Describes a guest, to be called `stillpoint-test-NAME`.
    pub fn domain(&self, name: &str) -> DomainBuilder {
        DomainBuilder::new(self, name)
    }

    /// The daemon's process id.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pid(&self) -> Result<u32> {
        let running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .map(|(child, _)| child.id())
            .context("libvirtd is off")
    }

    /// Kills the daemon with SIGKILL. Its guests go on running.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill9(&self) -> Result<()> {
        let mut running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (mut child, _guard) = running.take().context("libvirtd is off")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Starts the daemon, killing it first if it runs, and waits until it
    /// answers. It finds the guests that it had.
    ///
    /// # Errors
    /// When it does not answer within 60 s.
    pub fn restart(&self) -> Result<()> {
        if self.pid().is_ok() {
            self.kill9()?;
        }
        let cache = place::testbed()?.join("libvirt-cache");
        fs::create_dir_all(&cache)?;
        let errors = self.dir().join("stderr.log");
        let out = File::options().create(true).append(true).open(&errors)?;
        let _ = fs::remove_file(self.dir().join("libvirtd.pid"));
        let mut child = Command::new("unshare")
            .args(["--mount", "sh", "-c", IN_NAMESPACE, "libvirtd-of-a-test"])
            .args([self.dir(), &cache])
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .context("starting unshare")?;
        let guard = Guard::over(child.id(), self.dir())?;
        let end = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.virsh(&["version"]) {
            if child.try_wait()?.is_some() {
                let said = fs::read_to_string(&errors).unwrap_or_default();
                let log = fs::read_to_string(self.dir().join("libvirtd.log")).unwrap_or_default();
                bail!("libvirtd does not start: {said}{log}");
            }
            ensure!(Instant::now() < end, "libvirtd does not answer: {error:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *running = Some((child, guard));
        Ok(())
    }

    /// Runs virsh on this daemon; returns what it printed.
    ///
    /// # Errors
    /// What virsh says.
    pub fn virsh(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("virsh")
            .args(["--quiet", "--connect", &self.uri()])
            .args(arguments)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .context("running virsh")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "virsh {}: {}",
            arguments.join(" "),
            said.trim()
        );
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// Where libvirt notes the process id of a running guest.
    pub(super) fn pid_file(&self, domain: &str) -> PathBuf {
        self.dir().join(format!("run/qemu/{domain}.pid"))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((mut child, _guard)) = running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
