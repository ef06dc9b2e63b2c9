//! The files in the demo's guest.

use anyhow::{Result, bail};
use testkit::Guest;

/// Files on all three disks: many small, one large, one sparse.
pub(crate) fn write_files(guest: &Guest) -> Result<()> {
    guest.run(
        "set -e
         mkdir -p /srv/app /data1/photos /data2/log
         for i in $(seq 40); do echo \"setting $i = $RANDOM\" > /srv/app/$i.conf; done
         for i in 1 2 3; do dd if=/dev/urandom of=/data1/photos/$i.jpg bs=64k count=48; done
         dd if=/dev/urandom of=/data1/table.db bs=1M count=24
         seq 200000 > /data2/log/today.log
         dd if=/dev/zero of=/data2/sparse bs=1 count=1 seek=50M
         sync",
    )?;
    Ok(())
}

/// A day's work: a database changes in places, a log grows, files come and go.
pub(crate) fn change_files(guest: &Guest) -> Result<()> {
    guest.run(
        "set -e
         for at in 3 700 1500 5000; do
             dd if=/dev/urandom of=/data1/table.db bs=4k count=2 seek=$at conv=notrunc
         done
         rm /data1/photos/2.jpg
         dd if=/dev/urandom of=/data1/photos/4.jpg bs=64k count=16
         seq 200000 210000 >> /data2/log/today.log
         echo 'setting 7 = changed' > /srv/app/7.conf
         sync",
    )?;
    Ok(())
}

/// What nobody wants in a backup.
pub(crate) fn wreck_files(guest: &Guest) -> Result<()> {
    guest.run("rm -r /srv/app; dd if=/dev/urandom of=/data1/table.db bs=1M count=24; sync")?;
    Ok(())
}

/// SHA-256 and name of every file on the guest's disks, sorted. What a running
/// system changes by itself is not on them, but in memory.
pub(crate) fn hashes(guest: &Guest) -> Result<String> {
    guest.run("find / /data1 /data2 -xdev -type f | sort | xargs sha256sum")
}

/// Names the first file that differs.
pub(crate) fn compare(wanted: &str, got: &str) -> Result<()> {
    if let Some(line) = wanted.lines().find(|line| !got.lines().any(|l| l == *line)) {
        bail!("differs or is missing: {line}");
    }
    if let Some(line) = got.lines().find(|line| !wanted.lines().any(|l| l == *line)) {
        bail!("was not there: {line}");
    }
    Ok(())
}
