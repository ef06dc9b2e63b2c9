//! The guests of these tests.

use testkit::{DiskSpec, Guest, GuestBuilder};
use tokio::sync::{Mutex, MutexGuard};

/// The size of each data disk.
pub(crate) const SIZE: u64 = 64 << 20;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// A guest, and the right to run one: emulated guests are heavy.
pub(crate) struct Busy {
    pub(crate) guest: Guest,
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Busy {
    type Target = Guest;
    fn deref(&self) -> &Guest {
        &self.guest
    }
}

/// A running guest with two blank data disks: `vd1` (qcow2, `/dev/vdb`) and `vd2` (raw,
/// `/dev/vdc`). Nothing in it writes to them by itself.
pub(crate) async fn guest(name: &str) -> Busy {
    let turn = ONE_AT_A_TIME.lock().await;
    let guest = Guest::builder(name)
        .disk(DiskSpec::qcow2(SIZE).blank())
        .disk(DiskSpec::raw(SIZE).blank())
        .warm()
        .start()
        .unwrap();
    Busy { guest, _turn: turn }
}

/// A guest with QEMU arguments of its own.
pub(crate) async fn guest_with(name: &str, arguments: &[String]) -> Busy {
    let turn = ONE_AT_A_TIME.lock().await;
    let mut builder = Guest::builder(name);
    for argument in arguments {
        builder = builder.argument(argument);
    }
    let guest = builder.start().unwrap();
    guest.wait_agent().unwrap();
    Busy { guest, _turn: turn }
}

impl Busy {
    /// Starts a guest of one's own making, and does not wait for it to boot.
    pub(crate) async fn start(builder: GuestBuilder) -> Self {
        let turn = ONE_AT_A_TIME.lock().await;
        Self {
            guest: builder.start().unwrap(),
            _turn: turn,
        }
    }

    /// Writes random bytes: `count` mebibytes at mebibyte `at` of a device.
    pub(crate) fn write(&self, device: &str, at: u64, count: u64) {
        self.run(&format!(
            "dd if=/dev/urandom of=/dev/{device} bs=1M seek={at} count={count} conv=notrunc,fsync"
        ))
        .unwrap();
    }
}
