//! The group `files-write`: files made, changed and removed by the appliance's kernel.

mod attributes;
mod copy;
mod fill;
mod links;
mod nodes;
mod temporary;
mod tree;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::FilesWrite;
use glassbox_api::options::{
    CopyAttributesOpts, CopyDeviceToDeviceOpts, CopyDeviceToFileOpts, CopyFileToDeviceOpts, CopyFileToFileOpts,
    MktempOpts,
};
use glassbox_engine::Job;
use glassbox_io::{Errno, Error, Result, ResultExt};
use rustix::fs::{AtFlags, CWD, FallocateFlags, FileType, Mode, OFlags, Timestamps};

use crate::Daemon;
use crate::kernel_tree::os;
use crate::sysroot::{self, magic_path};

use attributes::{Wanted, chown, timespec};
use copy::{Destination, Range};
use nodes::NEW_DIRECTORY;

/// What a new file may be, less the mask of the process.
pub(super) const NEW_FILE: Mode = Mode::from_raw_mode(0o666);
/// The bits of a mode that are permissions.
const PERMISSIONS: i32 = 0o7777;
/// Read and written at a time.
const PIECE: usize = 512 << 10;

/// How files are opened for writing. Not to wait: a pipe that nobody reads would hold up the daemon forever.
pub(super) const WRITE: OFlags = OFlags::WRONLY.union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

/// Opens a file of the guest for writing.
fn open_to_write(path: &BStr, flags: OFlags) -> Result<File> {
    Ok(sysroot::open(path, WRITE | flags, NEW_FILE).during("open")?.into())
}

/// The file itself, for calls on its metadata.
pub(super) fn target(path: &BStr) -> Result<OwnedFd> {
    sysroot::open(path, OFlags::PATH, Mode::empty())
}

/// The file itself; a symbolic link isn't followed.
pub(super) fn target_or_link(path: &BStr) -> Result<OwnedFd> {
    sysroot::open(path, OFlags::PATH | OFlags::NOFOLLOW, Mode::empty())
}

/// The directory and the name of a file that a call makes or removes; `root` is the error if that is the root itself.
fn entry(path: &BStr, root: Errno) -> Result<(OwnedFd, BString)> {
    sysroot::parent(path).map_err(|error| match error.errno() {
        Errno::EINVAL => Error::os(root).at_path(path),
        _ => error,
    })
}

/// A mode, which the API has as a signed number.
fn mode(mode: i32, path: &BStr) -> Result<Mode> {
    match u32::try_from(mode) {
        Ok(mode) => Ok(Mode::from_raw_mode(mode)),
        Err(_) => Err(Error::usage("mode is negative").at_path(path)),
    }
}

/// A number that the API has as signed and that can't be negative.
fn not_negative(value: i64, what: &str) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::usage(format!("{what} is negative")))
}

/// Writes all of `input` to `file`, from `offset` on. `expected` is how much that is, 0 if nobody knows.
pub(super) fn receive(job: &mut Job, input: &mut dyn Read, expected: u64, file: &File, offset: u64) -> Result<()> {
    let mut buf = vec![0; PIECE];
    let mut done = 0;
    loop {
        if expected == 0 {
            job.pulse()?
        } else {
            job.at(done, expected)?
        }
        let count = match input.read(&mut buf) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        file.write_all_at(&buf[..count], offset + done)?;
        done += count as u64;
    }
    job.done(expected.max(1));
    Ok(())
}

impl Daemon {
    fn upload_to(&mut self, input: &mut dyn Read, name: &BStr, flags: OFlags, offset: u64) -> Result<()> {
        let file = sysroot::open_device_or_file(name, WRITE | flags, NEW_FILE)?;
        receive(&mut self.job(), input, self.expected(), &file, offset).at_path(name)
    }

    fn write_message(&mut self, path: &BStr, flags: OFlags, content: &[u8]) -> Result<()> {
        let mut file = open_to_write(path, OFlags::CREATE | flags)?;
        file.write_all(content).at_path(path).during("write")
    }
}

impl FilesWrite for Daemon {
    fn chmod(&mut self, mode: i32, path: &BStr) -> Result<()> {
        let mode = self::mode(mode, path)?;
        let file = target(path)?;
        rustix::fs::chmod(magic_path(&file), mode).map_err(|errno| os(errno).at_path(path))
    }

    fn chown(&mut self, owner: i32, group: i32, path: &BStr) -> Result<()> {
        chown(&target(path)?, owner, group).map_err(|errno| os(errno).at_path(path))
    }

    fn lchown(&mut self, owner: i32, group: i32, path: &BStr) -> Result<()> {
        chown(&target_or_link(path)?, owner, group).map_err(|errno| os(errno).at_path(path))
    }

    fn utimens(&mut self, path: &BStr, atsecs: i64, atnsecs: i64, mtsecs: i64, mtnsecs: i64) -> Result<()> {
        let file = target_or_link(path).during("utimensat")?;
        let times = Timestamps { last_access: timespec(atsecs, atnsecs), last_modification: timespec(mtsecs, mtnsecs) };
        rustix::fs::utimensat(CWD, magic_path(&file), &times, AtFlags::empty())
            .map_err(|errno| os(errno).at_path(path).during("utimensat"))
    }

    fn touch(&mut self, path: &BStr) -> Result<()> {
        let is_other = |found: &OwnedFd| rustix::fs::fstat(found).map(|stat| FileType::from_raw_mode(stat.st_mode));
        match target_or_link(path) {
            Ok(found) if is_other(&found).map_err(os)? != FileType::RegularFile => {
                return Err(Error::os_with(Errno(0), "only a regular file can be touched").at_path(path));
            }
            Err(error) if error.errno() != Errno::ENOENT => return Err(error),
            _ => {}
        }
        let file = open_to_write(path, OFlags::CREATE)?;
        let now = Timestamps { last_access: timespec(0, -1), last_modification: timespec(0, -1) };
        rustix::fs::futimens(&file, &now).map_err(|errno| os(errno).at_path(path))
    }

    fn copy_attributes(&mut self, src: &BStr, dest: &BStr, opts: CopyAttributesOpts) -> Result<()> {
        attributes::copy(src, dest, Wanted::new(&opts))
    }

    fn mkdir(&mut self, path: &BStr) -> Result<()> {
        nodes::make_directory(path, NEW_DIRECTORY)
    }

    fn mkdir_mode(&mut self, path: &BStr, mode: i32) -> Result<()> {
        nodes::make_directory(path, self::mode(mode, path)?)
    }

    fn mkdir_p(&mut self, path: &BStr) -> Result<()> {
        nodes::make_directories(path)
    }

    fn mkdtemp(&mut self, tmpl: &BStr) -> Result<BString> {
        temporary::make_directory(tmpl)
    }

    fn mktemp(&mut self, tmpl: &BStr, opts: MktempOpts<'_>) -> Result<BString> {
        temporary::make_file(tmpl, opts.suffix.unwrap_or_default())
    }

    fn mknod(&mut self, mode: i32, devmajor: i32, devminor: i32, path: &BStr) -> Result<()> {
        nodes::make_any(path, mode, (devmajor, devminor))
    }

    fn mknod_b(&mut self, mode: i32, devmajor: i32, devminor: i32, path: &BStr) -> Result<()> {
        nodes::make_special(path, FileType::BlockDevice, mode, (devmajor, devminor))
    }

    fn mknod_c(&mut self, mode: i32, devmajor: i32, devminor: i32, path: &BStr) -> Result<()> {
        nodes::make_special(path, FileType::CharacterDevice, mode, (devmajor, devminor))
    }

    fn mkfifo(&mut self, mode: i32, path: &BStr) -> Result<()> {
        nodes::make_special(path, FileType::Fifo, mode, (0, 0))
    }

    fn rm(&mut self, path: &BStr) -> Result<()> {
        tree::remove_file(path)
    }

    fn rm_f(&mut self, path: &BStr) -> Result<()> {
        match tree::remove_file(path) {
            Err(error) if error.errno() == Errno::ENOENT => Ok(()),
            result => result,
        }
    }

    fn rm_rf(&mut self, path: &BStr) -> Result<()> {
        tree::remove(path)
    }

    fn rmdir(&mut self, path: &BStr) -> Result<()> {
        let (directory, name) = entry(path, Errno::EBUSY)?;
        rustix::fs::unlinkat(directory, name.as_slice(), AtFlags::REMOVEDIR).map_err(|errno| os(errno).at_path(path))
    }

    fn cp(&mut self, src: &BStr, dest: &BStr) -> Result<()> {
        tree::copy_file(src, dest)
    }

    fn cp_a(&mut self, src: &BStr, dest: &BStr) -> Result<()> {
        tree::copy(&["-a"], src, dest)
    }

    fn cp_r(&mut self, src: &BStr, dest: &BStr) -> Result<()> {
        tree::copy(&["-r", "-P"], src, dest)
    }

    fn mv(&mut self, src: &BStr, dest: &BStr) -> Result<()> {
        tree::move_to(src, dest)
    }

    fn rename(&mut self, oldpath: &BStr, newpath: &BStr) -> Result<()> {
        links::rename(oldpath, newpath)
    }

    fn ln(&mut self, target: &BStr, linkname: &BStr) -> Result<()> {
        links::hard(target, linkname, false)
    }

    fn ln_f(&mut self, target: &BStr, linkname: &BStr) -> Result<()> {
        links::hard(target, linkname, true)
    }

    fn ln_s(&mut self, target: &BStr, linkname: &BStr) -> Result<()> {
        links::symbolic(target, linkname, false)
    }

    fn ln_sf(&mut self, target: &BStr, linkname: &BStr) -> Result<()> {
        links::symbolic(target, linkname, true)
    }

    fn truncate(&mut self, path: &BStr) -> Result<()> {
        open_to_write(path, OFlags::TRUNC).map(drop)
    }

    fn truncate_size(&mut self, path: &BStr, size: i64) -> Result<()> {
        let file = open_to_write(path, OFlags::empty())?;
        // A negative size is the kernel's EINVAL.
        rustix::fs::ftruncate(file, size as u64).map_err(|errno| os(errno).at_path(path).during("ftruncate"))
    }

    fn fallocate(&mut self, path: &BStr, len: i32) -> Result<()> {
        if len < 0 {
            return Err(Error::usage("length is negative"));
        }
        self.fallocate64(path, len.into())
    }

    fn fallocate64(&mut self, path: &BStr, len: i64) -> Result<()> {
        let file = open_to_write(path, OFlags::CREATE | OFlags::TRUNC)?;
        let length = u64::try_from(len).map_err(|_| Error::os(Errno::EINVAL).at_path(path))?;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, length) {
            // Some filesystems can reserve room by writing alone.
            Err(rustix::io::Errno::OPNOTSUPP) => fill::repeat(&mut self.job(), &file, b"\0", length).at_path(path),
            result => result.map_err(|errno| os(errno).at_path(path)),
        }
    }

    fn fill(&mut self, c: i32, len: i32, path: &BStr) -> Result<()> {
        let Ok(byte) = u8::try_from(c) else {
            return Err(Error::usage(format!("{c} isn't a byte: 0 to 255")));
        };
        self.fill_file(&[byte], len, path)
    }

    fn fill_pattern(&mut self, pattern: &BStr, len: i32, path: &BStr) -> Result<()> {
        if pattern.is_empty() {
            return Err(Error::usage("the pattern is empty"));
        }
        self.fill_file(pattern, len, path)
    }

    fn fill_dir(&mut self, dir: &BStr, nr: i32) -> Result<()> {
        fill::directory(dir, nr)
    }

    fn internal_write(&mut self, path: &BStr, content: &[u8]) -> Result<()> {
        self.write_message(path, OFlags::TRUNC, content)
    }

    fn internal_write_append(&mut self, path: &BStr, content: &[u8]) -> Result<()> {
        self.write_message(path, OFlags::APPEND, content)
    }

    fn write_file(&mut self, path: &BStr, content: &BStr, size: i32) -> Result<()> {
        let content = match usize::try_from(size) {
            Err(_) => return Err(Error::usage("size is negative")),
            // All of it.
            Ok(0) => content,
            Ok(size) => match content.get(..size) {
                Some(content) => content.as_bstr(),
                None => return Err(Error::usage("the content is shorter than the size")),
            },
        };
        self.write_message(path, OFlags::TRUNC, content)
    }

    fn pwrite(&mut self, path: &BStr, content: &[u8], offset: i64) -> Result<i32> {
        let offset = not_negative(offset, "offset")?;
        let file = open_to_write(path, OFlags::empty())?;
        let count = file.write_at(content, offset).map_err(Error::from).at_path(path).during("pwrite")?;
        Ok(count as i32)
    }

    fn pwrite_device(&mut self, device: &BStr, content: &[u8], offset: i64) -> Result<i32> {
        let offset = not_negative(offset, "offset")?;
        let file: File = sysroot::open_device_or_file(device, WRITE, NEW_FILE)?;
        let count = file.write_at(content, offset).map_err(Error::from).at_path(device).during("pwrite")?;
        Ok(count as i32)
    }

    fn upload(&mut self, filename: &mut dyn Read, remotefilename: &BStr) -> Result<()> {
        self.upload_to(filename, remotefilename, OFlags::CREATE | OFlags::TRUNC, 0)
    }

    fn upload_offset(&mut self, filename: &mut dyn Read, remotefilename: &BStr, offset: i64) -> Result<()> {
        let offset = not_negative(offset, "offset in file").at_path(remotefilename)?;
        self.upload_to(filename, remotefilename, OFlags::CREATE, offset)
    }

    fn internal_upload(&mut self, filename: &mut dyn Read, tmpname: &BStr, mode: i32) -> Result<()> {
        self.upload_to_appliance(filename, tmpname, mode)
    }

    fn dd(&mut self, src: &BStr, dest: &BStr) -> Result<()> {
        copy::run(&mut self.job(), src, dest, &Range::default(), Destination::Replaced)
    }

    fn copy_size(&mut self, src: &BStr, dest: &BStr, size: i64) -> Result<()> {
        let range = Range { size: Some(not_negative(size, "size")?), ..Range::default() };
        copy::run(&mut self.job(), src, dest, &range, Destination::Replaced)
    }

    fn copy_device_to_device(&mut self, src: &BStr, dest: &BStr, opts: CopyDeviceToDeviceOpts) -> Result<()> {
        let range = Range::new(opts.srcoffset, opts.destoffset, opts.size, opts.sparse)?;
        copy::run(&mut self.job(), src, dest, &range, Destination::device(opts.append)?)
    }

    fn copy_device_to_file(&mut self, src: &BStr, dest: &BStr, opts: CopyDeviceToFileOpts) -> Result<()> {
        let range = Range::new(opts.srcoffset, opts.destoffset, opts.size, opts.sparse)?;
        copy::run(&mut self.job(), src, dest, &range, Destination::file(opts.append))
    }

    fn copy_file_to_device(&mut self, src: &BStr, dest: &BStr, opts: CopyFileToDeviceOpts) -> Result<()> {
        let range = Range::new(opts.srcoffset, opts.destoffset, opts.size, opts.sparse)?;
        copy::run(&mut self.job(), src, dest, &range, Destination::device(opts.append)?)
    }

    fn copy_file_to_file(&mut self, src: &BStr, dest: &BStr, opts: CopyFileToFileOpts) -> Result<()> {
        let range = Range::new(opts.srcoffset, opts.destoffset, opts.size, opts.sparse)?;
        copy::run(&mut self.job(), src, dest, &range, Destination::file(opts.append))
    }
}

impl Daemon {
    /// Writes a file of the appliance itself: what is sent along for a tool.
    pub(crate) fn upload_to_appliance(&mut self, input: &mut dyn Read, name: &BStr, mode: i32) -> Result<()> {
        let mode = self::mode(mode, name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(CWD, name.as_bytes(), flags, mode);
        let file = opened.map(File::from).map_err(|errno| os(errno).at_path(name))?;
        receive(&mut self.job(), input, self.expected(), &file, 0).at_path(name)
    }

    fn fill_file(&mut self, pattern: &[u8], length: i32, path: &BStr) -> Result<()> {
        let Ok(length) = u64::try_from(length) else {
            return Err(Error::usage(format!("{length}: length is negative")));
        };
        let file = open_to_write(path, OFlags::CREATE | OFlags::TRUNC)?;
        fill::repeat(&mut self.job(), &file, pattern, length).at_path(path).during("write")
    }
}
