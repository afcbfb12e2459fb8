//! The options that say which disks to look at and what to mount, the same in every command.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::options::{AddDomainOpts, AddDriveOpts};
use glassbox_api::{Drives, FilesystemDetect, HandleConfig, Launching, Mounting};
use glassbox_engine::Handle;
use glassbox_engine::libvirt::Connection;
use glassbox_io::{Error, ResultExt};

use crate::guest;
use crate::keys::Keys;
use crate::options::{Options, UsageError};
use crate::uri::{self, Remote};

/// Disks to add, in order, and what to mount from them.
#[derive(Debug, Default)]
pub struct Disks {
    drives: Vec<Drive>,
    mounts: Vec<MountOption>,
    format: Pending<BString>,
    blocksize: Pending<i32>,
    verbose: bool,
    trace: bool,
    discard: bool,
    /// Keys of encrypted disks.
    pub keys: Keys,
    /// Of which libvirt the domains are.
    connection: Option<BString>,
}

/// A disk, or all disks of a domain.
#[derive(Clone, Debug)]
struct Drive {
    /// The file's path, the URI or the domain's name.
    name: BString,
    kind: Kind,
    format: Option<BString>,
    blocksize: Option<i32>,
    /// The size of a new disk, which is written whatever becomes of the others.
    new: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Remote(Remote),
    /// A domain of libvirt, with its UUID if that is known.
    Domain(Option<String>),
}

/// A value for the disks that follow it, and whether none has yet.
#[derive(Debug, Default)]
struct Pending<T> {
    value: Option<T>,
    unused: bool,
}

impl<T: Clone> Pending<T> {
    fn set(&mut self, value: Option<T>) {
        *self = Pending { value, unused: true };
    }

    fn take(&mut self) -> Option<T> {
        self.unused = false;
        self.value.clone()
    }
}

/// `-m device[:mountpoint[:options[:fstype]]]`.
#[derive(Debug, PartialEq, Eq)]
pub struct MountOption {
    /// What to mount.
    pub device: BString,
    /// Where; `/` if nothing was said.
    pub mountpoint: BString,
    /// With which options, if that was said.
    pub options: Option<BString>,
    /// As which type of filesystem, if that was said.
    pub fstype: Option<BString>,
}

impl MountOption {
    fn parse(text: &[u8]) -> MountOption {
        let mut parts = text.splitn_str(4, ":").map(BString::from);
        MountOption {
            device: parts.next().unwrap_or_default(),
            mountpoint: parts.next().unwrap_or_else(|| "/".into()),
            options: parts.next(),
            fstype: parts.next(),
        }
    }
}

impl Disks {
    /// Takes the option `-letter` or `--name` if it is one of these. Whether it was.
    pub fn accept(&mut self, letter: Option<char>, name: &str, options: &mut Options) -> Result<bool, UsageError> {
        match (letter, name) {
            (Some('a'), _) | (_, "add") => self.add(options.value()?)?,
            (_, "blocksize") => {
                let value = options.optional_value().map(|value| value.into_string()).transpose();
                let number = |text: Option<String>| text.map(|text| text.parse()).transpose().ok();
                let value = value.ok().and_then(number);
                self.blocksize.set(value.ok_or_else(|| UsageError::new("--blocksize option is not numeric"))?);
            }
            (Some('c'), _) | (_, "connect") => {
                self.connection = Some(options.value()?.into_vec().into());
            }
            (Some('d'), _) | (_, "domain") => {
                let name = options.value()?.into_vec().into();
                self.drives.push(Drive { name, kind: Kind::Domain(None), format: None, blocksize: None, new: None });
            }
            (_, "format") => self.format.set(options.optional_value().map(|value| value.into_vec().into())),
            (Some('m'), _) | (_, "mount") => self.mounts.push(MountOption::parse(options.value()?.as_bytes())),
            (Some('v'), _) | (_, "verbose") => self.verbose = true,
            (Some('x'), _) => self.trace = true,
            _ => return self.keys.accept(name, options),
        }
        Ok(true)
    }

    /// Adds an image, by its path or as a URI.
    pub fn add(&mut self, image: OsString) -> Result<(), UsageError> {
        self.add_unseen(image)?;
        match self.drives.last() {
            Some(Drive { name, kind: Kind::File, .. }) => std::fs::metadata(name.to_path_lossy())
                .map(drop)
                .map_err(|error| UsageError::new(format!("access: {name}: {}", Error::from(error).message()))),
            _ => Ok(()),
        }
    }

    /// The same without a look whether it is there: one of many guests that isn't shall not keep the others from being read.
    pub fn add_unseen(&mut self, image: OsString) -> Result<(), UsageError> {
        let image = BString::from(image.into_vec());
        let (name, kind) = match uri::parse(image.as_bstr()) {
            None => (image, Kind::File),
            Some(Ok(uri::Image::File(path))) => (path, Kind::File),
            Some(Ok(uri::Image::Remote(remote))) => (uri::shown(image.as_bstr()), Kind::Remote(remote)),
            Some(Err(())) => {
                return Err(UsageError::new(format!("--add: could not parse URI ‘{}’", uri::shown(image.as_bstr()))));
            }
        };
        self.drives.push(Drive { name, kind, format: self.format.take(), blocksize: self.blocksize.take(), new: None });
        Ok(())
    }

    /// Adds all domains of libvirt.
    pub fn add_domains(&mut self) -> Result<(), Error> {
        let connection = Connection { uri: self.connection.clone(), read_only: true };
        self.drives.extend(connection.domains()?.into_iter().map(|found| Drive {
            name: found.name,
            kind: Kind::Domain(Some(found.uuid)),
            format: None,
            blocksize: None,
            new: None,
        }));
        Ok(())
    }

    /// Adds a disk that [`Disks::create`] makes, of `size` bytes. Returns its number.
    pub fn add_new(&mut self, path: BString, size: u64) -> usize {
        let format = Some("raw".into());
        self.drives.push(Drive { name: path, kind: Kind::File, format, blocksize: None, new: Some(size) });
        self.drives.len() - 1
    }

    /// Makes the new disks, empty and sparse, instead of files of their names.
    pub fn create(&self) -> Result<(), Error> {
        let new = self.drives.iter().filter_map(|drive| Some((&drive.name, drive.new?)));
        new.into_iter().try_for_each(|(path, size)| make_file(path.as_bstr(), size, false))
    }

    /// Lets the disks give space back that isn't used any more, where they can.
    pub fn discard(&mut self) {
        self.discard = true;
    }

    /// Fails if an option has had nothing to act on.
    pub fn check(&self) -> Result<(), UsageError> {
        for (name, unused) in [("format", self.format.unused), ("blocksize", self.blocksize.unused)] {
            if unused {
                return Err(UsageError::new(format!("--{name} parameter must appear before -a parameter")));
            }
        }
        Ok(())
    }

    /// How many images and domains there are.
    pub fn count(&self) -> usize {
        self.drives.len()
    }

    /// Whether something is to be mounted.
    pub fn mounts_something(&self) -> bool {
        !self.mounts.is_empty()
    }

    /// The images' names, for messages.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.drives.iter().map(|drive| drive.name.to_string()).collect();
        names.join(", ")
    }

    /// The images' paths or URIs, and the domains' names.
    pub fn paths(&self) -> impl Iterator<Item = &BStr> {
        self.drives.iter().map(|drive| drive.name.as_bstr())
    }

    /// The UUID of the first domain, where it is known.
    pub fn uuid(&self) -> Option<&str> {
        self.drives.iter().find_map(|drive| match &drive.kind {
            Kind::Domain(uuid) => uuid.as_deref(),
            _ => None,
        })
    }

    /// Only the image of this number, and no mounts.
    pub fn only(&self, index: usize) -> Disks {
        let drives = self.drives.get(index).cloned().into_iter().collect();
        let connection = self.connection.clone();
        let keys = self.keys.clone();
        Disks { drives, keys, connection, verbose: self.verbose, trace: self.trace, ..Disks::default() }
    }

    /// A handle with these disks added.
    pub fn handle(&self, program: &str, read_only: bool) -> Result<Handle, Error> {
        let mut handle = self.empty_handle(program)?;
        self.add_to(&mut handle, read_only)?;
        Ok(handle)
    }

    /// A handle without any disks.
    pub fn empty_handle(&self, program: &str) -> Result<Handle, Error> {
        let mut handle = Handle::new()?;
        handle.set_program(program.into())?;
        if self.verbose {
            handle.set_verbose(true)?;
        }
        if self.trace {
            handle.set_trace(true)?;
        }
        Ok(handle)
    }

    /// Adds these disks to a handle. Returns the number that each of them has there, or its first.
    pub fn add_to(&self, handle: &mut Handle, read_only: bool) -> Result<Vec<usize>, Error> {
        let mut numbers = Vec::new();
        let mut count = 0;
        for drive in &self.drives {
            numbers.push(count);
            count += self.add_drive(drive, handle, read_only)?;
        }
        Ok(numbers)
    }

    /// Adds a disk, or those of a domain. Returns how many.
    fn add_drive(&self, drive: &Drive, handle: &mut Handle, read_only: bool) -> Result<usize, Error> {
        let read_only = (read_only && drive.new.is_none()).then_some(true);
        let discard = self.discard.then_some("besteffort".into());
        let options = AddDriveOpts {
            readonly: read_only,
            format: drive.format.as_ref().map(|format| format.as_bstr()),
            blocksize: drive.blocksize,
            discard,
            ..AddDriveOpts::default()
        };
        match &drive.kind {
            Kind::File => handle.add_drive(drive.name.as_bstr(), options)?,
            Kind::Remote(remote) => {
                remote.with_options(options, |options| handle.add_drive(remote.export(), options))?;
            }
            Kind::Domain(uuid) => {
                let asked = uuid.as_ref().map_or(drive.name.as_bstr(), |uuid| uuid.as_str().into());
                let options = AddDomainOpts {
                    libvirturi: self.connection.as_ref().map(|uri| uri.as_bstr()),
                    readonly: read_only,
                    allowuuid: Some(true),
                    readonlydisk: Some("read".into()),
                    discard,
                    ..AddDomainOpts::default()
                };
                let added = handle.add_domain(asked, options)?;
                return Ok(usize::try_from(added).unwrap_or(0));
            }
        }
        Ok(1)
    }

    /// A launched handle on these disks.
    pub fn launch(&self, program: &str, read_only: bool) -> Result<Handle, Error> {
        let mut handle = self.handle(program, read_only)?;
        handle.launch()?;
        Ok(handle)
    }

    /// Mounts what is to be mounted.
    pub fn mount(&self, handle: &mut Handle, read_only: bool) -> Result<(), MountError> {
        self.mounts.iter().try_for_each(|mount| mount.mount(handle, read_only))
    }
}

/// Makes a raw disk of zeros; with all its space if it is to be allocated.
pub fn make_file(name: &BStr, size: u64, allocate: bool) -> Result<(), Error> {
    let make = || {
        let file = std::fs::File::create(OsStr::from_bytes(name))?;
        if allocate && size > 0 {
            let length = i64::try_from(size).map_err(|_| std::io::ErrorKind::FileTooLarge)?;
            nix::fcntl::posix_fallocate(&file, 0, length)?;
        }
        file.set_len(size)
    };
    make().at_path(name).map_err(|error| error.during("cannot create raw file"))
}

impl MountOption {
    fn mount(&self, handle: &mut Handle, read_only: bool) -> Result<(), MountError> {
        let (device, mountpoint) = (self.device.as_bstr(), self.mountpoint.as_bstr());
        let default = guest::mount_options(read_only);
        let options = self.options.as_ref().map_or(default, |options| options.as_bstr());
        let mounted = match &self.fstype {
            Some(fstype) => handle.mount_vfs(options, fstype.as_bstr(), device, mountpoint),
            None => handle.mount_options(options, device, mountpoint),
        };
        mounted.map_err(|error| {
            let filesystems = handle.list_filesystems().unwrap_or_default();
            MountError { error, device: self.device.clone(), filesystems }
        })
    }
}

/// A mount that failed, and what could have been mounted.
#[derive(Debug)]
pub struct MountError {
    /// Why.
    pub error: Error,
    /// What.
    pub device: BString,
    /// The filesystems that there are.
    pub filesystems: Vec<(BString, BString)>,
}

impl MountError {
    /// What to do about it, in lines.
    pub fn advice(&self) -> Vec<String> {
        let mut lines = vec![format!("‘{}’ could not be mounted.", self.device)];
        if !self.filesystems.is_empty() {
            lines.push("Did you mean to mount one of these filesystems?".into());
            lines.extend(self.filesystems.iter().map(|(device, kind)| format!("\t{device} ({kind})")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let parse = |text: &str| MountOption::parse(text.as_bytes());
        assert_eq!(parse("/dev/sda1").mountpoint, "/");
        let all = parse("/dev/sda1:/boot:ro,noatime:ext4");
        assert_eq!((all.device, all.mountpoint), ("/dev/sda1".into(), "/boot".into()));
        assert_eq!((all.options, all.fstype), (Some("ro,noatime".into()), Some("ext4".into())));
    }

    #[test]
    fn images() {
        let mut disks = Disks::default();
        disks.format.set(Some("raw".into()));
        disks.add("file:///dev/null".into()).unwrap();
        disks.add("/dev/null".into()).unwrap();
        disks.check().unwrap();
        assert_eq!(disks.drives[0].name, "/dev/null");
        assert_eq!(disks.drives[1].format, Some("raw".into()));
        disks.blocksize.set(Some(512));
        assert_eq!(disks.check().unwrap_err().message, "--blocksize parameter must appear before -a parameter");
        disks.add("ssh://host/disk".into()).unwrap();
        assert!(matches!(disks.drives[2].kind, Kind::Remote(_)));
        assert_eq!(
            disks.add("ssh://host:x/".into()).unwrap_err().message,
            "--add: could not parse URI ‘ssh://host:x/’"
        );
        assert_eq!(
            disks.add("/nonexistent".into()).unwrap_err().message,
            "access: /nonexistent: No such file or directory"
        );
    }
}
