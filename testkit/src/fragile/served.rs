//! The file system as the kernel asks for it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use fuser::{
    BsdFileFlags, Errno, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::content::Content;
use super::inner::{BLOCK, Inner, file_type};
use super::state::{Kind, State};

/// What the kernel knows it may keep: only a load changes things behind its back, and says so.
const TTL: Duration = Duration::from_secs(3600);
/// Bytes that are free, always: enough for a small reserve.
const FREE: u64 = 1 << 30;
const O_EXCL: i32 = 0o200;
/// `fallocate`: the size stays; a hole; zeros.
const KEEP_SIZE: i32 = 1;
const PUNCH_HOLE: i32 = 2;
const ZERO_RANGE: i32 = 16;

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
