//! The host's files that a call reads and writes.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Error, Result, ResultExt};

/// The files of a call that has any. Opened late: a call that can't be answered says so, instead of that a file is
/// missing, and leaves no empty file behind.
pub struct HostFiles<'a> {
    /// What it reads.
    pub input: HostInput<'a>,
    /// What it writes.
    pub output: HostOutput<'a>,
}

/// Why a file of the host failed: then that is the call's error.
pub type HostFailure = OnceCell<Error>;

impl<'a> HostFiles<'a> {
    /// Two files without names, which tell `failure` what goes wrong.
    pub fn new(failure: &'a HostFailure) -> Self {
        let input = HostInput { name: BString::default(), file: None, failure };
        HostFiles { input, output: HostOutput { name: None, file: None, failure } }
    }
}

/// Keeps what went wrong, for the call's error; the stream's own error only ends the call.
fn keep<T>(failure: &HostFailure, result: Result<T>) -> io::Result<T> {
    result.map_err(|error| {
        let errno = error.errno().0;
        // The first failure is the one to tell.
        let _ = failure.set(error);
        io::Error::from_raw_os_error(errno)
    })
}

/// A file that is read.
pub struct HostInput<'a> {
    name: BString,
    file: Option<File>,
    failure: &'a HostFailure,
}

impl HostInput<'_> {
    /// Names the file.
    pub fn name(&mut self, name: &BStr) {
        self.name = name.to_owned();
    }

    fn read_file(&mut self, buf: &mut [u8]) -> Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(File::open(self.name.to_path_lossy()).at_path(&self.name).during("open")?),
        };
        file.read(buf).at_path(&self.name).during("read")
    }
}

impl Read for HostInput<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.read_file(buf);
        keep(self.failure, result)
    }
}

/// A file that is written.
pub struct HostOutput<'a> {
    /// Empty if the call writes none.
    name: Option<BString>,
    file: Option<File>,
    failure: &'a HostFailure,
}

impl HostOutput<'_> {
    /// Names the file.
    pub fn name(&mut self, name: &BStr) {
        self.name = Some(name.to_owned());
    }

    /// Makes the file if the call succeeded without writing anything.
    pub fn finish(&mut self) -> Result<()> {
        if self.name.is_some() {
            self.file()?;
        }
        Ok(())
    }

    fn file(&mut self) -> Result<&mut File> {
        if self.file.is_none() {
            let name = self.name.as_ref().ok_or_else(|| Error::usage("the file to write is missing"))?;
            self.file = Some(create(name.as_ref()).at_path(name)?);
        }
        self.file.as_mut().ok_or_else(|| Error::usage("the file to write is missing"))
    }

    fn write_file(&mut self, buf: &[u8]) -> Result<usize> {
        self.file()?.write(buf).map_err(|error| {
            let errno = Error::from(error).errno();
            Error::os_with(errno, format!("write: {}", errno.message())).at_path(self.name.clone().unwrap_or_default())
        })
    }
}

/// Standard output by its name goes on where it stands: virt-cat writes file after file to it. To open it anew would cut off
/// what was written, if it is a file.
fn create(name: &BStr) -> io::Result<File> {
    match name == "/dev/stdout" {
        true => Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
        false => File::create(name.to_path_lossy()),
    }
}

impl Write for HostOutput<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.write_file(buf);
        keep(self.failure, result)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
