//! Files and directories with names that nobody else has.

use bstr::{BStr, BString, ByteSlice};
use glassbox_io::{Errno, Error, Result};
use rustix::fs::{Mode, OFlags};
use rustix::rand::{GetRandomFlags, getrandom};

use super::entry;
use crate::kernel_tree::os;

/// What the end of a template is replaced: mkdtemp(3).
const PLACES: &[u8] = b"XXXXXX";
const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Tries to find a name that is free; a second one is rare enough.
const TRIES: usize = 100;

/// Makes a directory that only its owner can enter.
pub fn make_directory(template: &BStr) -> Result<BString> {
    make(template, "".into(), &|directory, name| rustix::fs::mkdirat(directory, name, Mode::RWXU))
}

/// Makes an empty file that only its owner can read and write; `suffix` follows the template's end.
pub fn make_file(template: &BStr, suffix: &BStr) -> Result<BString> {
    make(template, suffix, &|directory, name| {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        rustix::fs::openat(directory, name, flags, Mode::RUSR | Mode::WUSR).map(drop)
    })
}

type Make<'a> = &'a dyn Fn(&std::os::fd::OwnedFd, &[u8]) -> rustix::io::Result<()>;

fn make(template: &BStr, suffix: &BStr, make: Make<'_>) -> Result<BString> {
    let failed = |errno: Errno| Error::os(errno).at_path([template.as_bytes(), suffix.as_bytes()].concat());
    let Some(start) = template.strip_suffix(PLACES) else { return Err(failed(Errno::EINVAL)) };
    for _ in 0..TRIES {
        let path = BString::from([start, &random_letters()?, suffix].concat());
        let (directory, name) = entry(path.as_ref(), Errno::EEXIST).map_err(|error| failed(error.errno()))?;
        match make(&directory, &name) {
            Ok(()) => return Ok(path),
            Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(failed(os(errno).errno())),
        }
    }
    Err(failed(Errno::EEXIST))
}

fn random_letters() -> Result<[u8; PLACES.len()]> {
    let mut bytes = [0; PLACES.len()];
    getrandom(&mut bytes, GetRandomFlags::empty()).map_err(os)?;
    Ok(bytes.map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_letters_and_digits_and_differ() {
        let (one, other) = (random_letters().unwrap(), random_letters().unwrap());
        assert!(one.iter().all(u8::is_ascii_alphanumeric));
        assert_ne!(one, other);
    }
}
