//! What C gives to a call.

use std::ffi::{CStr, c_char};
use std::io::{Read, Write};
use std::slice;

use bstr::BStr;
use glassbox_api::{CallInfo, StringList};
use glassbox_io::{Error, Result};

use crate::host_files::{HostFiles, HostInput, HostOutput};
use crate::optargs::Optargs;

/// Reads a call's arguments. Where C must give something, NULL is an error that names the parameter.
///
/// What is returned borrows the caller's memory for `'a`, which ends before the call returns to C.
pub struct Arguments<'a> {
    info: &'static CallInfo,
    input: Option<&'a mut HostInput<'a>>,
    output: Option<&'a mut HostOutput<'a>>,
    names: FileNames<'a>,
}

/// The names of the files that a call reads and writes, if it does.
#[derive(Clone, Copy, Default)]
pub struct FileNames<'a> {
    /// What it reads.
    pub input: Option<&'a BStr>,
    /// What it writes.
    pub output: Option<&'a BStr>,
}

/// The bytes of a C string, without the NUL.
///
/// # Safety
/// `string` is NULL, or a C string that isn't changed for `'a`.
pub unsafe fn bytes<'a>(string: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller's.
    (!string.is_null()).then(|| unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// The strings of a C list, which NULL ends.
///
/// # Safety
/// `list` is NULL, or such a list of C strings that aren't changed for `'a`.
pub unsafe fn strings<'a>(list: *const *const c_char) -> Option<StringList<'a>> {
    if list.is_null() {
        return None;
    }
    // SAFETY: the caller's: all places up to the NULL are there.
    let string = |place| unsafe { bytes(*list.add(place)) };
    Some((0..).map_while(string).map(BStr::new).collect())
}

// Each of the methods is unsafe as what it calls: the pointer must be NULL or what C's declaration says.
impl<'a> Arguments<'a> {
    /// For the call of `info`, whose file arguments become `files`.
    pub fn new(info: &'static CallInfo, files: &'a mut HostFiles<'a>) -> Self {
        Arguments { info, input: Some(&mut files.input), output: Some(&mut files.output), names: FileNames::default() }
    }

    /// The names of the files that were given.
    pub fn file_names(&self) -> FileNames<'a> {
        self.names
    }

    /// # Safety
    /// As [`bytes`].
    pub unsafe fn string(&self, string: *const c_char, parameter: &str) -> Result<&'a BStr> {
        // SAFETY: the caller's.
        unsafe { bytes(string) }.map(BStr::new).ok_or_else(|| self.missing(parameter))
    }

    /// # Safety
    /// As [`bytes`].
    pub unsafe fn nullable_string(&self, string: *const c_char) -> Option<&'a BStr> {
        // SAFETY: the caller's.
        unsafe { bytes(string) }.map(BStr::new)
    }

    /// # Safety
    /// As [`strings`].
    pub unsafe fn string_list(&self, list: *const *const c_char, parameter: &str) -> Result<StringList<'a>> {
        // SAFETY: the caller's.
        unsafe { strings(list) }.ok_or_else(|| self.missing(parameter))
    }

    /// # Safety
    /// `buffer` is NULL, or valid for `size` bytes that aren't changed for `'a`.
    pub unsafe fn buffer(&self, buffer: *const c_char, size: usize, parameter: &str) -> Result<&'a [u8]> {
        if buffer.is_null() {
            return Err(self.missing(parameter));
        }
        if isize::try_from(size).is_err() {
            return Err(Error::usage(format!("{}: {parameter}: no buffer has that size", self.info.c_name)));
        }
        // SAFETY: the caller's.
        Ok(unsafe { slice::from_raw_parts(buffer.cast(), size) })
    }

    /// The file of that name, to be opened when it is read.
    ///
    /// # Safety
    /// As [`bytes`].
    pub unsafe fn file_in(&mut self, name: *const c_char, parameter: &str) -> Result<&'a mut (dyn Read + 'a)> {
        // SAFETY: the caller's.
        let name = unsafe { self.string(name, parameter) }?;
        let input = self.input.take().ok_or_else(|| self.second_file())?;
        self.names.input = Some(name);
        input.name(name);
        Ok(input)
    }

    /// The file of that name, to be made when it is written.
    ///
    /// # Safety
    /// As [`bytes`].
    pub unsafe fn file_out(&mut self, name: *const c_char, parameter: &str) -> Result<&'a mut (dyn Write + 'a)> {
        // SAFETY: the caller's.
        let name = unsafe { self.string(name, parameter) }?;
        let output = self.output.take().ok_or_else(|| self.second_file())?;
        self.names.output = Some(name);
        output.name(name);
        Ok(output)
    }

    /// The optional arguments out of a struct that begins with their mask; NULL for none of `count`.
    ///
    /// # Safety
    /// `optargs` is NULL, or the struct of this call with all fields set whose bits are.
    pub unsafe fn optargs(&self, optargs: *const u64, count: u32) -> Result<Optargs<'a>> {
        // SAFETY: the caller's.
        unsafe { Optargs::new(self.info, optargs, count) }
    }

    fn missing(&self, parameter: &str) -> Error {
        Error::usage(format!("{}: {parameter}: parameter cannot be NULL", self.info.c_name))
    }

    fn second_file(&self) -> Error {
        Error::usage(format!("{}: more than one file", self.info.c_name))
    }
}
