//! What is served, counted, recorded and let go wrong.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::time::UNIX_EPOCH;

use fuser::{Errno, FileAttr, FileType, INodeNo, Request};

use super::state::{Kind, Node, State};
use super::{Fault, What};

/// Bytes of a block.
pub(super) const BLOCK: u32 = 4096;

/// What is served, and what is to go wrong.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) state: State,
    /// Changes so far.
    pub(super) changes: u64,
    /// Reads so far.
    pub(super) reads: u64,
    /// The power goes before the change of this number.
    pub(super) off_at: Option<u64>,
    pub(super) off: bool,
    pub(super) fault: Option<Fault>,
    /// The file that can't be read any more.
    pub(super) bad: Option<u64>,
    /// The state after each change, if it is wanted.
    pub(super) history: Option<Vec<State>>,
    /// What listings that are open show.
    pub(super) lists: HashMap<u64, Vec<(u64, FileType, OsString)>>,
}

impl Inner {
    pub(super) fn new() -> Self {
        Self {
            state: State::new(),
            changes: 0,
            reads: 0,
            off_at: None,
            off: false,
            fault: None,
            bad: None,
            history: None,
            lists: HashMap::new(),
        }
    }

    pub(super) fn on(&self) -> Result<(), Errno> {
        match self.off {
            true => Err(Errno::EIO),
            false => Ok(()),
        }
    }

    /// Does one change, unless the power goes or it is to fail. `lost` is done if it fails.
    pub(super) fn change<T>(
        &mut self,
        sync: bool,
        change: impl FnOnce(&mut State) -> Result<T, Errno>,
        lost: impl FnOnce(&mut State),
    ) -> Result<T, Errno> {
        self.on()?;
        let number = self.changes;
        if self.off_at == Some(number) {
            self.off = true;
            return Err(Errno::EIO);
        }
        self.changes += 1;
        let hit = |f: &Fault| match f.what {
            What::Change => f.at == number,
            What::Full => f.at <= number && !sync,
            What::Read => false,
        };
        let done = match &self.fault {
            Some(f) if hit(f) => {
                lost(&mut self.state);
                Err(match f.what {
                    What::Full => Errno::ENOSPC,
                    _ => Errno::EIO,
                })
            }
            _ => change(&mut self.state),
        };
        if let Some(history) = &mut self.history {
            history.push(self.state.clone());
        }
        done
    }

    pub(super) fn simple<T>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.change(false, change, |_| {})
    }

    /// A change that gives space back, or needs none.
    pub(super) fn freeing<T>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.change(true, change, |_| {})
    }

    pub(super) fn read(&mut self, number: u64, at: u64, len: usize) -> Result<Vec<u8>, Errno> {
        self.on()?;
        let this = self.reads;
        self.reads += 1;
        if self
            .fault
            .is_some_and(|f| f.what == What::Read && f.at == this)
        {
            self.bad = Some(number);
        }
        if self.bad == Some(number) {
            return Err(Errno::EIO);
        }
        Ok(self.state.file(number)?.read(at, len))
    }

    pub(super) fn attr(&self, number: u64) -> Result<FileAttr, Errno> {
        self.on()?;
        let node = self.state.node(number)?;
        let size = match &node.kind {
            Kind::File(content) => content.size(),
            Kind::Folder { .. } => 0,
            Kind::Link(to) => to.as_os_str().len() as u64,
        };
        Ok(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: file_type(node),
            perm: (node.mode & 0o7777) as u16,
            nlink: 1,
            uid: node.owner.0,
            gid: node.owner.1,
            rdev: 0,
            blksize: BLOCK,
            flags: 0,
        })
    }

    pub(super) fn make(
        &mut self,
        (folder, name): (INodeNo, &OsStr),
        kind: Kind,
        mode: u32,
        request: &Request,
    ) -> Result<FileAttr, Errno> {
        let node = Node {
            kind,
            mode,
            owner: (request.uid(), request.gid()),
        };
        let number = self.simple(|s| s.make(folder.0, name, node))?;
        self.attr(number)
    }
}

/// What the kernel calls it.
pub(super) fn file_type(node: &Node) -> FileType {
    match node.kind {
        Kind::File(_) => FileType::RegularFile,
        Kind::Folder { .. } => FileType::Directory,
        Kind::Link(_) => FileType::Symlink,
    }
}
