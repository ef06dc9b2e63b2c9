//! The file system as the kernel asks for it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::content::Content;
use super::state::{Kind, Node, State};
use super::{Fault, What};

/// What the kernel knows it may keep: only a load changes things behind its back, and says so.
const TTL: Duration = Duration::from_secs(3600);
const BLOCK: u32 = 4096;
/// Bytes that are free, always: enough for a small reserve.
const FREE: u64 = 1 << 30;
const O_EXCL: i32 = 0o200;
/// `fallocate`: the size stays; a hole; zeros.
const KEEP_SIZE: i32 = 1;
const PUNCH_HOLE: i32 = 2;
const ZERO_RANGE: i32 = 16;

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

    fn on(&self) -> Result<(), Errno> {
        match self.off {
            true => Err(Errno::EIO),
            false => Ok(()),
        }
    }

    /// Does one change, unless the power goes or it is to fail. `lost` is done if it fails.
    fn change<T>(
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

    fn simple<T>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.change(false, change, |_| {})
    }

    /// A change that gives space back, or needs none.
    fn freeing<T>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.change(true, change, |_| {})
    }

    fn read(&mut self, number: u64, at: u64, len: usize) -> Result<Vec<u8>, Errno> {
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

    fn attr(&self, number: u64) -> Result<FileAttr, Errno> {
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

    fn make(
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

fn file_type(node: &Node) -> FileType {
    match node.kind {
        Kind::File(_) => FileType::RegularFile,
        Kind::Folder { .. } => FileType::Directory,
        Kind::Link(_) => FileType::Symlink,
    }
}

/// The file system that a mount serves.
pub(super) struct Served(pub(super) Arc<Mutex<Inner>>);

impl Served {
    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut inner = self.0.lock().map_err(|_| Errno::EIO)?;
        f(&mut inner)
    }
}

macro_rules! answer {
    ($reply:ident, $done:expr, $value:pat => $good:expr) => {
        match $done {
            Ok($value) => $good,
            Err(e) => $reply.error(e),
        }
    };
}

impl Filesystem for Served {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.with(|i| {
            i.on()?;
            i.attr(i.state.find(parent.0, name)?)
        });
        answer!(reply, found, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer!(reply, self.with(|i| i.attr(ino.0)), attr => reply.attr(&TTL, &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let done = self.with(|i| {
            i.on()?;
            if let Some(size) = size {
                let shorter = size <= i.state.file(ino.0)?.size();
                let resize = |s: &mut State| s.file(ino.0).map(|f| f.resize(size));
                match shorter {
                    true => i.freeing(resize)?,
                    false => i.simple(resize)?,
                }
            }
            let node = i.state.node_mut(ino.0)?;
            node.mode = mode.unwrap_or(node.mode);
            node.owner = (uid.unwrap_or(node.owner.0), gid.unwrap_or(node.owner.1));
            i.attr(ino.0)
        });
        answer!(reply, done, attr => reply.attr(&TTL, &attr));
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        let to = self.with(|i| match &i.state.node(ino.0)?.kind {
            Kind::Link(to) => Ok(to.as_os_str().as_encoded_bytes().to_vec()),
            _ => Err(Errno::EINVAL),
        });
        answer!(reply, to, to => reply.data(&to));
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let made = self.with(|i| i.make((parent, name), Kind::folder(), mode & !umask, request));
        answer!(reply, made, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn symlink(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let link = Kind::Link(target.to_owned());
        let made = self.with(|i| i.make((parent, name), link, 0o777, request));
        answer!(reply, made, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let made = self.with(|i| match i.state.find(parent.0, name) {
            Ok(there) if flags & O_EXCL == 0 => i.attr(there),
            _ => {
                let file = Kind::File(Content::default());
                i.make((parent, name), file, mode & !umask, request)
            }
        });
        answer!(reply, made, attr => {
            reply.created(&TTL, &attr, Generation(0), FileHandle(0), FopenFlags::empty());
        });
    }

    fn link(&self, _: &Request, ino: INodeNo, to: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let done = self.with(|i| {
            i.simple(|s| s.link(ino.0, to.0, name))?;
            i.attr(ino.0)
        });
        answer!(reply, done, attr => reply.entry(&TTL, &attr, Generation(0)));
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let done = self.with(|i| i.freeing(|s| s.remove(parent.0, name)));
        answer!(reply, done, () => reply.ok());
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let done = self.with(|i| i.freeing(|s| s.remove(parent.0, name)));
        answer!(reply, done, () => reply.ok());
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        to: INodeNo,
        new: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let replace = !flags.contains(RenameFlags::RENAME_NOREPLACE);
        let done = self.with(|i| i.freeing(|s| s.rename((parent.0, name), (to.0, new), replace)));
        answer!(reply, done, () => reply.ok());
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let there = self.with(|i| i.attr(ino.0));
        answer!(reply, there, _ => reply.opened(FileHandle(0), FopenFlags::empty()));
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let bytes = self.with(|i| i.read(ino.0, offset, size as usize));
        answer!(reply, bytes, bytes => reply.data(&bytes));
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let done = self.with(|i| i.simple(|s| s.file(ino.0).map(|f| f.write(offset, data))));
        answer!(reply, done, () => reply.written(data.len() as u32));
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let change = |s: &mut State| {
            let file = s.file(ino.0)?;
            if mode & KEEP_SIZE == 0 && offset + length > file.size() {
                file.resize(offset + length);
            }
            if mode & (PUNCH_HOLE | ZERO_RANGE) != 0 {
                file.zero(offset, length);
            }
            Ok(())
        };
        let done = self.with(|i| match mode & PUNCH_HOLE != 0 {
            true => i.freeing(change),
            false => i.simple(change),
        });
        answer!(reply, done, () => reply.ok());
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let sync = |s: &mut State| s.file(ino.0).map(Content::sync);
        let lose = |s: &mut State| {
            let _ = s.file(ino.0).map(Content::lose);
        };
        answer!(reply, self.with(|i| i.change(true, sync, lose)), () => reply.ok());
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        let done = self.with(|i| i.freeing(|s| s.sync_folder(ino.0)));
        answer!(reply, done, () => reply.ok());
    }

    fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let opened = self.with(|i| {
            i.on()?;
            let entry = |(name, number): (&OsString, &u64)| {
                Ok((*number, file_type(i.state.node(*number)?), name.clone()))
            };
            let list: Result<_, Errno> = i.state.names(ino.0)?.iter().map(entry).collect();
            let handle = i.lists.keys().max().map_or(1, |last| last + 1);
            i.lists.insert(handle, list?);
            Ok(handle)
        });
        answer!(reply, opened, handle => reply.opened(FileHandle(handle), FopenFlags::empty()));
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let list = self.with(|i| {
            i.on()?;
            i.lists.get(&fh.0).cloned().ok_or(Errno::EIO)
        });
        answer!(reply, list, list => {
            let dots = [".", ".."].map(|n| (ino.0, FileType::Directory, n.into()));
            let all = dots.into_iter().chain(list).zip(1..).skip(offset as usize);
            for ((number, kind, name), next) in all {
                if reply.add(INodeNo(number), next, kind, name) {
                    break;
                }
            }
            reply.ok();
        });
    }

    fn releasedir(&self, _: &Request, _: INodeNo, fh: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
        let closed = self.with(|i| Ok(i.lists.remove(&fh.0)));
        answer!(reply, closed, _ => reply.ok());
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let blocks = FREE / u64::from(BLOCK);
        reply.statfs(
            2 * blocks,
            blocks,
            blocks,
            1 << 20,
            1 << 20,
            BLOCK,
            255,
            BLOCK,
        );
    }
}
