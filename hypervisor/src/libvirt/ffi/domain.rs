//! A domain: libvirt's name for a machine.

use std::ffi::CStr;
use std::fmt;

use super::table::{Object, RawBlockInfo, RawDiskError, RawJobInfo, Table};
use super::{Checkpoint, Result, c_string, owned_list, owned_text, status};

/// A domain; the reference is given back when dropped.
pub(in crate::libvirt) struct Domain {
    table: &'static Table,
    raw: Object,
}

// SAFETY: libvirt allows its objects to be used by several threads at the same time.
unsafe impl Send for Domain {}
// SAFETY: as above.
unsafe impl Sync for Domain {}

/// `virDomainState` with the reasons that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::libvirt) enum State {
    /// Running, or blocked on a resource.
    Running,
    /// Stopped by an input-output error of a disk.
    PausedByIoError,
    /// Stopped for another reason.
    Paused,
    /// Off after a shutdown from within.
    OffCleanly,
    /// Off: destroyed, crashed, saved, never started, or libvirt doesn't know.
    Off,
    /// Shutting down, crashed, asleep, or unknown.
    Other,
}

/// Which description of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::libvirt) enum XmlForm {
    /// As it is now.
    Current,
    /// As it will be at its next start, with secrets.
    Stored,
}

/// Sizes of a disk in bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::libvirt) struct BlockInfo {
    /// What the guest sees.
    pub(in crate::libvirt) capacity: u64,
}

/// A disk on which the domain met an error that stopped it.
#[derive(Clone, Debug)]
pub(in crate::libvirt) struct DiskError {
    /// Its target name.
    pub(in crate::libvirt) disk: String,
    /// Whether it was for want of space.
    pub(in crate::libvirt) no_space: bool,
}

impl Domain {
    pub(super) fn new(table: &'static Table, raw: Object) -> Self {
        Self { table, raw }
    }

    /// Its UUID, lower case with hyphens.
    pub(in crate::libvirt) fn uuid(&self) -> Result<String> {
        let mut buf = [0; 37]; // VIR_UUID_STRING_BUFLEN
        // SAFETY: the buffer has the length that libvirt asks for.
        status(self.table, unsafe {
            (self.table.virDomainGetUUIDString)(self.raw, buf.as_mut_ptr())
        })?;
        // SAFETY: after success the buffer holds a text that ends in NUL.
        let text = unsafe { CStr::from_ptr(buf.as_ptr()) };
        Ok(text.to_string_lossy().into_owned())
    }

    /// The number of this run of the domain; `None` while it is off.
    pub(in crate::libvirt) fn run(&self) -> Option<u32> {
        // SAFETY: `raw` is a domain.
        let id = unsafe { (self.table.virDomainGetID)(self.raw) };
        (id != u32::MAX).then_some(id)
    }

    /// Its description.
    pub(in crate::libvirt) fn xml(&self, form: XmlForm) -> Result<String> {
        let flags = match form {
            XmlForm::Current => 0,
            XmlForm::Stored => 1 | 2, // SECURE | INACTIVE
        };
        // SAFETY: `raw` is a domain; the text is handed over.
        owned_text(self.table, unsafe {
            (self.table.virDomainGetXMLDesc)(self.raw, flags)
        })
    }

    /// Whether it runs.
    pub(in crate::libvirt) fn state(&self) -> Result<State> {
        let (mut state, mut reason) = (0, 0);
        // SAFETY: `raw` is a domain; both places are ours.
        status(self.table, unsafe {
            (self.table.virDomainGetState)(self.raw, &raw mut state, &raw mut reason, 0)
        })?;
        Ok(match (state, reason) {
            (1 | 2, _) => State::Running,
            (3, 5) => State::PausedByIoError,
            (3, _) => State::Paused,
            (5, 1) => State::OffCleanly,
            (5, _) => State::Off,
            _ => State::Other,
        })
    }

    /// The sizes of the disk with this target name.
    pub(in crate::libvirt) fn block_info(&self, disk: &str) -> Result<BlockInfo> {
        let (disk, mut info) = (c_string(disk)?, RawBlockInfo::default());
        // SAFETY: `raw` is a domain; the name ends in NUL; `info` is laid out as libvirt's.
        status(self.table, unsafe {
            (self.table.virDomainGetBlockInfo)(self.raw, disk.as_ptr(), &raw mut info, 0)
        })?;
        Ok(BlockInfo {
            capacity: info.capacity,
        })
    }

    /// The disks with errors.
    pub(in crate::libvirt) fn disk_errors(&self) -> Result<Vec<DiskError>> {
        const MOST: usize = 256;
        let mut raw: Vec<RawDiskError> = Vec::with_capacity(MOST);
        // SAFETY: there is room for the number of entries given; libvirt fills the first
        // `count`, whose texts are ours to free.
        let count = status(self.table, unsafe {
            (self.table.virDomainGetDiskErrors)(self.raw, raw.as_mut_ptr(), MOST as u32, 0)
        })?;
        // SAFETY: that many entries were filled, and no more than there is room for.
        unsafe { raw.set_len(usize::try_from(count).unwrap_or(0).min(MOST)) };
        raw.into_iter()
            .map(|e| {
                Ok(DiskError {
                    disk: owned_text(self.table, e.disk)?,
                    no_space: e.error == 2,
                })
            })
            .collect()
    }

    /// Whether a job (backup, migration, dump …) runs on it.
    pub(in crate::libvirt) fn has_job(&self) -> Result<bool> {
        let mut info = RawJobInfo::default();
        // SAFETY: `raw` is a domain; `info` is laid out as libvirt's.
        status(self.table, unsafe {
            (self.table.virDomainGetJobInfo)(self.raw, &raw mut info)
        })?;
        Ok(matches!(info.kind, 1 | 2))
    }

    /// Ends the running job.
    pub(in crate::libvirt) fn abort_job(&self) -> Result<()> {
        // SAFETY: `raw` is a domain.
        self.done(unsafe { (self.table.virDomainAbortJob)(self.raw) })
    }

    /// Lets its processors go on.
    pub(in crate::libvirt) fn resume(&self) -> Result<()> {
        // SAFETY: `raw` is a domain.
        self.done(unsafe { (self.table.virDomainResume)(self.raw) })
    }

    /// Starts it.
    pub(in crate::libvirt) fn start(&self) -> Result<()> {
        // SAFETY: `raw` is a domain.
        self.done(unsafe { (self.table.virDomainCreate)(self.raw) })
    }

    /// Removes its definition, its NVRAM and libvirt's records of its checkpoints and
    /// snapshots; its disks stay.
    pub(in crate::libvirt) fn undefine(&self) -> Result<()> {
        // MANAGED_SAVE | SNAPSHOTS_METADATA | NVRAM | CHECKPOINTS_METADATA
        // SAFETY: `raw` is a domain.
        self.done(unsafe { (self.table.virDomainUndefineFlags)(self.raw, 1 | 2 | 4 | 16) })
    }

    /// Starts a backup job, and a checkpoint at the same instant if one is given.
    pub(in crate::libvirt) fn backup_begin(
        &self,
        backup: &str,
        checkpoint: Option<&str>,
    ) -> Result<()> {
        let backup = c_string(backup)?;
        let checkpoint = checkpoint.map(c_string).transpose()?;
        let point = checkpoint.as_ref().map_or(std::ptr::null(), |c| c.as_ptr());
        // SAFETY: `raw` is a domain; the texts end in NUL and outlive the call; NULL is allowed
        // for the checkpoint.
        self.done(unsafe { (self.table.virDomainBackupBegin)(self.raw, backup.as_ptr(), point, 0) })
    }

    /// The description of the running backup job.
    pub(in crate::libvirt) fn backup_xml(&self) -> Result<String> {
        // SAFETY: `raw` is a domain; the text is handed over.
        owned_text(self.table, unsafe {
            (self.table.virDomainBackupGetXMLDesc)(self.raw, 0)
        })
    }

    /// All checkpoints, parents before their children (`LIST_TOPOLOGICAL`).
    pub(in crate::libvirt) fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        let mut list = std::ptr::null_mut();
        // SAFETY: `raw` is a domain; `list` is a place for the array, which `owned_list` takes.
        let count = unsafe { (self.table.virDomainListAllCheckpoints)(self.raw, &raw mut list, 2) };
        let all = owned_list(self.table, list, count)?;
        Ok(all
            .into_iter()
            .map(|raw| Checkpoint::new(self.table, raw))
            .collect())
    }

    /// The checkpoint of this name.
    pub(in crate::libvirt) fn checkpoint(&self, name: &str) -> Result<Checkpoint> {
        let name = c_string(name)?;
        // SAFETY: `raw` is a domain; the name ends in NUL.
        let raw =
            unsafe { (self.table.virDomainCheckpointLookupByName)(self.raw, name.as_ptr(), 0) };
        if raw.is_null() {
            return Err(self.table.last_error());
        }
        Ok(Checkpoint::new(self.table, raw))
    }

    /// Makes libvirt know a checkpoint whose bitmaps are there already (`REDEFINE`).
    pub(in crate::libvirt) fn adopt_checkpoint(&self, xml: &str) -> Result<Checkpoint> {
        let xml = c_string(xml)?;
        // SAFETY: `raw` is a domain; the text ends in NUL.
        let raw = unsafe { (self.table.virDomainCheckpointCreateXML)(self.raw, xml.as_ptr(), 1) };
        if raw.is_null() {
            return Err(self.table.last_error());
        }
        Ok(Checkpoint::new(self.table, raw))
    }

    /// Sends one command to the guest agent and waits `seconds` for its answer.
    pub(in crate::libvirt) fn agent_command(&self, command: &str, seconds: u32) -> Result<String> {
        let command = c_string(command)?;
        let seconds = i32::try_from(seconds.max(1)).unwrap_or(i32::MAX);
        // SAFETY: `raw` is a domain; the command ends in NUL; the text is handed over.
        owned_text(self.table, unsafe {
            (self.table.virDomainQemuAgentCommand)(self.raw, command.as_ptr(), seconds, 0)
        })
    }

    fn done(&self, result: i32) -> Result<()> {
        status(self.table, result).map(|_| ())
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // SAFETY: `raw` is ours and is not used again.
        unsafe { (self.table.virDomainFree)(self.raw) };
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Domain")
    }
}
