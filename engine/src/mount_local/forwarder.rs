//! Takes the kernel's requests in fuser's thread and passes each on, with its reply, to the thread that has the handle.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::mpsc::Sender;
use std::time::Duration;

use bstr::BString;
use fuser::{
    AccessFlags, Errno as FuseErrno, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, InitFlags, KernelConfig,
    LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyStatfs, ReplyXattr, Request,
};
use glassbox_io::Result;

use super::attributes::unknown;
use super::options::{Options, View};
use super::server::{Server, errno};

/// One request, to be answered by the server. A task that nobody performs answers `EIO` when it is dropped.
pub type Task = Box<dyn FnOnce(&mut Server<'_>) + Send>;

/// Numbers are never used again for another file.
const GENERATION: Generation = Generation(0);
/// The number in an answer that says: there is no such name, and that may be remembered.
const ABSENT: u64 = 0;
/// Attributes come with the names, for which they are read all at once; symbolic links are remembered, and directories are
/// read by several programs at a time.
const CAPABILITIES: InitFlags =
    InitFlags::FUSE_DO_READDIRPLUS.union(InitFlags::FUSE_CACHE_SYMLINKS).union(InitFlags::FUSE_PARALLEL_DIROPS);

/// The filesystem as fuser sees it.
pub struct Forwarder {
    tasks: Sender<Task>,
    view: View,
}

impl Forwarder {
    /// Sends to whoever receives from the other end of `tasks`.
    pub fn new(tasks: Sender<Task>, options: &Options) -> Self {
        Forwarder { tasks, view: options.view }
    }

    fn forward(&self, task: impl FnOnce(&mut Server<'_>) + Send + 'static) {
        // Nobody serves any more: the task is dropped, and so answered.
        let _ = self.tasks.send(Box::new(task));
    }
}

impl Filesystem for Forwarder {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        let wanted = CAPABILITIES & config.capabilities();
        config.add_capabilities(wanted).map_err(|_| io::ErrorKind::Unsupported.into())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let name = BString::from(name.as_bytes());
        let view = self.view;
        self.forward(move |server| match server.lookup(parent.0, name.as_ref()) {
            Ok(Some(attributes)) => {
                reply.entry_with_ttls(&view.attributes, &view.names, &attributes, GENERATION);
            }
            Ok(None) if view.absent.is_zero() => reply.error(FuseErrno::ENOENT),
            Ok(None) => {
                let nothing = unknown(ABSENT, fuser::FileType::RegularFile);
                reply.entry_with_ttls(&Duration::ZERO, &view.absent, &nothing, GENERATION);
            }
            Err(error) => reply.error(errno(&error)),
        });
    }

    fn forget(&self, _: &Request, number: INodeNo, lookups: u64) {
        self.forward(move |server| server.forget(number.0, lookups));
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let valid = self.view.attributes;
        self.forward(move |server| match server.getattr(number.0) {
            Ok(attributes) => reply.attr(&valid, &attributes),
            Err(error) => reply.error(errno(&error)),
        });
    }

    fn readlink(&self, _: &Request, number: INodeNo, reply: ReplyData) {
        self.forward(move |server| match server.readlink(number.0) {
            Ok(target) => reply.data(&target),
            Err(error) => reply.error(errno(&error)),
        });
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        // Nothing changes an image that is open here, so what the kernel has of a file stays true.
        let flags = if self.view.direct { FopenFlags::FOPEN_DIRECT_IO } else { FopenFlags::FOPEN_KEEP_CACHE };
        reply.opened(FileHandle(0), flags);
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.forward(move |server| match server.read(number.0, offset, size) {
            Ok(data) => reply.data(&data),
            Err(error) => reply.error(errno(&error)),
        });
    }

    fn opendir(&self, _: &Request, number: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        self.forward(move |server| match server.opendir(number.0) {
            Ok(opened) => reply.opened(opened, FopenFlags::empty()),
            Err(error) => reply.error(errno(&error)),
        });
    }

    fn readdir(&self, _: &Request, _: INodeNo, opened: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        self.forward(move |server| {
            let listed = server.readdir(opened, offset, false, &mut |entry| {
                !reply.add(INodeNo(entry.number), entry.next, entry.kind, OsStr::from_bytes(entry.name))
            });
            match listed {
                Ok(()) => reply.ok(),
                Err(error) => reply.error(errno(&error)),
            }
        });
    }

    fn readdirplus(&self, _: &Request, _: INodeNo, opened: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
        // The protocol has a time for names and one for attributes; fuser gives both the same here.
        let valid = self.view.attributes.min(self.view.names);
        self.forward(move |server| {
            let listed = server.readdir(opened, offset, true, &mut |entry| {
                let valid = if entry.attributes.is_some() { valid } else { Duration::ZERO };
                let attributes = entry.attributes_or_unknown();
                let name = OsStr::from_bytes(entry.name);
                !reply.add(INodeNo(entry.number), entry.next, name, &valid, &attributes, GENERATION)
            });
            match listed {
                Ok(()) => reply.ok(),
                Err(error) => reply.error(errno(&error)),
            }
        });
    }

    fn releasedir(&self, _: &Request, _: INodeNo, opened: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
        self.forward(move |server| {
            server.releasedir(opened);
            reply.ok();
        });
    }

    fn statfs(&self, _: &Request, number: INodeNo, reply: ReplyStatfs) {
        self.forward(move |server| match server.statfs(number.0) {
            Ok(found) => reply.statfs(
                found.blocks as u64,
                found.bfree as u64,
                found.bavail as u64,
                found.files as u64,
                found.ffree as u64,
                found.bsize as u32,
                found.namemax as u32,
                found.frsize as u32,
            ),
            Err(error) => reply.error(errno(&error)),
        });
    }

    fn getxattr(&self, _: &Request, number: INodeNo, name: &OsStr, size: u32, reply: ReplyXattr) {
        let name = BString::from(name.as_bytes());
        self.forward(move |server| answer_xattr(server.getxattr(number.0, name.as_ref()), size, reply));
    }

    fn listxattr(&self, _: &Request, number: INodeNo, size: u32, reply: ReplyXattr) {
        self.forward(move |server| answer_xattr(server.listxattr(number.0), size, reply));
    }

    fn access(&self, request: &Request, number: INodeNo, mask: AccessFlags, reply: ReplyEmpty) {
        let (uid, gid) = (request.uid(), request.gid());
        self.forward(move |server| match server.access(number.0, uid, gid, mask.bits()) {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(errno(&error)),
        });
    }
}

/// As getxattr(2): with no room, how much is needed; with too little, `ERANGE`.
fn answer_xattr(found: Result<Vec<u8>>, room: u32, reply: ReplyXattr) {
    match found {
        Ok(data) if room == 0 => reply.size(u32::try_from(data.len()).unwrap_or(u32::MAX)),
        Ok(data) if data.len() > room as usize => reply.error(FuseErrno::ERANGE),
        Ok(data) => reply.data(&data),
        Err(error) => reply.error(errno(&error)),
    }
}
